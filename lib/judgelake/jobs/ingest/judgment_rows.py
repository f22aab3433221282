"""An imported judgment as a row: all columns derived from its content, including its id and fingerprint."""

from __future__ import annotations

import functools
from typing import Any

from judgelake.comparisons import IMPORTED, Failure, Judgment, Reading, margin_of
from judgelake.config import fingerprint

ID_CHARACTERS = 32

FILLED = (
    "judgment_id",
    "comparison_id",
    "judge",
    "judge_fingerprint",
    "model_version",
    "mode",
    "shown_order",
    "repeat",
    "raw_output",
    "finish_reason",
    "status",
    "error",
    "scores",
    "verdict",
    "verdict_logprobs",
    "margin",
)
"""Columns of the judgments table that a loaded judgment fills."""


def judgment_row(judgment: Judgment) -> dict[str, Any]:
    """The columns of `FILLED`; the same judgment gives the same `judgment_id` in every ingest.

    The id also covers the answer, so that another answer to the same request is a new row, never a change.
    """
    failure = judgment.said if isinstance(judgment.said, Failure) else None
    reading = Reading() if isinstance(judgment.said, Failure) else judgment.said
    row: dict[str, Any] = {
        "comparison_id": judgment.comparison_id,
        "judge": judgment.judge,
        "model_version": judgment.model_version,
        "mode": judgment.mode,
        "shown_order": judgment.shown_order,
        "repeat": judgment.repeat,
        "raw_output": judgment.raw_output,
        "finish_reason": judgment.finish_reason,
        "status": "ok" if failure is None else failure.status.value,
        "error": None if failure is None else failure.reason,
        "scores": None if reading.scores is None else list(reading.scores),
        "verdict": reading.verdict,
        "verdict_logprobs": None if reading.logprobs is None else dict(reading.logprobs),
    }
    return {
        **row,
        "judgment_id": fingerprint({IMPORTED: row})[:ID_CHARACTERS],
        "judge_fingerprint": imported_fingerprint(judgment.judge, judgment.model_version, judgment.mode),
        "verdict_logprobs": None if reading.logprobs is None else list(reading.logprobs.items()),
        "margin": margin_of(reading.logprobs),
    }


@functools.cache
def imported_fingerprint(judge: str, model_version: str, mode: str) -> str:
    """SHA-256 (hex) of all that is known of a judge that ran elsewhere; never that of a judge run by judgelake."""
    return fingerprint({IMPORTED: judge, "model_version": model_version, "mode": mode})
