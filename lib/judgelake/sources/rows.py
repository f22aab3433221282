"""The loop of every format whose rows are independent: check the fields, convert, accept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from judgelake.comparisons import Check, problem_of
from judgelake.sources.loaded import Item, Rejected, Row, accepted
from judgelake.sources.reading import rows_of


@dataclass(frozen=True, slots=True)
class Record:
    """A row in the shape of judgelake's JSONL: the comparison, its labels and judgments, all still unchecked."""

    comparison: Mapping[str, Any]
    labels: Sequence[Mapping[str, Any]] = ()
    judgments: Sequence[Mapping[str, Any]] = ()


def checked_rows(paths: Sequence[Path], fields: Mapping[str, Check]) -> Iterator[Row | Rejected]:
    """The rows of all files: valid ones as they are, the others rejected."""
    for path in paths:
        for row in rows_of(path):
            yield _checked(row, fields)


def load_rows(
    paths: Sequence[Path],
    fields: Mapping[str, Check],
    convert: Callable[[Row], Record | str],
    became: Callable[[Row | Rejected, Item], None] = lambda row, item: None,
) -> Iterator[Item]:
    """The rows of the files, converted to items.

    Args:
        paths: files in the order they are read.
        fields: what `convert` may rely on; a row that violates it is rejected with the field's name.
        convert: turns a row into its record, or into the reason why it has none.
        became: called for every row as it was read (Rejected if it could not be), with the resulting item.
    """
    for path in paths:
        for row in rows_of(path):
            item = _item(_checked(row, fields), convert)
            became(row, item)
            yield item


def _checked(row: Row | Rejected, fields: Mapping[str, Check]) -> Row | Rejected:
    problem = problem_of(row.value, fields) if isinstance(row, Row) else None
    return row.rejected(problem) if isinstance(row, Row) and problem is not None else row


def _item(row: Row | Rejected, convert: Callable[[Row], Record | str]) -> Item:
    if isinstance(row, Rejected):
        return row
    record = convert(row)
    if isinstance(record, str):
        return row.rejected(record)
    return accepted(row, record.comparison, record.labels, record.judgments)
