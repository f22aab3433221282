"""The judge job, as one call: plan, ask, record the results."""

from __future__ import annotations

import uuid
from contextlib import closing, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from rich.console import Console

from judgelake.engine import AskerFactory, Endpoint, commit_of, with_dtype_for_this_cpu
from judgelake.jobs.judge.amounts import Amounts, amounts_of, profile_of
from judgelake.jobs.judge.chunk import ChunkWriter
from judgelake.jobs.judge.config import JudgeJob
from judgelake.jobs.judge.dry_run import Estimate, estimate
from judgelake.jobs.judge.executor import given_endpoint, notes_on_server
from judgelake.jobs.judge.heartbeat import kept_alive
from judgelake.jobs.judge.pending import pending_requests, pinned_input, planning, rendering_of
from judgelake.jobs.judge.plan import Plan, make_plan
from judgelake.jobs.judge.progress import Board, ProgressServer
from judgelake.jobs.judge.record import Clock, RunRecord, Tracker, write_run
from judgelake.jobs.judge.requests import Rendering
from judgelake.jobs.judge.resolve import Judge, resolve_judge
from judgelake.jobs.judge.run import Running, Stopping, in_order_of_run
from judgelake.jobs.judge.share import Share, share_of
from judgelake.jobs.judge.slots import counted_again, slots_of
from judgelake.jobs.judge.summary import Counts, count_judgments
from judgelake.jobs.judge.task import AskingTask
from judgelake.jobs.judge.window import window_of
from judgelake.lake import OtherWriters, Pinned, create_tables, drop_plan, named_in, read_newest, register
from judgelake.runtime import driver_host, in_job_settings, shown_error

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

NEEDED = ("comparisons", "judgments", "runs")
"""The tables that every run reads or writes."""


@dataclass(frozen=True, slots=True)
class JudgeRun:
    """The result of one run of the judge job."""

    run_id: str
    judge: Judge
    plan: Plan
    counts: Counts
    record: RunRecord


@in_job_settings
def judge(
    spark: SparkSession,
    job: JudgeJob,
    *,
    console: Console | None = None,
    asker: AskerFactory | None = None,
    stopping: Stopping | None = None,
) -> JudgeRun:
    """Judge what is not yet judged and return the result.

    Args:
        spark: a session with Delta.
        job: what to judge, by whom, and how.
        console: where progress goes; None prints to the terminal or the notebook.
        asker: opens what answers requests in a task; None uses the engine of the job.
        stopping: through which a signal handler requests a clean stop.

    Raises:
        UserError: something named in the job does not exist or does not fit.
        RunError: the engine failed more often than the job allows. All judgments so far are kept.
        KeyboardInterrupt: a stop was requested. All judgments so far are kept.
    """
    console, stopping = console or Console(), stopping or Stopping()
    clock, tracker = Clock(), Tracker(job.mlflow)
    job = _settled(job, asker)
    # What a caller's own object calls its model, no hub knows.
    resolved = resolve_judge(job, commit_of=commit_of if asker is None else None, say=partial(_say, console))
    rendering, pinned, comparisons = _prepared(spark, job, resolved)
    for note in resolved.notes:
        _say(console, note)
    endpoint = given_endpoint(job.engine, resolved.model, asker)
    amounts = amounts_of(spark, None if asker is not None else job.engine)
    run_id = uuid.uuid4().hex
    with tracker.started(job, resolved, run_id), closing(ProgressServer(driver_host(spark))) as server:
        with planning(job):
            pending = pending_requests(spark, job, rendering, comparisons)
            plan = make_plan(spark, job, resolved, pinned, pending, run_id)
        run = _PlannedRun(spark, job, resolved, plan, server, clock, tracker, console, amounts)
        return run.carry_out(stopping, asker, endpoint)


