"""Any table of flat columns: the mapping in the config, and the item a row becomes with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from pydantic import Field

from judgelake.comparisons import Check, number, optional, problem_of, question, text
from judgelake.config import Config
from judgelake.sources import judgelake
from judgelake.sources.loaded import Item, Rejected, Row, accepted, user_turns
from judgelake.sources.reading import row_of_line
from judgelake.sources.rows import Record

TABLE = "table"
"""The name of the format that is not a file format."""


class LabelColumns(Config):
    """Columns that hold one labeler's verdict or scores."""

    labeler: str
    """Name of the labeler, as it will appear in the labels table."""
    kind: Literal["human", "teacher", "gold"] = "human"
    verdict: str | None = None
    """Column of the verdict; a row with NULL in it has no such label."""
    verdicts: dict[str, str] = Field(default={})
    """What the column's values mean, for example {"1": A, "2": B, "0": tie}; empty: they are already A, B, tie."""
    scores: tuple[str, ...] = ()
    """Columns of the scores, one per answer."""


class Columns(Config):
    """What each column of a flat table holds. A name that is null means there is no such column."""

    question: str = "question"
    input: str | None = None
    """Further text the instruction works on."""
    answers: tuple[str, ...] = Field(default=("answer_a", "answer_b"), min_length=1)
    """One column per answer, in the order A, B, ..."""
    models: tuple[str, ...] = ()
    """Columns with the names of the models that answered, one per answer; empty: not known."""
    reference: str | None = None
    criteria: str | None = None
    """The rubric's criterion."""
    descriptions: tuple[str, ...] = ()
    """Five columns that describe the rubric's scores 1 to 5."""
    comparison_id: str | None = None
    """Null: derived from the content."""
    question_id: str | None = None
    source: str = TABLE
    """Value of the comparisons' `source`."""
    attributes: dict[str, str] = Field(default={})
    """Attribute to column. Ids and attributes are names: numbers and dates are converted to text."""
    labels: tuple[LabelColumns, ...] = ()


def columns_needed(columns: Columns) -> dict[str, Literal["text", "name", "number", "verdict"]]:
    """The table's columns that the mapping names, with what each is used for."""
    texts = [columns.question, columns.input, *columns.answers, *columns.models, columns.reference]
    texts += [columns.criteria, *columns.descriptions]
    return {
        **{name: "name" for name in _names(columns) if name is not None},
        **{name: "number" for label in columns.labels for name in label.scores},
        **{label.verdict: "verdict" for label in columns.labels if label.verdict is not None},
        # Last, because it is the strictest use of a column that is used twice.
        **{name: "text" for name in texts if name is not None},
    }


def row_accepted(row: Row, columns: Columns | None) -> Item:
    """A row of a table as an item; without a mapping it must have the keys of judgelake's JSONL.

    Args:
        row: plain Python values by column; the line is 0, because a table's rows have none.
        columns: the mapping.
    """
    record = judgelake.record_of(row) if columns is None else _record_of(row.value, columns)
    return row.rejected(record) if isinstance(record, str) else accepted(row, record.comparison, record.labels)


def line_accepted(file: str, line: bytes, columns: Columns | None) -> Item:
    """A line of JSON as an item; in ids, attributes and verdicts, numbers are converted to text."""
    row = row_of_line(file, line)
    if isinstance(row, Rejected) or columns is None:
        return row if isinstance(row, Rejected) else row_accepted(row, columns)
    value = dict(row.value)
    for name, use in columns_needed(columns).items():
        if use in ("name", "verdict"):
            value[name] = str(value[name]) if number(value.get(name)) is None else value.get(name)
    return row_accepted(replace(row, value=value), columns)


def _record_of(value: Mapping[str, Any], columns: Columns) -> Record | str:
    problem = problem_of(value, _fields(columns))
    if problem is not None:
        return problem
    labels = []
    for given in columns.labels:
        label = _label_of(value, given)
        if isinstance(label, str):
            return label
        labels += [label] if label else []
    models = [value[name] for name in columns.models] or [None] * len(columns.answers)
    comparison = {
        "comparison_id": value[columns.comparison_id] if columns.comparison_id else None,
        "question_id": value[columns.question_id] if columns.question_id else None,
        "messages": user_turns(value[columns.question]),
        "input": value[columns.input] if columns.input else None,
        "answers": [{"model": model, "text": value[name]} for model, name in zip(models, columns.answers, strict=True)],
        "reference": value[columns.reference] if columns.reference else None,
        "rubric": _rubric_of(value, columns),
        "source": columns.source,
        "attributes": {name: value[column] for name, column in columns.attributes.items() if value[column] is not None},
    }
    return Record(comparison, labels)


def _fields(columns: Columns) -> dict[str, Check]:
    fields: dict[str, Check] = {columns.question: question}
    fields |= dict.fromkeys((*columns.answers, *columns.descriptions), text)
    for name in (columns.input, columns.reference, columns.criteria, *columns.models, *_names(columns)):
        fields |= {name: optional(text)} if name else {}
    return fields


def _names(columns: Columns) -> tuple[str | None, ...]:
    return (columns.comparison_id, columns.question_id, *columns.attributes.values())


def _rubric_of(value: Mapping[str, Any], columns: Columns) -> dict[str, Any] | None:
    if columns.criteria is None or value[columns.criteria] is None:
        return None
    scores = [value[name] for name in columns.descriptions]
    return {"criteria": value[columns.criteria], "scores": scores or None}


def _label_of(value: Mapping[str, Any], given: LabelColumns) -> dict[str, Any] | str | None:
    label: dict[str, Any] = {"labeler": given.labeler, "kind": given.kind}
    if given.verdict is not None and value.get(given.verdict) is not None:
        written = value[given.verdict]
        if given.verdicts and (not isinstance(written, str) or written not in given.verdicts):
            return f"{given.verdict}: {written!r}, expected one of {', '.join(given.verdicts)}"
        label["verdict"] = given.verdicts[written] if given.verdicts else written
    scores = [value.get(name) for name in given.scores]
    if scores and any(score is not None for score in scores):
        problem = problem_of(value, dict.fromkeys(given.scores, number))
        if problem is not None:
            return problem
        label["scores"] = scores
    return label if len(label) > 2 else None
