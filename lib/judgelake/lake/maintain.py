"""Keeping the tables small and quick to read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from delta.tables import DeltaTable

from judgelake.config import Tables
from judgelake.errors import UserError
from judgelake.lake.create import register
from judgelake.lake.names import TABLES

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# Readers of an older version and runs in flight need their files for so long; Delta refuses less by default.
LEAST_RETAIN_HOURS = 168


@dataclass(frozen=True, slots=True)
class Maintained:
    """What was done to one table."""

    table: str
    files_before: int
    files_after: int


def maintain(spark: SparkSession, tables: Tables, retain_hours: int = LEAST_RETAIN_HOURS) -> Iterator[Maintained]:
    """OPTIMIZE, then VACUUM what no version of the last `retain_hours` needs, table by table.

    Raises:
        UserError: less than a week is to be retained, or no table exists.
    """
    if retain_hours < LEAST_RETAIN_HOURS:
        raise UserError(f"--retain-hours {retain_hours}: at least {LEAST_RETAIN_HOURS} hours (a week) must be kept.")
    found = register(spark, tables)
    if not found:
        raise UserError("There are no tables to maintain. Make them with jobs/tables.py create.")
    # Delta lists files with so many tasks; its default of 10,000 takes minutes on a laptop.
    spark.conf.set("spark.sql.sources.parallelPartitionDiscovery.parallelism", "8")
    for name in (getattr(tables, table) for table in TABLES):
        if name in found:
            table = DeltaTable.forName(spark, name)
            before = _files(table)
            table.optimize().executeCompaction()
            table.vacuum(retain_hours)
            yield Maintained(name, before, _files(table))


def _files(table: DeltaTable) -> int:
    detail = table.detail().select("numFiles").first()
    return 0 if detail is None else int(detail["numFiles"])
