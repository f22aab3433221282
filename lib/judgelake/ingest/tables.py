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

from judgelake.errors import UserError
from judgelake.ingest.staging import ROWS, STAGED, staged_row
from judgelake.sources import Columns, Rejected, columns_needed, rows_accepted

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SEQ = "_judgelake_seq"
# Our own column names, for a table that needs no mapping.
OWN = (
    "comparison_id",
    "question_id",
    "messages",
    "input",
    "answers",
    "reference",
    "rubric",
    "source",
    "attributes",
    "labels",
)
OWN_NEEDED = ("messages", "answers")


def stage_tables(spark: SparkSession, names: Sequence[str], columns: Columns | None, folder: Path) -> None:
    """Write what the rows of the tables become to `folder`; no row passes through this process.

    Raises:
        UserError: a table that cannot be read, or without the columns of the mapping.
    """
    staged = [_staged(_read(spark, name), name, columns) for name in names]
    reduce(DataFrame.unionByName, staged).write.parquet(str(folder / ROWS))


def _read(spark: SparkSession, name: str) -> DataFrame:
    try:
        return _reader(spark, name)
    except AnalysisException as error:
        raise UserError(
            f"Cannot read the table {name!r}: {str(error).strip().splitlines()[0]} "
            "Name a table, or the path of a Delta or Parquet folder or of JSON lines."
        ) from error


def _reader(spark: SparkSession, name: str) -> DataFrame:
    suffix = Path(name).suffix
    if suffix in (".json", ".jsonl"):
        return spark.read.json(name)
    if suffix == ".parquet":
        return spark.read.parquet(name)
    if "/" not in name:
        return spark.table(name)
    is_delta = "://" in name or (Path(name) / "_delta_log").is_dir()
    return spark.read.format("delta" if is_delta else "parquet").load(name)


def _staged(table: DataFrame, name: str, columns: Columns | None) -> DataFrame:
    selected = _own(table, name) if columns is None else _mapped(table, name, columns)
    schema = from_arrow_schema(STAGED)
    return selected.withColumn(SEQ, F.monotonically_increasing_id()).mapInArrow(_accepting(name, columns), schema)


def _accepting(table: str, columns: Columns | None) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def accept(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            staged = [_accept(table, batch.slice(place, 1), columns) for place in range(batch.num_rows)]
            yield pa.RecordBatch.from_pylist(staged, schema=STAGED)

    return accept


def _accept(table: str, row: pa.RecordBatch, columns: Columns | None) -> dict[str, Any]:
    seq = row.column(SEQ)[0].as_py()
    try:
        value = row.drop_columns([SEQ]).to_pylist(maps_as_pydicts="strict")[0]
    except (UnicodeDecodeError, KeyError) as error:
        why = "not valid UTF-8" if isinstance(error, UnicodeDecodeError) else f"the same key twice: {error}"
        return {"seq": seq, **staged_row(Rejected(table, 0, why, ""))}
    item = next(rows_accepted(table, iter([value]), columns))
    if isinstance(item, Rejected):
        item = replace(item, raw=_text_of(value))
    return {"seq": seq, **staged_row(item)}


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
