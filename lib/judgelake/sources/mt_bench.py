"""MT-Bench in FastChat's files: two-turn questions, one file of answers per model, and references."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from judgelake.comparisons import integer, list_of, optional, problem_of, question, text
from judgelake.sources.grouping import groups_of
from judgelake.sources.loaded import Files, Item, Rejected, Row, accepted, user_turns
from judgelake.sources.rows import checked_rows

QUESTION = {"question_id": integer, "category": text, "turns": list_of(question)}


def load(files: Files) -> Iterator[Item]:
    """Comparisons of the models' answers, grouped by question.

    A row with several choices is rejected: nothing says which of them is the answer. A reference file replaces the
    references in the question file. A reference with several turns becomes one text that names the turns.
    """
    answers, references = _Answers(), _Answers()
    yield from answers.read(files.answers)
    yield from references.read([files.reference] if files.reference else [])
    for row in checked_rows(files.inputs, QUESTION):
        yield from _comparisons(row, answers, references, files) if isinstance(row, Row) else [row]
    yield from answers.left_over("answers")
    yield from references.left_over("the reference")


class _Answers:
    """Answers by question and model, each marked as used by a question or not."""

    def __init__(self) -> None:
        self._rows: dict[int, dict[str, Row]] = {}
        self._asked: set[int] = set()

    def read(self, paths: Sequence[Path]) -> Iterator[Rejected]:
        """Read the files; yields the rows that could not be accepted."""
        for row in checked_rows(paths, ANSWER):
            if isinstance(row, Rejected):
                yield row
                continue
            model = row.value["model_id"]
            first = self._rows.setdefault(row.value["question_id"], {}).setdefault(model, row)
            if first is not row and _turns(first) != _turns(row):
                yield row.rejected(
                    f"model_id: another answer of {model!r} to question {row.value['question_id']} is in "
                    f"{Path(first.file).name}, line {first.line}"
                )

    def to(self, question_id: int) -> dict[str, Row]:
        """The rows that answer a question, by model."""
        self._asked.add(question_id)
        return self._rows.get(question_id, {})

    def left_over(self, what: str) -> Iterator[Rejected]:
        """The rows whose question is not in the input."""
        for question_id, rows in self._rows.items():
            if question_id not in self._asked:
                yield from (
                    row.rejected(f"question_id: {what} to {question_id}, not a question of the input")
                    for row in rows.values()
                )


def _comparisons(row: Row, answers: _Answers, references: _Answers, files: Files) -> Iterator[Item]:
    value = row.value
    answered = answers.to(value["question_id"])
    reference = _reference(value, references.to(value["question_id"]))
    problem = problem_of(value, {"reference": optional(list_of(text))}) if "reference" in value else None
    groups = problem or groups_of(list(answered), files.pairs, files.baseline)
    if isinstance(groups, str):
        yield row.rejected(groups)
        return
    for models in groups:
        comparison = {
            "messages": user_turns(*value["turns"]),
            "answers": [{"model": model, "turns": _turns(answered[model])} for model in models],
            "reference": reference,
            "source": "mt_bench",
            "attributes": {"question_id": str(value["question_id"]), "category": value["category"]},
        }
        yield accepted(row, comparison)


def _reference(value: Mapping[str, Any], rows: Mapping[str, Row]) -> str | None:
    turns = _turns(next(iter(rows.values()))) if rows else value.get("reference")
    if not turns:
        return None
    return turns[0] if len(turns) == 1 else "\n\n".join(f"Turn {n}:\n{turn}" for n, turn in enumerate(turns, start=1))


def _turns(row: Row) -> list[str]:
    turns: list[str] = row.value["choices"][0]["turns"]
    return turns


def _problem_of_choices(value: Any) -> str | None:
    problem = list_of(_problem_of_choice)(value)
    if problem is None and len(value) > 1:
        return f"has {len(value)} entries, expected one"
    return problem


def _problem_of_choice(choice: Any) -> str | None:
    if not isinstance(choice, dict):
        return "expected an object with turns"
    problem = problem_of(choice, {"turns": list_of(text)})
    return None if problem is None else f".{problem}"


ANSWER = {"question_id": integer, "model_id": text, "choices": _problem_of_choices}
