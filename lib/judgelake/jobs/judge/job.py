"""The judge job, as one call: plan, ask, record the results."""

from __future__ import annotations

import uuid
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from rich.console import Console

from judgelake.asking import (
    Clock,
    Plan,
    PlannedRun,
    PlanningProgress,
    ProgressServer,
    RunRecord,
    Stopping,
    Work,
    amounts_of,
    given_endpoint,
    make_plan,
    open_journal,
    pending_requests,
    planning_errors,
    write_run,
)
from judgelake.engine import AskerFactory, commit_of
from judgelake.jobs.judge.config import JudgeJob
from judgelake.jobs.judge.dry_run import Estimate, estimate
from judgelake.jobs.judge.input import pinned_input, requests_of_job, work_of
from judgelake.jobs.judge.judging import Judging
from judgelake.jobs.judge.record import Tracker, row_of_run
from judgelake.jobs.judge.resolve import Judge, resolve_judge, settled
from judgelake.jobs.judge.summary import Counts, count_judgments
from judgelake.lake import Pinned, create_tables, drop_plan, named_in, read_newest, register
from judgelake.runtime import driver_host, in_job_settings, shown_error

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

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
    job = settled(job) if asker is None else job
    # What a caller's own object calls its model, no hub knows.
    resolved = resolve_judge(job, commit_of=commit_of if asker is None else None, say=partial(_say, console))
    work, pinned = _prepared(spark, job, resolved)
    for note in resolved.notes:
        _say(console, note)
    endpoint = given_endpoint(job.engine, resolved.weights, asker)
    run_id = uuid.uuid4().hex
    with tracker.started(job, resolved, run_id), closing(ProgressServer(driver_host(spark))) as server:
        journal = open_journal(spark, work.target, job.asking.staging, partial(_say, console))
        with planning_errors(*_where(job)), PlanningProgress(console, "finding what is not yet judged") as progress:
            pending = pending_requests(spark, work)
            progress.goes_on_with("writing the plan")
            plan = make_plan(spark, job.tables, work.target, pinned, pending, run_id)
        interpreter = Judging(resolved)
        amounts = amounts_of(spark, None if asker is not None else job.engine)
        asking = PlannedRun(
            spark, job.tables, work, plan, interpreter, resolved, job.engine, server, amounts, asker, endpoint, journal
        )
        return _JudgeRun(job, resolved, asking, clock, tracker, console).carry_out(stopping)


@dataclass(frozen=True, slots=True)
class _JudgeRun:
    """A run whose plan is made: it is asked, and recorded whatever comes of that."""

    job: JudgeJob
    judge: Judge
    asking: PlannedRun
    clock: Clock
    tracker: Tracker
    console: Console

    def carry_out(self, stopping: Stopping) -> JudgeRun:
        """Ask what is planned, then record the run; raises as `judge` does."""
        plan, tally = self.asking.plan, self.asking.server.tally
        outcome = "failed"
        try:
            # From here on there is a plan to delete and a run to record.
            stopping.is_heeded = True
            self.tracker.planned(self.job, plan)
            announce(self.console, self.job, self.judge, plan)
            self.clock.asking_starts()
            self.asking.carry_out(stopping, self.console)
            outcome = "finished"
        except KeyboardInterrupt:
            outcome = "stopped"
            raise
        finally:
            record = self.clock.record(plan.plan_id, outcome, tally, self.tracker.run_id)
            counts = self._keep(record)
        return JudgeRun(plan.plan_id, self.judge, plan, counts, record)

    def _keep(self, record: RunRecord) -> Counts:
        """Count what the run has written, record its row and its figures, and delete its plan from the table."""
        spark, plan, tables = self.asking.spark, self.asking.plan, self.job.tables
        judgments = read_newest(spark, tables.judgments).df
        counts = count_judgments(judgments, plan.plan_id)
        write_run(spark, tables.runs, row_of_run(self.job, self.judge, plan, counts, record))
        if plan.is_stored:
            drop_plan(spark, tables.plans, plan.plan_id)
        try:
            self.tracker.finished(judgments, plan, counts, record)
        except Exception as error:  # any error of a tracking server that became unavailable in the meantime
            message = f"The judgments and the row in {tables.runs} are kept, but MLflow did not accept the figures:"
            self.console.print(message, shown_error(error), markup=False, highlight=False, soft_wrap=True)
        return counts


@in_job_settings
def dry_run(spark: SparkSession, job: JudgeJob) -> tuple[Judge, Estimate]:
    """What `judge` would ask, without asking and without writing anything except empty tables."""
    job = settled(job)
    resolved = resolve_judge(job)
    work, _ = _prepared(spark, job, resolved)
    with planning_errors(*_where(job)):
        return resolved, estimate(spark, job, resolved, work)


def _where(job: JudgeJob) -> tuple[str, str | None]:
    """The predicate on the comparisons, after its key."""
    return "input.where", job.input.where


def _prepared(spark: SparkSession, job: JudgeJob, resolved: Judge) -> tuple[Work, Pinned]:
    """What the judge is asked, and the pinned input; creates the tables that a run writes to."""
    requests = requests_of_job(job, resolved)
    needed = {*NEEDED, *named_in(job.tables, job.input.where)}
    register(spark, job.tables, needed)
    # Before any table is created: a misspelt name must not become an empty table.
    pinned, comparisons = pinned_input(spark, job)
    create_tables(spark, job.tables, needed)
    return work_of(job, requests, comparisons), pinned


def announce(console: Console, job: JudgeJob, resolved: Judge, plan: Plan) -> None:
    """Print what is about to be asked."""
    _say(
        console,
        f"{resolved.spec.name} ({resolved.mode}) with {resolved.model} over {job.tables.comparisons} "
        f"version {plan.source.version}: {plan.requests:,} requests to judge, {plan.skipped:,} judged before",
    )


def _say(console: Console, line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)
