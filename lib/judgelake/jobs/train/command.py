"""The command `judgelake-train` and `jobs/train.py`: arguments, one call, where the model is."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from judgelake.config import load_config
from judgelake.jobs.train.card import use_terms
from judgelake.jobs.train.config import TrainJob
from judgelake.jobs.train.job import Trained, prepare_only, train_planned
from judgelake.jobs.train.plan import Plan, plan_of
from judgelake.jobs.train.row_store import counted
from judgelake.runtime import (
    CommandParser,
    add_job_arguments,
    config_path,
    exit_code_of,
    get_spark,
    sigterm_as_interrupt,
    stop_spark,
)
from judgelake.trainer import RunFolder

DEFAULT_CONFIG = Path("conf/train.yaml")
EPILOG = """examples:
  %(prog)s --config conf/train/cpu-small.yaml --dry-run
  %(prog)s --config conf/train/lora.yaml --set judge.base=models/base --set mlflow.register_as=my-judge
  %(prog)s --config conf/train/judgelm.yaml --set processes=8
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    return exit_code_of(_parser(), _command, argv)


def _command(arguments: argparse.Namespace) -> int:
    job = load_config(TrainJob, config_path(arguments, DEFAULT_CONFIG), arguments.set)
    console = Console(highlight=False)

    def say(line: str) -> None:
        console.print(line, markup=False, soft_wrap=True)

    with sigterm_as_interrupt():
        try:
            with _planned(job, arguments, say) as plan:
                if arguments.dry_run:
                    show_plan(console, plan)
                elif arguments.prepare:
                    command = prepare_only(plan, say)
                    say(f"Prepared. Train with: {command}\nThen run this again without --prepare, which logs it.")
                else:
                    _report(console, train_planned(plan, say))
        except KeyboardInterrupt:
            say("Stopped: the checkpoints so far are kept; run the same command again to continue.")
            return 130
    return 0


@contextmanager
def _planned(job: TrainJob, arguments: argparse.Namespace, say: Any) -> Iterator[Plan]:
    """The plan, with Spark stopped again, which takes memory, unless it starts the training's processes."""
    spark = get_spark(job.tables, "judgelake train", debug=arguments.debug, one_command=True)
    needs_spark = job.launch != "torchrun" and not arguments.dry_run and not arguments.prepare
    with ExitStack() as held:
        held.callback(stop_spark, spark)
        plan = plan_of(spark, job, say)
        if not needs_spark:
            held.close()
        yield plan


def show_plan(console: Console, plan: Plan) -> None:
    """Print what would be trained, as a table."""
    job = plan.job
    audit = counted(plan, RunFolder(Path(job.output)).rows)
    memory = plan.memory(audit)
    table = Table(title=f"What {plan.spec.name} ({job.judge.mode}) would learn", show_header=False)
    table.add_row("examples", f"{len(plan.selected.train):,}")
    for name, number in (plan.own.counts if plan.own is not None else {}).items():
        table.add_row(f"judgments: {name}", f"{number:,}")
    table.add_row("examples to validate on", f"{len(plan.selected.validation):,}")
    table.add_row(f"rows of {job.recipe.epochs} epochs", f"{audit.rows:,}")
    for label, number in sorted(audit.labels.items()):
        table.add_row(f"with the label {label}, as shown", f"{number:,}")
    for cause, number in audit.faults.items():
        reason = next((one.reason for one in audit.listed if one.cause == cause), "")
        table.add_row(f"left out: {cause}", f"{number:,}" + (f", for example: {reason}" if reason else ""))
    table.add_row("rows with answers cut to fit", f"{audit.trimmed:,}")
    table.add_row("tokens", f"{audit.tokens:,}, of these learned: {audit.supervised:,}")
    table.add_row("tokens of the longest row", f"{audit.longest:,}")
    table.add_row(f"steps of {job.recipe.batch_rows} rows", f"{plan.steps(audit):,}")
    for name in ("weights", "gradients", "optimizer", "activations", "logits"):
        table.add_row(f"memory of a process: {name}", f"{getattr(memory, name) / 1e9:,.2f} GB")
    table.add_row("memory of a process, about", f"{memory.total / 1e9:,.1f} GB")
    console.print(table)
    if (warning := use_terms(plan.base, plan.selected).line) is not None:
        console.print(warning, markup=False, soft_wrap=True)


def _report(console: Console, done: Trained) -> None:
    parts = [
        f"The model is in {done.model}",
        f"registered as {done.registered}, alias candidate" if done.registered else "",
        f"MLflow run {done.mlflow_run_id}" if done.mlflow_run_id else "",
    ]
    console.print("; ".join(part for part in parts if part) + ".", markup=False, soft_wrap=True)


def _parser() -> argparse.ArgumentParser:
    parser = CommandParser(
        prog="judgelake-train",
        description="Train a judge on the examples of a Delta table: rows, training with checkpoints, MLflow.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="report rows, tokens, steps and memory, without training"
    )
    parser.add_argument(
        "--prepare",
        action="store_true",
        help="only write rows and record, for a trainer that you start yourself",
    )
    add_job_arguments(parser, DEFAULT_CONFIG, "judge.base=models/base")
    return parser
