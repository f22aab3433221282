"""How every command ends: one sentence and an exit code, a stack trace only on request."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable

from judgelake.errors import RunError, UserError

INTERRUPTED = 130


def exit_code_of(call: Callable[[], int | None], debug: bool) -> int:
    """Run a command and return its exit code.

    0 or what `call` returns; 2 for a user's mistake, 1 for a failed run and for a bug, 130 for Ctrl-C. The
    error stands in one line on stderr, with its stack trace where `debug` is set.
    """
    try:
        return call() or 0
    except (UserError, RunError) as error:
        if debug:
            traceback.print_exc()
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return INTERRUPTED
    except Exception as error:
        if debug:
            traceback.print_exc()
        first_line = (str(error).strip() or "no message").splitlines()[0]
        print(f"error: {type(error).__name__}: {first_line} (--debug shows the stack trace)", file=sys.stderr)
        return RunError.exit_code
