"""From comparisons to requests: every order and repeat rendered, hashed and named."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import pyarrow as pa

from judgelake.comparisons import LETTERS, Comparison, Failure, Status, comparison_from_record
from judgelake.jobs.judge.config import Order
from judgelake.jobs.judge.heavy import answers_content, key_of_piece, question_key
from judgelake.jobs.judge.length import Fitted, Trimming, rendered
from judgelake.jobs.judge.orders import shown_orders
from judgelake.jobs.judge.resolve import Judge
from judgelake.jobs.judge.task_error import marked_errors
from judgelake.judges import Prompt
from judgelake.lake import NAMED, REQUEST, as_batch

# A batch ends at whichever limit comes first: Arrow's texts end at 2 GiB per column, and a prompt may have megabytes.
# These are the bytes of the prompt's texts; as JSON a chat may have several times as many.
BATCH_ROWS = 2_000
BATCH_BYTES = 16 * 1024 * 1024

NOT_UTF8 = "not_utf8"
QUESTION = pa.schema([("question_key", pa.int64())])
QUESTION_DDL = "question_key bigint"
# Of rows that are no comparison.
NO_QUESTION = 0
WANTED = "wanted"
"""The column with the names of a row's pending requests and their next attempts, as structs."""
# Where a row was read, and what is wanted of it, are no part of what is judged.
NOT_CONTENT = ("row_key", "question_id", WANTED)
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shown:
    """One comparison in one order, with the names of its requests: they come from the data alone, whatever fits."""

    columns: Row
    """The columns of `REQUEST` that do not depend on what is asked."""
    comparison: Comparison | None
    prompt: Prompt | Failure
    """As the judge's template writes it, untrimmed."""
    sha256: str
    """Of that prompt, or of the row if there is none."""
    names: tuple[str, ...]
    """The judgment_id of each repeat."""


