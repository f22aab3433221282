"""From comparisons to requests: every order and repeat rendered, hashed and named."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import pyarrow as pa

from judgelake.comparisons import LETTERS, Comparison, Failure, Status, comparison_from_record
from judgelake.jobs.judge.config import Order
from judgelake.jobs.judge.length import Fitted, Fitting
from judgelake.jobs.judge.orders import shown_orders
from judgelake.jobs.judge.resolve import Judge
from judgelake.jobs.judge.task_error import marked_errors
from judgelake.lake import NAMED, REQUEST, as_batch

# A batch ends at whichever limit comes first: Arrow's texts end at 2 GiB per column, and a prompt may have megabytes.
# These are the bytes of the prompt's texts; as JSON a chat may have several times as many.
BATCH_ROWS = 2_000
BATCH_BYTES = 16 * 1024 * 1024

NOT_UTF8 = "not_utf8"
Row = dict[str, Any]


@dataclass(frozen=True)
class Rendering:
    """How comparisons become requests; picklable, runs inside Spark's Python workers."""

    judge: Judge
    order: Order
    overflow: str

    @cached_property
    def _fitting(self) -> Fitting:
        return Fitting(self.judge, self.overflow)

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Turn rows of the prepared comparisons into rows of `REQUEST`."""
        with marked_errors():
            requests = (
                request for batch in batches for record in records_of(batch) for request in self.requests(record)
            )
            yield from _in_batches(requests)

    def names(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Turn rows of the prepared comparisons into rows of `NAMED`: the requests of each of them.

        Enough to find what is already judged, at a fraction of the bytes.
        """
        with marked_errors():
            for batch in batches:
                rows = [
                    {"row_key": record["row_key"], "judgment_id": request["judgment_id"]}
                    for record in records_of(batch)
                    for request in self.requests(record)
                ]
                if rows:
                    yield as_batch(rows, NAMED)

    def requests(self, record: Mapping[str, Any]) -> Iterator[Row]:
        """The requests of one comparison, with the columns of `REQUEST`.

        A comparison that cannot be judged gives one row per order with its status, so that nothing is lost.
        """
        comparison = _comparison(record)
        if isinstance(comparison, Failure):
            yield from self._invalid(record, comparison)
            return
        key = question_key(comparison)
        own_order = LETTERS[: len(comparison.answers)]
        own = self._fitting.render(comparison, own_order)
        # The prompt is the part of a row that this judge sees: only an edit of that part is asked again.
        content = _row_sha256(record) if isinstance(own, Failure) else own.prompt.sha256
        for order in shown_orders(len(comparison.answers), self.order, comparison.comparison_id):
            fitted = own if order == own_order else self._fitting.render(comparison, order)
            shown = {
                "question_key": key,
                "comparison_id": comparison.comparison_id,
                "question_id": comparison.question_id,
                "shown_order": order,
                "content_sha256": content,
            }
            if isinstance(fitted, Failure):
                yield from self._failed(shown, fitted, _row_sha256(record))
            else:
                yield from self._asked(shown, fitted, content if fitted is own else fitted.prompt.sha256)

    def _asked(self, shown: Row, fitted: Fitted, digest: str) -> Iterator[Row]:
        prompt = fitted.prompt
        asked = {
            "prompt_sha256": digest,
            "prompt": prompt.stored,
            "prompt_bytes": prompt.bytes,
            "trimmed": fitted.trimmed,
            "status": None,
            "reason": None,
        }
        return self._repeated({**shown, **asked}, digest)

    def _failed(self, shown: Row, failure: Failure, row_sha256: str) -> Iterator[Row]:
        failed = {
            "prompt_sha256": None,
            "prompt": None,
            "prompt_bytes": 0,
            "trimmed": False,
            "status": failure.status.value,
            "reason": failure.reason,
        }
        # There is no prompt to identify it. Without the row's hash, two rows that share an id would share this request.
        return self._repeated({**shown, **failed}, row_sha256)

    def _repeated(self, request: Row, asked_sha256: str) -> Iterator[Row]:
        comparison_id, order = request["comparison_id"], request["shown_order"]
        for repeat in range(self.order.repeats):
            name = judgment_id(self.judge.fingerprint, comparison_id, order, repeat, asked_sha256)
            yield {**request, "judgment_id": name, "repeat": repeat}

    def _invalid(self, record: Mapping[str, Any], failure: Failure) -> Iterator[Row]:
        row = _row_sha256(record)
        comparison_id = record.get("comparison_id") or row[:32]
        question_id = record.get("question_id") or comparison_id
        answers = len(record.get("answers") or ()) or 1
        for order in shown_orders(min(answers, 26), self.order, comparison_id):
            shown = {
                "question_key": 0,
                "comparison_id": comparison_id,
                "question_id": question_id,
                "shown_order": order,
                "content_sha256": row,
            }
            yield from self._failed(shown, failure, row)


def judgment_id(fingerprint: str, comparison_id: str, order: str, repeat: int, asked_sha256: str) -> str:
    """The id of one request: 128 bits (hex) of the hash of everything that defines it.

    `asked_sha256` is the prompt's hash or, if there is no prompt, that of the row.
    """
    parts = "\0".join((fingerprint, comparison_id, order, str(repeat), asked_sha256))
    return hashlib.sha256(parts.encode()).hexdigest()[:32]


def _in_batches(requests: Iterable[Row]) -> Iterator[pa.RecordBatch]:
    """Rows of `REQUEST` in batches of at most `BATCH_ROWS` and about `BATCH_BYTES` of prompts, one row at least."""
    rows: list[Row] = []
    size = 0
    for request in requests:
        rows.append(request)
        size += request["prompt_bytes"]
        if len(rows) >= BATCH_ROWS or size >= BATCH_BYTES:
            yield as_batch(rows, REQUEST)
            rows, size = [], 0
    if rows:
        yield as_batch(rows, REQUEST)


def _row_sha256(record: Mapping[str, Any]) -> str:
    """The hash of everything in a row that can affect a judgment, so not of its key and question_id."""
    content = sorted((name, value) for name, value in record.items() if name not in ("row_key", "question_id"))
    return hashlib.sha256(repr(content).encode("utf-8", "replace")).hexdigest()


def question_key(comparison: Comparison) -> int:
    """64 bits of the hash of the question's text.

    By text, not by question_id: equal prompts have equal questions, so they are in one chunk and one
    partition whatever their ids, and the prefix cache gets all rows of one question together.
    """
    text = "\n".join(
        [message.content for message in comparison.messages] + ([comparison.input] if comparison.input else [])
    )
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big", signed=True)


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


def _comparison(record: Mapping[str, Any]) -> Comparison | Failure:
    if NOT_UTF8 in record:
        return Failure(Status.INVALID_INPUT, "the row contains bytes that are not UTF-8")
    return comparison_from_record(record, also=("row_key",))
