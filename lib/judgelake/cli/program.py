"""The command line itself: the list of subcommands."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from judgelake.cli import doctor, judges, parse, prompts, sql
from judgelake.runtime import DEBUG, CommandParser, exit_code_of

# A subcommand is a file with `add(subcommands, common)`, which gives its parser the default `run(arguments) -> int`.
# It imports heavy packages inside `run`, so that the other subcommands start quickly.
COMMANDS = (prompts, parse, judges, sql, doctor)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand; returns the exit code: 0, 2 for a user's mistake, 1 for a command that could not finish.

    Args:
        argv: the arguments after the program's name; None: those of the process.
    """
    return exit_code_of(_parser(), _run, argv)


def _run(arguments: argparse.Namespace) -> int:
    try:
        code: int = arguments.run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader (head, less) has closed the pipe; without this Python reports an error when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(DEBUG, action="store_true", help="show the stack trace of an error")
    parser = CommandParser(
        prog="judgelake",
        description="Small local helpers; whole tables are judged by jobs/*.py.",
        epilog="Each command has its own help with examples: judgelake prompts --help",
        parents=[common],
    )
    subcommands = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add(subcommands, common)
    return parser
