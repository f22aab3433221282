"""Any table that Spark reads, mapped and checked row by row on the executors."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from py4j.protocol import Py4JJavaError  # type: ignore[import-untyped]
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema
from pyspark.sql.types import ArrayType, BooleanType, DataType, MapType, NumericType, StringType, StructType

from judgelake.errors import UserError, first_line
from judgelake.jobs.ingest.staged import staged_rows
from judgelake.jobs.ingest.staging import ROWS, STAGED, rows_of_item
from judgelake.lake import COMPARISON, as_batch
from judgelake.runtime import cause_of, in_job_settings
from judgelake.sources import (
    ANY_TABLE,
    OWN_NEEDED,
    Columns,
    Item,
    Rejected,
    Row,
    columns_needed,
    is_address,
    line_accepted,
    no_such_column,
    rejections_of,
    row_accepted,
)

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Take = Callable[[pa.RecordBatch], Item]
"""Converts one row, given as a batch of its own, to an item."""

SEQ = "_judgelake_seq"
# The rows of the tables are numbered from 0 on.
BEFORE = 2**62
# judgelake's own column names, for a table that needs no mapping.
OWN = (*COMPARISON.names, "labels")
# Spark would read the folder id=007 as the number 7, which is another id.
GUESS_TYPES_OF_FOLDERS = "spark.sql.sources.partitionColumnTypeInference.enabled"


@in_job_settings
def stage_tables(
    spark: SparkSession, names: Sequence[str], columns: Columns | None, folder: Path, besides: Path | None = None
) -> None:
    """Convert the rows of the tables and write them to `folder`; no row passes through this process.

    Args:
        spark: the session.
        names: tables, or what Spark reads at a path or address.
        columns: the mapping.
        folder: where the rows are written.
        besides: a folder with further rows, staged by this process: they come first.

    Raises:
        UserError: a table cannot be read, or lacks columns that the mapping names.
    """
    staged = [] if besides is None else [staged_rows(spark, besides).withColumn("seq", F.col("seq") - BEFORE)]
    for place, name in enumerate(names):
        try:
            with _folders_as_text(spark) if is_address(name) else nullcontext():
                rows, take = _selected(spark, name, columns)
        except (PySparkException, Py4JJavaError) as error:
            raise UserError(f"Cannot read the table {name!r}: {_reason(error)} {ANY_TABLE}.") from error
        # Interleaved: each table counts its rows from 0, and a row is known by this number alone from here on.
        numbered = rows.withColumn(SEQ, F.monotonically_increasing_id() * len(names) + place)
        # mapInArrow cannot find a column with a dot in its name, so the columns get their names back in `_accepting`.
        plain = numbered.toDF(*(f"column_{number}" for number in range(len(numbered.columns))))
        staged.append(plain.mapInArrow(_accepting(take, numbered.columns), from_arrow_schema(STAGED)))
    reduce(DataFrame.unionByName, staged).write.parquet(str(folder / ROWS))


def _selected(spark: SparkSession, name: str, columns: Columns | None) -> tuple[DataFrame, Take]:
    """The table's columns that are needed, and the function that converts one row of them."""
    suffix = Path(name.removesuffix(".gz")).suffix
    if suffix in (".json", ".jsonl", ".ndjson"):
        # Spark's JSON reader turns numbers and booleans into text where other rows hold text.
        lines = spark.read.text(name).where("trim(value) != ''").select(F.col("value").cast("binary").alias("value"))
        return lines, lambda row: line_accepted(name, row.column("value")[0].as_py(), columns)
    table = _table(spark, name, suffix)
    selected = _own(table, name) if columns is None else _mapped(table, name, columns)
    return selected, lambda row: _of_table(name, row, columns)


def _table(spark: SparkSession, name: str, suffix: str) -> DataFrame:
    if not is_address(name):
        return spark.table(name)
    is_delta = (Path(name) / "_delta_log").is_dir() or ("://" in name and suffix != ".parquet")
    return spark.read.format("delta" if is_delta else "parquet").load(name)


def _accepting(take: Take, names: list[str]) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def accept(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            named = batch.rename_columns(names)
            rows = (named.slice(place, 1) for place in range(batch.num_rows))
            yield as_batch([staged for row in rows for staged in _accept(row, take)], STAGED)

    return accept


def _accept(row: pa.RecordBatch, take: Take) -> list[dict[str, Any]]:
    return rows_of_item(row.column(SEQ)[0].as_py(), take(row.drop_columns([SEQ])))


def _of_table(name: str, row: pa.RecordBatch, columns: Columns | None) -> Item:
    try:
        value = row.to_pylist(maps_as_pydicts="strict")[0]
    except UnicodeDecodeError:
        return Rejected(name, 0, "not valid UTF-8", "")
    item = row_accepted(Row(name, 0, "", value), columns)
    # The text of a row is only needed, and only made, where something of it was rejected.
    return row_accepted(Row(name, 0, _text_of(value), value), columns) if rejections_of(item) else item


def _text_of(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, default=str).encode("utf-8", "backslashreplace").decode()


def _own(table: DataFrame, name: str) -> DataFrame:
    missing = [column for column in OWN_NEEDED if column not in table.columns]
    if missing:
        raise no_such_column(name, missing, table.columns, is_mapped=False)
    return table.select(*(column for column in OWN if column in table.columns))


def _mapped(table: DataFrame, name: str, columns: Columns) -> DataFrame:
    needed = columns_needed(columns)
    missing = [column for column in needed if column not in table.columns]
    if missing:
        raise no_such_column(name, missing, table.columns, is_mapped=True)
    return table.select(*(_as(table.schema[column].dataType, name, column, use) for column, use in needed.items()))


def _as(kind: DataType, table: str, column: str, use: str) -> Column:
    """The column as it is handed to Python, where one rule reads it whatever the file."""
    quoted = F.col(f"`{column.replace('`', '``')}`")
    is_list = isinstance(kind, ArrayType)
    if use == "text" and not (is_list or isinstance(kind, StringType)):
        raise UserError(f"Column {column!r} of {table!r} is {kind.simpleString()}, expected text (string).")
    if use == "number" and not isinstance(kind, NumericType | StringType):
        raise UserError(f"Column {column!r} of {table!r} is {kind.simpleString()}, expected numbers.")
    if use != "text" and (is_list or isinstance(kind, StructType | MapType)):
        raise UserError(f"Column {column!r} of {table!r} is {kind.simpleString()}, expected a single value.")
    if use == "number" and isinstance(kind, NumericType):
        return quoted.cast("double").alias(column)
    is_read_in_python = use == "value" and isinstance(kind, BooleanType | NumericType)
    return (quoted if use == "text" or is_read_in_python else quoted.cast("string")).alias(column)


@contextmanager
def _folders_as_text(spark: SparkSession) -> Iterator[None]:
    """Partition columns of the tables read inside are text."""
    before = spark.conf.get(GUESS_TYPES_OF_FOLDERS)
    spark.conf.set(GUESS_TYPES_OF_FOLDERS, "false")
    try:
        yield
    finally:
        spark.conf.set(GUESS_TYPES_OF_FOLDERS, before or "true")


def _reason(error: Exception) -> str:
    if "NANOS" in str(error):
        return (
            "it has times in nanoseconds, which Spark does not read. Write them in microseconds (pandas: "
            'to_parquet(..., coerce_timestamps="us", allow_truncated_timestamps=True)), drop the column, or copy the '
            "file to this machine, where such a file is read without Spark."
        )
    return first_line(error) if isinstance(error, PySparkException) else f"{cause_of(error)}."
