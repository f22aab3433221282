"""The start and end of every command: its arguments, one sentence for an error, an exit code."""

from __future__ import annotations

import argparse
import atexit
import gc
import os
import re
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from judgelake.errors import RunError, UserError

INTERRUPTED = 130
# A message may quote its subject, which may be a whole answer.
SENTENCE_CHARACTERS = 500
CAUSED_BY = "Caused by: "
TRACEBACK = "Traceback (most recent call last):"
DEBUG = "--debug"


class CommandParser(argparse.ArgumentParser):
    """Reports a wrong command line like every other user error: in one sentence."""

    def error(self, message: str) -> NoReturn:
        """Raise the message as a UserError."""
        raise UserError(f"{message[:1].upper()}{message[1:].rstrip('.')}. See: {self.prog} --help")


def add_job_arguments(parser: argparse.ArgumentParser, default: Path, example: str) -> None:
    """Add --config, --set and --debug; `default` is read if it exists, `example` is a KEY=VALUE."""
    parser.add_argument("--config", metavar="FILE", help=f"the job's YAML (default: {default} if it exists)")
    parser.add_argument(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help=f"overrides a key of the file, e.g. {example}; may be given several times",
    )
    parser.add_argument(DEBUG, action="store_true", help="show the stack trace of an error, and Spark's messages")


def config_path(arguments: argparse.Namespace, default: Path) -> str | Path | None:
    """The file of --config, else `default` if it exists, else None: the built-in defaults."""
    return arguments.config or (default if default.exists() else None)


def exit_code_of(
    parser: argparse.ArgumentParser,
    command: Callable[[argparse.Namespace], int | None],
    argv: Sequence[str] | None = None,
) -> int:
    """Parse the command line, run the command, and return the exit code.

    0 or what `command` returns; 2 for a user's mistake, 1 for a failed run and for a bug, 130 for Ctrl-C. The
    error is one line on stderr, preceded by its stack trace if --debug is given.

    Args:
        parser: of the command.
        command: called with the parsed arguments.
        argv: the arguments after the program's name; None: those of the process.

    Raises:
        SystemExit: on Databricks, with a code other than 0: a wheel's task there drops what its function returns, so
            the job would be called a success.
    """
    # As it ends, Python looks for unused objects in all that was imported: a second in a process with MLflow.
    atexit.register(gc.freeze)
    code = _code_of(parser, command, list(sys.argv[1:] if argv is None else argv))
    if code and argv is None and "DATABRICKS_RUNTIME_VERSION" in os.environ:
        raise SystemExit(code)
    return code


def _code_of(
    parser: argparse.ArgumentParser, command: Callable[[argparse.Namespace], int | None], given: list[str]
) -> int:
    is_debug = DEBUG in given
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        arguments = parser.parse_args(given)
    except SystemExit as stop:  # --help and --version
        return int(stop.code or 0)
    except UserError as error:
        return _reported(error, is_debug)
    is_debug = is_debug or getattr(arguments, "debug", False)
    try:
        return command(arguments) or 0
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return INTERRUPTED
    except Exception as error:
        return _reported(error, is_debug)


def _reported(error: Exception, is_debug: bool) -> int:
    if is_debug:
        traceback.print_exception(error)
    is_ours = isinstance(error, UserError | RunError)
    hint = "" if is_ours or is_debug else f" ({DEBUG} shows the stack trace)"
    print(f"error: {error if is_ours else cause_of(error)}{hint}", file=sys.stderr)
    return UserError.exit_code if isinstance(error, UserError) else RunError.exit_code


def cause_of(error: BaseException) -> str:
    """The cause of an error in one line: the innermost one that Spark names, or the error's type and first line."""
    own = (str(error).strip() or "no message").splitlines()
    cause = _innermost(error)
    starts = [number for number, line in enumerate(cause) if TRACEBACK in line]
    if starts:
        # What a Python worker raised follows the stack frames, which are indented.
        cause = [line for line in cause[starts[-1] + 1 :] if line.strip() and not line[0].isspace()]
    is_cause = bool(cause) and cause[0] != own[0]
    return (cause[0] if is_cause else f"{type(error).__name__}: {own[0]}")[:SENTENCE_CHARACTERS]


def sql_state(error: BaseException) -> str | None:
    """The SQLSTATE, five characters, of the innermost cause of a Spark error; None if it has none.

    Class 22 (its first two characters) is an expression that fails on the data, such as a division by zero or a cast.
    """
    match = re.search(r"SQLSTATE: (\w{5})\b", "\n".join(_innermost(error)))
    return None if match is None else match.group(1)


def _innermost(error: BaseException) -> list[str]:
    """The lines of a Spark error from its innermost cause on, without the leading mark; empty for other errors."""
    # By name: a command that does not need Spark must not import it to report an error.
    if type(error).__module__.partition(".")[0] not in ("py4j", "pyspark"):
        return []
    lines = str(error).strip().splitlines()
    for mark in (CAUSED_BY, ": "):
        starts = [number for number, line in enumerate(lines) if line.startswith(mark)]
        if starts:
            return [lines[starts[-1]].removeprefix(mark), *lines[starts[-1] + 1 :]]
    return lines
