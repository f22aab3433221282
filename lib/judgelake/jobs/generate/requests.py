"""From seeds to requests: every sample of an answer rendered, hashed and named."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from judgelake.asking import NOT_UTF8, Named, NamedRow, Row, key_of_text
from judgelake.comparisons import Failure, Status
from judgelake.generation import seed_from_record
from judgelake.jobs.generate.answerer import Answerer
from judgelake.judges import Prompt
from judgelake.lake import GENERATED_ANSWER, selected

KEY = "answer_id"
REQUEST = pa.schema(
    [
        ("question_key", pa.int64()),
        *selected(GENERATED_ANSWER, KEY, "seed_id", "sample", "row_hash", "prompt_sha256", "status", "attempt"),
        ("repeat", pa.int32()),
        ("prompt", pa.string()),
        ("prompt_bytes", pa.int64()),
        ("reason", pa.string()),
    ]
)
"""A request of an answer; `repeat` is the number of its sample."""


@dataclass(frozen=True, slots=True)
class AnswerRequests:
    """How seeds become requests to one model; picklable, runs inside Spark's Python workers."""

    answerer: Answerer
    samples: int

    @property
    def schema(self) -> pa.Schema:
        """Of a request."""
        return REQUEST

    def named(self, record: Mapping[str, Any]) -> NamedRow:
        """The requests of one seed: each sample."""
        prompt = self._prompt(record)
        size = None if isinstance(prompt, Failure) else prompt.bytes
        names = enumerate(self._names(record, prompt))
        requests = tuple(Named(name, size, f"{sample:06}") for sample, name in names)
        return NamedRow(self.question_key(record), requests)

    @property
    def question_columns(self) -> tuple[str, ...]:
        """What a question consists of."""
        return "messages", "input"

    def question_key(self, record: Mapping[str, Any]) -> int:
        """64 bits of the hash of the question's text."""
        texts = [message["content"] or "" for message in record["messages"] or ()]
        return key_of_text("\n".join([*texts, record["input"] or ""]))

    def content_in_question(self, record: Mapping[str, Any]) -> str:
        """Nothing: rows with the same question make the same prompts."""
        return ""

    def requests(self, record: Mapping[str, Any], attempts: Mapping[int, int]) -> Iterator[Row]:
        """The samples of a seed that are in `attempts`, as rows of `REQUEST` without question_key and row_hash."""
        prompt = self._prompt(record)
        asked = _not_asked(prompt) if isinstance(prompt, Failure) else _asked(prompt)
        for sample, name in enumerate(self._names(record, prompt)):
            if sample in attempts:
                same = {KEY: name, "seed_id": record["seed_id"], "sample": sample, "repeat": sample}
                yield {**same, **asked, "attempt": attempts[sample]}

    def _prompt(self, record: Mapping[str, Any]) -> Prompt | Failure:
        if NOT_UTF8 in record:
            return Failure(Status.INVALID_INPUT, "the row contains bytes that are not UTF-8")
        seed = seed_from_record(record)
        return seed if isinstance(seed, Failure) else self.answerer.prompt(seed)

    def _names(self, record: Mapping[str, Any], prompt: Prompt | Failure) -> Iterator[str]:
        digest = repr(sorted(record.items())) if isinstance(prompt, Failure) else prompt.sha256
        for sample in range(self.samples):
            parts = "\0".join((self.answerer.fingerprint, record["seed_id"] or "", str(sample), digest))
            yield hashlib.sha256(parts.encode("utf-8", "replace")).hexdigest()[:32]


def _asked(prompt: Prompt) -> Row:
    return {
        "prompt_sha256": prompt.sha256,
        "prompt": prompt,
        "prompt_bytes": prompt.bytes,
        "status": None,
        "reason": None,
    }


def _not_asked(failure: Failure) -> Row:
    return {
        "prompt_sha256": None,
        "prompt": None,
        "prompt_bytes": 0,
        "status": failure.status.value,
        "reason": failure.reason,
    }
