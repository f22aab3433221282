"""The command `judgelake-cascade` and `jobs/cascade.py`: arguments, one call, the promise and the curve."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from rich.console import Console

from judgelake.asking import stopping_on_signals
from judgelake.config import load_config
from judgelake.engine import owner_of_this_driver, stop_engines
from judgelake.jobs.cascade.config import CascadeJob
from judgelake.jobs.cascade.job import choose, ready, run
from judgelake.jobs.cascade.terminal import show_choice, show_plan, show_run
from judgelake.runtime import CommandParser, add_job_arguments, config_path, exit_code_of, get_spark, stop_spark

DEFAULT_CONFIG = Path("conf/cascade.yaml")
EPILOG = """examples:
  %(prog)s --config conf/cascade.yaml --dry-run
  %(prog)s --set risk.alpha=0.1 --set "where=source = 'people'"
  %(prog)s --set budget.share=0.5
  %(prog)s --run
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    return exit_code_of(_parser(), _command, argv)


def _command(arguments: argparse.Namespace) -> int:
    job = load_config(CascadeJob, config_path(arguments, DEFAULT_CONFIG), arguments.set)
    console = Console(highlight=False)
    spark = get_spark(job.tables, "judgelake cascade", debug=arguments.debug, one_command=True)
    try:
        if not arguments.run:
            show_choice(console, choose(spark, job, dry_run=arguments.dry_run))
        elif arguments.dry_run:
            running = ready(spark, job)
            show_plan(console, running.stored, running.comparisons)
        else:
            with stopping_on_signals() as stopping:
                show_run(console, run(spark, job, console=console, stopping=stopping))
    except KeyboardInterrupt:
        console.print("Stopped: all judgments so far are kept; run the same command again to continue.")
        return 130
    finally:
        if arguments.run:
            stop_engines(owner_of_this_driver(), None)
        with suppress(Exception):  # a stop during a call has broken the connection
            stop_spark(spark)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = CommandParser(
        prog="judgelake-cascade",
        description="Choose from labels which verdicts of a cheap judge can be relied on, so that a stronger one is "
        "asked only for the others; with --run, run that cascade.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--run", action="store_true", help="run the cascade with the thresholds that were chosen last")
    parser.add_argument(
        "--dry-run", action="store_true", help="show what is chosen or asked, and write and ask nothing"
    )
    add_job_arguments(parser, DEFAULT_CONFIG, "risk.alpha=0.1")
    return parser
