"""The two ways an engine ends a task; what goes wrong with one request is a `Failure`."""

from __future__ import annotations

from judgelake.errors import RunError, UserError


class EngineGone(RunError):  # noqa: N818 - says what happened
    """The engine died under the task; the task's retry starts it anew."""


class EngineRefused(UserError):  # noqa: N818 - says what happened
    """The engine cannot serve this job at all: wrong address, key, model or an option it does not know."""
