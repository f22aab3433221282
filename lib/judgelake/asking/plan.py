"""What a run will ask: the pending requests, split into chunks and kept until the run ends."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyspark.sql import Window
from pyspark.sql import functions as F

from judgelake.asking.inquiry import Target
from judgelake.asking.line import Line, on_a_line, on_a_line_here
from judgelake.asking.pending import Pending
from judgelake.config import Tables
from judgelake.errors import RunError
from judgelake.lake import PLANNED, Pinned, append_once, create_tables, ddl_of, drop_plan, replace_plan, without

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# A plan of one chunk with at most this many requests and bytes of rows stays in the driver's memory: writing and
# deleting its rows in a table takes seconds.
FEW_REQUESTS = 1_000
FEW_BYTES = 16 * 2**20
# Tasks that write a plan; with more chunks than that, each writes several.
MOST_WRITERS = 2_000
# Hexadecimal digits of a request's hash, of which the sum over a chunk names its content.
DIGITS = 15
NUMBER_OF = f"CAST(conv(left(sha2(concat_ws(':', request_id, attempt), 256), {DIGITS}), 16, 10) AS DECIMAL(38, 0))"


@dataclass(frozen=True, slots=True)
class Chunk:
    """Distinct requests that are appended in one Delta commit, identified by their content."""

    number: int
    requests: int
    to_ask: int
    """Without those of which it is known that nothing can be asked."""
    prompt_bytes: int
    app_id: str
    has_new: bool
    """Whether some of them have never been asked."""
    line: Line
    """Of all its requests."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The chunks of one run. `skipped` counts requests with a result of earlier runs."""

    plan_id: str
    source: Pinned
    """The input."""
    results_version: int
    """The version of the results used for planning; later ones are from other drivers or from this run."""
    made_at: datetime
    skipped: int
    chunks: tuple[Chunk, ...]
    rows: DataFrame
    """The rows of the plans table, of which they are part if `is_stored`."""
    is_stored: bool = False

    @property
    def requests(self) -> int:
        """Requests for which this run writes a result."""
        return sum(chunk.requests for chunk in self.chunks)

    @property
    def to_ask(self) -> int:
        """Requests that go to the model, before identical prompts are merged."""
        return sum(chunk.to_ask for chunk in self.chunks)


def make_plan(
    spark: SparkSession, tables: Tables, target: Target, pinned: Pinned, pending: Pending, plan_id: str
) -> Plan:
    """Split the pending requests into chunks and keep them, in the plans table unless they are few.

    The chunk of a request depends only on the pinned version and on what the job asks of a row, and a chunk's `app_id`
    only on its content: two drivers on the same work get the same chunks.

    Raises:
        RunError: the plan does not have the requests that were found to be pending.
    """
    made_at = datetime.now(UTC)
    version, skipped = pending.results_version, pending.skipped
    if pending.requests == 0:
        return Plan(plan_id, pinned, version, made_at, skipped, (), pending.rows)
    chunks, expected = pending.chunks, pending.expected
    rows = pending.rows.select(
        F.lit(plan_id).alias("plan_id"), F.pmod("question_key", F.lit(chunks)).cast("int").alias("chunk"), "*"
    )
    held = _held(rows, expected) if chunks == 1 and expected <= FEW_REQUESTS else None
    kept = _stored(spark, tables, rows, chunks, plan_id) if held is None else held
    named = tuple(_chunk(sums, target.fingerprint, pinned) for sums in kept.sums)
    try:
        _check_complete(named, pending)
    except RunError:
        if held is None:
            drop_plan(spark, tables.plans, plan_id)
        raise
    return Plan(plan_id, pinned, version, made_at, skipped, named, kept.rows, is_stored=held is None)


def rest_of(plan: Plan, fingerprint: str, left: DataFrame) -> Chunk:
    """Some of a chunk's requests as a chunk, under the app id that a plan made now gives to them.

    Another driver may have appended a part of the chunk, and a third one plan what is left: under one app id only one
    of two drivers appends it.

    Args:
        plan: of which the chunk is part.
        fingerprint: of what answers.
        left: some of `requests_of_plan`, of one chunk; at least one.
    """
    (sums,) = _sums_of(left)
    return _chunk(sums, fingerprint, plan.source)


@dataclass(frozen=True, slots=True)
class _Kept:
    """The rows of a plan where they can be read again, and the sums over each of its chunks."""

    rows: DataFrame
    sums: Sequence[Mapping[str, Any]]


def _held(rows: DataFrame, expected: float) -> _Kept | None:
    """The rows in the driver's memory; None if their texts are too long for that."""
    longest = FEW_BYTES // max(1, math.ceil(expected))
    size = F.octet_length("source")
    # Of longer ones not even one is brought here.
    table = rows.withColumn("source", F.when(size <= longest, F.col("source"))).toArrow()
    if table.column("source").null_count:
        return None
    kept = on_a_line_here(_each_once_here(table.to_pylist()))
    table = pa.Table.from_pylist(kept, PLANNED)
    return _Kept(rows.sparkSession.createDataFrame(table, ddl_of(PLANNED)), _sums_here(kept))


