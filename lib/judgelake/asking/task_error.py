"""How a judgelake error gets from a task to the driver: inside the text of Spark's exception."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

from judgelake.engine import EngineGone, StartFailed, StartRefused
from judgelake.errors import RunError, UserError

# The text is the only thing that reaches the driver.
ERROR_MARK = "judgelake-error:"
KINDS: dict[str, type[UserError] | type[RunError]] = {
    kind.__name__: kind for kind in (RunError, EngineGone, StartFailed, StartRefused)
}
MARKED_ERROR = re.compile(re.escape(ERROR_MARK) + r'(\["\w+", "(?:[^"\\]|\\.)*"\])')


@contextmanager
def marked_errors() -> Iterator[None]:
    """In a task: mark judgelake's errors, so that `our_error` can find them.

    Raises:
        RuntimeError: the marked error.
    """
    try:
        yield
    except (UserError, RunError) as error:
        raise RuntimeError(f"{ERROR_MARK}{json.dumps([type(error).__name__, str(error)])}") from error


def our_error(error: BaseException) -> UserError | RunError | None:
    """The judgelake error that a task raised, read from the text of Spark's exception; None if it is another error."""
    match = MARKED_ERROR.search(str(error))
    if match is None:
        return None
    kind, message = json.loads(match.group(1))
    return KINDS.get(kind, UserError)(message)
