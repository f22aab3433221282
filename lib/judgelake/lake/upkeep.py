"""Keeping the tables small and quick to read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from judgelake.config import Tables
from judgelake.errors import UserError
from judgelake.lake.append import drop_plan
from judgelake.lake.create import register
from judgelake.lake.names import TABLES, quoted

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# Readers of an older version and running jobs need the files for this long; Delta refuses a shorter time by default.
LEAST_RETAIN_HOURS = 168
# Number of tasks with which Delta lists files; its default of 10,000 takes minutes on a laptop.
LISTING_TASKS = "spark.sql.sources.parallelPartitionDiscovery.parallelism"
MOST_LISTING_TASKS = 64


@dataclass(frozen=True, slots=True)
class Maintained:
    """What was done to one table."""

    table: str
    files_before: int
    files_after: int


def maintain(spark: SparkSession, tables: Tables, retain_hours: int = LEAST_RETAIN_HOURS) -> Iterator[Maintained]:
    """OPTIMIZE, then VACUUM what no version of the last `retain_hours` needs, table by table.

    Raises:
        UserError: the retention is less than a week, or no table exists.
    """
    if retain_hours < LEAST_RETAIN_HOURS:
        raise UserError(f"--retain-hours {retain_hours}: at least {LEAST_RETAIN_HOURS} hours (a week) must be kept.")
    existing = register(spark, tables)
    if not existing:
        raise UserError(f"No tables in {tables.warehouse or 'the catalog'!r}. Create them with jobs/tables.py create.")
    for name in (getattr(tables, table) for table in TABLES):
        if name not in existing:
            continue
        before = _files(spark, name)
        if before > 1:
            spark.sql(f"OPTIMIZE {quoted(name)}")
        with _few_listing_tasks(spark):
            spark.sql(f"VACUUM {quoted(name)} RETAIN {int(retain_hours)} HOURS")
        yield Maintained(name, before, _files(spark, name))


def drop_stale_plans(
    spark: SparkSession, tables: Tables, older_than_hours: int = LEAST_RETAIN_HOURS, now: datetime | None = None
) -> tuple[str, ...]:
    """Drop the plans that killed runs left behind; returns their ids.

    A run that works renews its plan every hour (`renew_plan`), so the age of a plan's newest file is the time since the
    run was last alive.

    Args:
        spark: a session with Delta.
        tables: their names, and the warehouse.
        older_than_hours: how long ago that must be.
        now: None: the present.
    """
    if tables.plans not in register(spark, tables):
        return ()
    last = (now or datetime.now(UTC)) - timedelta(hours=older_than_hours)
    stale = (
        spark.read.table(tables.plans)
        .groupBy("plan_id")
        .agg({"_metadata.file_modification_time": "max"})
        .toDF("plan_id", "written_at")
        .where(F.col("written_at") < F.lit(last))
        .orderBy("plan_id")
    )
    dropped = tuple(str(row["plan_id"]) for row in stale.collect())
    for plan_id in dropped:
        drop_plan(spark, tables.plans, plan_id)
    return dropped


@contextmanager
def _few_listing_tasks(spark: SparkSession) -> Iterator[None]:
    before = spark.conf.get(LISTING_TASKS, None)
    try:
        if before is None or int(before) > MOST_LISTING_TASKS:
            spark.conf.set(LISTING_TASKS, str(MOST_LISTING_TASKS))
        yield
    finally:
        if before is None:
            spark.conf.unset(LISTING_TASKS)
        else:
            spark.conf.set(LISTING_TASKS, before)


def _files(spark: SparkSession, name: str) -> int:
    detail = spark.sql(f"DESCRIBE DETAIL {quoted(name)}").select("numFiles").first()
    return 0 if detail is None else int(detail["numFiles"])
