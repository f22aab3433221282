"""From comparisons to requests: every order and repeat rendered, hashed and named."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from judgelake.asking import NOT_UTF8, Named, NamedRow, Row, key_of_text
from judgelake.comparisons import LETTERS, Comparison, Failure, Status, comparison_from_record
from judgelake.jobs.judge.config import Order
from judgelake.jobs.judge.length import Fitted, Trimming, rendered_orders, token_budget
from judgelake.jobs.judge.orders import shown_orders
from judgelake.jobs.judge.resolve import Judge
from judgelake.judges import Prompt
from judgelake.lake import JUDGMENT, selected

REQUEST = pa.schema(
    [
        ("question_key", pa.int64()),
        *selected(JUDGMENT, "judgment_id", "comparison_id", "question_id", "shown_order", "repeat", "content_sha256"),
        *selected(JUDGMENT, "row_hash"),
        *selected(JUDGMENT, "prompt_sha256", "trimmed", "status", "attempt"),
        ("prompt", pa.string()),
        ("prompt_bytes", pa.int64()),
        ("reason", pa.string()),
    ]
)
"""A request of the judge job as a table has it; `prompt` is a prompt's stored form."""
# Which question a row is filed under is no part of what is judged.
NOT_CONTENT = ("question_id",)
# About, of English text in the tokenizers of today.
BYTES_A_TOKEN = 4
# Characters of a text that is worth being found again in the prefix cache.
LONG = 32


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

    @property
    def sort_key(self) -> str:
        """A hash of each long text that the prompt shows, in order, and one of the whole prompt."""
        if isinstance(self.prompt, Failure):
            return ""
        hashes = [f"{zlib.crc32(text.encode()):08x}" for text in self.prompt.material_texts(LONG)]
        return "".join(hashes) + self.sha256[:8]


