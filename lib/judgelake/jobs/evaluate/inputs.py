"""What an evaluation reads, each table at a fixed version: comparisons, judgments, and the labels that count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from pyspark.errors import AnalysisException, ParseException
from pyspark.sql import functions as F

from judgelake.comparisons import orders_of
from judgelake.config import Tables
from judgelake.errors import UserError, first_line
from judgelake.jobs.evaluate.config import EvaluateJob
from judgelake.jobs.evaluate.labels import LabelsRead, in_order, read_labels
from judgelake.lake import Pinned, read_pinned
from judgelake.runtime import submitted

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

IMPORTED = "imported"
NATS, POINTS = "log-probabilities", "scores"
"""What a judge's log-odds are made of: never of both, since nats and score points are no one scale."""
# The key of a request to a judge, over all its attempts.
REQUEST = ("comparison_id", "judge_fingerprint", "shown_order", "repeat")
# Up to this many requests are broadcast to every task; for more, Spark chooses the join.
MOST_BROADCAST = 200_000


@dataclass(frozen=True, slots=True)
class JudgeInfo:
    """One judge with judgments: everything under one fingerprint, with its latest name, model and mode."""

    number: int
    name: str
    """Unique among the judges of the evaluation: the judge's name, with mode, model or fingerprint where needed."""
    judge: str
    fingerprint: str
    model_version: str
    mode: str
    is_imported: bool
    judgments: int
    """All rows: every attempt, on every comparison."""
    repeats: int
    gives_scores: bool = False
    is_asked_in_order: bool = True
    """Whether any judgment is of several answers, so that there is an order and a swap rule applies."""
    orders: tuple[int, int] = (0, 0)
    """Number of judgments of several answers in the original order, and in the reversed one."""
    pair_orders: tuple[int, int] = (0, 0)
    """The same of two answers alone."""
    log_odds: str | None = None
    """What its log-odds of two answers are made of, `NATS` or `POINTS`; None: it gives neither."""
    decides_by_probability: bool = False
    """Whether any judgment has the probability of labels, even if it was too low for a verdict."""
    in_other_orders: int = 0
    """Number of judgments in an order that is neither the original nor the reversed one."""
    statuses: dict[str, int] = field(default_factory=dict)
    """Why there is no verdict, and how often: for the last judgment of each request on the chosen comparisons."""

    @property
    def is_asked_for_scores(self) -> bool:
        """Whether its judgments are scores: it gives some, or it is only shown single answers (all may have failed)."""
        return self.gives_scores or not self.is_asked_in_order


@dataclass(frozen=True, slots=True)
class Inputs:
    """The rows of one evaluation; `labels` is None if there are no labels at all."""

    comparisons: DataFrame
    judgments: DataFrame
    labels: DataFrame | None
    versions: dict[str, Pinned]
    judges: tuple[JudgeInfo, ...]
    label_kind: str | None
    labelers: tuple[str, ...]
    invalid_labels: int


@dataclass(frozen=True, slots=True)
class Chosen:
    """The rows that an evaluation is about, each table at a fixed version, before anything is read of them."""

    comparisons: DataFrame
    judgments: DataFrame
    versions: dict[str, Pinned]


def chosen_rows(spark: SparkSession, job: EvaluateJob) -> Chosen:
    """Pin the tables.

    Raises:
        UserError: a table, version or column does not exist, or a predicate is not valid SQL.
    """
    tables, wanted = job.tables, job.versions
    comparisons = read_pinned(spark, tables.comparisons, wanted.comparisons, needs=("comparison_id", "answers"))
    judgments = read_pinned(spark, tables.judgments, wanted.judgments, needs=("judge_fingerprint", "verdict"))
    versions = {"comparisons": comparisons, "judgments": judgments}
    # An evaluation without labels is useful too, but a table that was named or pinned must exist.
    is_meant = wanted.labels is not None or tables.labels != Tables().labels
    if is_meant or spark.catalog.tableExists(tables.labels):
        needed = ("comparison_id", "labeler", "kind", "verdict", "scores")
        versions["labels"] = read_pinned(spark, tables.labels, wanted.labels, needs=needed)
    return Chosen(
        _where(comparisons.df, job.where, "where", tables.comparisons),
        _where(judgments.df, job.judgments_where, "judgments_where", tables.judgments),
        versions,
    )


