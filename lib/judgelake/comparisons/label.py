"""What somebody from outside says of a comparison, which verdicts are compared with."""

from __future__ import annotations

from dataclasses import dataclass

KINDS = ("human", "teacher", "gold")


@dataclass(frozen=True, slots=True)
class Label:
    """A verdict from outside, in the comparison's own order: a letter or `TIE`, or a score an answer, or both.

    `kind` is human, teacher (another judge) or gold.
    """

    comparison_id: str
    labeler: str
    kind: str
    verdict: str | None = None
    scores: tuple[float, ...] | None = None
