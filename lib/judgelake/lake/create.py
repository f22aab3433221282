"""Creating the tables and views, and registering those of an embedded warehouse in a session."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
from delta.tables import DeltaTable
from pyspark.errors import AnalysisException, PySparkException
from pyspark.sql.utils import is_remote
from tenacity import retry, retry_if_exception, stop_after_attempt, wait_random_exponential

from judgelake.config import Tables
from judgelake.errors import UserError, first_line
from judgelake.lake.log_store import check_log_store
from judgelake.lake.names import OF_JUDGING, POINTED_TO, TABLES, VIEWS, escaped, folder_of, needs, quoted, statement
from judgelake.lake.schemas import JUDGMENT, SCHEMAS, ddl_of
from judgelake.runtime import ONE_COMMAND
from judgelake.writability import why_unwritable

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

NOT_EMPTY = "DELTA_CREATE_TABLE_WITH_NON_EMPTY_LOCATION"
ADDED_TO = ("judgments", "plans")
"""Tables that got columns after their first version."""
# Delta's errors for the slower of two sessions that create the same table at the same moment.
LOST_RACES = (
    "DELTA_PROTOCOL_CHANGED",
    "DELTA_METADATA_CHANGED",
    "DELTA_CONCURRENT",
    "TABLE_OR_VIEW_ALREADY_EXISTS",
    NOT_EMPTY,
)


def create_tables(spark: SparkSession, tables: Tables, wanted: Collection[str] = OF_JUDGING) -> None:
    """Create the missing tables and views; existing ones stay as they are.

    Views of an embedded warehouse exist only in the session, so a session marked with `ONE_COMMAND`, which nobody
    queries after its command, gets none, and of the tables only those that its command needs.

    Args:
        spark: a session with Delta.
        tables: their names, and the warehouse.
        wanted: the tables that the caller needs.

    Raises:
        UserError: the warehouse is not writable or unsafe for several drivers, or a name does not fit.
    """
    _check_writable(tables)
    check_log_store(spark, tables, wanted)
    created = {table: _create(spark, tables, table) for table in _needed(spark, tables, wanted)}
    if tables.warehouse is None and any(created.values()):
        # Where a catalog puts a table is only known once it is there.
        check_log_store(spark, tables, wanted)
    for table in ADDED_TO:
        if created.get(table) is False:
            add_missing_columns(spark, getattr(tables, table), SCHEMAS[table])
    if tables.warehouse is None:
        # In a shared catalog a view may belong to somebody else; only `create_views`, called explicitly, replaces it.
        views = [view for view in VIEWS if not spark.catalog.tableExists(getattr(tables, view))]
    else:
        views = [] if spark.conf.get(ONE_COMMAND, None) else list(VIEWS)
    for view in views:
        _create_view(spark, tables, view)


def add_missing_columns(spark: SparkSession, table: str, schema: pa.Schema) -> None:
    """Add the columns of a schema that a table of an earlier version lacks; older rows have NULL in them.

    Without them a view could not be made, and an append would fail after its answers were paid for.

    Raises:
        UserError: they cannot be added.
    """
    change = _adding_columns(spark, table, schema)
    if change is None:
        return
    try:
        spark.sql(change)
    except PySparkException as error:
        # Another driver may have added them at the same moment.
        still = _adding_columns(spark, table, schema)
        if still is not None:
            raise UserError(
                f"Table {table!r} of an earlier version lacks columns that cannot be added: {first_line(error)} "
                f"Run {still}"
            ) from error


def _adding_columns(spark: SparkSession, table: str, schema: pa.Schema) -> str | None:
    """The statement that adds the columns of a schema that a table lacks; None if it has all."""
    columns = set(spark.read.table(table).columns)
    missing = [field for field in schema if field.name not in columns]
    return f"ALTER TABLE {quoted(table)} ADD COLUMNS ({ddl_of(pa.schema(missing))})" if missing else None


def create_views(spark: SparkSession, tables: Tables, found: Collection[str] = TABLES) -> None:
    """Create the views over the existing tables, or update the existing views.

    Raises:
        UserError: a table under a view is not what a view needs.
    """
    there = set(found)
    for view in VIEWS:
        if needs(view) <= there:
            _create_view(spark, tables, view)
            there.add(view)


def register(
    spark: SparkSession, tables: Tables, wanted: Collection[str] = TABLES, *, with_views: bool = False
) -> tuple[str, ...]:
    """Register the existing tables of an embedded warehouse and the views over them; returns the tables' names.

    Nothing is created in the warehouse, so it works on a read-only one.

    Args:
        spark: a session with Delta.
        tables: their names, and the warehouse.
        wanted: the tables that the caller needs; others are left out where `create_tables` leaves them out.
        with_views: also the views.

    Raises:
        UserError: a table under a view is not what a view needs.
    """
    existing = tuple(table for table in _needed(spark, tables, wanted) if _is_there(spark, tables, table))
    for table in existing:
        if tables.warehouse is not None:
            _point_to(spark, tables, table)
    if with_views and tables.warehouse is not None:
        create_views(spark, tables, existing)
    return tuple(getattr(tables, table) for table in existing)


def _needed(spark: SparkSession, tables: Tables, wanted: Collection[str]) -> tuple[str, ...]:
    """The wanted tables, and those that views read where there are views or may be."""
    is_alone = tables.warehouse is not None and spark.conf.get(ONE_COMMAND, None)
    return tuple(table for table in TABLES if table in wanted or (table in OF_JUDGING and not is_alone))


@retry(
    retry=retry_if_exception(lambda error: isinstance(error, PySparkException) and _lost_a_race(str(error))),
    stop=stop_after_attempt(6),
    wait=wait_random_exponential(0.5, max=5),
    reraise=True,
)
def _create(spark: SparkSession, tables: Tables, table: str) -> bool:
    """Create a table; whether it was missing."""
    name = getattr(tables, table)
    if _is_there(spark, tables, table):
        if tables.warehouse is not None:
            _point_to(spark, tables, table)
        return False
    _create_schema(spark, name)
    folder = folder_of(tables, name)
    if folder is not None:
        _forget(spark, name)
    location = "" if folder is None else f"LOCATION '{escaped(folder)}'"
    try:
        spark.sql(statement(table, tables, location))
    except AnalysisException as error:
        # Delta also raises this for a folder into which another session is just writing its first commit.
        if NOT_EMPTY in str(error) and not _has_log(folder):
            raise UserError(f"Folder {folder!r} of table {table!r} contains other files: move them away.") from error
        raise
    if folder is not None:
        spark.conf.set(POINTED_TO + name, folder)
    return True


def _create_view(spark: SparkSession, tables: Tables, view: str) -> None:
    try:
        spark.sql(statement(view, tables))
    except AnalysisException as error:
        _check_columns(spark, tables)
        below = ", ".join(sorted(getattr(tables, name) for name in needs(view)))
        raise UserError(
            f"The view {getattr(tables, view)!r} cannot be created over {below}: {first_line(error)} "
            "Bring your own tables in with jobs/ingest.py --format table."
        ) from error


def _check_columns(spark: SparkSession, tables: Tables) -> None:
    """Do nothing if the judgments have all columns.

    Raises:
        UserError: the table is of an earlier version, and nothing may be written here to add what it lacks.
    """
    change = _adding_columns(spark, tables.judgments, JUDGMENT)
    if change is not None:
        raise UserError(
            f"Table {tables.judgments!r} of an earlier version lacks columns of its views: judge into it once, "
            f"or run {change}"
        )


def _lost_a_race(message: str) -> bool:
    return any(mark in message for mark in LOST_RACES)


def _has_log(folder: str | None) -> bool:
    return folder is None or "://" in folder or (Path(folder) / "_delta_log").is_dir()


def _point_to(spark: SparkSession, tables: Tables, table: str) -> None:
    name = getattr(tables, table)
    folder = folder_of(tables, name) or ""
    _create_schema(spark, name)
    # Remembered in the session: asking Delta for a table's location reads its whole state, a second or more per table.
    remembered = POINTED_TO + name
    if spark.conf.get(remembered, None) == folder and spark.catalog.tableExists(name):
        return
    _forget(spark, name)
    spark.sql(f"CREATE TABLE IF NOT EXISTS {quoted(name)} USING DELTA LOCATION '{escaped(folder)}'")
    spark.conf.set(remembered, folder)


def _forget(spark: SparkSession, name: str) -> None:
    """Free a name that another warehouse, used earlier in this session, has registered; its files stay."""
    if not spark.catalog.tableExists(name):
        return
    if spark.catalog.getTable(name).tableType == "MANAGED":
        raise UserError(
            f"This session has a table {name!r} of its own, outside the warehouse folder. "
            "Set tables.warehouse to null to use it, or choose another name."
        )
    spark.sql(f"DROP TABLE {quoted(name)}")


def _create_schema(spark: SparkSession, name: str) -> None:
    schema = name.rpartition(".")[0]
    if not schema:
        return
    try:
        # Unity Catalog asks for the right to create schemas even where the schema exists.
        if spark.catalog.databaseExists(schema):
            return
        spark.sql(f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)}")
    except AnalysisException as error:
        raise UserError(f"Cannot use schema {schema!r} of table {name!r}: {first_line(error)}") from error


def _is_there(spark: SparkSession, tables: Tables, table: str) -> bool:
    name = getattr(tables, table)
    folder = folder_of(tables, name)
    if folder is None:
        return spark.catalog.tableExists(name)
    if not is_remote():
        return bool(DeltaTable.isDeltaTable(spark, folder))
    try:
        # Delta's own calls need a plugin in a Connect server, which few have.
        return bool(spark.read.format("delta").load(folder).columns)
    except AnalysisException:
        return False


def _check_writable(tables: Tables) -> None:
    if tables.warehouse is None or "://" in tables.warehouse:
        return
    folder = Path(tables.warehouse).resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"Cannot create the warehouse folder {str(folder)!r} ({error.strerror}). Name another in tables.warehouse."
        ) from error
    why = why_unwritable(folder)
    if why is not None:
        raise UserError(
            f"The warehouse folder {str(folder)!r} is not writable ({why}). "
            "Make it writable, or name another one in tables.warehouse."
        )
