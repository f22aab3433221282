"""The two errors that end a command, and the words messages share; what goes wrong with a single row is a `Status`."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """A mistake the user can fix: names the thing, what was expected and what to do. Exit code 2."""

    exit_code = 2


class RunError(Exception):
    """A run that could not be finished although nothing was asked wrongly. Exit code 1."""

    exit_code = 1


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The known name nearest to one that is not known, as " Did you mean 'x'?"; empty where none is near.

    The space in front is part of it, so that a message can end with it or go on without it.
    """
    nearest = difflib.get_close_matches(name, list(known), n=1)
    return f" Did you mean {nearest[0]!r}?" if nearest else ""


def first_line(error: BaseException) -> str:
    """The first line of an error's text, or its type where it has none."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def in_one_line(error: BaseException) -> str:
    """An error's type and text as part of a sentence: no line ends, no full stop."""
    return " ".join(f"{type(error).__name__}: {error}".split()).rstrip(".")
