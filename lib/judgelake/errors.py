"""The two errors that end a command, and how one is told; what goes wrong with a single row is a `Status`."""


def in_one_line(error: BaseException) -> str:
    """An error's type and text as part of a sentence: no line ends, no full stop."""
    return " ".join(f"{type(error).__name__}: {error}".split()).rstrip(".")


class UserError(Exception):
    """A mistake the user can mend: names the thing, what was expected and what to do. Exit code 2."""

    exit_code = 2


class RunError(Exception):
    """A run that could not be finished although nothing was asked wrongly. Exit code 1."""

    exit_code = 1
