"""The requests that are still to be made: the pinned comparisons, minus what is already judged."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pyspark.errors import AnalysisException, ParseException
from pyspark.sql import functions as F

from judgelake.comparisons import Status
from judgelake.errors import UserError, first_line
from judgelake.jobs.judge.config import Input, JudgeJob
from judgelake.jobs.judge.heavy import pieces_of_heavy
from judgelake.jobs.judge.length import trimming_of
from judgelake.jobs.judge.orders import orders_a_comparison
from judgelake.jobs.judge.requests import QUESTION_DDL, WANTED, Rendering
from judgelake.jobs.judge.resolve import Judge
from judgelake.jobs.judge.task_error import our_error
from judgelake.lake import NAMED_DDL, REQUEST_DDL, Pinned, read_newest, read_pinned
from judgelake.runtime import cause_of, sql_state

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

# Class 22 of SQLSTATE: an expression that fails on a row, such as a cast or a division by zero.
DATA_EXCEPTION = "22"
# The columns that a judge may see; the types of others may have no hash.
CONTENT = ("comparison_id", "question_id", "messages", "answers", "input", "reference", "rubric")
WORTH_ANOTHER_ATTEMPT = tuple(status.value for status in Status if status.is_worth_another_attempt)


@dataclass(frozen=True, slots=True)
class Pending:
    """Requests still to be judged, as rows of `REQUEST`; lazy, made again each time they are read."""

    rows: DataFrame
    judgments_version: int
    comparisons: DataFrame
    """The job's comparisons; all its requests, over all runs, come from them."""
    skipped: int
    """Distinct requests judged by earlier runs."""
    chunks: int = 0
    """Into how many chunks the requests are split, those of earlier runs too; 0 if nothing is pending."""
    expected: float = 0.0
    """About how many requests the job makes over all runs."""
    requests: int | None = None
    """Distinct requests in `rows`; None if not counted, because this judge has judged nothing yet."""


@contextmanager
def planning(job: JudgeJob) -> Iterator[None]:
    """Turn failures in Spark's tasks during planning into judgelake's errors.

    Raises:
        UserError: the judge's template cannot be rendered for a row, or input.where cannot be computed on one.
    """
    try:
        yield
    except Exception as error:
        ours = our_error(error)
        if ours is not None:
            raise ours from error
        # No other expression computed during planning is written by a user.
        if job.input.where is not None and (sql_state(error) or "").startswith(DATA_EXCEPTION):
            raise UserError(f"input.where {job.input.where!r} fails on a row: {cause_of(error)}") from error
        raise


def pinned_input(spark: SparkSession, job: JudgeJob) -> tuple[Pinned, DataFrame]:
    """The comparisons at their pinned version, and those of their rows that the job selects.

    Raises:
        UserError: the table, a column or the version is missing, or the predicate is not SQL.
    """
    pinned = read_pinned(
        spark, job.tables.comparisons, job.input.version, needs=("comparison_id", "question_id", "messages", "answers")
    )
    try:
        selected = _selected(pinned.df, job.input)
    except (AnalysisException, ParseException) as error:
        raise UserError(
            f"input.where {job.input.where!r} does not fit {job.tables.comparisons}: {first_line(error)}"
        ) from error
    try:
        _prepared(selected)
    except AnalysisException as error:
        raise UserError(
            f"The columns of {job.tables.comparisons} do not have the types of comparisons: {first_line(error)} "
            "Map your columns with jobs/ingest.py --format table."
        ) from error
    return pinned, selected


def rendering_of(job: JudgeJob, judge: Judge) -> Rendering:
    """How the job's comparisons become requests.

    Raises:
        UserError: prompts are to be trimmed, and the judge's tokenizer cannot be had.
    """
    return Rendering(judge, job.order, trimming_of(judge) if job.overflow == "trim" else None)


def pending_requests(spark: SparkSession, job: JudgeJob, whole: Rendering, comparisons: DataFrame) -> Pending:
    """Requests without a finished judgment: not yet judged, or failed in a way that may be temporary.

    Finished ones are found by a join on `judgment_id`; no list of ids reaches the driver. Prompts are only
    rendered completely for the remaining ones.
    """
    rows = _prepared(comparisons)
    judgments = read_newest(spark, job.tables.judgments)
    version = judgments.version
    judged = judgments.df.where(F.col("judge_fingerprint") == whole.judge.fingerprint)
    if judgments.is_empty or judged.isEmpty():
        return _planned(job, whole, Pending(rows, version, comparisons, skipped=0), rows)
    found = _found(rows.mapInArrow(whole.names, NAMED_DDL), judged, job.asking.max_attempts)
    # Nothing is kept in between: serverless compute cannot, and the names are quickly made again.
    counted: Any = found.agg(F.count_if("has_ended"), F.count_if(~F.col("has_ended"))).first()
    skipped, left = counted
    if not left:
        return Pending(rows.where("false").mapInArrow(whole, REQUEST_DDL), version, comparisons, skipped, requests=0)
    by_row = (
        found.where("NOT has_ended")
        .groupBy("row_key")
        .agg(F.collect_list(F.struct("judgment_id", "attempt")).alias(WANTED))
    )
    again = rows.join(by_row, "row_key")
    return _planned(job, whole, Pending(again, version, comparisons, skipped, requests=left), rows)


