"""The command `judgelake-judge` and `jobs/judge.py`: arguments, one call, clean stops, the counts at the end."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from rich.console import Console

from judgelake.asking import PlanningProgress, stopping_on_signals
from judgelake.config import load_config
from judgelake.engine import owner_of_this_driver, stop_engines, without_torch
from judgelake.jobs.judge.config import JudgeJob
from judgelake.jobs.judge.dry_run import show_estimate
from judgelake.jobs.judge.gpus_used import gpus_taken
from judgelake.jobs.judge.job import JudgeRun, dry_run, judge
from judgelake.jobs.judge.summary import orders_text
from judgelake.runtime import (
    CommandParser,
    add_job_arguments,
    config_path,
    exit_code_of,
    get_spark,
    stop_spark,
    warm_up,
)

DEFAULT_CONFIG = Path("conf/judge.yaml")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    return exit_code_of(_parser(), _command, argv)


def _command(arguments: argparse.Namespace) -> int:
    job = load_config(JudgeJob, config_path(arguments, DEFAULT_CONFIG), arguments.set)
    console = Console()
    if not arguments.dry_run:
        # While Java starts, Python has nothing to do.
        warm_up(job.mlflow)
    spark = get_spark(job.tables, "judgelake judge", debug=arguments.debug, one_command=True)
    with stopping_on_signals() as stopping:
        try:
            if arguments.dry_run:
                with without_torch(), PlanningProgress(console, "counting what would be asked"):
                    found = dry_run(spark, job)
                show_estimate(console, *found)
            else:
                report(console, judge(spark, job, console=console, stopping=stopping))
        except KeyboardInterrupt:
            console.print("Stopped: all judgments so far are kept; run the same command again to continue.")
            return 130
        finally:
            stop_engines(owner_of_this_driver(), job.engine.folder)
            with suppress(Exception):  # a stop during a call has broken the connection
                stop_spark(spark)
    return 0


def report(console: Console, run: JudgeRun) -> None:
    """Print a run's counts in a few lines."""
    counts, record = run.counts, run.record
    orders = orders_text(counts.orders) if set(counts.orders) - {"original"} else ""
    by_status = ", ".join(f"{count:,} {status}" for status, count in counts.statuses.items()) or "nothing to judge"
    rate = record.requests_per_s(counts.judgments)
    parts = [
        f"run {run.run_id} {record.outcome}: {by_status}",
        f"coverage {counts.coverage:.1%}" if counts.coverage is not None else "",
        f"orders {orders}" if orders else "",
        f"consistency {counts.consistency:.1%} of {counts.both_orders:,} in both orders" if counts.both_orders else "",
        f"{counts.acting_controls:,} with control strings, sent as text" if counts.acting_controls else "",
        f"{rate:,.1f} requests/s" if rate else "",
        gpus_taken(record.engine_settings),
        f"{record.wall_s:,.0f} s in total",
    ]
    console.print("; ".join(part for part in parts if part), markup=False, highlight=False, soft_wrap=True)


def _parser() -> argparse.ArgumentParser:
    parser = CommandParser(
        prog="judgelake-judge",
        description="Judge every comparison that is not yet judged and append the judgments to a Delta table.",
        epilog="Example: python jobs/judge.py --config conf/judge.yaml --set judge.name=judgelm --set order.orders=AB",
    )
    parser.add_argument("--dry-run", action="store_true", help="report what would be asked, without asking")
    add_job_arguments(parser, DEFAULT_CONFIG, "judge.mode=single")
    return parser