@dataclass(frozen=True, slots=True)
class JudgeRequests:
    """How comparisons become requests; picklable, runs inside Spark's Python workers."""

    judge: Judge
    order: Order
    trimming: Trimming | None = None
    """Cuts prompts that are too long; None: they are asked as they are, and the server refuses them."""

    @property
    def schema(self) -> pa.Schema:
        """Of a request."""
        return REQUEST

    def named(self, record: Mapping[str, Any]) -> NamedRow:
        """The requests of one comparison: each order and repeat."""
        comparison = _comparison(record)
        requests = (
            Named(name, self._weight(shown), f"{shown.sort_key}{repeat:06}")
            for _, shown in self._shown(record, comparison)
            for repeat, name in enumerate(shown.names)
        )
        # Rows that are no comparisons have no question in common.
        of_row = isinstance(comparison, Failure)
        return NamedRow(key_of_text(_row_sha256(record)) if of_row else self.question_key(record), tuple(requests))

    @property
    def question_columns(self) -> tuple[str, ...]:
        """What a question consists of."""
        return "messages", "input"

    def question_key(self, record: Mapping[str, Any]) -> int:
        """64 bits of the hash of the question's text.

        By text, not by question_id: equal prompts have equal questions, so they are in one chunk and one
        partition whatever their ids, and the prefix cache gets all rows of one question together.
        """
        texts = [message["content"] or "" for message in record["messages"] or ()]
        return key_of_text("\n".join([*texts, record["input"]] if record["input"] else texts))

    def content_in_question(self, record: Mapping[str, Any]) -> str:
        """The texts of all answers, in no order: prompts that are equal have equal ones, whichever order is shown."""
        comparison = _comparison(record)
        if isinstance(comparison, Failure):
            return _row_sha256(record)
        return "\0".join(sorted("\0".join(answer.texts) for answer in comparison.answers))

    def requests(self, record: Mapping[str, Any], attempts: Mapping[int, int]) -> Iterator[Row]:
        """The requests of a comparison whose places are in `attempts`: `REQUEST` without question_key and row_hash.

        A comparison that cannot be judged gives one row per order with its status, so that nothing is lost.
        """
        places = range(self.order.repeats)
        chosen = {place // self.order.repeats for place in attempts}
        for number, shown in self._shown(record, _comparison(record), chosen):
            row = {**shown.columns, **self._asked(shown)}
            for repeat, name in zip(places, shown.names, strict=True):
                attempt = attempts.get(number * self.order.repeats + repeat)
                if attempt is not None:
                    yield {**row, "judgment_id": name, "repeat": repeat, "attempt": attempt}

    def _shown(
        self, record: Mapping[str, Any], comparison: Comparison | Failure, chosen: Container[int] | None = None
    ) -> Iterator[tuple[int, Shown]]:
        """The chosen orders by their number among all, None: each; others are not rendered."""
        if isinstance(comparison, Failure):
            yield from self._invalid(record, comparison, chosen)
            return
        answers = len(comparison.answers)
        orders = shown_orders(answers, self.order, comparison.comparison_id)
        wanted = {number: order for number, order in enumerate(orders) if chosen is None or number in chosen}
        # The prompt is the part of a row that this judge sees: only an edit of that part is asked again.
        own_order = LETTERS[:answers]
        prompts = self._prompts(comparison, dict.fromkeys((own_order, *wanted.values())))
        digests = {order: _sha256_of(prompt, record) for order, prompt in prompts.items()}
        same = {
            "comparison_id": comparison.comparison_id,
            "question_id": comparison.question_id,
            "content_sha256": digests[own_order],
        }
        for number, order in wanted.items():
            names = self._names(comparison.comparison_id, order, digests[order])
            yield number, Shown({**same, "shown_order": order}, comparison, prompts[order], digests[order], names)

    def _prompts(self, comparison: Comparison, orders: Iterable[str]) -> dict[str, Prompt | Failure]:
        """The prompt in each order, untrimmed, or why there is none."""
        shown = list(orders)
        prompts = rendered_orders(self.judge, comparison, shown)
        return dict.fromkeys(shown, prompts) if isinstance(prompts, Failure) else dict(zip(shown, prompts, strict=True))

    def _weight(self, shown: Shown) -> int | None:
        """The bytes of the prompt, of one that is to be cut about those that will be left; None without a prompt."""
        if isinstance(shown.prompt, Failure):
            return None
        most = None if self.trimming is None else BYTES_A_TOKEN * token_budget(self.judge)
        return shown.prompt.bytes if most is None else min(most, shown.prompt.bytes)

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
            "prompt": prompt,
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

    def _invalid(
        self, record: Mapping[str, Any], failure: Failure, chosen: Container[int] | None
    ) -> Iterator[tuple[int, Shown]]:
        row = _row_sha256(record)
        comparison_id = record.get("comparison_id") or row[:32]
        same = {
            "comparison_id": comparison_id,
            "question_id": record.get("question_id") or comparison_id,
            "content_sha256": row,
        }
        answers = len(record.get("answers") or ()) or 1
        for number, order in enumerate(shown_orders(min(answers, 26), self.order, comparison_id)):
            if chosen is None or number in chosen:
                names = self._names(comparison_id, order, row)
                yield number, Shown({**same, "shown_order": order}, None, failure, row, names)


def judgment_id(fingerprint: str, comparison_id: str, order: str, repeat: int, asked_sha256: str) -> str:
    """The id of one request: 128 bits (hex) of the hash of everything that defines it.

    `asked_sha256` is the hash of the untrimmed prompt or, if there is no prompt, that of the row.
    """
    parts = "\0".join((fingerprint, comparison_id, order, str(repeat), asked_sha256))
    return hashlib.sha256(parts.encode()).hexdigest()[:32]


def _sha256_of(prompt: Prompt | Failure, record: Mapping[str, Any]) -> str:
    # Without the row's hash, two rows that share an id and have no prompt would share their requests.
    return _row_sha256(record) if isinstance(prompt, Failure) else prompt.sha256


def _row_sha256(record: Mapping[str, Any]) -> str:
    """The hash of everything in a row that can affect a judgment, so not of its key and question_id."""
    content = sorted((name, value) for name, value in record.items() if name not in NOT_CONTENT)
    return hashlib.sha256(repr(content).encode("utf-8", "replace")).hexdigest()


def _comparison(record: Mapping[str, Any]) -> Comparison | Failure:
    if NOT_UTF8 in record:
        return Failure(Status.INVALID_INPUT, "the row contains bytes that are not UTF-8")
    return comparison_from_record(record)