def inputs_of(chosen: Chosen, job: EvaluateJob) -> Inputs:
    """Find the judges and the labels that count.

    Raises:
        UserError: there is no judgment, or the labels are of several kinds and none is chosen.
    """
    tables, versions = job.tables, chosen.versions
    with ThreadPoolExecutor(1) as reader:
        # Side by side, since Spark plans a query on one core.
        reading = None
        if "labels" in versions:
            spark, labels = chosen.comparisons.sparkSession, versions["labels"].df
            reading = submitted(spark, reader, read_labels, labels, chosen.comparisons, job.labels, tables.labels)
        judges = _judges(chosen.judgments, chosen.comparisons, tables.judgments, job.judgments_where)
        found = LabelsRead() if reading is None else reading.result()
    return Inputs(
        chosen.comparisons, chosen.judgments, found.rows, versions, judges, found.kind, found.labelers, found.invalid
    )


@contextmanager
def gone_versions_named(versions: Mapping[str, Pinned]) -> Iterator[None]:
    """Turn Spark's error about a missing file into one that names the table and version.

    Raises:
        UserError: files of a table at its pinned version have been removed, for example by VACUUM.
    """
    try:
        yield
    except Exception as error:
        gone = next((key for key, pinned in versions.items() if pinned.lost_a_file(error)), None)
        if gone is None:
            raise
        pinned = versions[gone]
        raise UserError(
            f"Table {pinned.table!r} has no version {pinned.version} any more: files of it were removed, for example "
            f"by VACUUM. Set versions.{gone} to a later version, or to null for the newest."
        ) from error


def _where(rows: DataFrame, predicate: str | None, key: str, table: str) -> DataFrame:
    if predicate is None:
        return rows
    try:
        return rows.where(predicate)
    except (AnalysisException, ParseException) as error:
        raise UserError(f"{key} {predicate!r} does not fit {table}: {first_line(error)}") from error


def _judges(judgments: DataFrame, comparisons: DataFrame, table: str, predicate: str | None) -> tuple[JudgeInfo, ...]:
    # The name is not part of the fingerprint, so a judge may have had several; the time says which was the last.
    names = ("judge_fingerprint", "judge", "model_version", "mode")
    found: list[Any] = (
        judgments.groupBy(*names, "shown_order")
        .agg(
            F.count("*").alias("count"),
            F.count_if(F.col("status") != "ok").alias("failed"),
            F.max("judged_at").alias("judged_at"),
            F.max("repeat").alias("repeat"),
            F.max((F.col("engine") == IMPORTED).cast("int")).alias("imported"),
            F.count("scores").alias("scores"),
            F.count_if(F.size("scores") == 2).alias("leads"),
            F.count_if(_has_log_odds(judgments)).alias("log_odds"),
            F.count_if(_has_probabilities(judgments)).alias("probabilities"),
        )
        .collect()
    )
    # Here, for in Spark it would be a job to sample and another to sort.
    found.sort(key=in_order(*names, "shown_order"))
    if not found:
        chosen = f" that matches judgments_where {predicate!r}" if predicate else ""
        raise UserError(
            f"There is no judgment{chosen} in {table!r}. Judge with jobs/judge.py, or import judgments with "
            "jobs/ingest.py --judgments."
        )
    by_fingerprint: dict[str, list[Any]] = {}
    for row in found:
        by_fingerprint.setdefault(row["judge_fingerprint"] or "", []).append(row)
    failures = _failures(judgments, comparisons, sum(row["failed"] for row in found))
    named = {
        tuple(_last(rows)[name] or "" for name in (*names[1:], names[0])): rows for rows in by_fingerprint.values()
    }
    keys = sorted(named)
    return tuple(
        _judge(number, display, key, named[key], failures.get(key[-1], {}))
        for number, (key, display) in enumerate(zip(keys, _display_names(keys), strict=True))
    )


