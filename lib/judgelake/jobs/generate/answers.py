"""The step that asks models: which seeds, what is still to be asked of each model, and the record of each run."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from pyspark.errors import AnalysisException, ParseException
from pyspark.sql import functions as F
from rich.console import Console

from judgelake.asking import (
    ROW_HASH,
    Clock,
    Marks,
    Pending,
    PlannedRun,
    PlanningProgress,
    ProgressServer,
    RunRecord,
    Stopping,
    Work,
    amounts_of,
    git_commit,
    given_endpoint,
    make_plan,
    open_journal,
    our_error,
    pending_requests,
)
from judgelake.config import fingerprint
from judgelake.errors import UserError, first_line
from judgelake.jobs.generate.answerer import Answerer, in_terms_of, settled
from judgelake.jobs.generate.answering import Answering, target_of
from judgelake.jobs.generate.config import AnsweringModel, GenerateJob
from judgelake.jobs.generate.requests import AnswerRequests
from judgelake.lake import RUN, Pinned, append_once, check_names, drop_plan, read_newest, read_pinned
from judgelake.runtime import cause_of, driver_host, sql_state

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

MODE = "answer"
"""The mode of these runs in the table of runs."""
# Class 22 of SQLSTATE: an expression that fails on a row, such as a cast or a division by zero.
DATA_EXCEPTION = "22"
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


@dataclass(frozen=True, slots=True)
class Asker:
    """One model of the job, its place among the models, and what it is asked."""

    place: int
    model: AnsweringModel
    answerer: Answerer
    work: Work


def pinned_seeds(spark: SparkSession, job: GenerateJob) -> tuple[Pinned, DataFrame]:
    """The seeds at their newest version, and those that are asked: no near-duplicates, as `answers` selects.

    Raises:
        UserError: there are no seeds, or the predicate is not SQL.
    """
    pinned = read_pinned(spark, job.tables.seeds, needs=("seed_id", "question_group", "messages", "input"))
    where = job.answers.where
    try:
        asked = pinned.df.where("seed_id = question_group")
        asked = asked if where is None else asked.where(where)
        _ = asked.columns
    except (AnalysisException, ParseException) as error:
        raise UserError(f"answers.where {where!r} does not fit {job.tables.seeds}: {first_line(error)}") from error
    limit = job.answers.limit
    return pinned, asked if limit is None else asked.orderBy("seed_id").limit(limit)


def askers_of(job: GenerateJob, answerers: list[Answerer], seeds: DataFrame) -> list[Asker]:
    """What each model is asked, over all runs."""
    rows = prepared(seeds)
    askers = []
    for place, (model, answerer) in enumerate(zip(job.models, answerers, strict=True)):
        requests = AnswerRequests(answerer, model.samples)
        target = target_of(answerer, job.tables.generated_answers)
        of_row = f"transform(sequence(0, {model.samples - 1}), s -> CAST(s AS STRING))"
        marks = Marks("seed_id", of_row, "CAST(sample AS STRING)")
        work = Work(rows, requests, model.samples, target, job.asking, marks)
        askers.append(Asker(place, settled(model), answerer, work))
    return askers


def prepared(seeds: DataFrame) -> DataFrame:
    """The columns that a prompt is made from, texts as bytes, with a key of the row."""
    raw = seeds.select("seed_id", "messages", "input")
    messages = F.transform(
        "messages",
        lambda message: F.struct(
            message.role.cast("binary").alias("role"), message.content.cast("binary").alias("content")
        ),
    )
    return raw.select(
        F.xxhash64(*raw.columns).alias(ROW_HASH),
        F.col("seed_id").cast("binary").alias("seed_id"),
        messages.alias("messages"),
        F.col("input").cast("binary").alias("input"),
    )


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


def pending_of(spark: SparkSession, job: GenerateJob, asker: Asker) -> Pending:
    """What a model has not yet answered, without asking it."""
    with planning(job):
        return pending_requests(spark, asker.work)


@contextmanager
def planning(job: GenerateJob) -> Iterator[None]:
    """Turn failures in Spark's tasks during planning into judgelake's errors.

    Raises:
        UserError: a template cannot be filled for a seed, or answers.where cannot be computed on one.
    """
    try:
        yield
    except Exception as error:
        ours = our_error(error)
        if ours is not None:
            raise ours from error
        if job.answers.where is not None and (sql_state(error) or "").startswith(DATA_EXCEPTION):
            raise UserError(f"answers.where {job.answers.where!r} fails on a row: {cause_of(error)}") from error
        raise


@contextmanager
def _in_terms_of(place: int) -> Iterator[None]:
    """Errors about the model at this place name the keys of this job's config."""
    try:
        yield
    except UserError as error:
        raise in_terms_of(place, error) from error


def _sum(values: Iterator[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _sayer(console: Console) -> Callable[[str], None]:
    return lambda line: console.print(line, markup=False, highlight=False, soft_wrap=True)
