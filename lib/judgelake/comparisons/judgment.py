"""A judgment of a comparison that was made elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from judgelake.comparisons.verdict import LETTERS, TIE, Failure, Reading

IMPORTED = "imported"
"""Placeholder for what is not known of a judge that ran elsewhere."""


@dataclass(frozen=True, slots=True)
class Judgment:
    """A judge's answer about one comparison in one order; `said` is in the comparison's original order."""

    comparison_id: str
    judge: str
    model_version: str
    mode: str
    shown_order: str
    repeat: int
    raw_output: str | None
    finish_reason: str | None
    said: Reading | Failure


def said_problem(verdict: str | None, scores: Sequence[float] | None, answers: int) -> str | None:
    """Why a verdict and scores do not fit a comparison with so many answers; None if they fit."""
    letters = LETTERS[:answers]
    if verdict is not None and verdict != TIE and verdict not in tuple(letters):
        return f"verdict {verdict!r}, but the answers are {', '.join(letters)}"
    if verdict is not None and answers == 1:
        return f"verdict {verdict!r}, but a single answer has only a score"
    if scores is not None and len(scores) != answers:
        return f"{len(scores)} scores for {answers} answers"
    return None
