"""Reading a table at one version, so that a run sees one state however long it lasts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from pyspark.errors import AnalysisException

from judgelake.errors import UserError, first_line
from judgelake.lake.names import quoted

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

ADDS_NO_ROWS = ("OPTIMIZE", "VACUUM START", "VACUUM END", "SET TBLPROPERTIES", "DELETE")
"""Operations in a table's history after which no row is there that was not there before."""
COMMITS_IN_BETWEEN = 32
# The end of Spark's error class, which differs in front of it between Spark and Databricks.
FILE_IS_GONE = "FILE_NOT_EXIST"


@dataclass(frozen=True, slots=True)
class Pinned:
    """A table at one version; `table_id` stays the same when the table is renamed or moved."""

    df: DataFrame
    table: str
    version: int
    table_id: str
    location: str

    def lost_a_file(self, error: BaseException) -> bool:
        """Whether `error` is Spark's about a file of this table that is no more: the log outlives a VACUUM.

        Only an action over the rows meets it, and py4j hands it on as an error of its own, not as one of pyspark's.
        """
        told = unquote(str(error))
        return FILE_IS_GONE in told and f"{unquote(urlsplit(self.location).path)}/" in told


def read_newest(spark: SparkSession, table: str) -> tuple[DataFrame, int]:
    """The table at its newest version of now, whatever is appended while rows are read; and that version."""
    version = _newest_version(spark, table)
    return _at(spark, table, version), version


def has_commits_of_others(spark: SparkSession, table: str, after: int, writer: str) -> bool:
    """Whether anybody but `writer` (see `append_once`) has added rows since version `after`."""
    newest = _newest_version(spark, table)
    # Some more than there were a moment ago: a commit in between must not push the oldest out of sight.
    seen = spark.sql(f"DESCRIBE HISTORY {quoted(table)} LIMIT {max(0, newest - after) + COMMITS_IN_BETWEEN}")
    rows = seen.select("version", "operation", "userMetadata").collect()
    if min(row["version"] for row in rows) > after + 1:
        return True
    return any(
        row["version"] > after and row["operation"] not in ADDS_NO_ROWS and row["userMetadata"] != writer
        for row in rows
    )


def read_pinned(spark: SparkSession, table: str, version: int | None = None, needs: Sequence[str] = ()) -> Pinned:
    """The table at `version`, or at its newest version as of now.

    Raises:
        UserError: no such table, not a Delta table, a column of `needs` is absent, or the version is gone.
    """
    name = quoted(table)
    if not spark.catalog.tableExists(table):
        raise UserError(f"There is no table {table!r}. Fill it with jobs/ingest.py, or name yours under tables.")
    try:
        detail = spark.sql(f"DESCRIBE DETAIL {name}").select("format", "id", "location").first()
    except AnalysisException as error:
        raise UserError(f"Table {table!r} cannot be read: {first_line(error)}") from error
    if detail is None or detail["format"] != "delta":
        raise UserError(f"Table {table!r} is no Delta table. Ingest it with jobs/ingest.py --format table.")
    newest = _newest_version(spark, table)
    chosen = newest if version is None else version
    try:
        df = _at(spark, table, chosen)
    except AnalysisException as error:
        raise UserError(f"Table {table!r} has no version {chosen} any more (newest: {newest}).") from error
    missing = [column for column in needs if column not in df.columns]
    if missing:
        raise UserError(
            f"Table {table!r} has no column {', '.join(missing)}; it has {', '.join(df.columns)}. "
            "Map your columns with jobs/ingest.py --format table."
        )
    return Pinned(df, table, chosen, str(detail["id"]), str(detail["location"]))


def _newest_version(spark: SparkSession, table: str) -> int:
    newest = spark.sql(f"DESCRIBE HISTORY {quoted(table)} LIMIT 1").select("version").first()
    assert newest is not None, "a Delta table has at least one version"
    return int(newest["version"])


def _at(spark: SparkSession, table: str, version: int) -> DataFrame:
    return spark.sql(f"SELECT * FROM {quoted(table)} VERSION AS OF {int(version)}")
