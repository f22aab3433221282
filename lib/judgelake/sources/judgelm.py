"""JudgeLM's training and validation files: n answers with a teacher's scores, given with and without a reference."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from judgelake.comparisons import Check, identifier, list_of, number, optional, problem_of, question, text
from judgelake.sources.loaded import Files, Item, Loaded, Rejected, Row, user_turns
from judgelake.sources.rows import Record, checked_rows, load_rows

FIELDS: dict[str, Check] = {"question_id": identifier, "question_body": question, "answer1_body": text}
LABEL = {"question_id": identifier}
REFERENCE: dict[str, Check] = {"question_id": identifier, "reference": lambda value: problem_of_reference(value)}
ANSWER_BODY = re.compile(r"answer\d+_body")
SCORES = {"score": "gpt-4", "score_w_reference": "gpt-4 with reference"}
# A teacher's text begins with its scores alone on a line: "8 7", "10.0 9.5".
NUMBER = r"-?\d+(?:\.\d+)?"
SCORE_LINE = re.compile(rf"\s*({NUMBER}(?: +{NUMBER})*)\s*(?:\n|\Z)")


def load(files: Files) -> Iterator[Item]:
    """One comparison per row, with the reference if the row or the reference file has one.

    `score` and `score_w_reference` become labels unchanged: -1 marks a pair without a score by the teacher, and
    the evaluation leaves those rows out. Validation data is in several files: `--labels` names the teacher's files
    (the labeler is then the file's name) and `--reference` the references, all joined by question_id. Training data
    has the teacher's texts in its rows: such a row is also an example to learn from.
    """
    teachers = {path.stem: _ByQuestion(path, LABEL) for path in files.labels}
    references = _ByQuestion(files.reference, REFERENCE) if files.reference else None
    others = [*teachers.values(), *([references] if references else [])]
    for other in others:
        yield from other.rejected

    def convert(row: Row) -> Record | str:
        label_rows = {name: found for name, teacher in teachers.items() if (found := teacher.of(row)) is not None}
        return _convert(row, label_rows, references.of(row) if references else None)

    read: list[Row | Rejected] = []
    for item in load_rows(files.inputs, FIELDS, convert, became=lambda row, _: read.append(row)):
        yield _with_example(read.pop(), item)
    for other in others:
        yield from other.left_over()


class _ByQuestion:
    """The rows of one further file, by question_id."""

    def __init__(self, path: Path, fields: Mapping[str, Check]) -> None:
        self._rows: dict[str, Row] = {}
        self._asked: set[str] = set()
        self.rejected: list[Rejected] = []
        for row in checked_rows([path], fields):
            if isinstance(row, Rejected):
                self.rejected.append(row)
                continue
            first = self._rows.setdefault(str(row.value["question_id"]), row)
            if first is not row:
                self.rejected.append(
                    row.rejected(f"question_id: {row.value['question_id']} is also in line {first.line}")
                )

    def of(self, row: Row) -> Row | None:
        """The row with the same question_id."""
        question_id = str(row.value["question_id"])
        self._asked.add(question_id)
        return self._rows.get(question_id)

    def left_over(self) -> Iterator[Rejected]:
        """The rows whose question is not in the input."""
        for question_id, row in self._rows.items():
            if question_id not in self._asked:
                yield row.rejected(f"question_id: {question_id} is not a question of the input")


def _convert(row: Row, label_rows: Mapping[str, Row], reference_row: Row | None) -> Record | str:
    value = row.value
    places = list(itertools.takewhile(lambda place: f"answer{place}_body" in value, itertools.count(1)))
    problem = _problem_of_places(places, value) or problem_of(value, _fields_of(places, value))
    if problem is not None:
        return problem
    labels, problems = _labels(value, label_rows)
    comparison = {
        "messages": user_turns(value["question_body"]),
        "answers": [
            {"model": value.get(f"answer{place}_model_id") or None, "text": value[f"answer{place}_body"]}
            for place in places
        ],
        "reference": _reference_of(reference_row.value if reference_row else value),
        "source": "judgelm",
        "attributes": {"question_id": str(value["question_id"])},
    }
    return Record(comparison, labels, problems=problems)


def _with_example(row: Row | Rejected, item: Item) -> Item:
    """The item with what a judge can learn from the row, if it has a teacher's text and scores."""
    if isinstance(row, Rejected) or not isinstance(item, Loaded) or item.comparison is None:
        return item
    if row.value.get("text") is None or not row.value.get("score"):
        return item
    # Here, because it loads pyarrow, which a command that lists judges needs not.
    from judgelake.training import from_judgelm

    # One question has many pairs, and near-duplicates of it are not known here.
    found = from_judgelm(row.value, item.comparison, group=item.comparison.question_id, split="train")
    # What is wrong with a label is wrong with the example too, and is reported once.
    refused = dict.fromkeys((*item.refused, *(row.rejected(problem) for problem in found.problems)))
    return replace(item, refused=tuple(refused), examples=() if found.example is None else (found.example,))


def _labels(value: Mapping[str, Any], label_rows: Mapping[str, Row]) -> tuple[list[dict[str, Any]], list[str]]:
    """The labels, and why others cannot be read."""
    given = [
        (labeler, problem_of(value, {name: list_of(number)}) or value[name])
        for name, labeler in SCORES.items()
        if value.get(name) is not None
    ]
    for labeler, row in label_rows.items():
        scores = _scores_of(row.value)
        given.append((labeler, f"{row.file}, line {row.line}: {scores}" if isinstance(scores, str) else scores))
    labels = [
        {"labeler": labeler, "kind": "teacher", "scores": scores}
        for labeler, scores in given
        if not isinstance(scores, str)
    ]
    return labels, [problem for _, problem in given if isinstance(problem, str)]


def _problem_of_places(places: Sequence[int], value: Mapping[str, Any]) -> str | None:
    counted = {f"answer{place}_body" for place in places}
    beyond = next((key for key in value if ANSWER_BODY.fullmatch(key) and key not in counted), None)
    return beyond and f"{beyond}: the answers count from 1 and answer{len(places) + 1}_body is missing"


def _fields_of(places: Sequence[int], value: Mapping[str, Any]) -> dict[str, Check]:
    fields: dict[str, Check] = {f"answer{place}_body": text for place in places}
    where_given: dict[str, Check] = {
        **{f"answer{place}_model_id": optional(text) for place in places},
        "reference": optional(problem_of_reference),
    }
    return fields | {name: check for name, check in where_given.items() if name in value}


def problem_of_reference(value: Any) -> str | None:
    """What is wrong with a reference; expected is text, or an object with it as `text`."""
    if isinstance(value, dict):
        problem = problem_of(value, {"text": text})
        return problem and f"in it, {problem}"
    return text(value)


def _reference_of(value: Mapping[str, Any]) -> str | None:
    reference = value.get("reference")
    return reference["text"] if isinstance(reference, dict) else reference


def _scores_of(value: Mapping[str, Any]) -> list[float] | str:
    """The scores of a row of a teacher's file: its `score`, or the first line of its `text`."""
    if "score" in value:
        return problem_of(value, {"score": list_of(number)}) or value["score"]
    problem = problem_of(value, {"text": text})
    match = None if problem else SCORE_LINE.match(value["text"])
    if match is None:
        return problem or "text: its first line is not a line of scores"
    return [float(score) for score in match.group(1).split()]
