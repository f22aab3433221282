"""What differs between sessions: over Spark Connect the driver is elsewhere; serverless compute does not cache."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# SQLSTATE class 0A: the feature is not supported.
NOT_SUPPORTED = "0A"


def is_connect(spark: SparkSession) -> bool:
    """Whether the session is a client of Spark Connect, as on Databricks serverless and standard compute."""
    return type(spark).__module__.startswith("pyspark.sql.connect")


def setting(spark: SparkSession, name: str) -> str | None:
    """A setting of the session; None if it has none of this name, or does not show it."""
    from pyspark.errors import PySparkException

    try:
        return spark.conf.get(name, None)
    except PySparkException:
        # Serverless compute shows a few settings only.
        return None


def driver_host(spark: SparkSession) -> str | None:
    """The address of this driver as the executors know it; None over Spark Connect, where the driver is elsewhere."""
    return None if is_connect(spark) else setting(spark, "spark.driver.host")


def kept_in_memory(rows: DataFrame) -> DataFrame:
    """The rows, read once if the session can keep them, else whenever they are used; to be given to `freed`."""
    from pyspark.errors import PySparkException

    try:
        return rows.persist()
    except PySparkException as error:
        if not (error.getSqlState() or "").startswith(NOT_SUPPORTED):
            raise
        return rows


def freed(rows: DataFrame) -> None:
    """Free the memory of rows from `kept_in_memory`."""
    from pyspark.errors import PySparkException

    with suppress(PySparkException):
        rows.unpersist()
