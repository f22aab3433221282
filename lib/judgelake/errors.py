"""The two errors that end a command, and shared parts of messages; a problem with a single row is a `Status`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable


class UserError(Exception):
    """A mistake the user can fix: names the thing, what was expected and what to do. Exit code 2."""

    exit_code = 2


class RunError(Exception):
    """A run that could not finish although the user made no mistake. Exit code 1."""

    exit_code = 1


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The known name closest to an unknown one, as " Did you mean 'x'?"; empty if none is close.

    The leading space is included, so that a message can append the result whether or not it is empty.
    """
    known = list(known)
    # Two letters the other way round, the commonest slip, count least of all.
    nearest = [other for other in known if sorted(other) == sorted(name)] or difflib.get_close_matches(name, known, n=1)
    return f" Did you mean {nearest[0]!r}?" if nearest else ""


def first_line(error: BaseException) -> str:
    """The first line of an error's text, or its type if it has no text."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def in_one_line(error: BaseException) -> str:
    """An error's type and text as part of a sentence: no line breaks, no full stop, no passwords in addresses."""
    return without_password(" ".join(f"{type(error).__name__}: {error}".split()).rstrip("."))


def without_password(address: str) -> str:
    """An address, or a text with addresses, without user and password."""
    return re.sub(r"://[^/\s]*@", "://", address)