def _each_once_here(rows: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """As `_each_once`, for rows in memory."""
    seen: set[str] = set()
    for row in sorted(rows, key=lambda row: (row["question_key"], row["source"])):
        wanted = [one for one in row["requests"] if one["request_id"] not in seen]
        seen.update(one["request_id"] for one in wanted)
        if wanted:
            yield {**row, "requests": wanted}


def _sums_here(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """As `_sums`, for the rows of one chunk in memory; another driver may have them, or what is left, in the table."""
    wanted = [one for row in rows for one in row["requests"]]
    if not wanted:
        return []
    prompts = [one["prompt_bytes"] for one in wanted if one["prompt_bytes"] is not None]
    attempts = [one["attempt"] for one in wanted]
    sums = {
        "chunk": 0,
        "requests": len(wanted),
        "to_ask": len(prompts),
        "prompt_bytes": sum(prompts),
        "content": sum(_number_of(one["request_id"], one["attempt"]) for one in wanted),
        "line_bytes": max(row["line_end"] for row in rows),
        "heaviest": max(row["question_bytes"] for row in rows),
        "attempt": max(attempts),
        "least_attempt": min(attempts),
    }
    return [sums]


def _number_of(request_id: str, attempt: int) -> int:
    """60 bits of the hash of a request; `NUMBER_OF` in Spark's words."""
    return int(hashlib.sha256(f"{request_id}:{attempt}".encode()).hexdigest()[:DIGITS], 16)


def _stored(spark: SparkSession, tables: Tables, rows: DataFrame, chunks: int, plan_id: str) -> _Kept:
    """The rows in the plans table, every chunk in one file."""

    def in_files(rows: DataFrame) -> DataFrame:
        return on_a_line(rows.repartition(min(chunks, MOST_WRITERS), "chunk")).select(*PLANNED.names)

    def kept() -> DataFrame:
        return spark.read.table(tables.plans).where(F.col("plan_id") == plan_id).select(*PLANNED.names)

    create_tables(spark, tables, {"plans"})
    append_once(in_files(rows), tables.plans, plan_id)
    sums = _sums(kept())
    if any(one["split"] for one in sums):
        replace_plan(in_files(_each_once(kept())), tables.plans, plan_id)
        sums = _sums(kept())
    return _Kept(kept(), sums)


def _each_once(rows: DataFrame) -> DataFrame:
    """The rows with every request in one of them.

    A row's id that is in the input twice, with questions that the model sees as the same prompt, makes each of its
    requests twice: in two chunks, or in two tasks of one, neither of which sees the other.
    """
    of_row = without(PLANNED, "requests", "question_bytes", "line_end").names
    of_request = Window.partitionBy("one.request_id").orderBy("question_key", "source")
    single = rows.select(*of_row, F.explode("requests").alias("one"))
    first = single.withColumn("place", F.row_number().over(of_request)).where("place = 1")
    return first.groupBy(*of_row).agg(F.collect_list("one").alias("requests"))


def _sums(planned: DataFrame) -> list[dict[str, Any]]:
    """As `_sums_of`, for rows of a plan."""
    return _sums_of(requests_of_plan(planned))


def requests_of_plan(planned: DataFrame) -> DataFrame:
    """The requests of rows of a plan, each with the place of its question."""
    made = planned.select("chunk", "question_key", "question_bytes", "line_end", F.inline("requests"))
    return made.withColumn("sorted", F.xxhash64("sort_key")).drop("sort_key")


def _sums_of(wanted: DataFrame) -> list[dict[str, Any]]:
    """Sums over each chunk's distinct requests; `split` counts those that may be in two tasks, see `_each_once`."""
    requests = wanted.groupBy("request_id").agg(
        F.min("chunk").alias("chunk"),
        F.max("attempt").alias("attempt"),
        F.max("prompt_bytes").alias("prompt_bytes"),
        F.max("question_bytes").alias("question_bytes"),
        F.max("line_end").alias("line_end"),
        # Two tasks of one chunk may get what differs by its sort key.
        ((F.min("question_key") != F.max("question_key")) | (F.min("sorted") != F.max("sorted"))).alias("is_split"),
    )
    by_chunk = (
        requests.groupBy("chunk")
        .agg(
            F.count("*").alias("requests"),
            F.count("prompt_bytes").alias("to_ask"),
            F.coalesce(F.sum("prompt_bytes"), F.lit(0)).alias("prompt_bytes"),
            F.sum(F.expr(NUMBER_OF)).alias("content"),
            F.max("line_end").alias("line_bytes"),
            F.max("question_bytes").alias("heaviest"),
            F.max("attempt").alias("attempt"),
            F.min("attempt").alias("least_attempt"),
            F.count_if("is_split").alias("split"),
        )
        .orderBy("chunk")
    )
    return [row.asDict() for row in by_chunk.collect()]


def _chunk(sums: Mapping[str, Any], fingerprint: str, pinned: Pinned) -> Chunk:
    # The chunk's content is part of its id. With only the version and number, a second run with other
    # orders or repeats would get the first run's id, and Delta would silently drop its rows.
    content = (sums["chunk"], sums["attempt"], sums["requests"], sums["content"])
    parts = "\0".join(map(str, (fingerprint, pinned.table_id, pinned.version, *content)))
    return Chunk(
        number=sums["chunk"],
        requests=sums["requests"],
        to_ask=sums["to_ask"],
        prompt_bytes=sums["prompt_bytes"],
        app_id=hashlib.sha256(parts.encode()).hexdigest()[:32],
        has_new=sums["least_attempt"] == 1,
        line=Line(sums["line_bytes"], sums["heaviest"]),
    )


def _check_complete(chunks: Sequence[Chunk], pending: Pending) -> None:
    """Do nothing if the plan has as many requests as were found to be pending.

    Raises:
        RunError: some would be missing from the run without a trace.
    """
    planned = sum(chunk.requests for chunk in chunks)
    if pending.requests is not None and planned != pending.requests:
        raise RunError(
            f"{pending.requests:,} requests are pending, but reading the same input again gave {planned:,} of them, so "
            "nothing was asked. Make input.where deterministic (no rand(), uuid() or current_timestamp()), and run "
            "again."
        )
