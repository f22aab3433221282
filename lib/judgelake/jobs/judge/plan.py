"""What a run will ask: the pending requests, split into chunks and kept until the run ends."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from judgelake.jobs.judge.config import JudgeJob
from judgelake.jobs.judge.orders import orders_a_comparison
from judgelake.jobs.judge.pending import Pending
from judgelake.jobs.judge.resolve import Judge
from judgelake.lake import Pinned, append_once, create_tables

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# A plan of one chunk with at most this many requests and bytes of prompts stays in the driver's memory: writing and
# deleting its rows in a table takes seconds.
FEW_REQUESTS = 1_000
FEW_BYTES = 16 * 2**20


@dataclass(frozen=True, slots=True)
class Chunk:
    """Distinct requests that are appended in one Delta commit, identified by their content."""

    number: int
    requests: int
    to_ask: int
    prompt_bytes: int
    app_id: str
    has_new: bool = True
    """Whether some of them have never been asked."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The chunks of one run. `skipped` counts requests judged by earlier runs."""

    plan_id: str
    comparisons: Pinned
    judgments_version: int
    """The version of the judgments used for planning; later ones are from other drivers or from this run."""
    made_at: datetime
    skipped: int
    chunks: tuple[Chunk, ...]
    rows: DataFrame
    """The requests as rows of the plans table, of which it is part if `is_stored`."""
    is_stored: bool = False

    @property
    def requests(self) -> int:
        """Requests for which this run writes a judgment."""
        return sum(chunk.requests for chunk in self.chunks)

    @property
    def to_ask(self) -> int:
        """Requests that go to the judge, before identical prompts are merged."""
        return sum(chunk.to_ask for chunk in self.chunks)


def make_plan(spark: SparkSession, job: JudgeJob, judge: Judge, pinned: Pinned, pending: Pending, plan_id: str) -> Plan:
    """Split the pending requests into chunks and keep them, in the plans table unless they are few.

    The chunk of a request depends only on the pinned version and the job's orders, and a chunk's `app_id` only on
    its content: two drivers on the same work get the same chunks.
    """
    made_at = datetime.now(UTC)
    if pending.is_empty:
        pending.release()
        return Plan(plan_id, pinned, pending.judgments_version, made_at, pending.skipped, (), pending.rows)
    expected = pending.comparisons.count() * orders_a_comparison(job.order) * job.order.repeats
    chunks = max(1, math.ceil(expected / job.asking.chunk_requests))
    rows = pending.rows.select(
        F.lit(plan_id).alias("plan_id"), F.pmod("question_key", F.lit(chunks)).cast("int").alias("chunk"), "*"
    )
    held = _held(rows, judge, pinned) if chunks == 1 and expected <= FEW_REQUESTS else None
    kept, named = _stored(spark, job, rows, judge, pinned, plan_id) if held is None else held
    pending.release()
    version, skipped = pending.judgments_version, pending.skipped
    return Plan(plan_id, pinned, version, made_at, skipped, named, kept, is_stored=held is None)


Kept = tuple["DataFrame", tuple[Chunk, ...]]


def _stored(spark: SparkSession, job: JudgeJob, rows: DataFrame, judge: Judge, pinned: Pinned, plan_id: str) -> Kept:
    """The rows in the plans table."""
    create_tables(spark, job.tables, {"plans"})
    append_once(rows, job.tables.plans, plan_id)
    kept = spark.read.table(job.tables.plans).where(F.col("plan_id") == plan_id)
    return kept, _chunks(kept, judge, pinned)


def _held(rows: DataFrame, judge: Judge, pinned: Pinned) -> Kept | None:
    """The rows in the driver's memory; None if their prompts are too long for that."""
    rows = rows.persist()
    try:
        chunks = _chunks(rows, judge, pinned)
        if sum(chunk.prompt_bytes for chunk in chunks) > FEW_BYTES:
            return None
        return rows.sparkSession.createDataFrame(rows.toArrow(), rows.schema), chunks
    finally:
        rows.unpersist()


def _chunks(planned: DataFrame, judge: Judge, pinned: Pinned) -> tuple[Chunk, ...]:
    content = F.sum(F.xxhash64("judgment_id", "attempt").cast("decimal(38,0)"))
    rows = (
        planned.select("chunk", "judgment_id", "attempt", "prompt_sha256", "prompt_bytes")
        # A comparison that is in the table twice makes each of its requests twice, and each is judged once.
        .dropDuplicates(["chunk", "judgment_id"])
        .groupBy("chunk")
        .agg(
            F.count("*").alias("requests"),
            F.count("prompt_sha256").alias("to_ask"),
            F.sum("prompt_bytes").alias("prompt_bytes"),
            content.alias("content"),
            F.max("attempt").alias("attempt"),
            F.min("attempt").alias("least_attempt"),
        )
        .orderBy("chunk")
        .collect()
    )
    return tuple(
        Chunk(
            number=row["chunk"],
            requests=row["requests"],
            to_ask=row["to_ask"],
            prompt_bytes=row["prompt_bytes"],
            app_id=_app_id(
                judge.fingerprint,
                pinned.table_id,
                pinned.version,
                row["chunk"],
                row["attempt"],
                row["requests"],
                row["content"],
            ),
            has_new=row["least_attempt"] == 1,
        )
        for row in rows
    )


def _app_id(*parts: object) -> str:
    # The chunk's content is part of its id. With only the version and number, a second run with other
    # orders or repeats would get the first run's id, and Delta would silently drop its rows.
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:32]
