"""Which rows of the input have all their results, seen by their hash: Spark alone, without making a request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F

from judgelake.asking.planning import ROW_HASH

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

# If fewer rows are done, finding the others again costs more than naming the requests of all.
LEAST_SHARE_DONE = 0.5
# Hashes of 8 bytes that are sent to every task.
MOST_BROADCAST = 1_000_000


@dataclass(frozen=True, slots=True)
class Marks:
    """How to see that a row has all its results, as SQL expressions.

    Attributes:
        id: the column, of the input and of results, with the id of a row.
        of_row: of a row of the input: marks of all its requests, an array of texts; NULL if they are not known.
        of_result: of a result: the mark of its request.
    """

    id: str
    of_row: str
    of_result: str


@dataclass(frozen=True, slots=True)
class Unsure:
    """Rows of which it is not certain that they have all their results, and what the others come to."""

    rows: DataFrame | None
    """None: there are none."""
    answered: int = 0
    """Requests of the other rows."""


def unsure_rows(rows: DataFrame, answered: DataFrame, marks: Marks, has_ended: Column) -> Unsure:
    """Leave out the rows whose every request has a final result that was made of the very same row.

    Args:
        rows: the input, with `ROW_HASH`.
        answered: results of the same model, with the hash of their row; NULL where it is not known.
        marks: tells which results a row needs.
        has_ended: of a group of results of one request: whether one of them is final.
    """
    of_row = (marks.id, ROW_HASH)
    ended = (
        answered.where(F.isnotnull(ROW_HASH))
        .groupBy(*of_row, F.expr(marks.of_result).alias("mark"))
        .agg(has_ended.alias("has_ended"))
        .where("has_ended")
        .groupBy(*of_row)
        .agg(F.collect_list("mark").alias("marks"))
    )
    # Rows that share an id may share requests, which only the requests' own ids tell. One without an id has none.
    row_id = F.coalesce(F.col(marks.id).cast("string"), F.col(ROW_HASH).cast("string")).alias(marks.id)
    wanted = (
        rows.select(row_id, ROW_HASH, F.expr(marks.of_row).alias("wanted"))
        .groupBy(marks.id)
        .agg(F.collect_set(ROW_HASH).alias("hashes"), F.first("wanted").alias("wanted"))
        .withColumn(ROW_HASH, F.col("hashes")[0])
    )
    found = wanted.join(ended, list(of_row), "left")
    is_done = (F.size("hashes") == 1) & (F.size(F.array_except("wanted", "marks")) == 0)
    # NULL where a row has no marks or no results.
    seen = found.select(
        "hashes", F.size("wanted").alias("requests"), F.coalesce(is_done, F.lit(False)).alias("is_done")
    )
    of_done = F.sum(F.when(F.col("is_done"), F.col("requests")))
    counted: Any = seen.agg(F.count("*"), F.count_if("is_done"), F.coalesce(of_done, F.lit(0))).first()
    count, done, requests = counted
    if done < count * LEAST_SHARE_DONE:
        return Unsure(rows)
    if done == count:
        return Unsure(None, requests)
    others = seen.where("NOT is_done").select(F.explode("hashes").alias(ROW_HASH)).distinct()
    others = F.broadcast(others) if count - done <= MOST_BROADCAST else others
    return Unsure(rows.join(others, ROW_HASH, "left_semi"), requests)
