"""The two errors that end a command; what goes wrong with a single row is a `Status`, not an exception."""


class UserError(Exception):
    """A mistake the user can mend: names the thing, what was expected and what to do. Exit code 2."""

    exit_code = 2


class RunError(Exception):
    """A run that could not be finished although nothing was asked wrongly. Exit code 1."""

    exit_code = 1
