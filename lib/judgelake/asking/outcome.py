"""What every job sends for a request, and what every result says of the call: in all tables that take results."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from judgelake.asking.encoding import ids_of
from judgelake.asking.inquiry import Asked, Row
from judgelake.comparisons import Failure
from judgelake.engine import Ask, Encoder, Reply

OF_A_REQUEST = ("row_hash", "prompt_sha256", "attempt")


def ask_of(row: Row, encoder: Encoder | None, **how: Any) -> Ask:
    """What is sent for a row of requests.

    Args:
        row: with its `Prompt`.
        encoder: makes the ids of the prompt; None: its text is sent.
        how: the fields of the `Ask` that say how it is answered.
    """
    ids = ids_of(encoder, row["prompt"])
    return Ask(prompt=row["prompt"], cost_bytes=row["prompt_bytes"], repeat=row["repeat"], ids=ids, **how)


def with_answer(outcome: Reply | Failure) -> Reply | Failure:
    """The reply, or why there is nothing to read."""
    return outcome if isinstance(outcome, Failure) else outcome.without_answer() or outcome


def outcome_rows(asked: Asked, reply: Reply | Failure, result: object) -> Iterator[tuple[Row, Row]]:
    """Each row of a request with the columns of its result that say what came of the call.

    The tokens were spent once, so only the first row of a shared prompt carries them.
    """
    answered = None if isinstance(reply, Failure) else reply
    failure = result if isinstance(result, Failure) else None
    of_call = {
        "prompt_sent_as": None if answered is None else "ids" if answered.sent_ids else "text",
        "raw_output": None if answered is None else answered.text,
        "thinking": None if answered is None else answered.thinking or None,
        "finish_reason": None if answered is None else answered.finish_reason,
        "status": "ok" if failure is None else failure.status.value,
        "error": None if failure is None else failure.reason,
        "latency_ms": None if answered is None else answered.latency_ms,
    }
    spent = {
        "prompt_tokens": None if answered is None else answered.prompt_tokens,
        "cached_tokens": None if answered is None else answered.cached_tokens,
        "output_tokens": None if answered is None else answered.output_tokens,
    }
    for row in asked.rows:
        yield row, {**{name: row[name] for name in OF_A_REQUEST}, **of_call, **spent}
        spent = dict.fromkeys(spent)
