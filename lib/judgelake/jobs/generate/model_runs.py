"""A run of one model over the seeds: planned, asked and recorded."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.console import Console

from judgelake.asking import (
    Clock,
    PlannedRun,
    PlanningProgress,
    ProgressServer,
    RunRecord,
    Stopping,
    Written,
    amounts_of,
    count_by_status,
    given_endpoint,
    make_plan,
    open_journal,
    pending_requests,
    planning_errors,
    run_row,
    write_run,
    written_in,
)
from judgelake.config import fingerprint
from judgelake.errors import RunError, UserError
from judgelake.jobs.generate.answerer import Answerer, in_terms_of
from judgelake.jobs.generate.answering import Answering
from judgelake.jobs.generate.answers import Asker
from judgelake.jobs.generate.config import GenerateJob
from judgelake.lake import Pinned, drop_plan, read_newest
from judgelake.runtime import driver_host

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

MODE = "answer"
"""The mode of these runs in the table of runs."""
NOTHING = Written()


@dataclass(frozen=True, slots=True)
class Answered:
    """What one model's run came to."""

    run_id: str
    answerer: Answerer
    asked: int
    """Requests for which this run wrote a result."""
    skipped: int
    """Requests with a result of earlier runs."""
    written: Written = NOTHING
    """What this run has written."""

    @property
    def statuses(self) -> dict[str, int]:
        """Results of this run, by status."""
        return self.written.statuses


def ask_all(
    spark: SparkSession,
    job: GenerateJob,
    pinned: Pinned,
    askers: list[Asker],
    console: Console,
    stopping: Stopping,
    mlflow_run_id: str | None = None,
) -> tuple[Answered, ...]:
    """Ask all models, one after the other; one whose engine fails does not keep the others from being asked.

    Raises:
        UserError: as `ask`.
        RunError: of the models that failed, after the others were asked.
        KeyboardInterrupt: as `ask`.
    """
    done, failed = [], []
    for asker in askers:
        try:
            done.append(ask(spark, job, pinned, asker, console, stopping, mlflow_run_id))
        except RunError as error:
            failed.append(f"{asker.answerer.name}: {error}")
    if failed:
        raise RunError(" ".join(failed))
    return tuple(done)


def ask(
    spark: SparkSession,
    job: GenerateJob,
    pinned: Pinned,
    asker: Asker,
    console: Console,
    stopping: Stopping,
    mlflow_run_id: str | None = None,
) -> Answered:
    """Ask one model what it has not yet answered, and record the run.

    Raises:
        UserError: the engine rejects the model, key, address or options.
        RunError: the engine failed more often than the job allows. All answers so far are kept.
        KeyboardInterrupt: a stop was requested. All answers so far are kept.
    """
    clock, run_id, say = Clock(), uuid.uuid4().hex, _sayer(console)
    engine, answerer, work = asker.model.engine, asker.answerer, asker.work
    for note in answerer.weights.notes:
        say(note)
    with _in_terms_of(asker.place), closing(ProgressServer(driver_host(spark))) as server:
        endpoint = given_endpoint(engine, answerer.weights, None)
        journal = open_journal(spark, work.target, job.asking.staging, say)
        where = planning_errors("answers.where", job.answers.where)
        with where, PlanningProgress(console, f"finding what {answerer.name} has not yet answered") as progress:
            pending = pending_requests(spark, work)
            progress.goes_on_with("writing the plan")
            plan = make_plan(spark, job.tables, work.target, pinned, pending, run_id)
        amounts = amounts_of(spark, engine)
        asking = PlannedRun(
            spark,
            job.tables,
            work,
            plan,
            Answering(answerer),
            answerer,
            engine,
            server,
            amounts,
            endpoint=endpoint,
            journal=journal,
        )
        say(
            f"{answerer.name} ({answerer.model}) over {job.tables.seeds} version {pinned.version}: "
            f"{plan.requests:,} answers to ask for, {plan.skipped:,} there before"
        )
        return _Run(job, asker, asking, clock, mlflow_run_id).carry_out(stopping, console)


@dataclass(frozen=True, slots=True)
class _Run:
    """A run whose plan is made: it is asked, and recorded whatever comes of that."""

    job: GenerateJob
    asker: Asker
    asking: PlannedRun
    clock: Clock
    mlflow_run_id: str | None

    def carry_out(self, stopping: Stopping, console: Console) -> Answered:
        plan, outcome = self.asking.plan, "failed"
        try:
            stopping.is_heeded = True
            self.clock.asking_starts()
            self.asking.carry_out(stopping, console)
            outcome = "finished"
        except KeyboardInterrupt:
            outcome = "stopped"
            raise
        finally:
            tally = self.asking.server.tally
            written = self._keep(self.clock.record(plan.plan_id, outcome, tally, self.mlflow_run_id))
            stopping.is_heeded = False
        return Answered(plan.plan_id, self.asker.answerer, plan.requests, plan.skipped, written)

    def _keep(self, record: RunRecord) -> Written:
        """Count what the run has written, record its row, and delete its plan from the table."""
        spark, plan, tables = self.asking.spark, self.asking.plan, self.job.tables
        answers = read_newest(spark, tables.generated_answers).df
        written = Written(**written_in(count_by_status(answers, plan.plan_id)))
        write_run(spark, tables.runs, run_row(record, plan, written, facts_of(self.job, self.asker)))
        if plan.is_stored:
            drop_plan(spark, tables.plans, plan.plan_id)
        return written


def facts_of(job: GenerateJob, asker: Asker) -> dict[str, Any]:
    """What identifies the run's model, config and input, as columns of the table of runs."""
    answerer = asker.answerer
    model = asker.model.model_dump(mode="json", exclude={"prices"})
    config = {"model": model, "answers": job.answers.model_dump(mode="json")}
    return {
        "judge": answerer.name,
        "judge_fingerprint": answerer.fingerprint,
        "mode": MODE,
        "model": answerer.model,
        "model_revision": answerer.revision,
        "model_version": answerer.model_version,
        "config_sha256": fingerprint(config),
        "config": json.dumps(config, indent=2, sort_keys=True),
        "input_table": job.tables.seeds,
    }


@contextmanager
def _in_terms_of(place: int) -> Iterator[None]:
    """Errors about the model at this place name the keys of this job's config."""
    try:
        yield
    except UserError as error:
        raise UserError(in_terms_of(place, str(error))) from error
    except RunError as error:
        raise RunError(in_terms_of(place, str(error))) from error


def _sayer(console: Console) -> Callable[[str], None]:
    return lambda line: console.print(line, markup=False, highlight=False, soft_wrap=True)
