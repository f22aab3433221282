"""The judge job: one call from a notebook (`judge`), one command from a shell (`main`)."""

from __future__ import annotations

import argparse
import signal
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from judgelake.config import JudgeJob, load_config
from judgelake.engine import AskerFactory, Endpoint, owner_of_this_driver, stop_engines
from judgelake.entry import exit_code_of
from judgelake.judging.ask import AskingTask
from judgelake.judging.chunk import ChunkWriter
from judgelake.judging.estimate import Estimate, estimate, show_estimate
from judgelake.judging.executor import given_endpoint
from judgelake.judging.judge import Judge, resolve_judge
from judgelake.judging.plan import Plan, pending_requests, pinned_input, write_plan
from judgelake.judging.progress import Board, ProgressServer
from judgelake.judging.record import Clock, RunRecord, Tracker, write_run
from judgelake.judging.run import Running, Stopping, in_order_of_run
from judgelake.judging.summary import Counts, count_judgments
from judgelake.lake import Pinned, create_tables, drop_plan, register
from judgelake.session import get_spark

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

DEFAULT_CONFIG = Path("conf/judge.yaml")
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class JudgeRun:
    """What one run of the judge job came to."""

    run_id: str
    judge: Judge
    plan: Plan
    counts: Counts
    record: RunRecord


def judge(
    spark: SparkSession,
    job: JudgeJob,
    *,
    console: Console | None = None,
    asker: AskerFactory | None = None,
    stopping: Stopping | None = None,
) -> JudgeRun:
    """Judge what is not judged yet and return what came of it.

    Args:
        spark: a session with Delta.
        job: what to judge, by whom, and how.
        console: where progress goes; None prints to the terminal or the notebook.
        asker: opens what answers requests in a task; None asks the engine of the job.
        stopping: through which a signal handler asks for a clean stop.

    Raises:
        UserError: something named in the job is not there or does not fit.
        RunError: the engine failed more often than the job allows. What was judged is kept.
        KeyboardInterrupt: a stop was asked for. What was judged is kept.
    """
    console, stopping = console or Console(), stopping or Stopping()
    clock = Clock()
    resolved, pinned, comparisons = _prepared(spark, job)
    endpoint = given_endpoint(job.engine, resolved.model, asker)
    run_id = uuid.uuid4().hex
    tracker = Tracker(job.mlflow)
    with tracker.started(job, resolved, run_id):
        plan = write_plan(spark, job, resolved, pinned, pending_requests(spark, job, resolved, comparisons), run_id)
        tracker.planned(job, plan)
        announce(console, job, resolved, plan)
        clock.asking_starts()
        server = ProgressServer(_driver_host(spark), run_id)
        outcome = "failed"
        stopping.is_heeded = True
        try:
            with Board(console, server.tally, plan.requests):
                _run(spark, job, resolved, plan, server, asker, endpoint, stopping)
            outcome = "finished"
        except KeyboardInterrupt:
            outcome = "stopped"
            raise
        finally:
            server.close()
            record = clock.record(run_id, outcome, server.tally, tracker.run_id)
            counts = _keep(spark, job, resolved, plan, record, tracker, console)
    return JudgeRun(run_id, resolved, plan, counts, record)


def _keep(
    spark: SparkSession,
    job: JudgeJob,
    resolved: Judge,
    plan: Plan,
    record: RunRecord,
    tracker: Tracker,
    console: Console,
) -> Counts:
    """Count what the run has written, keep its row and its figures, and clear its plan."""
    judgments = spark.read.table(job.tables.judgments)
    counts = count_judgments(judgments, plan.plan_id)
    write_run(spark, job, resolved, plan, counts, record)
    drop_plan(spark, job.tables.plans, plan.plan_id)
    try:
        tracker.finished(judgments, plan, counts, record)
    except Exception as error:  # whatever a tracking server that went away in the meantime raises
        console.print(f"The run is complete, but MLflow did not take its figures: {type(error).__name__}: {error}")
    return counts


def dry_run(spark: SparkSession, job: JudgeJob) -> tuple[Judge, Estimate]:
    """What `judge` would ask, without asking or writing anything but empty tables."""
    resolved, _, comparisons = _prepared(spark, job)
    return resolved, estimate(spark, job, resolved, pending_requests(spark, job, resolved, comparisons))


def _prepared(spark: SparkSession, job: JudgeJob) -> tuple[Judge, Pinned, DataFrame]:
    """The judge, the pinned input and the rows of it to judge; makes the tables that a run writes to."""
    resolved = resolve_judge(job)
    register(spark, job.tables)
    # Before any table is made: a misspelt name must not become an empty table.
    pinned, comparisons = pinned_input(spark, job)
    create_tables(spark, job.tables)
    return resolved, pinned, comparisons


