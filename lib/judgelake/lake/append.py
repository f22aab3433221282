"""Appends that take effect once, however often and by however many drivers they are tried."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pyspark.errors import PySparkException
from pyspark.sql import functions as F
from tenacity import retry, retry_if_exception, stop_after_attempt, wait_random_exponential

from judgelake.lake.log import OnDisk, on_disk
from judgelake.lake.names import escaped, quoted

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# Delta's errors for a commit after a conflicting commit of another driver; appends get them when the table itself was
# changed, for example by ALTER TABLE.
LOST_RACES = ("DELTA_CONCURRENT", "DELTA_METADATA_CHANGED", "DELTA_PROTOCOL_CHANGED")

# How often the same rows can be deleted from a table and appended again.
MOST_REMOVALS = 200


def _lost_a_race(error: BaseException) -> bool:
    return isinstance(error, PySparkException) and any(mark in str(error) for mark in LOST_RACES)


_again = retry(
    retry=retry_if_exception(_lost_a_race),
    stop=stop_after_attempt(8),
    wait=wait_random_exponential(0.5, max=10),
    reraise=True,
)


def app_ids(app_id: str) -> Iterator[str]:
    """The app id of some rows, then the ids to use if the rows were deleted from the table once, twice, ...

    Delta remembers an app id even after its rows were deleted or overwritten, and then silently skips the append. If
    rows are missing after an append, the caller tries the next id. All drivers use the same sequence, so two that
    append the same removed rows again use the same id.
    """
    yield app_id
    for removals in range(1, MOST_REMOVALS + 1):
        yield f"{app_id}-{removals}"


def append_once(df: DataFrame, table: str, app_id: str, writer: str | None = None) -> None:
    """Append the rows in one commit, unless a commit with this `app_id` is in the table already.

    Columns are matched by name; those missing in `df` become NULL, and one missing in the table fails the append.

    Args:
        df: the rows.
        table: where they go.
        app_id: identifies the rows; different rows need a different one.
        writer: who appends them; kept in the table's history, see `OtherWriters`.
    """
    # One app id per append, never one id with increasing versions: Delta silently skips a version at or below
    # the last one it saw, so an append that finishes late would be lost.
    rows = df.write.format("delta").mode("append").option("txnAppId", app_id).option("txnVersion", 1)
    if writer is not None:
        rows = rows.option("userMetadata", writer)
    try:
        rows.saveAsTable(table)
    except PySparkException as error:
        # Another driver committed the same app id while this one was writing: the rows are in the table.
        if "DELTA_CONCURRENT_TRANSACTION" not in str(error):
            raise


@_again
def append_new(df: DataFrame, table: str, key: str | Sequence[str]) -> int:
    """Append the rows whose `key` is not yet in the table, one per key; returns how many.

    Two drivers at once add each key once: Delta rejects the slower one's commit, which is then tried again on top of
    the other's rows. Columns are matched by name; those missing in `df` become NULL; a NULL key counts as a key.

    Args:
        df: the rows.
        table: where they go.
        key: the column, or the columns together, that identify a row.
    """
    spark = df.sparkSession
    keys = [key] if isinstance(key, str) else list(key)
    same = " AND ".join(f"old.{quoted(column)} <=> new.{quoted(column)}" for column in keys)
    columns = ", ".join(quoted(column) for column in df.columns)
    values = ", ".join(f"new.{quoted(column)}" for column in df.columns)
    view = f"judgelake_new_{uuid.uuid4().hex}"
    df.dropDuplicates(keys).createOrReplaceTempView(view)
    try:
        done = spark.sql(
            f"MERGE INTO {quoted(table)} AS old USING {view} AS new ON {same} "
            f"WHEN NOT MATCHED THEN INSERT ({columns}) VALUES ({values})"
        ).first()
    finally:
        spark.catalog.dropTempView(view)
    return 0 if done is None else int(done["num_inserted_rows"])


@_again
def append_and_delete(df: DataFrame, gone: DataFrame, table: str, key: str) -> tuple[int, int]:
    """Append the rows whose `key` is not yet in the table and delete others, in one commit; returns how many of each.

    Args:
        df: the rows to append, all columns of them.
        gone: the keys of the rows to delete, as their only column; none of them is in `df`.
        table: where they go.
        key: the column that identifies a row.
    """
    spark = df.sparkSession
    added = df.dropDuplicates([key]).withColumn("is_gone", F.expr("false"))
    deleted = gone.distinct().withColumn("is_gone", F.expr("true"))
    columns = ", ".join(quoted(column) for column in df.columns)
    values = ", ".join(f"new.{quoted(column)}" for column in df.columns)
    view = f"judgelake_new_{uuid.uuid4().hex}"
    added.unionByName(deleted, allowMissingColumns=True).createOrReplaceTempView(view)
    try:
        done = spark.sql(
            f"MERGE INTO {quoted(table)} AS old USING {view} AS new ON old.{quoted(key)} = new.{quoted(key)} "
            "WHEN MATCHED AND new.is_gone THEN DELETE "
            f"WHEN NOT MATCHED AND NOT new.is_gone THEN INSERT ({columns}) VALUES ({values})"
        ).first()
    finally:
        spark.catalog.dropTempView(view)
    return (0, 0) if done is None else (int(done["num_inserted_rows"]), int(done["num_deleted_rows"]))


@_again
def drop_plan(spark: SparkSession, plans: str, plan_id: str) -> None:
    """Delete a run's rows from the plans table: whole partitions, so no file is rewritten."""
    # Delta's DELETE takes no named parameters, and its own calls need a plugin in a Connect server.
    spark.sql(f"DELETE FROM {quoted(plans)} WHERE plan_id = '{escaped(plan_id)}'")


def renew_plan(spark: SparkSession, plans: str, plan_id: str) -> None:
    """Add a row without a chunk to a run's plan: a new file, whose time says that the run still works."""
    row = spark.createDataFrame([(plan_id,)], "plan_id STRING")
    row.write.format("delta").mode("append").saveAsTable(plans)


@_again
def replace_plan(df: DataFrame, plans: str, plan_id: str) -> None:
    """Replace a run's rows in the plans table with these, which may be made of them; other runs' rows stay."""
    df.writeTo(quoted(plans)).overwrite(F.col("plan_id") == plan_id)


@_again
def replace_rows(df: DataFrame, table: str, column: str, value: str) -> None:
    """Replace all rows that have `value` in `column` with these, in one commit; other rows stay.

    Where the log shows that there are none, the rows are appended: Delta would look for them for a second or more. Of
    several drivers that replace the rows of one value at once, one that has not seen the commit of another writes
    nothing, or looks again.

    Columns are matched by name; every row must have `value` in `column`.
    """
    seen = on_disk(df.sparkSession, table)
    # The version that was looked at: Delta skips a commit with an older one than the last of the same value.
    options = {} if seen is None else {"txnAppId": value, "txnVersion": str(seen.version)}
    if seen is not None and not _may_hold(seen, column, value):
        df.write.format("delta").mode("append").options(**options).saveAsTable(table)
    else:
        df.writeTo(quoted(table)).options(**options).overwrite(F.col(column) == value)


def _may_hold(seen: OnDisk, column: str, value: str) -> bool:
    """Whether a row may have the value in the column, as far as is noted."""
    note = seen.noted()
    files = None if note is None else note.data_files()
    return files is None or any(one.may_hold(column, value) for one in files)
