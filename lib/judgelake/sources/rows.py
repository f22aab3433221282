"""The loop of every format whose rows are independent: check the fields, convert, accept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from judgelake.comparisons import Check, optional, problem_of
from judgelake.sources.files import rows_of
from judgelake.sources.loaded import Item, Rejected, Row, accepted


@dataclass(frozen=True, slots=True)
class Record:
    """A row in the shape of judgelake's JSONL: the comparison, its labels and judgments, all still unchecked.

    `problems` are labels of the row that cannot be read, one reason each.
    """

    comparison: Mapping[str, Any]
    labels: Sequence[Mapping[str, Any]] = ()
    judgments: Sequence[Mapping[str, Any]] = ()
    problems: Sequence[str] = ()


NONE: Mapping[str, Check] = {}


def checked_rows(
    paths: Sequence[Path], fields: Mapping[str, Check], may_have: Mapping[str, Check] = NONE
) -> Iterator[Row | Rejected]:
    """The rows of all files: valid ones as they are, the others rejected; see `load_rows` for the fields."""
    for path in paths:
        for row in rows_of(path):
            yield _checked(row, fields, may_have)


def load_rows(
    paths: Sequence[Path],
    fields: Mapping[str, Check],
    convert: Callable[[Row], Record | str],
    became: Callable[[Row | Rejected, Item], None] = lambda row, item: None,
    may_have: Mapping[str, Check] = NONE,
) -> Iterator[Item]:
    """The rows of the files, converted to items.

    Args:
        paths: files in the order they are read.
        fields: what `convert` may rely on; a row that violates it is rejected with the field's name.
        convert: turns a row into its record, or into the reason why it has none.
        became: called for every row as it was read (Rejected if it could not be), with the resulting item.
        may_have: fields that may be absent, which is then the same as null: `convert` finds them all.
    """
    for path in paths:
        for row in rows_of(path):
            item = _item(_checked(row, fields, may_have), convert)
            became(row, item)
            yield item


def _checked(row: Row | Rejected, fields: Mapping[str, Check], may_have: Mapping[str, Check]) -> Row | Rejected:
    if isinstance(row, Rejected):
        return row
    whole = replace(row, value={**dict.fromkeys(may_have), **row.value}) if may_have else row
    problem = problem_of(whole.value, {**fields, **{key: optional(check) for key, check in may_have.items()}})
    return whole if problem is None else row.rejected(problem)


def _item(row: Row | Rejected, convert: Callable[[Row], Record | str]) -> Item:
    if isinstance(row, Rejected):
        return row
    record = convert(row)
    if isinstance(record, str):
        return row.rejected(record)
    return accepted(row, record.comparison, record.labels, record.judgments, record.problems)
