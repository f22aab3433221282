"""Whether two drivers can commit to the tables at once: on S3, not with the log store that Delta uses by itself."""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pyspark.errors import PySparkException

from judgelake.config import Tables
from judgelake.errors import UserError
from judgelake.lake.names import quoted
from judgelake.runtime import setting

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

S3 = ("s3", "s3a", "s3n")
SINGLE_DRIVER = "io.delta.storage.S3SingleDriverLogStore"
"""Delta's own log store for S3. Source: Delta's documentation, "Storage configuration"."""
# Features of a table whose commits a catalog decides, so that no log store does.
BY_CATALOG = ("catalogManaged", "catalogOwned-preview")
# Any of them says that this is Databricks, where a service decides the commits on S3.
DATABRICKS = ("spark.databricks.clusterUsageTags.sparkVersion", "spark.databricks.workspaceUrl")


def check_log_store(spark: SparkSession, tables: Tables, wanted: Collection[str]) -> None:
    """Do nothing if drivers that write the tables at once cannot lose each other's commits, or the user has decided.

    Naming a log store for S3 is the decision, also if it is Delta's own one.

    Args:
        spark: a session with Delta.
        tables: their names, and the warehouse.
        wanted: the tables that the caller needs; those of a catalog are asked for their place.

    Raises:
        UserError: tables are on S3 and no log store is named.
    """
    place = tables.warehouse if tables.warehouse is not None else _first_on_s3(spark, tables, wanted)
    scheme = _scheme(place)
    if place is None or not is_on_s3(place) or _is_databricks(spark) or _has_log_store(spark, scheme):
        return
    raise UserError(
        f"{place} is on S3, where Delta's own log store loses commits when two drivers write at once: set "
        f"spark.delta.logStore.{scheme}.impl to a log store for several drivers, or, if one driver at a time writes "
        f"there, to {SINGLE_DRIVER} (docs/cluster.md)."
    )


def _first_on_s3(spark: SparkSession, tables: Tables, wanted: Collection[str]) -> str | None:
    if _is_databricks(spark):
        return None
    for table in sorted(wanted):
        name = getattr(tables, table)
        place = _place_of(spark, name) if spark.catalog.tableExists(name) else None
        if is_on_s3(place):
            return place
    return None


def _place_of(spark: SparkSession, name: str) -> str | None:
    """Where the table is; None if a catalog decides its commits, or it is not a Delta table."""
    try:
        detail = spark.sql(f"DESCRIBE DETAIL {quoted(name)}").select("location", "tableFeatures").first()
    except PySparkException:
        # Who reads the table next reports why it cannot be read.
        return None
    if detail is None or any(feature in BY_CATALOG for feature in detail["tableFeatures"] or ()):
        return None
    return str(detail["location"])


def is_on_s3(place: str | None) -> bool:
    """Whether a folder or address is on S3, where Delta's own log store takes one driver at a time."""
    return _scheme(place) in S3


def _scheme(place: str | None) -> str:
    return urlsplit(place).scheme if place is not None and "://" in place else ""


def _has_log_store(spark: SparkSession, scheme: str) -> bool:
    names = (f"spark.delta.logStore.{scheme}.impl", "spark.delta.logStore.class")
    return any(setting(spark, name) for name in names)


def _is_databricks(spark: SparkSession) -> bool:
    return "DATABRICKS_RUNTIME_VERSION" in os.environ or any(setting(spark, name) for name in DATABRICKS)
