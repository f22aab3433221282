"""What a record must hold: one check per field, so that a rejected row names the field as its file spells it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from judgelake.comparisons.verdict import LETTERS, TIE
from judgelake.errors import did_you_mean

LARGEST = sys.float_info.max

Check = Callable[[Any], str | None]
"""What is wrong with a value, or None; for a part inside the value, with the rest of its path ("[0].text: ...")."""


def problem_of(row: Mapping[str, Any], fields: Mapping[str, Check]) -> str | None:
    """The first field of `row` that is absent or invalid; None if all are valid."""
    for key, check in fields.items():
        problem = check(row[key]) if key in row else "missing"
        if problem is not None:
            return placed(key, problem)
    return None


def record_problem(
    record: Mapping[str, Any], needed: Mapping[str, Check], may_have: Mapping[str, Check], also: Collection[str] = ()
) -> str | None:
    """What is wrong with a record in judgelake's format: an unknown key, or the first invalid field.

    Args:
        record: the keys and their values.
        needed: the required fields.
        may_have: the optional fields; absent and null mean the same.
        also: further keys the record may have; their values are not checked.
    """
    for key in record:
        if key not in needed and key not in may_have and key not in also:
            return f"{spelled(key)}: unknown key{_meant(key, (*needed, *may_have))}"
    problem = problem_of(record, needed)
    if problem is not None:
        return problem
    for key, check in may_have.items():
        value = record.get(key)
        problem = None if value is None else check(value)
        if problem is not None:
            return placed(key, problem)
    return None


def placed(place: str, problem: str) -> str:
    """A problem prefixed with its place: "answers" and "[0].text: null" give "answers[0].text: null"."""
    return f"{place}{problem}" if problem.startswith(("[", ".")) else f"{place}: {problem}"


def text(value: Any) -> str | None:
    """Any text, also an empty one."""
    if not isinstance(value, str):
        return f"{kind_of(value)}, expected text"
    if "\0" in value:
        return "contains a NUL character"
    # Most texts are ASCII, which Python knows without looking at them.
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            return "contains half a surrogate pair, which is not a character"
    return None


def question(value: Any) -> str | None:
    """Text that is not blank: a question."""
    return text(value) or (None if value.strip() else "the question is empty")


def name(value: Any) -> str | None:
    """Text that is not empty: a name."""
    return text(value) or (None if value.strip() else "empty")


def identifier(value: Any) -> str | None:
    """An id: text that is not empty, or a whole number; ids are kept as text."""
    if isinstance(value, str):
        return name(value)
    return None if integer(value) is None else f"{kind_of(value)}, expected an id: text or an integer"


def word_of(*allowed: str) -> Check:
    """One of a few words."""

    def check(value: Any) -> str | None:
        is_allowed = isinstance(value, str) and value in allowed
        return None if is_allowed else f"{kind_of(value)}, expected one of {', '.join(allowed)}"

    return check


def letter_or_tie(value: Any) -> str | None:
    """A verdict: the letter of an answer, or a tie."""
    problem = text(value)
    if problem is None and value != TIE and (len(value) != 1 or value not in LETTERS):
        return f"{kind_of(value)}, expected a letter or {TIE!r}"
    return problem


def label_logprobs(value: Any) -> str | None:
    """Labels with their log-probabilities."""
    if not isinstance(value, Mapping) or not value:
        return f"{kind_of(value)}, expected an object of labels and their log-probabilities"
    for label, logprob in value.items():
        problem = name(label)
        if problem is None and (number(logprob) is not None or logprob > 0):
            problem = f"{kind_of(logprob)}, expected a number of at most 0"
        if problem is not None:
            return placed(f".{spelled(label)}", problem)
    return None


def optional(check: Check) -> Check:
    """The same check, but null is also allowed."""
    return lambda value: None if value is None else check(value)


def integer(value: Any) -> str | None:
    """A whole number; true and false are not numbers."""
    return None if isinstance(value, int) and not isinstance(value, bool) else f"{kind_of(value)}, expected an integer"


def integer_from(least: int, most: int) -> Check:
    """A whole number in a range."""

    def check(value: Any) -> str | None:
        if integer(value) is None and least <= value <= most:
            return None
        return f"{kind_of(value)}, expected an integer from {least} to {most}"

    return check


def number(value: Any) -> str | None:
    """A finite number; true and false are not numbers."""
    # Compared, because math.isfinite raises for an integer too large for a float.
    if isinstance(value, bool) or not isinstance(value, int | float) or not -LARGEST <= value <= LARGEST:
        return f"{kind_of(value)}, expected a finite number"
    return None


def one_of(*allowed: float) -> Check:
    """One of a few numbers, given as a number and not as text or boolean (2.0 is 2)."""

    def check(value: Any) -> str | None:
        if number(value) is None and value in allowed:
            return None
        return f"{kind_of(value)}, expected one of {', '.join(f'{item:g}' for item in allowed)}"

    return check


def list_of(check: Check) -> Check:
    """A list that is not empty; every item must pass `check`."""

    def check_items(value: Any) -> str | None:
        items = items_of(value)
        if not items:
            return f"{kind_of(value)}, expected a list with at least one item"
        for index, item in enumerate(items):
            problem = check(item)
            if problem is not None:
                return placed(f"[{index}]", problem)
        return None

    return check_items


def object_with(needed: Mapping[str, Check], may_have: Mapping[str, Check]) -> Check:
    """An object with these fields and no others, given as for `record_problem`."""

    def check(value: Any) -> str | None:
        if not isinstance(value, Mapping):
            return f"{kind_of(value)}, expected an object"
        problem = record_problem(value, needed, may_have)
        return None if problem is None else f".{problem}"

    return check


def items_of(value: Any) -> Sequence[Any]:
    """The items of a list, or of the array that a table gives instead; empty if it is neither."""
    items = value.tolist() if hasattr(value, "tolist") else value
    return items if isinstance(items, list | tuple) else ()


def kind_of(value: Any) -> str:
    """A value as JSON would call it, shortened."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        return f"a {'list' if isinstance(value, list) else 'JSON object'} of {len(value)}"
    return f"{type(value).__name__} {str(value)[:40]!r}"


def spelled(key: Any) -> str:
    """A key as a message can show it: half a surrogate pair, which no table accepts, is replaced by its number."""
    return str(key).encode("utf-8", "backslashreplace").decode()


def _meant(key: Any, known: Collection[str]) -> str:
    meant = did_you_mean(spelled(key), known)
    return f".{meant}" if meant else ""
