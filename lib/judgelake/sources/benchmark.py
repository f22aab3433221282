"""Benchmarks of questions, answers of several models in files of their own, and games between two of the models."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from judgelake.sources.files import rows_of
from judgelake.sources.grouping import groups_of
from judgelake.sources.loaded import Files, Item, Rejected, Row, accepted, user_turns


@dataclass(frozen=True, slots=True)
class Reply:
    """One model's answer to a question: its text of each turn."""

    question_id: str
    model: str
    turns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question: the user's text of each turn, and perhaps a reference answer to each."""

    row: Row
    question_id: str
    turns: tuple[str, ...]
    attributes: Mapping[str, str]
    references: tuple[str, ...] = ()


class Replies:
    """Answers by question and model, each marked as used by a question or not."""

    def __init__(self, read: Callable[[Row], Reply | str]) -> None:
        self._read = read
        self._replies: dict[str, dict[str, tuple[Row, Reply]]] = {}
        self._asked: set[str] = set()

    def read(self, paths: Sequence[Path]) -> Iterator[Rejected]:
        """Read the files; yields the rows that could not be accepted."""
        for path in paths:
            for row in rows_of(path):
                if isinstance(row, Rejected):
                    yield row
                    continue
                reply = self._read(row)
                problem = reply if isinstance(reply, str) else self._problem_of_repetition(row, reply)
                if problem is not None:
                    yield row.rejected(problem)

    def _problem_of_repetition(self, row: Row, reply: Reply) -> str | None:
        """Keep the answer; what is wrong if the model has given another one."""
        place, first = self._replies.setdefault(reply.question_id, {}).setdefault(reply.model, (row, reply))
        if first.turns == reply.turns:
            return None
        return (
            f"model_id: another answer of {reply.model!r} to question {reply.question_id} is in "
            f"{Path(place.file).name}, line {place.line}"
        )

    def to(self, question_id: str) -> dict[str, Reply]:
        """The answers to a question, by model."""
        self._asked.add(question_id)
        return {model: reply for model, (_, reply) in self._replies.get(question_id, {}).items()}

    def left_over(self, what: str) -> Iterator[Rejected]:
        """The rows whose question is not in the input."""
        for question_id, replies in self._replies.items():
            if question_id not in self._asked:
                yield from (
                    row.rejected(f"question_id: {what} to {question_id}, not a question of the input")
                    for row, _ in replies.values()
                )


class Matches:
    """The comparisons of the models' answers, in one order of the models whatever the order of a judgment.

    A comparison is yielded once: judgments that follow refer to it.
    """

    def __init__(self, source: str, replies: Replies, files: Files) -> None:
        self._source, self._replies, self._files = source, replies, files
        self._questions: dict[str, Asked] = {}
        self._yielded: set[str] = set()

    def of_question(self, asked: Asked) -> Iterator[Item]:
        """The comparisons of all answers to a question, grouped as the user wants; the question is known afterwards."""
        self._questions[asked.question_id] = asked
        replies = self._replies.to(asked.question_id)
        groups = groups_of(list(replies), self._files.pairs, self._files.baseline)
        if isinstance(groups, str):
            yield asked.row.rejected(groups)
            return
        for models in groups:
            yield self._once(accepted(asked.row, self._record(asked, [replies[model] for model in models])))

    def rejected(self, row: Row, question_id: str, problem: str) -> Rejected:
        """The row of a question that cannot be asked; its answers are not left over."""
        self._replies.to(question_id)
        return row.rejected(problem)

    def item(self, row: Row, question_id: str, models: Sequence[str], turn: int | None, **said: Any) -> Item:
        """Labels or judgments about the answers of these models, with their comparison the first time.

        Args:
            row: where they come from.
            question_id: the question.
            models: who answered, in the order of the comparison; see `ordered`.
            turn: the last turn they are about; None: all.
            said: `labels`, `judgments` or `problems`, as for `accepted`.
        """
        asked = self._questions.get(question_id)
        if asked is None:
            return row.rejected(f"question_id: {question_id} is not a question of the input")
        replies = self._replies.to(question_id)
        absent = next((model for model in models if model not in replies), None)
        if absent is not None:
            return row.rejected(f"model: {absent!r} has no answer to question {question_id} in the answers")
        record = self._record(asked, [replies[model] for model in models], turn)
        return self._once(accepted(row, record, **said))

    def ordered(self, question_id: str, first: str, second: str) -> tuple[str, str]:
        """Two models in the order of their comparison: the baseline first, else as in the files of answers."""
        if self._files.baseline in (first, second):
            return (first, second) if first == self._files.baseline else (second, first)
        places = list(self._replies.to(question_id)) if question_id in self._questions else []
        known = first in places and second in places
        return (second, first) if known and places.index(second) < places.index(first) else (first, second)

    def texts(self, question_id: str, model: str) -> tuple[str, ...] | None:
        """A model's turns in answer to a question; None if it has none."""
        reply = self._replies.to(question_id).get(model) if question_id in self._questions else None
        return None if reply is None else reply.turns

    def _record(self, asked: Asked, replies: Sequence[Reply], turn: int | None = None) -> dict[str, Any]:
        is_text = len(asked.turns[:turn]) == 1
        answers = [
            {"model": reply.model, "text": reply.turns[0]}
            if is_text and len(reply.turns[:turn]) == 1
            else {"model": reply.model, "turns": list(reply.turns[:turn])}
            for reply in replies
        ]
        return {
            "messages": user_turns(*asked.turns[:turn]),
            "answers": answers,
            "reference": _one_text(asked.references[:turn]),
            "source": self._source,
            "attributes": dict(asked.attributes),
        }

    def _once(self, item: Item) -> Item:
        if isinstance(item, Rejected) or item.comparison is None:
            return item
        if item.comparison.comparison_id in self._yielded and (item.labels or item.judgments or item.refused):
            return replace(item, comparison=None)
        self._yielded.add(item.comparison.comparison_id)
        return item


def _one_text(references: Sequence[str]) -> str | None:
    """References to several turns as one text that names the turns."""
    if len(references) < 2:
        return next((text for text in references if text), None)
    return "\n\n".join(f"Turn {n}:\n{text}" for n, text in enumerate(references, start=1))


def shown_order(shown: Sequence[str], own: Sequence[str]) -> str:
    """The order in which two models were shown, as letters of the comparison's own order."""
    return "AB" if tuple(shown) == tuple(own) else "BA"


def letter_of(model: str, own: Sequence[str]) -> str:
    """The letter of a model in its comparison."""
    return "AB"[list(own).index(model)]
