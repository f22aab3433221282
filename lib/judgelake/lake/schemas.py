"""The columns of every table as Arrow schemas, read from `ddl/`: other packages select from these by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import accumulate
from typing import Any

import pyarrow as pa

from judgelake.lake.description import described
from judgelake.lake.names import TABLES

SQL_TYPES = {
    pa.string(): "STRING",
    pa.bool_(): "BOOLEAN",
    pa.int32(): "INT",
    pa.int64(): "BIGINT",
    pa.float64(): "DOUBLE",
    pa.timestamp("us", tz="UTC"): "TIMESTAMP",
}
"""How the types of single values are written in `ddl/`."""
ARROW_TYPES = {sql: kind for kind, sql in SQL_TYPES.items()}


def selected(schema: pa.Schema, *names: str) -> pa.Schema:
    """The named columns, in the order of the names.

    Raises:
        KeyError: a name that is not a column.
    """
    return pa.schema([schema.field(name) for name in names])


def without(schema: pa.Schema, *names: str) -> pa.Schema:
    """All columns except the named ones.

    Raises:
        KeyError: a name that is not a column.
    """
    left_out = set(selected(schema, *names).names)
    return pa.schema([field for field in schema if field.name not in left_out])


def as_struct(schema: pa.Schema) -> pa.DataType:
    """The type of a whole row, for a column of rows."""
    return pa.struct(list(schema))


def ddl_of(schema: pa.Schema) -> str:
    """Names and types in Spark's syntax: "repeat INT, scores ARRAY<DOUBLE>"."""
    return ", ".join(f"{field.name} {sql_type(field.type)}" for field in schema)


def sql_type(kind: pa.DataType) -> str:
    """The type as it is written in `ddl/`.

    Raises:
        KeyError: a type that no table uses.
    """
    if pa.types.is_struct(kind):
        return f"STRUCT<{', '.join(f'{field.name}: {sql_type(field.type)}' for field in kind)}>"
    if pa.types.is_map(kind):
        return f"MAP<{sql_type(kind.key_type)}, {sql_type(kind.item_type)}>"
    if pa.types.is_list(kind):
        return f"ARRAY<{sql_type(kind.value_type)}>"
    return SQL_TYPES[kind]


def arrow_type(sql: str) -> pa.DataType:
    """The type that is written so in `ddl/`: the inverse of `sql_type`.

    Raises:
        ValueError: a type that no table uses.
    """
    outer, _, inner = sql.removesuffix(">").partition("<")
    match outer:
        case "ARRAY":
            return pa.list_(arrow_type(inner))
        case "MAP":
            key, value = _parts_of(inner)
            return pa.map_(arrow_type(key), arrow_type(value))
        case "STRUCT":
            fields = (part.split(": ", 1) for part in _parts_of(inner))
            return pa.struct({name: arrow_type(kind) for name, kind in fields})
    if sql in ARROW_TYPES:
        return ARROW_TYPES[sql]
    known = ", ".join(ARROW_TYPES)
    raise ValueError(f"{sql!r} is not a column's type: expected {known}, or ARRAY, MAP or STRUCT of these.")


def _parts_of(inner: str) -> list[str]:
    """What is between the outermost commas."""
    depths = accumulate((sign == "<") - (sign == ">") for sign in inner)
    marked = ("\n" if sign == "," and depth == 0 else sign for sign, depth in zip(inner, depths, strict=True))
    return "".join(marked).split("\n ")


def check_names(given: Iterable[str], schema: pa.Schema) -> None:
    """Whether these are exactly the columns of the schema, in any order.

    Raises:
        ValueError: names the missing and the unknown columns.
    """
    names, known = set(given), set(schema.names)
    if names != known:
        raise ValueError(
            f"A row must have exactly the columns of its schema: missing are {sorted(known - names)}, "
            f"unknown are {sorted(names - known)}."
        )


def as_batch(
    rows: Iterable[Mapping[str, Any]], schema: pa.Schema, shared: Mapping[str, Any] | None = None
) -> pa.RecordBatch:
    """Rows as one Arrow batch, every column matched by name; the order of a row's keys does not matter.

    Args:
        rows: all with the same keys; those of the first are checked.
        schema: the columns of the batch.
        shared: columns with one value in all rows, by name; the rows do not contain them.

    Raises:
        ValueError: a row's keys together with the shared ones are not exactly the schema's columns.
    """
    same = shared or {}
    columns: dict[str, list[Any]] = {name: [] for name in schema.names if name not in same}
    count = 0
    # Row by row, and none kept: a million rows of 23 keys took 7.0 us each, 8.4 us when a batch of them was held.
    for row in rows:
        if count == 0:
            check_names([*row, *same], schema)
        for name, value in row.items():
            columns[name].append(value)
        count += 1
    arrays = [
        pa.repeat(pa.scalar(same[field.name], field.type), count)
        if field.name in same
        else pa.array(columns[field.name], field.type)
        for field in schema
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _schema_of(table: str) -> pa.Schema:
    return pa.schema([(column.name, arrow_type(column.sql_type or "")) for column in described(table).columns])


SCHEMAS = {table: _schema_of(table) for table in TABLES}
"""The schema of each table, by its key in `tables`; every column may be NULL."""
COMPARISON, LABEL, JUDGMENT = (SCHEMAS[table] for table in ("comparisons", "labels", "judgments"))
REJECTED_ROW, PLANNED, RUN = (SCHEMAS[table] for table in ("rejected_rows", "plans", "runs"))
SEED, GENERATED_ANSWER, GENERATED_COMPARISON = (
    SCHEMAS[table] for table in ("seeds", "generated_answers", "generated_comparisons")
)
TRAINING_EXAMPLE = SCHEMAS["training_examples"]
RELIABILITY = SCHEMAS["reliability"]
