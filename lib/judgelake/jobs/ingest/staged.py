"""Staged rows in Spark: their position, the comparisons they may refer to, and checked rows written out."""

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

# The position of a row: its number in the ingest and, for labels and judgments, the place in the row; file; line.
POSITION = ("at", "file", "line")


def at(place: Column | str) -> Column:
    """The row's number and the place in it, as `at`: rows are sorted by it."""
    return F.struct("seq", F.col(place).alias("place") if isinstance(place, str) else place.alias("place")).alias("at")


def place_of(first: str) -> Column:
    """The file and line of a struct column, in words."""
    return F.concat_ws(", line ", F.element_at(F.split(f"{first}.file", "/"), -1), F.col(f"{first}.line"))


@dataclass(frozen=True, slots=True)
class Wrong:
    """The rejected rows of a checked table (at, reason), and how many; if there are none, nothing is read."""

    rows: DataFrame
    count: int

    @classmethod
    def of(cls, checked: Kept) -> Wrong:
        """The rows with a reason."""
        return cls(checked.rows.where("reason IS NOT NULL"), checked.counts["wrong"])

    def taken_from(self, rows: DataFrame, place: str = "at") -> DataFrame:
        """The rows without the rejected ones, by `at` or `seq`."""
        if not self.count:
            return rows
        return rows.join(self.rows.select("at", "at.seq").select(place), place, "left_anti")

    def of_rows(self, rows: DataFrame) -> list[DataFrame]:
        """The rejected ones of the rows, with their text; an empty list if there are none."""
        if not self.count:
            return []
        wrong = rows.join(self.rows.select("at", "reason"), "at")
        return [wrong.select("file", "line", "reason", text_of(rows).alias("raw"))]


@dataclass(frozen=True, slots=True)
class Known:
    """The comparisons that labels and judgments may refer to: those accepted in this ingest, and the table's.

    For the ids in `refused` the table has other content, so this ingest's labels and judgments of them fit neither.
    """

    accepted: DataFrame
    table: Newest
    refused: Wrong

    def about(self, given: DataFrame) -> DataFrame:
        """The rows with their comparison's question_id and number of answers, as `answers`; see `unknown`."""
        columns = ("comparison_id", "question_id", F.size("answers").alias("answers"))
        comparisons = self.accepted.select(*columns)
        if not self.table.is_empty:
            asked_for = self.table.df.join(given.select("comparison_id").distinct(), "comparison_id", "left_semi")
            comparisons = comparisons.unionByName(asked_for.select(*columns))
        known = comparisons.groupBy("comparison_id").agg(
            F.min("question_id").alias("question_id"), F.min("answers").alias("answers")
        )
        placed = given.join(known, "comparison_id", "left")
        if not self.refused.count:
            return placed.withColumn("is_refused", F.lit(False))
        refused = self.refused.rows.select("comparison_id").join(self.accepted, "comparison_id", "left_anti").distinct()
        return placed.join(refused.withColumn("is_refused", F.lit(True)), "comparison_id", "left")


def unknown() -> Column:
    """Why rows of `Known.about` have no comparison; NULL if they have one."""

    def of_its_id(why: str) -> Column:
        return F.concat(F.lit("comparison_id "), "comparison_id", F.lit(f": {why}"))

    another = of_its_id("the comparison of this ingest was rejected, and the table has a different one")
    nowhere = of_its_id("neither in this ingest nor in the table")
    return F.when(F.col("is_refused"), another).when(F.col("answers").isNull(), nowhere)


def text_of(rows: DataFrame) -> Column:
    """A row as JSON, without its position."""
    return F.to_json(F.struct(*(name for name in rows.columns if name not in POSITION)))


@dataclass(frozen=True, slots=True)
class Kept:
    """Rows written to disk, and counts taken while writing."""

    rows: DataFrame
    counts: dict[str, int]


def kept(rows: DataFrame, folder: Path, **counts: Column) -> Kept:
    """The rows, written to disk: the results of a check must not change while the tables do."""
    counted = Observation()
    named = (count.alias(name) for name, count in counts.items())
    rows.observe(counted, *named).write.parquet(str(folder))
    # With a given schema Spark does not infer it from the files, which would be a job.
    return Kept(rows.sparkSession.read.schema(rows.schema).parquet(str(folder)), counted.get)


def staged_rows(spark: SparkSession, folder: Path) -> DataFrame:
    """The rows that `stage` wrote."""
    return spark.read.schema(from_arrow_schema(STAGED)).parquet(str(folder / ROWS))