def _judge(number: int, display: str, key: tuple[str, ...], rows: list[Any], statuses: dict[str, int]) -> JudgeInfo:
    judge, model_version, mode, fingerprint = key
    by_order: dict[str, int] = {}
    for row in rows:
        by_order[row["shown_order"]] = by_order.get(row["shown_order"], 0) + row["count"]
    several = {order: orders_of(len(order)) for order in by_order if len(order) > 1}
    asked = [sum(by_order[one] for one, both in several.items() if one == both[place]) for place in (0, 1)]
    return JudgeInfo(
        number=number,
        name=display,
        judge=judge,
        fingerprint=fingerprint,
        model_version=model_version,
        mode=mode,
        is_imported=any(row["imported"] for row in rows),
        judgments=sum(row["count"] for row in rows),
        repeats=max(row["repeat"] or 0 for row in rows) + 1,
        gives_scores=any(row["scores"] for row in rows),
        is_asked_in_order=any(len(row["shown_order"]) > 1 for row in rows),
        orders=(asked[0], asked[1]),
        log_odds=_source_of([row for row in rows if len(row["shown_order"]) == 2]),
        pair_orders=(by_order.get("AB", 0), by_order.get("BA", 0)),
        decides_by_probability=any(row["probabilities"] for row in rows),
        in_other_orders=sum(n for order, n in by_order.items() if order not in orders_of(len(order))),
        statuses=statuses,
    )


def _has_log_odds(judgments: DataFrame) -> Column:
    # A pinned version may be from before the column.
    if "verdict_logprobs" not in judgments.columns:
        return F.lit(False)
    first, second = (F.try_element_at("verdict_logprobs", F.lit(letter)) for letter in ("A", "B"))
    return first.isNotNull() & second.isNotNull()


def _has_probabilities(judgments: DataFrame) -> Column:
    known = [F.col(name).isNotNull() for name in ("label_mass", "verdict_logprobs") if name in judgments.columns]
    return reduce(or_, known, F.lit(False))


def _source_of(rows: list[Any]) -> str | None:
    """Where the log-odds of judgments of two answers come from; see `JudgeInfo.log_odds`."""
    counts = {NATS: sum(row["log_odds"] for row in rows), POINTS: sum(row["leads"] for row in rows)}
    return next((source for source, count in counts.items() if count), None)


def _last(rows: list[Any]) -> Any:
    return max(rows, key=lambda row: (row["judged_at"] is not None, row["judged_at"]))


def _failures(judgments: DataFrame, comparisons: DataFrame, failed: int) -> dict[str, dict[str, int]]:
    """Number of requests on these comparisons whose last judgment has no verdict, by fingerprint and status."""
    if not failed:
        return {}
    # Only requests that ever failed are checked: finding the last judgment of every request would sort all judgments.
    asked = judgments.where("status != 'ok'").select(*REQUEST).distinct()
    asked = asked.join(comparisons.select("comparison_id"), "comparison_id", "left_semi")
    again = judgments.join(F.broadcast(asked) if failed <= MOST_BROADCAST else asked, list(REQUEST), "left_semi")
    # At the same time the later attempt counts, and within an attempt a verdict before a failure.
    last = F.max_by("status", F.struct("judged_at", "attempt", F.col("status") == "ok")).alias("status")
    rows = again.groupBy(*REQUEST).agg(last).where("status != 'ok'").groupBy("judge_fingerprint", "status").count()
    found: dict[str, dict[str, int]] = {}
    for row in sorted(rows.collect(), key=in_order("judge_fingerprint", "status")):
        found.setdefault(row["judge_fingerprint"], {})[row["status"]] = row["count"]
    return found


def _display_names(judges: list[tuple[str, ...]]) -> list[str]:
    """The shortest unique one of name, name (mode), name (mode, model), name (mode, fingerprint)."""

    def forms(judge: tuple[str, ...]) -> tuple[str, ...]:
        name, model, mode, fingerprint = judge
        short = model.removeprefix("local:")[:12] if model.startswith("local:") else model
        return name, f"{name} ({mode})", f"{name} ({mode}, {short})", f"{name} ({mode}, {fingerprint[:8]})"

    all_forms = [forms(judge) for judge in judges]
    return [
        next((form for place, form in enumerate(own) if sum(other[place] == form for other in all_forms) == 1), own[-1])
        for own in all_forms
    ]
