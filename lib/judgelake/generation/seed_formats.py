"""The layouts of seeds by name; a new one needs a file with `record_of` and one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from judgelake.errors import UserError, did_you_mean
from judgelake.generation import comparison_questions, seed_table, sharegpt
from judgelake.generation.instructions import ALPACA, DOLLY
from judgelake.generation.seed_table import SeedColumns

TABLE = "table"

RecordOf = Callable[[Mapping[str, Any]], dict[str, Any] | str]
"""Makes the record of a seed of a row, or says why there is none."""


@dataclass(frozen=True, slots=True)
class SeedFormat:
    """A layout: its name, and how a row of it becomes the record of a seed."""

    name: str
    record_of: RecordOf


FORMATS = {
    one.name: one
    for one in (
        SeedFormat("alpaca", ALPACA.record_of),
        SeedFormat("dolly", DOLLY.record_of),
        SeedFormat("sharegpt", sharegpt.record_of),
        SeedFormat("judgelake", comparison_questions.record_of),
    )
}
SEED_FORMATS = (*FORMATS, TABLE)


def seed_format_named(name: str, columns: SeedColumns | None = None) -> SeedFormat:
    """The layout of that name; `columns` is the mapping of "table".

    Raises:
        UserError: there is none; names the nearest.
    """
    if name == TABLE:
        return SeedFormat(TABLE, partial(seed_table.record_of, columns=columns or SeedColumns()))
    if name in FORMATS:
        return FORMATS[name]
    meant = did_you_mean(name, SEED_FORMATS) or f" Expected one of {', '.join(SEED_FORMATS)}."
    raise UserError(f"There is no layout of seeds {name!r}.{meant}")
