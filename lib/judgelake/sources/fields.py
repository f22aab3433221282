"""What a foreign row must hold: one check a field, so that a rejected row names the field as its file spells it."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable, Collection, Mapping
from typing import Any

LARGEST = sys.float_info.max

Check = Callable[[Any], str | None]
"""What is wrong with a value, or None."""


def problem_of(row: Mapping[str, Any], fields: Mapping[str, Check]) -> str | None:
    """The first field of `row` that is absent or not what it must be; None where all are."""
    for name, check in fields.items():
        problem = check(row[name]) if name in row else "missing"
        if problem is not None:
            return f"{name}: {problem}"
    return None


def unknown_key(row: Mapping[str, Any], known: Collection[str]) -> str | None:
    """The first key of `row` that is not among `known`, with the nearest that is; None where all are."""
    for key in row:
        if key not in known:
            close = difflib.get_close_matches(key, known, n=1)
            return f"{key}: unknown key" + (f", did you mean {close[0]!r}?" if close else "")
    return None


def text(value: Any) -> str | None:
    """Any text, the empty one too."""
    if value is None:
        return "null, expected text"
    if not isinstance(value, str):
        return f"{kind_of(value)}, expected text"
    if "\0" in value:
        return "holds a NUL character"
    if any("\ud800" <= character <= "\udfff" for character in value):
        return "holds half a surrogate pair, which is no character"
    return None


def question(value: Any) -> str | None:
    """Text that asks something."""
    return text(value) or (None if value.strip() else "the question is empty")


def name(value: Any) -> str | None:
    """Text that names something."""
    return text(value) or (None if value.strip() else "empty")


def optional(check: Check) -> Check:
    """The same check, where null may stand instead."""
    return lambda value: None if value is None else check(value)


def integer(value: Any) -> str | None:
    """A whole number; true and false are none."""
    return None if isinstance(value, int) and not isinstance(value, bool) else f"{kind_of(value)}, expected an integer"


def number(value: Any) -> str | None:
    """A finite number; true and false are none."""
    # Compared, not given to math.isfinite: that raises for an integer beyond the floats.
    if isinstance(value, bool) or not isinstance(value, int | float) or not -LARGEST <= value <= LARGEST:
        return f"{kind_of(value)}, expected a finite number"
    return None


def one_of(*allowed: float) -> Check:
    """One of a few numbers, as number and not as text or truth value (2.0 is 2)."""

    def check(value: Any) -> str | None:
        if number(value) is None and value in allowed:
            return None
        return f"{kind_of(value)}, expected one of {', '.join(f'{item:g}' for item in allowed)}"

    return check


def list_of(check: Check) -> Check:
    """A list that is not empty, each item as `check` asks."""

    def check_items(value: Any) -> str | None:
        if not isinstance(value, list) or not value:
            return f"{kind_of(value)}, expected a list with at least one item"
        for index, item in enumerate(value):
            problem = check(item)
            if problem is not None:
                return f"item {index}: {problem}"
        return None

    return check_items


def kind_of(value: Any) -> str:
    """A value as JSON would call it, shortened."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        return f"a {'list' if isinstance(value, list) else 'JSON object'} of {len(value)}"
    return f"{type(value).__name__} {str(value)[:40]!r}"
