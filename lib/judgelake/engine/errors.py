"""The errors of an engine that end a task; a problem with a single request is a `Failure`."""

from __future__ import annotations

from judgelake.errors import RunError, UserError


class EngineGone(RunError):  # noqa: N818 - says what happened
    """The engine died while the task was using it; the task's retry starts it again."""


class EngineRefused(UserError):  # noqa: N818 - says what happened
    """The engine cannot serve this job at all: wrong address, key or model, or an option it does not know."""


class StartFailed(RunError):  # noqa: N818 - says what happened
    """The executor's own engine did not start."""


class StartRefused(UserError):  # noqa: N818 - says what happened
    """The executor's own engine did not start, for a reason that a user can change.

    Its log shows a setting or a lack of memory, or its host has another model than the driver, or none.
    """


def told_to_end() -> RunError:
    """The error of a task that was told to end before all its requests were answered: no more may be asked."""
    return RunError("This task has ended before all its requests were answered, because its run stops.")
