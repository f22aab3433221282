"""Parquet and Arrow files as rows, read by pyarrow a few rows at a time."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from judgelake.errors import UserError, first_line
from judgelake.sources.loaded import Rejected, Row

# pyarrow is imported where it is used: a command that reads only JSON starts without it.

ROWS_AT_ONCE = 500


def rows_of_parquet(file: str, stream: io.BufferedReader) -> Iterator[Row | Rejected]:
    """The rows of a Parquet file as plain values: lists, objects, text, numbers, times.

    Raises:
        UserError: it cannot be read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        # The description of the columns is at the end of the file, where a pipe or packed file cannot be entered.
        is_file = isinstance(stream.raw, io.FileIO) and stream.seekable()
        source = stream if is_file else pa.BufferReader(stream.read())
        yield from _rows(file, pq.ParquetFile(source).iter_batches(batch_size=ROWS_AT_ONCE))
    except pa.ArrowException as error:
        raise UserError(f"Cannot read {file!r} as Parquet: {first_line(error)}") from error


def rows_of_arrow(file: str, stream: io.BufferedReader, is_stream: bool) -> Iterator[Row | Rejected]:
    """The rows of an Arrow IPC file (also Feather version 2) or, if `is_stream`, of an IPC stream.

    Raises:
        UserError: it cannot be read.
    """
    import pyarrow as pa

    try:
        if is_stream:
            yield from _rows(file, pa.ipc.open_stream(stream))
            return
        reader = pa.ipc.open_file(pa.BufferReader(stream.read()))
        yield from _rows(file, (reader.get_batch(place) for place in range(reader.num_record_batches)))
    except pa.ArrowException as error:
        raise UserError(f"Cannot read {file!r} as Arrow: {first_line(error)}") from error


def nanosecond_columns(path: Path) -> list[str]:
    """The columns of a Parquet file with times in nanoseconds, which Spark cannot read; empty if it has none.

    pandas writes its times so. Source: Spark's ParquetSchemaConverter refuses TIMESTAMP(NANOS).
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        schema = pq.read_schema(path)
    except (pa.ArrowException, OSError):
        return []
    return [field.name for field in schema if pa.types.is_timestamp(field.type) and field.type.unit == "ns"]


def _rows(file: str, batches: Iterable[Any]) -> Iterator[Row | Rejected]:
    number = 0
    for batch in batches:
        for start in range(0, batch.num_rows, ROWS_AT_ONCE):
            for value in _values(batch.slice(start, ROWS_AT_ONCE)):
                number += 1
                yield _row(file, number, value)


def _row(file: str, number: int, value: dict[str, Any] | None) -> Row | Rejected:
    if value is None:
        return Rejected(file, number, "not valid UTF-8", "")
    raw = json.dumps(value, ensure_ascii=False, default=str)
    return Row(file, number, raw.encode("utf-8", "backslashreplace").decode(), value)


def _values(batch: Any) -> Iterator[dict[str, Any] | None]:
    """The rows of a batch; None for one with text that is not UTF-8."""
    try:
        yield from batch.to_pylist(maps_as_pydicts="lossy")
    except UnicodeDecodeError:
        for place in range(batch.num_rows):
            try:
                yield batch.slice(place, 1).to_pylist(maps_as_pydicts="lossy")[0]
            except UnicodeDecodeError:
                yield None
