"""How every command ends: one sentence and an exit code, a stack trace only on request."""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Callable

from judgelake.errors import RunError, UserError

INTERRUPTED = 130
# A message may quote what it is about, and that may be a whole answer.
SENTENCE_CHARACTERS = 500
CAUSED_BY = "Caused by: "
TRACEBACK = "Traceback (most recent call last):"


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
        print(f"error: {cause_of(error)} (--debug shows the stack trace)", file=sys.stderr)
        return RunError.exit_code


def cause_of(error: BaseException) -> str:
    """What went wrong, in one line: the innermost cause that Spark names, or the error's type and first line."""
    own = (str(error).strip() or "no message").splitlines()
    said = _innermost(error)
    starts = [number for number, line in enumerate(said) if TRACEBACK in line]
    if starts:
        # What a Python worker raised stands below the frames, which are indented.
        said = [line for line in said[starts[-1] + 1 :] if line.strip() and not line[0].isspace()]
    is_cause = bool(said) and said[0] != own[0]
    return (said[0] if is_cause else f"{type(error).__name__}: {own[0]}")[:SENTENCE_CHARACTERS]


def sql_state(error: BaseException) -> str | None:
    """The SQLSTATE, five characters, of the innermost cause of an error of Spark's; None where it has none.

    Class 22 (its first two characters) is an expression that fails on the data, such as a division by zero or a cast.
    """
    found = re.search(r"SQLSTATE: (\w{5})\b", "\n".join(_innermost(error)))
    return None if found is None else found.group(1)


def _innermost(error: BaseException) -> list[str]:
    """The lines of an error of Spark's from its innermost cause on, without the mark of a cause; none of another's."""
    # By name: a command that needs no Spark must not import it to say why it failed.
    if type(error).__module__.partition(".")[0] not in ("py4j", "pyspark"):
        return []
    lines = str(error).strip().splitlines()
    for mark in (CAUSED_BY, ": "):
        starts = [number for number, line in enumerate(lines) if line.startswith(mark)]
        if starts:
            return [lines[starts[-1]].removeprefix(mark), *lines[starts[-1] + 1 :]]
    return lines
