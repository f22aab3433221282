"""MM-Vet: questions about images with a reference, and files of models' answers by id; text only, as judges see it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from judgelake.comparisons import kind_of, list_of, problem_of, question, text
from judgelake.errors import UserError
from judgelake.sources.files import rows_of
from judgelake.sources.grouping import groups_of
from judgelake.sources.loaded import Files, Item, Rejected, Row, accepted, user_turns
from judgelake.sources.reading import object_of

FIELDS = {"id": text, "question": question, "answer": text, "capability": list_of(text)}


class _Answers:
    """One model's answers by question id."""

    def __init__(self, path: Path) -> None:
        by_id = object_of(path)
        if by_id is None:
            raise UserError(f"{str(path)!r} must be one JSON object that maps question id to answer.")
        self.path = path
        self._by_id = by_id
        self._asked: set[str] = set()

    def to(self, question_id: str) -> Any:
        """The answer, or None."""
        self._asked.add(question_id)
        return self._by_id.get(question_id)

    def left_over(self) -> Iterator[Rejected]:
        """The answers whose question is not in the input."""
        for key, answer in self._by_id.items():
            if key not in self._asked:
                yield _entry(self.path, key, answer).rejected(f"{key}: no question of the input has this id")


def load(files: Files) -> Iterator[Item]:
    """Comparisons of the models' answers to each question, with the reference kept as published (<AND>, <OR>).

    Questions are one object that maps id to question, as published, or rows with the key `id`; samples without an
    id cannot be joined with an answer and are rejected. A model is named after its answer file.
    """
    models = {path.stem: _Answers(path) for path in files.answers}
    if len(models) < len(files.answers):
        raise UserError("Two --answers files have the same name, which is used as the model's name; rename one.")
    for path in files.inputs:
        for row in _questions(path):
            yield from _comparisons(row, models, files) if isinstance(row, Row) else [row]
    for answers in models.values():
        yield from answers.left_over()


def _questions(path: Path) -> Iterator[Row | Rejected]:
    document = object_of(path)
    if document is None or "question" in document:
        yield from rows_of(path)
        return
    for key, value in document.items():
        row = _entry(path, key, value)
        yield row if isinstance(value, dict) else row.rejected(f"{key}: {kind_of(value)}, expected an object")


def _entry(path: Path, key: str, value: Any) -> Row:
    # The entries of one object have no line number: the reasons name the id.
    question_row = {"id": key, **value} if isinstance(value, dict) else {}
    return Row(str(path), 1, json.dumps({key: value}, ensure_ascii=True), question_row)


def _comparisons(row: Row, models: Mapping[str, _Answers], files: Files) -> Iterator[Item]:
    value = row.value
    problem = problem_of(value, FIELDS)
    if problem is not None:
        yield row.rejected(f"{problem} (answers are joined by id)" if problem.startswith("id:") else problem)
        return
    answers = {model: answer for model, found in models.items() if (answer := found.to(value["id"])) is not None}
    groups = groups_of(list(answers), files.pairs, files.baseline)
    if isinstance(groups, str):
        yield row.rejected(f"{value['id']}: {groups}")
        return
    for group in groups:
        comparison = {
            "messages": user_turns(value["question"]),
            "answers": [{"model": model, "text": answers[model]} for model in group],
            "reference": value["answer"],
            "source": "mm_vet",
            "attributes": {"id": value["id"], "capability": ", ".join(value["capability"])},
        }
        yield accepted(row, comparison)
