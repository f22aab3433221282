"""What loaders yield, as a Parquet folder that Spark can read: memory is bounded, whatever the size of the input."""

from __future__ import annotations

import contextlib
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from judgelake.comparisons import Comparison, comparison_to_record, label_to_record
from judgelake.config import Tables
from judgelake.errors import UserError
from judgelake.jobs.ingest.judgment_rows import FILLED, judgment_row
from judgelake.lake import COMPARISON, JUDGMENT, LABEL, TRAINING_EXAMPLE, as_batch, as_struct, selected
from judgelake.sources import Item, Loaded
from judgelake.training import Example, record_of

ROWS = "rows.parquet"
ROWS_A_GROUP = 5_000
# Spark reads a row group at once: it must not hold thousands of rows with megabytes of text.
BYTES_A_GROUP = 32 * 2**20

STAGED = pa.schema(
    {
        "seq": pa.int64(),
        "file": pa.string(),
        "line": pa.int64(),
        "comparison": as_struct(COMPARISON),
        "labels": pa.list_(as_struct(LABEL)),
        "judgments": pa.list_(as_struct(selected(JUDGMENT, *FILLED))),
        "examples": pa.list_(as_struct(TRAINING_EXAMPLE)),
        "reason": pa.string(),
        "raw": pa.string(),
    }
)


@contextmanager
def staging_folder(staging: str | None, tables: Tables) -> Iterator[Path]:
    """A new folder that this process and Spark's executors can both access, deleted at the end.

    Raises:
        UserError: it cannot be created, or no place is known that both can access.
    """
    place = Path(staging) if staging is not None else _inside_warehouse(tables)
    folder = place.resolve() / f"ingest-{uuid.uuid4().hex}"
    was_there = [parent for parent in (folder.parent, folder.parent.parent) if parent.exists()]
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise UserError(
            f"Cannot write to {str(place)!r}: {error.strerror}. Make it writable or set `staging`."
        ) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        for parent in (folder.parent, folder.parent.parent):
            if parent not in was_there:
                with contextlib.suppress(OSError):
                    parent.rmdir()


def _inside_warehouse(tables: Tables) -> Path:
    if tables.warehouse is None or "://" in tables.warehouse:
        raise UserError(
            "`staging` is not set: name a folder that this machine and Spark's executors can both access, for example "
            "a Unity Catalog volume: --set staging=/Volumes/main/default/judgelake."
        )
    return Path(tables.warehouse) / "_staging"


def stage(items: Iterable[Item], folder: Path, each: Callable[[Item], None] = lambda item: None) -> None:
    """Write the items in their order to `folder`; `each` is called with every one."""
    waiting: list[dict[str, Any]] = []
    size = 0
    with pq.ParquetWriter(folder / ROWS, STAGED, compression="zstd") as writer:
        for seq, item in enumerate(items):
            each(item)
            waiting += rows_of_item(seq, item)
            size += _bytes_of(item)
            if len(waiting) >= ROWS_A_GROUP or size >= BYTES_A_GROUP:
                writer.write_batch(as_batch(waiting, STAGED))
                waiting, size = [], 0
        writer.write_batch(as_batch(waiting, STAGED))


def rows_of_item(seq: int, item: Item) -> list[dict[str, Any]]:
    """The columns of `STAGED` for one item: its row, and one for each of its refused labels."""
    return [{"seq": seq, **staged_row(one)} for one in (item, *(item.refused if isinstance(item, Loaded) else ()))]


def staged_row(item: Item) -> dict[str, Any]:
    """The columns of `STAGED`, without `seq`, for one item."""
    row: dict[str, Any] = {"file": item.file, "line": item.line or None}
    if not isinstance(item, Loaded):
        nothing: dict[str, Any] = {"comparison": None, "labels": [], "judgments": [], "examples": []}
        return {**row, **nothing, "reason": item.reason, "raw": item.raw}
    comparison = None if item.comparison is None else _comparison(item.comparison)
    labels = [label_to_record(label) for label in item.labels]
    judgments = [judgment_row(judgment) for judgment in item.judgments]
    given = {"comparison": comparison, "labels": labels, "judgments": judgments}
    return {**row, **given, "examples": list(map(_example, item.examples)), "reason": None, "raw": None}


def _comparison(comparison: Comparison) -> dict[str, Any]:
    return {**comparison_to_record(comparison), "attributes": list(comparison.attributes.items())}


def _example(example: Example) -> dict[str, Any]:
    shares = None if example.probabilities is None else list(example.probabilities.items())
    return {**record_of(example), "comparison": _comparison(example.comparison), "probabilities": shares}


def _bytes_of(item: Item) -> int:
    if not isinstance(item, Loaded):
        return len(item.raw)
    refused = sum(len(label.raw) for label in item.refused)
    written = refused + sum(len(judgment.raw_output or "") for judgment in item.judgments)
    if item.comparison is None:
        return written
    said = [judged for one in item.examples for judged in (one.judged, one.referenced) if judged is not None]
    learned = sum(len(judged.reasons or "") for judged in said)
    asked = sum(len(message.content) for message in item.comparison.messages) + len(item.comparison.input or "")
    answered = sum(len(part) for answer in item.comparison.answers for part in answer.texts)
    shown = asked + answered + len(item.comparison.reference or "")
    return written + learned + shown * (1 + len(item.examples))
