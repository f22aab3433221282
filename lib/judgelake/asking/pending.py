"""The requests that are still to be made: those of the input, minus what has a result."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F

from judgelake.asking.answered_rows import Marks, Unsure, unsure_rows
from judgelake.asking.config import Asking
from judgelake.asking.heavy import pieces_of_heavy
from judgelake.asking.inquiry import Requester, Target
from judgelake.asking.planning import NAMED_DDL, ROW_HASH, TO_ASK_DDL, WANTED, Names, Planning
from judgelake.comparisons import Status
from judgelake.lake import read_newest

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

LEAST_CHUNK = 20_000
# 464,000 of two billion requests, of which 512 GPUs then make 330 commits an hour.
CHUNK_BY_ROOT = 368
WORTH_ANOTHER_ATTEMPT = tuple(status.value for status in Status if status.is_worth_another_attempt)


@dataclass(frozen=True, slots=True)
class Work:
    """Everything that a job asks, over all its runs."""

    rows: DataFrame
    """The input at a pinned version: columns whose texts are bytes, and `ROW_HASH`."""
    requester: Requester
    requests_a_row: float
    """On average, known before any row is read."""
    target: Target
    limits: Asking
    marks: Marks | None = None
    """None: only its requests' ids tell whether a row has its results."""


@dataclass(frozen=True, slots=True)
class Pending:
    """Requests still to be made, as the rows of a plan; lazy, made again each time they are read."""

    rows: DataFrame
    results_version: int
    skipped: int
    """Distinct requests that have a result of an earlier run."""
    chunks: int = 0
    """Into how many chunks the requests are split, those of earlier runs too; 0 if nothing is pending."""
    expected: float = 0.0
    """About how many requests the job makes over all runs."""
    requests: int | None = None
    """Distinct requests in `rows`; None if not counted, because there is no result yet."""


def pending_requests(spark: SparkSession, work: Work) -> Pending:
    """Requests without a final result: not yet made, or failed in a way that may be temporary.

    Those with a result are found by a join on their ids; no list of ids reaches the driver. Rows that are answered as a
    whole are seen by their hash before, at a tenth of the time.
    """
    results = read_newest(spark, work.target.table)
    version = results.version
    answered = work.target.of_this_model(results.df)
    if results.is_empty or answered.isEmpty():
        return _planned(work, work.rows, Pending(work.rows, version, skipped=0))
    unsure = Unsure(work.rows) if work.marks is None else unsure_rows(work.rows, answered, work.marks, _has_ended(work))
    found = None if unsure.rows is None else _found(work, unsure.rows, answered)
    # Nothing is kept in between: serverless compute cannot, and the names are quickly made again.
    ended, left = (0, 0) if found is None else _counted(found)
    skipped = unsure.answered + ended
    if found is None or not left:
        nothing = work.rows.where("false").mapInArrow(Planning(work.requester), TO_ASK_DDL)
        return Pending(nothing, version, skipped, requests=0)
    by_row = (
        found.where("NOT has_ended")
        .groupBy(ROW_HASH)
        .agg(F.collect_list(F.struct("request_id", "attempt")).alias(WANTED))
    )
    again = work.rows.join(by_row, ROW_HASH)
    return _planned(work, again, Pending(again, version, skipped, requests=left))


def _planned(work: Work, rows: DataFrame, found: Pending) -> Pending:
    """The same with its rows as those of a plan, in which no question has more than a part of a chunk.

    Both the number of chunks and the pieces of heavy questions come from all rows of the pinned version, so that two
    drivers that have finished different parts of it make the same chunks.
    """
    expected = work.rows.count() * work.requests_a_row
    chunk_requests = work.limits.chunk_requests or size_of_chunks(expected)
    chunks = chunks_of(expected, chunk_requests)
    pieces: dict[int, int] = {}
    if chunks > 1:
        pieces = pieces_of_heavy(work.rows, work.requester, work.requests_a_row, chunk_requests)
    planned = rows.mapInArrow(Planning(work.requester, pieces), TO_ASK_DDL)
    return replace(found, rows=planned, chunks=chunks, expected=expected)


def size_of_chunks(expected: float) -> int:
    """Requests of a chunk of a job that makes about so many in all.

    By the job's size alone, so that every driver makes the same chunks, on whatever cluster. Commits come one after
    another, so a large job, which has a large cluster, needs larger chunks: benchmarks/simulate.py.
    """
    return max(LEAST_CHUNK, round(CHUNK_BY_ROOT * math.cbrt(expected)))


def chunks_of(expected: float, chunk_requests: int) -> int:
    """Into how many chunks about so many requests are split."""
    return max(1, math.ceil(expected / chunk_requests))


def _counted(found: DataFrame) -> tuple[int, int]:
    """Requests with a final result, and without."""
    counted: Any = found.agg(F.count_if("has_ended"), F.count_if(~F.col("has_ended"))).first()
    return counted[0], counted[1]


def _has_ended(work: Work) -> Column:
    """Of the results of one request: whether one of them is final."""
    may_retry = F.col("status").isin(*WORTH_ANOTHER_ATTEMPT)
    return F.bool_or(~may_retry | (F.col("attempt") >= work.limits.max_attempts))


def _found(work: Work, rows: DataFrame, answered: DataFrame) -> DataFrame:
    """Each request of the rows once: request_id, the hash of one row that makes it, has_ended, its next attempt."""
    tried = answered.groupBy(F.col(work.target.key).alias("request_id")).agg(
        _has_ended(work).alias("has_ended"), F.max("attempt").alias("tried")
    )
    return (
        rows.mapInArrow(Names(work.requester), NAMED_DDL)
        .groupBy("request_id")
        .agg(F.min(ROW_HASH).alias(ROW_HASH))
        .join(tried, "request_id", "left")
        .select(
            "request_id",
            ROW_HASH,
            F.coalesce("has_ended", F.lit(False)).alias("has_ended"),
            (F.coalesce("tried", F.lit(0)) + 1).alias("attempt"),
        )
    )
