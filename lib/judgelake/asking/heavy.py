"""The keys by which requests get together: of their question, or of a piece of it if a chunk cannot hold it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from judgelake.asking.inquiry import Requester
from judgelake.asking.records import records_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

# Of a chunk. Pieces are spread over chunks by their hash: small ones make chunks of about the same size, and each costs
# the common beginning of the question once more.
MOST_OF_A_PIECE = 0.125
# Of a chunk. A question with at most so many requests stays whole.
WHOLE_UP_TO = 0.5


def pieces_of_heavy(
    rows: DataFrame, requester: Requester, requests_a_row: float, chunk_requests: int
) -> dict[int, int]:
    """Into how many pieces each heavy question is cut, by its key; all others stay whole.

    Counted by a hash that Spark makes itself: only of heavy questions one row is read in Python.

    Args:
        rows: the input.
        requester: makes its requests.
        requests_a_row: requests of a row.
        chunk_requests: requests that a chunk should have.
    """
    named = rows.select(*requester.question_columns, F.xxhash64(*requester.question_columns).alias("hash"))
    counted = named.groupBy("hash").agg((F.count("*") * F.lit(requests_a_row)).alias("requests"))
    heavy = counted.where(F.col("requests") > chunk_requests * WHOLE_UP_TO).collect()
    if not heavy:
        return {}
    requests = {row["hash"]: row["requests"] for row in heavy}
    found = named.where(F.col("hash").isin(*requests)).dropDuplicates(["hash"]).toArrow()
    return {
        requester.question_key(record): pieces_of(requests[record["hash"]], chunk_requests)
        for batch in found.to_batches()
        for record in records_of(batch)
    }


def pieces_of(requests: float, chunk_requests: int) -> int:
    """Into how many pieces a question with so many requests is cut; 1: it stays whole."""
    if requests <= chunk_requests * WHOLE_UP_TO:
        return 1
    return math.ceil(requests / (chunk_requests * MOST_OF_A_PIECE))


def key_of_piece(key: int, pieces: Mapping[int, int], content: str) -> int:
    """The key of the piece of a question in which this content is; that of the question if it stays whole.

    Equal contents are in one piece.
    """
    count = pieces.get(key, 1)
    if count == 1:
        return key
    return key_of_numbered_piece(key, key_of_text(content) % count)


def key_of_numbered_piece(key: int, piece: int) -> int:
    """The key of a question's piece, which decides its chunk."""
    return key_of_text(f"{key}\0{piece}")


def key_of_text(text: str) -> int:
    """The key of a question, or of a piece of one: 64 bits of the hash of its text, as Spark's BIGINT."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "big", signed=True)
