"""The command `judgelake-ablate` and `jobs/ablate.py`: arguments, one call, the results as a table."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from judgelake.config import load_config
from judgelake.jobs.ablate.answers import MEASURES
from judgelake.jobs.ablate.config import AblateJob, training_of
from judgelake.jobs.ablate.job import Ablation, ablate
from judgelake.jobs.ablate.results import Result
from judgelake.measures.families import Estimate
from judgelake.runtime import (
    CommandParser,
    add_job_arguments,
    config_path,
    exit_code_of,
    get_spark,
    sigterm_as_interrupt,
    stop_spark,
)

COMPARED = ("agreement", "consistency")
"""Measures whose difference to the baseline is shown; the others are in the results."""
DEFAULT_CONFIG = Path("conf/ablate.yaml")
EPILOG = """examples:
  %(prog)s --config conf/ablate.yaml --dry-run
  %(prog)s --config conf/ablate.yaml --set seeds=[0] --set held_out=50
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    return exit_code_of(_parser(), _command, argv)


def _command(arguments: argparse.Namespace) -> int:
    job = load_config(AblateJob, config_path(arguments, DEFAULT_CONFIG), arguments.set)
    console = Console(highlight=False)
    if arguments.dry_run:
        _show_trainings(console, job)
        return 0

    def say(line: str) -> None:
        console.print(line, markup=False, soft_wrap=True)

    with sigterm_as_interrupt():
        try:
            spark = get_spark(job.tables, "judgelake ablate", debug=arguments.debug, one_command=True)
            try:
                done = ablate(spark, job, say)
            finally:
                stop_spark(spark)
        except KeyboardInterrupt:
            say("Stopped: trainings and checkpoints so far are kept; run the same command again to continue.")
            return 130
    _show(console, done, job)
    return 1 if done.failures else 0


def _show_trainings(console: Console, job: AblateJob) -> None:
    table = Table("cell", "what it changes", title=f"{len(job.cells) * len(job.seeds):,} trainings")
    for cell, changes in job.cells.items():
        for seed in job.seeds:
            training_of(job, cell, seed)
        table.add_row(cell, ", ".join(f"{key}: {value}" for key, value in changes.items()) or "nothing")
    console.print(table)
    seeds = ", ".join(map(str, job.seeds))
    console.print(f"Each with the seeds {seeds}, in folders below {job.output}.", markup=False, soft_wrap=True)


def _show(console: Console, done: Ablation, job: AblateJob) -> None:
    for shown in job.shown:
        of_way = [result for result in done.results if result.shown == shown]
        title = f"{of_way[0].questions:,} held-out questions, references: {shown}"
        differences = (f"{measure} less {job.baseline}" for measure in COMPARED)
        table = Table("cell", "seeds", *MEASURES, *differences, title=title)
        for cell in job.cells:
            of_cell = {result.measure: result for result in of_way if result.cell == cell}
            finished = ", ".join(map(str, of_cell[MEASURES[0]].seeds)) or "none"
            table.add_row(cell, finished, *_row(of_cell))
        console.print(table)
    for name, why in done.failures.items():
        console.print(f"{name} could not finish: {why}", markup=False, soft_wrap=True)
    where = f"{done.folder.results} and {done.folder.picture.name}"
    run = f"; MLflow run {done.mlflow_run_id}" if done.mlflow_run_id else ""
    console.print(f"The results are in {where}{run}.", markup=False, soft_wrap=True)


def _row(of_cell: dict[str, Result]) -> list[str]:
    values = [percent(of_cell[measure].value) for measure in MEASURES]
    return [*values, *(percent(of_cell[measure].difference, signed=True) for measure in COMPARED)]


def percent(number: Estimate, *, signed: bool = False) -> str:
    """A share in percent with its interval, "" without a value."""
    if number.value is None:
        return ""
    shown = f"{100 * number.value:{'+' if signed else ''}.1f}"
    if number.low is None or number.high is None:
        return shown
    return f"{shown} ({100 * number.low:.1f} to {100 * number.high:.1f})"


def _parser() -> argparse.ArgumentParser:
    parser = CommandParser(
        prog="judgelake-ablate",
        description="Train a judge in variants and with several seeds, and compare them on held-out questions.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--dry-run", action="store_true", help="list the trainings, without training")
    add_job_arguments(parser, DEFAULT_CONFIG, "baseline=baseline")
    return parser
