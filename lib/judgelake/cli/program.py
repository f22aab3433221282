"""The command line itself: which subcommands there are, and how an error becomes an exit code."""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Sequence
from typing import NoReturn

from judgelake.cli import doctor, judges, parse, prompts, sql
from judgelake.entry import cause_of
from judgelake.errors import RunError, UserError

# A subcommand is a file with `add(subcommands, common)`, which gives its parser the default `run(arguments) -> int`.
# It imports what is heavy inside `run`, so that the others start at once.
COMMANDS = (prompts, parse, judges, sql, doctor)

INTERRUPTED = 130


class _Parser(argparse.ArgumentParser):
    """Reports a wrong command line as every other user error: one sentence."""

    def error(self, message: str) -> NoReturn:
        raise UserError(f"{message[:1].upper()}{message[1:].rstrip('.')}. See: {self.prog} --help")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand; the exit code: 0, 2 for a user's mistake, 1 for what could not be finished.

    Args:
        argv: the arguments after the program's name; None: those of the process.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        parsed = _parser().parse_args(arguments)
        code = parsed.run(parsed)
        sys.stdout.flush()
        return int(code)
    except SystemExit as stop:  # --help and --version
        return int(stop.code or 0)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader (head, less) has seen enough; without this Python complains again when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        return _reported(error, is_debug="--debug" in arguments)


def _reported(error: Exception, *, is_debug: bool) -> int:
    if is_debug:
        traceback.print_exception(error)
    if isinstance(error, (UserError, RunError)):
        print(f"judgelake: {error}", file=sys.stderr)
        return error.exit_code
    if not is_debug:
        print(f"judgelake: unexpected {cause_of(error)}. Run again with --debug.", file=sys.stderr)
    return RunError.exit_code


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--debug", action="store_true", help="show the stack trace of an error")
    parser = _Parser(
        prog="judgelake",
        description="Small local helpers; the jobs that judge whole tables are jobs/*.py.",
        epilog="Each has its own help, with examples: judgelake prompts --help",
        parents=[common],
    )
    subcommands = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add(subcommands, common)
    return parser
