"""The loop of every format whose rows stand alone: check the fields, convert, accept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from judgelake.sources.fields import Check, problem_of
from judgelake.sources.loaded import Item, Rejected, Row, accepted
from judgelake.sources.reading import rows_of


@dataclass(frozen=True, slots=True)
class Record:
    """A row in the shape of our JSONL: the comparison and its labels, both still unchecked."""

    comparison: Mapping[str, Any]
    labels: Sequence[Mapping[str, Any]] = ()


def checked_rows(paths: Sequence[Path], fields: Mapping[str, Check]) -> Iterator[Row | Rejected]:
    """The rows of all files in which every field is what it must be, the others rejected."""
    for path in paths:
        for row in rows_of(path):
            problem = problem_of(row.value, fields) if isinstance(row, Row) else None
            yield row.rejected(problem) if isinstance(row, Row) and problem is not None else row


def load_rows(
    paths: Sequence[Path], fields: Mapping[str, Check], convert: Callable[[Row], Record | str]
) -> Iterator[Item]:
    """What the rows of the files become.

    Args:
        paths: files in the order they are read.
        fields: what `convert` may rely on; a row that breaks it is rejected with the field's name.
        convert: a row to its record, or the reason why it has none.
    """
    for row in checked_rows(paths, fields):
        if isinstance(row, Rejected):
            yield row
            continue
        record = convert(row)
        yield row.rejected(record) if isinstance(record, str) else accepted(row, record.comparison, record.labels)