@dataclass(frozen=True, slots=True)
class Rendering:
    """How comparisons become requests; picklable, runs inside Spark's Python workers."""

    judge: Judge
    order: Order
    trimming: Trimming | None = None
    """Cuts prompts that are too long; None: they are asked as they are, and the server refuses them."""
    pieces: Mapping[int, int] = field(default_factory=dict)
    """Into how many pieces heavy questions are cut, by their key; see `pieces_of_heavy`."""

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
                    {"row_key": record["row_key"], "judgment_id": name}
                    for record in records_of(batch)
                    for shown in self._shown(record)
                    for name in shown.names
                ]
                if rows:
                    yield as_batch(rows, NAMED)

    def questions(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Turn rows of the prepared comparisons into the key of the question of each."""
        with marked_errors():
            for batch in batches:
                comparisons = [_comparison(record) for record in records_of(batch)]
                keys = [NO_QUESTION if isinstance(one, Failure) else question_key(one) for one in comparisons]
                yield pa.RecordBatch.from_pydict({"question_key": keys}, QUESTION)

    def requests(self, record: Mapping[str, Any]) -> Iterator[Row]:
        """The requests of one comparison, with the columns of `REQUEST`.

        A comparison that cannot be judged gives one row per order with its status, so that nothing is lost. Of a record
        with `WANTED`, only the requests named there are made, else all, for the first time.
        """
        attempts = _attempts(record)
        for shown in self._shown(record):
            names = [(repeat, name) for repeat, name in enumerate(shown.names) if attempts is None or name in attempts]
            if not names:
                continue
            row = {**shown.columns, **self._asked(shown)}
            for repeat, name in names:
                attempt = 1 if attempts is None else attempts[name]
                yield {**row, "judgment_id": name, "repeat": repeat, "attempt": attempt}

    def _shown(self, record: Mapping[str, Any]) -> Iterator[Shown]:
        comparison = _comparison(record)
        if isinstance(comparison, Failure):
            yield from self._invalid(record, comparison)
            return
        answers = len(comparison.answers)
        own_order = LETTERS[:answers]
        own = rendered(self.judge, comparison, own_order)
        # The prompt is the part of a row that this judge sees: only an edit of that part is asked again.
        content = _sha256_of(own, record)
        same = {
            "question_key": key_of_piece(question_key(comparison), self.pieces, answers_content(comparison)),
            "comparison_id": comparison.comparison_id,
            "question_id": comparison.question_id,
            "content_sha256": content,
        }
        for order in shown_orders(answers, self.order, comparison.comparison_id):
            prompt = own if order == own_order else rendered(self.judge, comparison, order)
            digest = content if prompt is own else _sha256_of(prompt, record)
            names = self._names(comparison.comparison_id, order, digest)
            yield Shown({**same, "shown_order": order}, comparison, prompt, digest, names)

    def _asked(self, shown: Shown) -> Row:
        """What is asked, or why nothing is."""
        fitted = shown.prompt if isinstance(shown.prompt, Failure) else self._fitted(shown.prompt, shown)
        if isinstance(fitted, Failure):
            return {
                "prompt_sha256": None,
                "prompt": None,
                "prompt_bytes": 0,
                "trimmed": False,
                "status": fitted.status.value,
                "reason": fitted.reason,
            }
        prompt = fitted.prompt
        return {
            "prompt_sha256": prompt.sha256 if fitted.trimmed else shown.sha256,
            "prompt": prompt.stored,
            "prompt_bytes": prompt.bytes,
            "trimmed": fitted.trimmed,
            "status": None,
            "reason": None,
        }

    def _fitted(self, prompt: Prompt, shown: Shown) -> Fitted | Failure:
        if self.trimming is None or shown.comparison is None:
            return Fitted(prompt)
        return self.trimming.fitted(prompt, shown.comparison, shown.columns["shown_order"])

    def _names(self, comparison_id: str, order: str, asked_sha256: str) -> tuple[str, ...]:
        fingerprint = self.judge.fingerprint
        repeats = range(self.order.repeats)
        return tuple(judgment_id(fingerprint, comparison_id, order, repeat, asked_sha256) for repeat in repeats)

    def _invalid(self, record: Mapping[str, Any], failure: Failure) -> Iterator[Shown]:
        row = _row_sha256(record)
        comparison_id = record.get("comparison_id") or row[:32]
        same = {
            "question_key": key_of_piece(NO_QUESTION, self.pieces, row),
            "comparison_id": comparison_id,
            "question_id": record.get("question_id") or comparison_id,
            "content_sha256": row,
        }
        answers = len(record.get("answers") or ()) or 1
        for order in shown_orders(min(answers, 26), self.order, comparison_id):
            names = self._names(comparison_id, order, row)
            yield Shown({**same, "shown_order": order}, None, failure, row, names)


def judgment_id(fingerprint: str, comparison_id: str, order: str, repeat: int, asked_sha256: str) -> str:
    """The id of one request: 128 bits (hex) of the hash of everything that defines it.

    `asked_sha256` is the hash of the untrimmed prompt or, if there is no prompt, that of the row.
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


def _sha256_of(prompt: Prompt | Failure, record: Mapping[str, Any]) -> str:
    # Without the row's hash, two rows that share an id and have no prompt would share their requests.
    return _row_sha256(record) if isinstance(prompt, Failure) else prompt.sha256


def _row_sha256(record: Mapping[str, Any]) -> str:
    """The hash of everything in a row that can affect a judgment, so not of its key and question_id."""
    content = sorted((name, value) for name, value in record.items() if name not in NOT_CONTENT)
    return hashlib.sha256(repr(content).encode("utf-8", "replace")).hexdigest()


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
    return comparison_from_record(record, also=("row_key", WANTED))


def _attempts(record: Mapping[str, Any]) -> dict[str, int] | None:
    wanted = record.get(WANTED)
    return None if wanted is None else {one["judgment_id"]: one["attempt"] for one in wanted}
