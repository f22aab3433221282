"""Appends that happen once, however often they are tried and by how many drivers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from delta.tables import DeltaTable
from pyspark.sql import functions as F

from judgelake.lake.names import quoted

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def append_once(df: DataFrame, table: str, app_id: str) -> None:
    """Append the rows in one commit, unless a commit with this `app_id` is in the table already.

    Columns go by name; ones the table does not have fail the append.
    """
    # One app id an append, never one id with a rising version: Delta silently skips a version at or below
    # the last it saw, so an append that finishes late would vanish.
    df.write.format("delta").mode("append").option("txnAppId", app_id).option("txnVersion", 1).saveAsTable(table)


def append_new(df: DataFrame, table: str, key: str | Sequence[str]) -> int:
    """Append the rows whose `key` is not in the table yet, the first of each key; returns how many.

    Two drivers at once add each key once: the second one's commit sees the first one's rows.
    """
    spark = df.sparkSession
    before = _version(spark, table)
    names = [key] if isinstance(key, str) else list(key)
    (
        DeltaTable.forName(spark, table)
        .alias("old")
        .merge(df.dropDuplicates(names).alias("new"), " AND ".join(f"old.{name} = new.{name}" for name in names))
        .whenNotMatchedInsertAll()
        .execute()
    )
    return _inserted_since(spark, table, before)


def drop_plan(spark: SparkSession, plans: str, plan_id: str) -> None:
    """Delete a run's rows from the plans table: whole partitions, so no file is rewritten."""
    DeltaTable.forName(spark, plans).delete(F.col("plan_id") == plan_id)


def _version(spark: SparkSession, table: str) -> int:
    newest = spark.sql(f"DESCRIBE HISTORY {quoted(table)} LIMIT 1").first()
    return -1 if newest is None else int(newest["version"])


def _inserted_since(spark: SparkSession, table: str, version: int) -> int:
    newest = spark.sql(f"DESCRIBE HISTORY {quoted(table)} LIMIT 1").first()
    if newest is None or newest["version"] == version or newest["operation"] != "MERGE":
        return 0
    return int(newest["operationMetrics"].get("numTargetRowsInserted", 0))
