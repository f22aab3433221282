"""What is staged, as Spark sees it: where a row stands, which comparisons it may be about, what is kept of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pyspark.sql import Observation
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema

from judgelake.jobs.ingest.staging import ROWS, STAGED

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

    from judgelake.lake import Newest

# Where a row stands: its number in the ingest and, of labels and judgments, its place in the row; the file; the line.
POSITION = ("at", "file", "line")


def at(place: Column | str) -> Column:
    """The row's number and the place in it, as `at`: rows are ordered by it."""
    return F.struct("seq", F.col(place).alias("place") if isinstance(place, str) else place.alias("place")).alias("at")


def place_of(first: str) -> Column:
    """The file and line of a struct column, in words."""
    return F.concat_ws(", line ", F.element_at(F.split(f"{first}.file", "/"), -1), F.col(f"{first}.line"))


@dataclass(frozen=True, slots=True)
class Wrong:
    """The refused rows of a checked table (at, reason), and how many; where there are none, nothing is read."""

    rows: DataFrame
    count: int

    @classmethod
    def of(cls, checked: Kept) -> Wrong:
        """The rows with a reason."""
        return cls(checked.rows.where("reason IS NOT NULL"), checked.counts["wrong"])

    def taken_from(self, rows: DataFrame, place: str = "at") -> DataFrame:
        """The rows without these, by `at` or `seq`."""
        if not self.count:
            return rows
        return rows.join(self.rows.select("at", "at.seq").select(place), place, "left_anti")

    def of_rows(self, rows: DataFrame) -> list[DataFrame]:
        """These of the rows, as rejected rows; in a list that is empty where there are none."""
        if not self.count:
            return []
        wrong = rows.join(self.rows.select("at", "reason"), "at")
        return [wrong.select("file", "line", "reason", text_of(rows).alias("raw"))]


@dataclass(frozen=True, slots=True)
class Known:
    """The comparisons that something may be said about: the ingest's own that were accepted, and the table's.

    Of the ids in `refused` the table holds other content, so what this ingest says of them fits neither.
    """

    accepted: DataFrame
    table: Newest
    refused: Wrong

    def about(self, said: DataFrame) -> DataFrame:
        """The rows with their comparison's question_id and `answers`, how many it has; see `unknown`."""
        columns = ("comparison_id", "question_id", F.size("answers").alias("answers"))
        found = self.accepted.select(*columns)
        if not self.table.is_empty:
            asked_for = self.table.df.join(said.select("comparison_id").distinct(), "comparison_id", "left_semi")
            found = found.unionByName(asked_for.select(*columns))
        known = found.groupBy("comparison_id").agg(
            F.min("question_id").alias("question_id"), F.min("answers").alias("answers")
        )
        placed = said.join(known, "comparison_id", "left")
        if not self.refused.count:
            return placed.withColumn("is_refused", F.lit(False))
        refused = self.refused.rows.select("comparison_id").join(self.accepted, "comparison_id", "left_anti").distinct()
        return placed.join(refused.withColumn("is_refused", F.lit(True)), "comparison_id", "left")


def unknown() -> Column:
    """Why rows of `Known.about` are about no comparison; NULL where they are about one."""
    return F.when(
        F.col("is_refused"), F.lit("comparison_id: the comparison of this ingest was rejected, the table's is another")
    ).when(F.col("answers").isNull(), F.lit("comparison_id: neither in this ingest nor in the table"))


def text_of(rows: DataFrame) -> Column:
    """A row as JSON, without where it stands."""
    return F.to_json(F.struct(*(name for name in rows.columns if name not in POSITION)))


@dataclass(frozen=True, slots=True)
class Kept:
    """Rows that are written out, and what was counted of them on the way."""

    rows: DataFrame
    counts: dict[str, int]


def kept(rows: DataFrame, folder: Path, **counts: Column) -> Kept:
    """The rows written out: what was found out must not change while the tables do."""
    counted = Observation()
    named = (count.alias(name) for name, count in counts.items())
    rows.observe(counted, *named).write.parquet(str(folder))
    # With the schema Spark need not look for it in the files, which would be a job.
    return Kept(rows.sparkSession.read.schema(rows.schema).parquet(str(folder)), counted.get)


def staged_rows(spark: SparkSession, folder: Path) -> DataFrame:
    """The rows that `stage` wrote."""
    return spark.read.schema(from_arrow_schema(STAGED)).parquet(str(folder / ROWS))