@dataclass(frozen=True, slots=True)
class _PlannedRun:
    """A run whose plan is made: it is asked, and recorded whatever comes of that."""

    spark: SparkSession
    job: JudgeJob
    judge: Judge
    plan: Plan
    server: ProgressServer
    clock: Clock
    tracker: Tracker
    console: Console
    amounts: Amounts

    def carry_out(self, stopping: Stopping, asker: AskerFactory | None, endpoint: Endpoint | None) -> JudgeRun:
        """Ask what is planned, then record the run; raises as `judge` does."""
        outcome = "failed"
        try:
            # From here on there is a plan to delete and a run to record.
            stopping.is_heeded = True
            self.tracker.planned(self.job, self.plan)
            announce(self.console, self.job, self.judge, self.plan)
            self.clock.asking_starts()
            self.server.tally.engines |= notes_on_server(endpoint)
            with Board(self.console, self.server.tally, self.plan.to_ask):
                share = share_of(self.job, slots_of(self.spark, self.amounts), self.plan.chunks)
                self._ask(share, self._task(share, asker, endpoint), stopping)
            outcome = "finished"
        except KeyboardInterrupt:
            outcome = "stopped"
            raise
        finally:
            record = self.clock.record(self.plan.plan_id, outcome, self.server.tally, self.tracker.run_id)
            counts = self._keep(record)
        return JudgeRun(self.plan.plan_id, self.judge, self.plan, counts, record)

    def _ask(self, share: Share, task: AskingTask, stopping: Stopping) -> None:
        spark, plan, tables = self.spark, self.plan, self.job.tables
        limits = self.job.asking.model_copy(update={"chunks_in_flight": share.chunks_in_flight})
        others = OtherWriters(spark, tables.judgments, plan.judgments_version, writer=plan.plan_id)
        # The first chunks begin in the same moment in which the slots were counted.
        may_grow = share.may_grow and len(plan.chunks) > share.chunks_in_flight
        slots_now = counted_again(spark, self.amounts) if may_grow else None
        profile = profile_of(self.amounts)
        writer = ChunkWriter(spark, plan, tables.judgments, others, share.slots, share.tasks, slots_now, profile)
        work = plan.requests + plan.skipped
        if any(chunk.has_new for chunk in plan.chunks):
            # What only fails again is stored even if it all fails alike, so that asking.max_attempts bounds it.
            self.server.tally.expected = plan.to_ask
        running = Running(spark, writer, task, limits, stopping, self.server.tally, work)
        with kept_alive(spark, tables.plans, plan.plan_id) if plan.is_stored else nullcontext():
            running.carry_out(in_order_of_run(plan.chunks, plan.plan_id))

    def _task(self, share: Share, asker: AskerFactory | None, endpoint: Endpoint | None) -> AskingTask:
        limits, engine = self.job.asking, self.job.engine
        return AskingTask(
            judge=self.judge,
            engine=engine.model_copy(update={"requests_per_second": share.requests_per_second}),
            run_id=self.plan.plan_id,
            window=window_of(limits, engine, self.amounts, share.slots, share.window_requests),
            # If most is already judged, the set-up works, and the rest may just be difficult.
            give_up_after=limits.give_up_after if self.plan.skipped < self.plan.requests else None,
            progress=self.server.reporter,
            asker=asker,
            endpoint=endpoint,
        )

    def _keep(self, record: RunRecord) -> Counts:
        """Count what the run has written, record its row and its figures, and delete its plan from the table."""
        tables = self.job.tables
        judgments = read_newest(self.spark, tables.judgments).df
        counts = count_judgments(judgments, self.plan.plan_id)
        write_run(self.spark, self.job, self.judge, self.plan, counts, record)
        if self.plan.is_stored:
            drop_plan(self.spark, tables.plans, self.plan.plan_id)
        try:
            self.tracker.finished(judgments, self.plan, counts, record)
        except Exception as error:  # any error of a tracking server that became unavailable in the meantime
            message = f"The judgments and the row in {tables.runs} are kept, but MLflow did not accept the figures:"
            self.console.print(message, shown_error(error), markup=False, highlight=False, soft_wrap=True)
        return counts


@in_job_settings
def dry_run(spark: SparkSession, job: JudgeJob) -> tuple[Judge, Estimate]:
    """What `judge` would ask, without asking and without writing anything except empty tables."""
    job = _settled(job)
    rendering, _, comparisons = _prepared(spark, job, resolve_judge(job))
    with planning(job):
        pending = pending_requests(spark, job, rendering, comparisons)
        return rendering.judge, estimate(spark, job, rendering.judge, pending)


def _settled(job: JudgeJob, asker: AskerFactory | None = None) -> JudgeJob:
    """The job with this machine's decisions written into it, before anything is identified by its content."""
    return job if asker is not None else job.model_copy(update={"engine": with_dtype_for_this_cpu(job.engine)})


def _prepared(spark: SparkSession, job: JudgeJob, resolved: Judge) -> tuple[Rendering, Pinned, DataFrame]:
    """How the judge is asked, the pinned input and its rows to judge; creates the tables that a run writes to."""
    rendering = rendering_of(job, resolved)
    needed = {*NEEDED, *named_in(job.tables, job.input.where)}
    register(spark, job.tables, needed)
    # Before any table is created: a misspelt name must not become an empty table.
    pinned, comparisons = pinned_input(spark, job)
    create_tables(spark, job.tables, needed)
    return rendering, pinned, comparisons


def announce(console: Console, job: JudgeJob, resolved: Judge, plan: Plan) -> None:
    """Print what is about to be asked."""
    _say(
        console,
        f"{resolved.spec.name} ({resolved.mode}) with {resolved.model} over {job.tables.comparisons} "
        f"version {plan.comparisons.version}: {plan.requests:,} requests to judge, {plan.skipped:,} judged before",
    )


def _say(console: Console, line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)
