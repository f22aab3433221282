"""The command `judgelake-generate` and `jobs/generate.py`: arguments, one call, clean stops, the counts at the end."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from rich.console import Console

from judgelake.asking import stopping_on_signals
from judgelake.config import load_config
from judgelake.engine import owner_of_this_driver, stop_engines
from judgelake.jobs.generate.config import GenerateJob
from judgelake.jobs.generate.dry_run import lines_of_plan
from judgelake.jobs.generate.generated import Generated
from judgelake.jobs.generate.job import ALL_STEPS, STEPS, dry_run, generate
from judgelake.runtime import CommandParser, add_job_arguments, config_path, exit_code_of, get_spark, stop_spark

DEFAULT_CONFIG = Path("conf/generate.yaml")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    return exit_code_of(_parser(), _command, argv)


def _command(arguments: argparse.Namespace) -> int:
    job = load_config(GenerateJob, config_path(arguments, DEFAULT_CONFIG), arguments.set)
    console = Console(highlight=False)
    spark = get_spark(job.tables, "judgelake generate", debug=arguments.debug, one_command=True)
    with stopping_on_signals() as stopping:
        try:
            if arguments.dry_run:
                _print(console, lines_of_plan(dry_run(spark, job)))
                return 0
            done = generate(spark, job, arguments.steps, console=console, stopping=stopping)
        except KeyboardInterrupt:
            console.print("Stopped: all answers so far are kept; run the same command again to continue.")
            return 130
        finally:
            for folder in {model.engine.folder for model in job.models}:
                stop_engines(owner_of_this_driver(), folder)
            with suppress(Exception):  # a stop during a call has broken the connection
                stop_spark(spark)
    _print(console, lines_of(done))
    return 0


def _print(console: Console, lines: Iterator[str]) -> None:
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)


def lines_of(done: Generated) -> Iterator[str]:
    """What the steps came to, a line each."""
    if done.seeds is not None:
        seeds = done.seeds
        yield (
            f"seeds: {seeds.added:,} added, {seeds.left_out:,} of them near-duplicates that are not asked; "
            f"{seeds.held:,} were there before, {seeds.rejected:,} rejected"
        )
    for run in done.answers or ():
        by_status = ", ".join(f"{count:,} {status}" for status, count in run.statuses.items()) or "nothing to ask"
        yield f"answers of {run.answerer.name} (run {run.run_id}): {by_status}; {run.skipped:,} were there before"
    if done.comparisons is not None:
        made = done.comparisons
        left_out = ", ".join(f"{count:,} {kind}" for kind, count in made.left_out.items()) or "nothing"
        yield f"comparisons: {made.added:,} added, {made.held:,} were there before; left out: {left_out}"
    for taught in done.examples or ():
        splits = ", ".join(f"{count:,} {name}" for name, count in taught.splits.items()) or "none"
        left_out = ", ".join(f"{count:,} {reason}" for reason, count in taught.left_out.items()) or "nothing"
        yield (
            f"examples of {taught.teacher}: {splits}; {taught.added:,} of them added, {taught.held:,} there before, "
            f"{taught.replaced:,} older ones of the same comparisons replaced, {taught.withdrawn:,} withdrawn; "
            f"left out: {left_out}; {taught.without_referenced:,} have a reference that the teacher was not shown"
        )
    if done.sample is not None:
        sheets = done.sample
        written = f"written to {', '.join(sheets.written)}" if sheets.written else "nothing written"
        kept = f"; there already and left as they are: {', '.join(sheets.kept)}" if sheets.kept else ""
        yield f"sample: {sheets.comparisons:,} comparisons to label, {written}{kept}"


def _parser() -> argparse.ArgumentParser:
    parser = CommandParser(
        prog="judgelake-generate",
        description="Bring in questions, let models answer them and make comparisons of the answers.",
        epilog="Example: python jobs/generate.py --config conf/generate.yaml --steps seeds answers",
    )
    steps = f"of {', '.join(ALL_STEPS)}; default: all but sample"
    parser.add_argument("--steps", nargs="+", choices=ALL_STEPS, default=STEPS, metavar="STEP", help=steps)
    parser.add_argument("--dry-run", action="store_true", help="report what would be asked, without asking")
    add_job_arguments(parser, DEFAULT_CONFIG, "comparisons.how=all")
    return parser
