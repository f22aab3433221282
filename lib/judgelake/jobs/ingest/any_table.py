"""Any table that Spark reads, mapped and checked row by row on the executors."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema
from pyspark.sql.types import ArrayType, DataType, MapType, NumericType, StringType, StructType

from judgelake.errors import UserError, first_line
from judgelake.jobs.ingest.staging import ROWS, STAGED, staged_row
from judgelake.lake import COMPARISON, as_batch
from judgelake.sources import Columns, Item, Rejected, Row, columns_needed, line_accepted, row_accepted

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Take = Callable[[pa.RecordBatch], Item]
"""Converts one row, given as a batch of its own, to an item."""

SEQ = "_judgelake_seq"
# judgelake's own column names, for a table that needs no mapping.
OWN = (*COMPARISON.names, "labels")
OWN_NEEDED = ("messages", "answers")


def stage_tables(spark: SparkSession, names: Sequence[str], columns: Columns | None, folder: Path) -> None:
    """Convert the rows of the tables and write them to `folder`; no row passes through this process.

    Raises:
        UserError: a table cannot be read, or lacks columns that the mapping names.
    """
    staged = []
    for place, name in enumerate(names):
        try:
            rows, take = _selected(spark, name, columns)
        except AnalysisException as error:
            raise UserError(
                f"Cannot read the table {name!r}: {first_line(error)} "
                "Name a table, or the path of a Delta or Parquet folder or of JSON lines."
            ) from error
        # Interleaved: each table counts its rows from 0, and a row is known by this number alone from here on.
        numbered = rows.withColumn(SEQ, F.monotonically_increasing_id() * len(names) + place)
        staged.append(numbered.mapInArrow(_accepting(take), from_arrow_schema(STAGED)))
    reduce(DataFrame.unionByName, staged).write.parquet(str(folder / ROWS))


def _selected(spark: SparkSession, name: str, columns: Columns | None) -> tuple[DataFrame, Take]:
    """The table's columns that are needed, and the function that converts one row of them."""
    suffix = Path(name).suffix
    if suffix in (".json", ".jsonl"):
        # Spark's JSON reader turns numbers and booleans into text where other rows hold text.
        lines = spark.read.text(name).where("trim(value) != ''").select(F.col("value").cast("binary").alias("value"))
        return lines, lambda row: line_accepted(name, row.column("value")[0].as_py(), columns)
    table = _table(spark, name, suffix)
    selected = _own(table, name) if columns is None else _mapped(table, name, columns)
    return selected, lambda row: _of_table(name, row, columns)


def _table(spark: SparkSession, name: str, suffix: str) -> DataFrame:
    if "/" not in name and suffix != ".parquet":
        return spark.table(name)
    is_delta = (Path(name) / "_delta_log").is_dir() or ("://" in name and suffix != ".parquet")
    return spark.read.format("delta" if is_delta else "parquet").load(name)


def _accepting(take: Take) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def accept(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            staged = [_accept(batch.slice(place, 1), take) for place in range(batch.num_rows)]
            yield as_batch(staged, STAGED)

    return accept


def _accept(row: pa.RecordBatch, take: Take) -> dict[str, Any]:
    seq = row.column(SEQ)[0].as_py()
    return {"seq": seq, **staged_row(take(row.drop_columns([SEQ])))}


def _of_table(name: str, row: pa.RecordBatch, columns: Columns | None) -> Item:
    try:
        value = row.to_pylist(maps_as_pydicts="strict")[0]
    except UnicodeDecodeError:
        return Rejected(name, 0, "not valid UTF-8", "")
    item = row_accepted(Row(name, 0, "", value), columns)
    return replace(item, raw=_text_of(value)) if isinstance(item, Rejected) else item


def _text_of(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, default=str).encode("utf-8", "backslashreplace").decode()


def _own(table: DataFrame, name: str) -> DataFrame:
    missing = [column for column in OWN_NEEDED if column not in table.columns]
    if missing:
        raise UserError(
            f"Table {name!r} has no column {', '.join(missing)}; it has {', '.join(table.columns)}. "
            "Map its columns under `columns` in the config."
        )
    return table.select(*(column for column in OWN if column in table.columns))


def _mapped(table: DataFrame, name: str, columns: Columns) -> DataFrame:
    selected = []
    for column, use in columns_needed(columns).items():
        if column not in table.columns:
            raise UserError(
                f"Table {name!r} has no column {column!r}; it has {', '.join(table.columns)}. "
                "Set `columns` in the config to the table's own names."
            )
        selected.append(_as(table.schema[column].dataType, name, column, use))
    return table.select(*selected)


def _as(kind: DataType, table: str, column: str, use: str) -> Column:
    quoted = F.col(f"`{column}`")
    nested = isinstance(kind, StructType | ArrayType | MapType)
    if use == "text" and not isinstance(kind, StringType):
        raise UserError(f"Column {column!r} of {table!r} is {kind.simpleString()}, expected text (string).")
    if use == "number" and not isinstance(kind, NumericType):
        raise UserError(f"Column {column!r} of {table!r} is {kind.simpleString()}, expected numbers.")
    if nested:
        raise UserError(f"Column {column!r} of {table!r} is {kind.simpleString()}, expected a single value.")
    if use == "number":
        return quoted.cast("double").alias(column)
    return (quoted if use == "text" else quoted.cast("string")).alias(column)
