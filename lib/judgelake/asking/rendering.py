"""The requests that rows of a plan make: in the task that asks them, and as a table to look at."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from judgelake.asking.inquiry import Requester, Row
from judgelake.asking.planning import ROW_HASH, in_batches
from judgelake.asking.worker import in_worker

PART = "part"
"""The column that says what of a question a row of a task belongs to; see `in_asking_order`."""


def requests_of_row(requester: Requester, row: Mapping[str, Any]) -> Iterator[Row]:
    """The requests that are to be made of a row of a plan."""
    attempts = {one["place"]: one["attempt"] for one in row["requests"]}
    for request in requester.requests(json.loads(row["source"]), attempts):
        yield {**request, "question_key": row["question_key"], ROW_HASH: row[ROW_HASH]}


def requests_by_prompt(requester: Requester, rows: Iterable[Mapping[str, Any]], key: str) -> Iterator[Row]:
    """The requests of rows in `in_asking_order`, those of each question or part of one by prompt, made as it is needed.

    Args:
        requester: makes them.
        rows: of a plan, with `PART`; held are those of one question that is not cut, or with one beginning of prompts.
        key: the column that identifies a request; makes the order of equal prompts the same every time.
    """

    def place(request: Row) -> tuple[str, int, str]:
        return "" if request["prompt"] is None else request["prompt"].canonical, request["repeat"], request[key]

    for _, of_one in itertools.groupby(rows, key=lambda row: (row["question_key"], row[PART])):
        yield from sorted((request for row in of_one for request in requests_of_row(requester, row)), key=place)


@dataclass(frozen=True, slots=True)
class Rendering:
    """Turns rows of a plan into a table of the requests that are to be made of them."""

    requester: Requester

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Turn rows of `TO_ASK` into rows of the requester's schema, prompts in their stored form."""
        with in_worker():
            for batch in batches:
                requests = (request for row in batch.to_pylist() for request in requests_of_row(self.requester, row))
                yield from in_batches(map(_stored, requests), self.requester.schema, "prompt")


def _stored(request: Row) -> Row:
    prompt = request["prompt"]
    return request if prompt is None else {**request, "prompt": prompt.stored}
