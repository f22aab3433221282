"""The command `judgelake-trust` and `jobs/trust.py`: arguments, one call, a short table."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from judgelake.config import load_config
from judgelake.jobs.trust.config import TrustJob
from judgelake.jobs.trust.job import trust
from judgelake.jobs.trust.terminal import show
from judgelake.runtime import (
    CommandParser,
    add_job_arguments,
    config_path,
    exit_code_of,
    get_spark,
    stop_spark,
    warm_up,
)

DEFAULT_CONFIG = Path("conf/trust.yaml")
EPILOG = """examples:
  %(prog)s --set labels.kind=human
  %(prog)s --set "judgments_where=judge = 'my-judge'" --set calibration.method=isotonic
  %(prog)s --dry-run
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    return exit_code_of(_parser(), _command, argv)


def _command(arguments: argparse.Namespace) -> int:
    job = load_config(TrustJob, config_path(arguments, DEFAULT_CONFIG), arguments.set)
    console = Console(highlight=False)
    # While Java starts, Python has nothing to do.
    warm_up(job.mlflow, "matplotlib.figure")
    spark = get_spark(job.tables, "judgelake trust", debug=arguments.debug, one_command=True)
    try:
        with console.status("Reading.") as status:
            say = status.update if console.is_terminal else console.print
            found = trust(spark, job, say, dry_run=arguments.dry_run)
    finally:
        stop_spark(spark)
    show(console, found, dry_run=arguments.dry_run)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = CommandParser(
        prog="judgelake-trust",
        description="Say of every stored verdict how far it can be relied on: indicators of reliability and a "
        "calibrated probability, into the table reliability; and compare the indicators with the labels.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--dry-run", action="store_true", help="compute and show, and write and log nothing")
    add_job_arguments(parser, DEFAULT_CONFIG, "labels.kind=human")
    return parser
