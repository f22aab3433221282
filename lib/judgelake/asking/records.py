"""Rows of a job's input in a Python worker: texts arrive as bytes, since one that is not UTF-8 would fail Arrow."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import pyarrow as pa

NOT_UTF8 = "not_utf8"
"""The key that a record has if some of its texts are not UTF-8."""


def records_of(batch: pa.RecordBatch) -> list[dict[str, Any]]:
    """The rows of a batch whose texts are bytes, decoded; a row has `NOT_UTF8` if some of them are not text."""
    try:
        rows: list[dict[str, Any]] = batch.cast(_decoded_schema(batch.schema)).to_pylist()
    except pa.ArrowInvalid:
        return [_decoded_row(row) for row in batch.to_pylist()]
    return rows


@lru_cache(maxsize=4)
def _decoded_schema(schema: pa.Schema) -> pa.Schema:
    return pa.schema([(field.name, _decoded_type(field.type)) for field in schema])


def _decoded_type(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_list(kind):
        return pa.list_(_decoded_type(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([(field.name, _decoded_type(field.type)) for field in kind])
    return pa.string() if pa.types.is_binary(kind) else kind


def _decoded_row(row: dict[str, Any]) -> dict[str, Any]:
    """Bytes that are not UTF-8 become U+FFFD, so that the row can be written and read."""
    is_text = True

    def decoded(value: Any) -> Any:
        nonlocal is_text
        if isinstance(value, bytes):
            try:
                return value.decode()
            except UnicodeDecodeError:
                is_text = False
                return value.decode("utf-8", "replace")
        if isinstance(value, list):
            return [decoded(item) for item in value]
        if isinstance(value, dict):
            return {key: decoded(item) for key, item in value.items()}
        return value

    whole: dict[str, Any] = decoded(row)
    return whole if is_text else {**whole, NOT_UTF8: True}
