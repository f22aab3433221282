"""Values of tables: which key of a mapping a value means, and which number; the same whatever the file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from judgelake.comparisons import kind_of, number

# As people write numbers in text; 007 is a name, not the number 7.
PLAIN = re.compile(r"[-+]?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d{1,3})?", re.ASCII)
BOOLEANS = ("true", "false")
ONES = {"1": True, "true": True, "0": False, "false": False}
"""What the columns of a one-hot winner hold, as `canonical` spells it."""
SHOWN_CHARACTERS = 40


def canonical(value: Any) -> str:
    """A value as the text it is compared by: true and "True" are true; 1, 1.0 and "1.0" are 1; other text is itself.

    Without this a verdict would depend on the file: JSON keeps true and 1.0, CSV has only text, pandas writes whole
    numbers as 1.0 as soon as one is missing.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value.lower() in BOOLEANS:
        return value.lower()
    if isinstance(value, str) and not PLAIN.fullmatch(value):
        return value
    if not isinstance(value, int | float | Decimal | str):
        return str(value)
    exact = Decimal(str(value))
    if not exact.is_finite():
        return str(value)
    if not exact:
        return "0"  # also minus zero
    written = f"{exact:f}"
    return written.rstrip("0").rstrip(".") if "." in written else written


def key_meant(value: Any, keys: Iterable[str]) -> str | None:
    """The key that a value means: the same text, or else the same boolean or number; None if it means none."""
    known = list(keys)
    if isinstance(value, str) and value in known:
        return value
    meant = canonical(value)
    return next((key for key in known if canonical(key) == meant), None)


def number_meant(value: Any) -> float | str:
    """The number that a value is, also if it is text ("4", " 4.5 "), or what is wrong with it."""
    if isinstance(value, str):
        written = value.strip()
        if PLAIN.fullmatch(written) is None or number(float(written)) is not None:
            return f"{kind_of(value)}, expected a number"
        return float(written)
    given = float(value) if isinstance(value, Decimal) else value
    problem = number(given)
    return problem if problem is not None else float(given)


def is_missing(value: Any) -> bool:
    """Null, or the NaN that pandas writes instead of it."""
    return value is None or (isinstance(value, float) and value != value)


def attributes_of(value: Mapping[str, Any], keys: Iterable[str]) -> dict[str, str]:
    """The named values of a row that are there, as texts: the attributes of a comparison."""
    return {key: canonical(value[key]) for key in keys if not is_missing(value.get(key))}


def one_hot(value: Mapping[str, Any], meanings: Mapping[str, str]) -> tuple[str | None, str | None]:
    """The meaning of the one column that is 1, or what is wrong with the columns; neither if all of them are empty."""
    cells = {column: value.get(column) for column in meanings}
    if all(is_missing(cell) or cell == "" for cell in cells.values()):
        return None, None
    chosen = []
    for column, cell in cells.items():
        written = "0" if is_missing(cell) or cell == "" else canonical(cell)
        if written not in ONES:
            return None, f"{column}: {written[:SHOWN_CHARACTERS]!r}, expected 0 or 1"
        chosen += [meanings[column]] if ONES[written] else []
    if len(chosen) != 1:
        return None, f"{', '.join(meanings)}: {len(chosen)} of them are 1, expected one"
    return chosen[0], None
