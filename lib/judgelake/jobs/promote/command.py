"""The command `judgelake-promote` and `jobs/promote.py`: arguments, one call, the table of thresholds, an exit code."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from judgelake.config import load_config
from judgelake.jobs.promote.config import PromoteJob
from judgelake.jobs.promote.job import promote
from judgelake.jobs.promote.terminal import show, undone_sentence
from judgelake.jobs.promote.undoing import undo
from judgelake.runtime import (
    CommandParser,
    add_job_arguments,
    config_path,
    exit_code_of,
    get_spark,
    stop_spark,
    warm_up,
)

DEFAULT_CONFIG = Path("conf/promote.yaml")
REFUSED = 1
"""The exit code of a candidate that does not pass: a scheduled job must see it."""
EPILOG = """examples:
  %(prog)s --set model=my-judge --dry-run
  %(prog)s --set model=my-judge --set "where=source = 'people'" --set thresholds.consistency=0.8
  %(prog)s --set model=my-judge --undo

exit codes: 0 promoted, or nothing to promote, or --dry-run; 1 the candidate is refused, or the run failed; 2 a mistake
in what was given
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    return exit_code_of(_parser(), _command, argv)


def _command(arguments: argparse.Namespace) -> int:
    job = load_config(PromoteJob, config_path(arguments, DEFAULT_CONFIG), arguments.set)
    console = Console(highlight=False)
    if arguments.undo:
        found = undo(job.model, dry_run=arguments.dry_run)
        console.print(undone_sentence(job.model, found, dry_run=arguments.dry_run), markup=False, soft_wrap=True)
        return 0
    return _promoted(job, arguments, console)


def _promoted(job: PromoteJob, arguments: argparse.Namespace, console: Console) -> int:
    # While Java starts, Python has nothing to do.
    warm_up(job.mlflow)
    spark = get_spark(job.tables, "judgelake promote", debug=arguments.debug, one_command=True)
    try:
        with console.status("Reading.") as status:
            say = status.update if console.is_terminal else console.print
            found = promote(spark, job, say, dry_run=arguments.dry_run)
    finally:
        stop_spark(spark)
    if found is None:
        console.print(f"The candidate of {job.model} is its champion already: nothing to promote.", markup=False)
        return 0
    show(console, found, dry_run=arguments.dry_run)
    return 0 if found.is_promoted or arguments.dry_run else REFUSED


def _parser() -> argparse.ArgumentParser:
    parser = CommandParser(
        prog="judgelake-promote",
        description="Make the candidate of a registered judge the champion if, on held-out labels, it is better than "
        "today's champion and passes written thresholds; say why it does or does not.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--dry-run", action="store_true", help="decide and show, and change and record nothing")
    parser.add_argument("--undo", action="store_true", help="put the champion back on the version that was it before")
    add_job_arguments(parser, DEFAULT_CONFIG, "model=my-judge")
    return parser
