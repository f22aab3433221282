"""The command `judgelake-evaluate` and `jobs/evaluate.py`: arguments, one call, the headline at the end."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from judgelake.config import load_config
from judgelake.jobs.evaluate.config import EvaluateJob
from judgelake.jobs.evaluate.job import evaluate_and_report
from judgelake.jobs.evaluate.mlflow_run import IMPORTED_LATE
from judgelake.jobs.evaluate.terminal import show_headline
from judgelake.runtime import (
    CommandParser,
    add_job_arguments,
    config_path,
    exit_code_of,
    get_spark,
    stop_spark,
    warm_up,
)

DEFAULT_CONFIG = Path("conf/evaluate.yaml")
EPILOG = """examples:
  %(prog)s
  %(prog)s --set labels.kind=human --set labels.rule=each
  %(prog)s --set where="source = 'llmbar'" --set swap_rules="[both_right, first, second]" --set failure_rule=wrong
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    return exit_code_of(_parser(), _command, argv)


def _command(arguments: argparse.Namespace) -> int:
    job = load_config(EvaluateJob, config_path(arguments, DEFAULT_CONFIG), arguments.set)
    console = Console(highlight=False)
    # While Java starts, Python has nothing to do.
    warm_up(job.mlflow, *IMPORTED_LATE)
    spark = get_spark(job.tables, "judgelake evaluate", debug=arguments.debug, one_command=True)
    try:
        with console.status("Reading.") as status:
            done = evaluate_and_report(spark, job, say=status.update if console.is_terminal else console.print)
        show_headline(console, done)
    finally:
        stop_spark(spark)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = CommandParser(
        prog="judgelake-evaluate",
        description="Compare the judgments with the labels: agreement, consistency and biases of every judge, with "
        "intervals, into the metrics table, into MLflow and into a report.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_job_arguments(parser, DEFAULT_CONFIG, "labels.kind=human")
    return parser