def _run(
    spark: SparkSession,
    job: JudgeJob,
    resolved: Judge,
    plan: Plan,
    server: ProgressServer,
    asker: AskerFactory | None,
    endpoint: Endpoint | None,
    stopping: Stopping,
) -> None:
    asking = AskingTask(
        judge=resolved,
        engine=job.engine,
        run_id=plan.plan_id,
        window_requests=job.asking.window_requests,
        window_bytes=job.asking.window_mib * MIB,
        give_up_after=job.asking.give_up_after,
        progress=server.reporter,
        asker=asker,
        endpoint=endpoint,
    )
    tasks = job.asking.partitions or 2 * _slots(spark)
    writer = ChunkWriter(spark, plan, job.tables.plans, job.tables.judgments, tasks)
    work = plan.requests + plan.skipped
    Running(spark, writer, asking, job.asking, stopping, server.tally, work).carry_out(
        in_order_of_run(plan.chunks, plan.plan_id)
    )


def announce(console: Console, job: JudgeJob, resolved: Judge, plan: Plan) -> None:
    """Say what is about to be asked."""
    console.print(
        f"{resolved.spec.name} ({resolved.mode}) with {resolved.model} over {job.tables.comparisons} "
        f"version {plan.comparisons.version}: {plan.requests:,} requests to judge, {plan.skipped:,} judged before",
        highlight=False,
        soft_wrap=True,
    )


def report(console: Console, run: JudgeRun) -> None:
    """Print a run's counts in a few lines."""
    counts, record = run.counts, run.record
    by_status = ", ".join(f"{count:,} {status}" for status, count in counts.statuses.items()) or "nothing to judge"
    rate = record.requests_per_s(counts)
    parts = [
        f"run {run.run_id} {record.outcome}: {by_status}",
        f"coverage {counts.coverage:.1%}" if counts.coverage is not None else "",
        f"consistency {counts.consistency:.1%} of {counts.both_orders:,} in both orders" if counts.both_orders else "",
        f"{rate:,.1f} requests/s" if rate else "",
        f"{record.wall_s:,.0f} s in all",
    ]
    console.print("; ".join(part for part in parts if part), highlight=False, soft_wrap=True)


def main(argv: Sequence[str] | None = None) -> int:
    """The command `judgelake-judge` and `jobs/judge.py`; returns the exit code."""
    arguments = _parser().parse_args(argv)
    return exit_code_of(lambda: _command(arguments), debug=arguments.debug)


def _command(arguments: argparse.Namespace) -> int:
    config = arguments.config if arguments.config or not DEFAULT_CONFIG.exists() else DEFAULT_CONFIG
    job = load_config(JudgeJob, config, arguments.set)
    console = Console()
    spark = get_spark(job.tables, app_name="judgelake judge", debug=arguments.debug)
    with _stopping_on_signals() as stopping:
        try:
            if arguments.dry_run:
                show_estimate(console, *dry_run(spark, job))
            else:
                report(console, judge(spark, job, console=console, stopping=stopping))
        except KeyboardInterrupt:
            console.print("Stopped: what was judged so far is kept, the same command goes on from there.")
            return 130
        finally:
            stop_engines(owner_of_this_driver(), job.engine.folder)
            with suppress(Exception):  # a stop in the midst of a call has broken the connection
                spark.stop()
    return 0


@contextmanager
def _stopping_on_signals() -> Iterator[Stopping]:
    """Turn SIGTERM into the same clean stop as Ctrl-C, and keep Spark's own handler from taking over."""
    stopping = Stopping()

    def stop(signum: int, frame: Any) -> None:
        stopping.wish()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _slots(spark: SparkSession) -> int:
    """Tasks the cluster runs at a time, as Spark itself would split a range of numbers."""
    from pyspark.sql import functions as F

    return spark.range(1_000_000).select(F.spark_partition_id()).distinct().count()


def _driver_host(spark: SparkSession) -> str | None:
    """The driver's address as executors know it; None over Spark Connect, where they cannot call back."""
    return spark.conf.get("spark.driver.host", None)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="judgelake-judge",
        description="Judge every comparison that is not judged yet and append the judgments to a Delta table.",
        epilog="Example: python jobs/judge.py --config conf/judge.yaml --set judge.name=judgelm --set order.orders=AB",
    )
    parser.add_argument("--config", metavar="FILE", help=f"the job's YAML (default: {DEFAULT_CONFIG} where it exists)")
    parser.add_argument(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="a key in place of the file's, e.g. judge.mode=single",
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be asked, and ask nothing")
    parser.add_argument("--debug", action="store_true", help="show the stack trace of an error")
    return parser
