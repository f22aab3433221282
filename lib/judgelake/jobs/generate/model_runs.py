"""A run of one model over the seeds: planned, asked and recorded."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F
from rich.console import Console

from judgelake.asking import (
    Clock,
    PlannedRun,
    PlanningProgress,
    ProgressServer,
    RunRecord,
    Stopping,
    amounts_of,
    git_commit,
    given_endpoint,
    make_plan,
    open_journal,
    pending_requests,
)
from judgelake.config import fingerprint
from judgelake.errors import RunError, UserError
from judgelake.jobs.generate.answerer import Answerer, in_terms_of
from judgelake.jobs.generate.answering import Answering
from judgelake.jobs.generate.answers import Asker, planning
from judgelake.jobs.generate.config import GenerateJob
from judgelake.lake import RUN, Pinned, append_once, check_names, drop_plan, read_newest
from judgelake.runtime import driver_host

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

MODE = "answer"
"""The mode of these runs in the table of runs."""
TOKENS = ("prompt", "cached", "output")


@dataclass(frozen=True, slots=True)
class Answered:
    """What one model's run came to."""

    run_id: str
    answerer: Answerer
    asked: int
    """Requests for which this run wrote a result."""
    skipped: int
    """Requests with a result of earlier runs."""
    statuses: dict[str, int] = field(default_factory=dict)
    """Results of this run, by status."""


def ask_all(
    spark: SparkSession, job: GenerateJob, pinned: Pinned, askers: list[Asker], console: Console, stopping: Stopping
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
            done.append(ask(spark, job, pinned, asker, console, stopping))
        except RunError as error:
            failed.append(f"{asker.answerer.name}: {error}")
    if failed:
        raise RunError(" ".join(failed))
    return tuple(done)


def ask(
    spark: SparkSession, job: GenerateJob, pinned: Pinned, asker: Asker, console: Console, stopping: Stopping
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
        endpoint = given_endpoint(engine, answerer.model, None)
        journal = open_journal(spark, work.target, job.asking.staging, say)
        with planning(job), PlanningProgress(console, f"finding what {answerer.name} has not yet answered") as progress:
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
        return _Run(job, asker, asking, clock).carry_out(stopping, console)


@dataclass(frozen=True, slots=True)
class _Run:
    """A run whose plan is made: it is asked, and recorded whatever comes of that."""

    job: GenerateJob
    asker: Asker
    asking: PlannedRun
    clock: Clock

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
            record = self.clock.record(plan.plan_id, outcome, self.asking.server.tally, None)
            statuses = self._keep(record)
            stopping.is_heeded = False
        return Answered(plan.plan_id, self.asker.answerer, plan.requests, plan.skipped, statuses)

    def _keep(self, record: RunRecord) -> dict[str, int]:
        """Count what the run has written, record its row, and delete its plan from the table."""
        spark, plan, tables = self.asking.spark, self.asking.plan, self.job.tables
        answers = read_newest(spark, tables.generated_answers).df.where(F.col("run_id") == plan.plan_id)
        sums = {name: F.sum(f"{name}_tokens").alias(name) for name in TOKENS}
        engines = F.collect_set("engine").alias("engines")
        counted = answers.groupBy("status").agg(F.count("*").alias("count"), *sums.values(), engines).collect()
        statuses = {row["status"]: row["count"] for row in sorted(counted, key=lambda row: row["status"])}
        tokens = {f"{name}_tokens": _sum(row[name] for row in counted) for name in TOKENS}
        row = self._row(record, statuses, tokens, sorted({engine for one in counted for engine in one["engines"]}))
        columns = spark.read.table(tables.runs).schema
        values = tuple(row.get(name) for name in columns.names)
        append_once(spark.createDataFrame([values], columns), tables.runs, record.run_id)
        if plan.is_stored:
            drop_plan(spark, tables.plans, plan.plan_id)
        return statuses

    def _row(
        self, record: RunRecord, statuses: dict[str, int], tokens: dict[str, int | None], engines: list[str]
    ) -> dict[str, Any]:
        plan, answerer, written = self.asking.plan, self.asker.answerer, sum(statuses.values())
        config = {
            "model": self.asker.model.model_dump(mode="json"),
            "answers": self.job.answers.model_dump(mode="json"),
        }
        row = {
            **asdict(record),
            **tokens,
            "judge": answerer.name,
            "judge_fingerprint": answerer.fingerprint,
            "mode": MODE,
            "model": answerer.model,
            "model_revision": answerer.revision,
            "model_version": answerer.model_version,
            "config_sha256": fingerprint(config),
            "config": json.dumps(config, indent=2, sort_keys=True),
            "input_table": self.job.tables.seeds,
            "input_version": plan.source.version,
            "git_commit": git_commit(),
            "judgelake_version": version("judgelake"),
            "engine": "; ".join(engines) or None,
            "requests": plan.requests + plan.skipped,
            "asked": plan.to_ask,
            "skipped": plan.skipped,
            "answered_by_status": statuses,
            "answered_by_order": {},
            "coverage": statuses.get("ok", 0) / written if written else None,
            "consistency": None,
            "requests_per_s": record.requests_per_s(written),
        }
        del row["asking_s"]
        check_names(row, RUN)
        return row


@contextmanager
def _in_terms_of(place: int) -> Iterator[None]:
    """Errors about the model at this place name the keys of this job's config."""
    try:
        yield
    except UserError as error:
        raise UserError(in_terms_of(place, str(error))) from error
    except RunError as error:
        raise RunError(in_terms_of(place, str(error))) from error


def _sum(values: Iterator[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _sayer(console: Console) -> Callable[[str], None]:
    return lambda line: console.print(line, markup=False, highlight=False, soft_wrap=True)