def _planned(job: JudgeJob, whole: Rendering, found: Pending, rows: DataFrame) -> Pending:
    """The same with its rows as requests, of which no question has more than a part of a chunk.

    Both the number of chunks and the pieces of heavy questions come from all rows of the pinned version, so that two
    drivers that have judged different parts of it make the same chunks.
    """
    of_a_row = orders_a_comparison(job.order) * job.order.repeats
    expected = found.comparisons.count() * of_a_row
    chunks = chunks_of(expected, job.asking.chunk_requests)
    if chunks > 1:
        questions = rows.mapInArrow(whole.questions, QUESTION_DDL)
        whole = replace(whole, pieces=pieces_of_heavy(questions, of_a_row, job.asking.chunk_requests))
    return replace(found, rows=found.rows.mapInArrow(whole, REQUEST_DDL), chunks=chunks, expected=expected)


def chunks_of(expected: float, chunk_requests: int) -> int:
    """Into how many chunks about so many requests are split."""
    return max(1, math.ceil(expected / chunk_requests))


def _selected(df: DataFrame, chosen: Input) -> DataFrame:
    rows = df if chosen.where is None else df.where(chosen.where)
    if chosen.limit is None:
        return rows
    # Rows that share an id are in no order of their own: a second read could choose others.
    content = F.xxhash64(*(name for name in CONTENT if name in df.columns))
    return rows.orderBy("comparison_id", content).limit(chosen.limit)


def _found(named: DataFrame, judged: DataFrame, max_attempts: int) -> DataFrame:
    """Each named request once: judgment_id, the row_key of one row that makes it, has_ended, its next attempt."""
    may_retry = F.col("status").isin(*WORTH_ANOTHER_ATTEMPT)
    tried = judged.groupBy("judgment_id").agg(
        F.bool_or(~may_retry | (F.col("attempt") >= max_attempts)).alias("has_ended"), F.max("attempt").alias("tried")
    )
    return (
        named.groupBy("judgment_id")
        .agg(F.min("row_key").alias("row_key"))
        .join(tried, "judgment_id", "left")
        .select(
            "judgment_id",
            "row_key",
            F.coalesce("has_ended", F.lit(False)).alias("has_ended"),
            (F.coalesce("tried", F.lit(0)) + 1).alias("attempt"),
        )
    )


def _prepared(comparisons: DataFrame) -> DataFrame:
    """The columns that a prompt is made from, texts as bytes, with a key of the row.

    Bytes that are not UTF-8 in a string column would fail Spark's Arrow conversion for the whole partition, so
    the texts are decoded where they are rendered.
    """
    have = set(comparisons.columns)

    def column(name: str, otherwise: str) -> Column:
        return F.col(name) if name in have else F.lit(None).cast(otherwise).alias(name)

    answers_have_turns = "turns" in comparisons.select(F.explode("answers").alias("answer")).select("answer.*").columns
    raw = comparisons.select(
        "comparison_id",
        "question_id",
        "messages",
        "answers",
        column("input", "string"),
        column("reference", "string"),
        column("rubric", "struct<criteria:string,scores:array<string>>"),
    )
    return raw.select(
        F.xxhash64(*raw.columns).alias("row_key"),
        *(_bytes(name) for name in ("comparison_id", "question_id", "input", "reference")),
        F.transform("messages", lambda m: F.struct(_bytes(m.role, "role"), _bytes(m.content, "content"))).alias(
            "messages"
        ),
        F.transform("answers", lambda a: _answer_bytes(a, answers_have_turns)).alias("answers"),
        F.when(
            F.isnotnull("rubric"),
            F.struct(
                _bytes("rubric.criteria", "criteria"),
                F.transform("rubric.scores", lambda score: _bytes(score)).alias("scores"),
            ),
        ).alias("rubric"),
    )


def _bytes(text: str | Column, name: str | None = None) -> Column:
    column = (F.col(text) if isinstance(text, str) else text).cast("binary")
    name = text if isinstance(text, str) and name is None else name
    return column if name is None else column.alias(name)


def _answer_bytes(answer: Column, has_turns: bool) -> Column:
    turns = [F.transform(answer.turns, lambda turn: _bytes(turn)).alias("turns")] if has_turns else []
    return F.struct(_bytes(answer.model, "model"), _bytes(answer.text, "text"), *turns)
