"""What is staged, as Spark sees it: where a row stands, which comparisons it may be about, what is kept of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

# Where a row stands: its number in the ingest and, of labels and judgments, its place in the row; the file; the line.
POSITION = ("at", "file", "line")


def at(place: Column | str) -> Column:
    """The row's number and the place in it, as `at`: rows are ordered by it."""
    return F.struct("seq", F.col(place).alias("place") if isinstance(place, str) else place.alias("place")).alias("at")


def place_of(first: str) -> Column:
    """The file and line of a struct column, in words."""
    return F.concat_ws(", line ", F.element_at(F.split(f"{first}.file", "/"), -1), F.col(f"{first}.line"))


@dataclass(frozen=True, slots=True)
class Known:
    """The comparisons that something may be said about: the ingest's own that were accepted, and the table's.

    Of the ids in `refused` the table holds other content, so what this ingest says of them fits neither.
    """

    accepted: DataFrame
    table: DataFrame
    refused: DataFrame

    def about(self, said: DataFrame) -> DataFrame:
        """The rows with their comparison's question_id and `answers`, how many it has; see `unknown`."""
        columns = ("comparison_id", "question_id", F.size("answers").alias("answers"))
        asked_for = self.table.join(said.select("comparison_id").distinct(), "comparison_id", "left_semi")
        known = (
            self.accepted.select(*columns)
            .unionByName(asked_for.select(*columns))
            .groupBy("comparison_id")
            .agg(F.min("question_id").alias("question_id"), F.min("answers").alias("answers"))
        )
        refused = self.refused.join(self.accepted, "comparison_id", "left_anti").distinct()
        marked = refused.withColumn("is_refused", F.lit(True))
        return said.join(known, "comparison_id", "left").join(marked, "comparison_id", "left")


def unknown() -> Column:
    """Why rows of `Known.about` are about no comparison; NULL where they are about one."""
    return F.when(
        F.col("is_refused"), F.lit("comparison_id: the comparison of this ingest was rejected, the table's is another")
    ).when(F.col("answers").isNull(), F.lit("comparison_id: neither in this ingest nor in the table"))


def with_reason(rows: DataFrame, wrong: DataFrame) -> DataFrame:
    """The rows that `wrong` (at, reason) names, as rejected rows."""
    return rows.join(wrong.select("at", "reason"), "at").select("file", "line", "reason", text_of(rows).alias("raw"))


def text_of(rows: DataFrame) -> Column:
    """A row as JSON, without where it stands."""
    return F.to_json(F.struct(*(name for name in rows.columns if name not in POSITION)))


def kept(rows: DataFrame, folder: Path) -> DataFrame:
    """The rows written out: what was found out must not change while the tables do."""
    rows.write.parquet(str(folder))
    return rows.sparkSession.read.parquet(str(folder))
