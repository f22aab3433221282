"""A label: an external verdict on a comparison, which judges' verdicts are compared with."""

from __future__ import annotations

from dataclasses import dataclass

KINDS = ("human", "teacher", "gold")


@dataclass(frozen=True, slots=True)
class Label:
    """An external verdict, in the comparison's original order: a letter or `TIE`, or one score per answer, or both.

    `kind` is human, teacher (another judge) or gold.
    """

    comparison_id: str
    labeler: str
    kind: str
    verdict: str | None = None
    scores: tuple[float, ...] | None = None
