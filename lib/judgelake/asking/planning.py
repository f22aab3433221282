"""What a plan needs to know of the input, computed in Spark's Python workers: names, and rows to ask."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from judgelake.asking.heavy import key_of_piece
from judgelake.asking.inquiry import Requester, Row
from judgelake.asking.records import records_of
from judgelake.asking.worker import in_worker
from judgelake.lake import PLANNED, as_batch, ddl_of, without

ROW_HASH = "row_hash"
"""The column with the hash of a row of the input, also of requests and results."""
WANTED = "wanted"
"""The column with the pending requests of a row; missing where all of them are pending for the first time."""
NAMED = pa.schema([(ROW_HASH, pa.int64()), ("request_id", pa.string())])
NAMED_DDL = ddl_of(NAMED)
TO_ASK = without(PLANNED, "plan_id", "chunk", "question_bytes", "line_end")
TO_ASK_DDL = ddl_of(TO_ASK)
AS_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

# A batch ends at whichever limit comes first: Arrow's texts end at 2 GiB per column, and a prompt may have megabytes.
# A chat has several times as many bytes as JSON.
BATCH_ROWS = 2_000
BATCH_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Names:
    """Finds which requests each row makes: enough to see what is already answered, at a fraction of the bytes."""

    requester: Requester

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Turn rows of the input into rows of `NAMED`."""
        with in_worker():
            for batch in batches:
                rows = [
                    {ROW_HASH: record[ROW_HASH], "request_id": named.request_id}
                    for record in records_of(batch)
                    for named in self.requester.named(source_of(record)).requests
                ]
                if rows:
                    yield as_batch(rows, NAMED)


@dataclass(frozen=True, slots=True)
class Planning:
    """Turns rows of the input into rows of a plan."""

    requester: Requester
    pieces: Mapping[int, int] = field(default_factory=dict)
    """Into how many pieces heavy questions are cut, by their key; see `pieces_of_heavy`."""

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Turn rows of the input, with or without `WANTED`, into rows of `TO_ASK`."""
        with in_worker():
            for batch in batches:
                yield from in_batches((self._row(record) for record in records_of(batch)), TO_ASK, "source")

    def _row(self, record: Row) -> Row:
        source, wanted = source_of(record), record.get(WANTED)
        attempts = None if wanted is None else {one["request_id"]: one["attempt"] for one in wanted}
        row = self.requester.named(source)
        return {
            ROW_HASH: record[ROW_HASH],
            "question_key": self._key(row.question_key, source),
            "source": AS_JSON(source),
            "requests": [
                {
                    "request_id": named.request_id,
                    "place": place,
                    "attempt": 1 if attempts is None else attempts[named.request_id],
                    "prompt_bytes": named.prompt_bytes,
                    "sort_key": named.sort_key,
                }
                for place, named in enumerate(row.requests)
                if attempts is None or named.request_id in attempts
            ],
        }

    def _key(self, question_key: int, source: Row) -> int:
        if question_key not in self.pieces:
            return question_key
        return key_of_piece(question_key, self.pieces, self.requester.content_in_question(source))


def source_of(record: Mapping[str, Any]) -> Row:
    """The record without what only planning has added."""
    return {name: value for name, value in record.items() if name not in (ROW_HASH, WANTED)}


def in_batches(rows: Iterator[Row], schema: pa.Schema, text: str) -> Iterator[pa.RecordBatch]:
    """Rows in batches of at most `BATCH_ROWS` and about `BATCH_BYTES` characters of the column `text`."""
    held: list[Row] = []
    size = 0
    for row in rows:
        held.append(row)
        size += len(row[text] or "")
        if len(held) >= BATCH_ROWS or size >= BATCH_BYTES:
            yield as_batch(held, schema)
            held, size = [], 0
    if held:
        yield as_batch(held, schema)
