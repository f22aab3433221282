"""What fails in Spark's tasks while a run is planned, as judgelake's errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from judgelake.asking.task_error import our_error
from judgelake.errors import UserError
from judgelake.runtime import cause_of, sql_state

# Class 22 of SQLSTATE: an expression that fails on a row, such as a cast or a division by zero.
DATA_EXCEPTION = "22"


@contextmanager
def planning_errors(key: str, predicate: str | None) -> Iterator[None]:
    """Context in which a run is planned.

    Args:
        key: the key of the job's config with the predicate on its input, for example "input.where".
        predicate: its value. No other expression computed during planning is written by a user.

    Raises:
        UserError: a template cannot be filled for a row, or the predicate cannot be computed on one.
    """
    try:
        yield
    except Exception as error:
        ours = our_error(error)
        if ours is not None:
            raise ours from error
        if predicate is not None and (sql_state(error) or "").startswith(DATA_EXCEPTION):
            raise UserError(f"{key} {predicate!r} fails on a row: {cause_of(error)}") from error
        raise
