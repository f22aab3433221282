"""Making the tables and views, and making those of an embedded warehouse known to a session."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from delta.tables import DeltaTable
from pyspark.errors import AnalysisException, PySparkException
from tenacity import retry, retry_if_exception, stop_after_attempt, wait_random_exponential

from judgelake.config import Tables
from judgelake.errors import UserError
from judgelake.lake.names import TABLES, VIEWS, folder_of, quoted, statement

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# What Delta says to the slower of two sessions that create one table at the same moment.
LOST_RACES = ("DELTA_PROTOCOL_CHANGED", "DELTA_METADATA_CHANGED", "DELTA_CONCURRENT", "TABLE_OR_VIEW_ALREADY_EXISTS")


def create_tables(spark: SparkSession, tables: Tables) -> None:
    """Create what is absent of the tables and views; what is there stays as it is.

    Raises:
        UserError: the warehouse cannot be written, or a name does not fit.
    """
    _check_writable(tables)
    for table in TABLES:
        _create(spark, tables, table)
    for view in VIEWS:
        spark.sql(statement(view, tables))


def register(spark: SparkSession, tables: Tables) -> tuple[str, ...]:
    """Make the existing tables of an embedded warehouse and the views over them known; returns the names found.

    Nothing is created, so a reader may hold a warehouse it must not write.
    """
    found = tuple(table for table in TABLES if _is_there(spark, tables, table))
    for table in found:
        if tables.warehouse is not None:
            _point_to(spark, tables, table)
    if "judgments" in found and tables.warehouse is not None:
        for view in VIEWS:
            spark.sql(statement(view, tables))
    return tuple(getattr(tables, table) for table in found)


@retry(
    retry=retry_if_exception(lambda error: isinstance(error, PySparkException) and any(m in str(error) for m in LOST_RACES)),
    stop=stop_after_attempt(6),
    wait=wait_random_exponential(0.5, max=5),
    reraise=True,
)
def _create(spark: SparkSession, tables: Tables, table: str) -> None:
    if _is_there(spark, tables, table):
        if tables.warehouse is not None:
            _point_to(spark, tables, table)
        return
    _create_schema(spark, getattr(tables, table))
    folder = folder_of(tables, getattr(tables, table))
    location = "" if folder is None else f"LOCATION '{_escaped(folder)}'"
    spark.sql(statement(table, tables, location))


def _point_to(spark: SparkSession, tables: Tables, table: str) -> None:
    name = getattr(tables, table)
    _create_schema(spark, name)
    folder = folder_of(tables, name) or ""
    spark.sql(f"CREATE TABLE IF NOT EXISTS {quoted(name)} USING DELTA LOCATION '{_escaped(folder)}'")


def _create_schema(spark: SparkSession, name: str) -> None:
    schema = name.rpartition(".")[0]
    if not schema:
        return
    try:
        spark.sql(f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)}")
    except AnalysisException as error:
        raise UserError(f"Cannot use schema {schema!r} of table {name!r}: {_first_line(error)}") from error


def _is_there(spark: SparkSession, tables: Tables, table: str) -> bool:
    name = getattr(tables, table)
    folder = folder_of(tables, name)
    if folder is None:
        return spark.catalog.tableExists(name)
    return DeltaTable.isDeltaTable(spark, folder)


def _check_writable(tables: Tables) -> None:
    if tables.warehouse is None or "://" in tables.warehouse:
        return
    folder = Path(tables.warehouse).resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"Cannot make the warehouse folder {str(folder)!r}: {error.strerror}.") from error
    if not os.access(folder, os.W_OK):
        raise UserError(f"The warehouse folder {str(folder)!r} is read-only. Make it writable or set tables.warehouse.")


def _escaped(folder: str) -> str:
    return folder.replace("\\", "\\\\").replace("'", "\\'")


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
