"""Reading a table at one version, so that a run sees one state however long it lasts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.errors import AnalysisException

from judgelake.errors import UserError
from judgelake.lake.names import quoted

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


@dataclass(frozen=True, slots=True)
class Pinned:
    """A table at one version; `table_id` stays the same when the table is renamed or moved."""

    df: DataFrame
    table: str
    version: int
    table_id: str
    location: str


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
        raise UserError(f"Table {table!r} cannot be read: {str(error).strip().splitlines()[0]}") from error
    if detail is None or detail["format"] != "delta":
        raise UserError(f"Table {table!r} is no Delta table. Ingest it with jobs/ingest.py --format table.")
    newest = spark.sql(f"DESCRIBE HISTORY {name} LIMIT 1").select("version").first()
    chosen = int(newest["version"]) if version is None and newest is not None else version
    try:
        df = spark.sql(f"SELECT * FROM {name} VERSION AS OF {int(chosen or 0)}")
    except AnalysisException as error:
        raise UserError(
            f"Table {table!r} has no version {chosen} any more (newest: {newest and newest['version']})."
        ) from error
    missing = [column for column in needs if column not in df.columns]
    if missing:
        raise UserError(
            f"Table {table!r} has no column {', '.join(missing)}; it has {', '.join(df.columns)}. "
            "Map your columns with jobs/ingest.py --format table."
        )
    return Pinned(df, table, int(chosen or 0), str(detail["id"]), str(detail["location"]))
