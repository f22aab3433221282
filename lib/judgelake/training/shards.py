"""Training rows as Parquet files named by their content, for processes without a Spark session."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from judgelake.training.row import Row, SoftTarget
from judgelake.whole_files import written_whole

# Of 2,000 tokens each: 150 MB while they are written.
ROWS_OF_A_SHARD = 2_000
NAME_CHARACTERS = 32
SOFT = pa.struct({"position": pa.int32(), "token_ids": pa.list_(pa.int32()), "probabilities": pa.list_(pa.float64())})
SHARD = pa.schema(
    {
        "example_id": pa.string(),
        "epoch": pa.int32(),
        "swapped": pa.bool_(),
        "with_reference": pa.bool_(),
        "input_ids": pa.list_(pa.int32()),
        "target_from": pa.int32(),
        "soft": SOFT,
        "trimmed": pa.bool_(),
        "head_target": pa.float64(),
        "rejected_ids": pa.list_(pa.int32()),
    }
)
"""The columns of a shard: the fields of `Row`."""


PLAIN = tuple(name for name in SHARD.names if name not in ("input_ids", "soft", "rejected_ids"))


def write_shards(rows: Iterable[Row], folder: Path, rows_of_a_shard: int = ROWS_OF_A_SHARD) -> tuple[Path, ...]:
    """Write rows in their order; returns the files in that order.

    The name of a file is a hash of its rows, so the same rows give the same names, and a shard that is already there
    is not written again. A file appears whole or not at all.
    """
    folder.mkdir(parents=True, exist_ok=True)
    left, paths = iter(rows), []
    while part := list(islice(left, rows_of_a_shard)):
        paths.append(_written(part, folder))
    return tuple(paths)


def read_shards(paths: Sequence[Path]) -> Iterator[Row]:
    """The rows of shards, in the order of the files and of the rows in them."""
    for path in paths:
        for batch in pq.ParquetFile(path).iter_batches():
            yield from map(row_of, batch.to_pylist())


def row_of(record: dict[str, Any]) -> Row:
    """The row of a shard's record."""
    soft, rejected = record["soft"], record["rejected_ids"]
    return Row(
        **{key: record[key] for key in PLAIN},
        input_ids=tuple(record["input_ids"]),
        soft=None
        if soft is None
        else SoftTarget(soft["position"], tuple(soft["token_ids"]), tuple(soft["probabilities"])),
        rejected_ids=None if rejected is None else tuple(rejected),
    )


def _record(row: Row) -> dict[str, Any]:
    soft = row.soft
    return {
        "example_id": row.example_id,
        "epoch": row.epoch,
        "swapped": row.swapped,
        "with_reference": row.with_reference,
        "input_ids": row.input_ids,
        "target_from": row.target_from,
        "soft": None
        if soft is None
        else {"position": soft.position, "token_ids": soft.token_ids, "probabilities": soft.probabilities},
        "trimmed": row.trimmed,
        "head_target": row.head_target,
        "rejected_ids": row.rejected_ids,
    }


def _written(rows: Sequence[Row], folder: Path) -> Path:
    digest = hashlib.sha256(str(SHARD).encode())
    for row in rows:
        digest.update(repr(row).encode())
    path = folder / f"{digest.hexdigest()[:NAME_CHARACTERS]}.parquet"
    if not path.exists():
        with written_whole(path) as draft:
            pq.write_table(pa.Table.from_pylist(list(map(_record, rows)), SHARD), draft)
    return path
