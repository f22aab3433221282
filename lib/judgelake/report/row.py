"""One figure of a report with all that it rests on, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # A type and nothing more: to write a page takes none of the libraries that compute.
    from judgelake.evaluation import Estimate


@dataclass(frozen=True, slots=True)
class Missing:
    """Why a part of the report has nothing to show; ends a sentence that begins "Not shown:"."""

    reason: str


NOT_ASKED = Missing("this evaluation did not ask for it")


class Scale(StrEnum):
    """How a figure is written and on which axis it is drawn."""

    RATE = "rate"
    """A share between 0 and 1, written in percent."""
    POINTS = "points"
    """A difference of two shares, written in percentage points with its sign."""
    COEFFICIENT = "coefficient"
    """Between -1 and 1: kappa, alpha, a correlation."""
    NUMBER = "number"
    """Anything else: an error in scores, a strength on a log scale."""


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of the comparisons: all whose `dimension` (source, category, ...) is `value`."""

    dimension: str
    value: str


@dataclass(frozen=True, slots=True)
class Row:
    """One figure with all that it rests on; the twin of a row of the table `metrics`.

    `n` is the observations that count, `asked` those that were asked for (None where nothing was asked of a judge) and
    `questions` the clusters of the interval. `if_wrong` and `if_right` are the figure were every failed judgment wrong,
    or right.
    """

    metric: str
    estimate: Estimate
    n: int
    asked: int | None = None
    questions: int | None = None
    subject: str | None = None
    """What the figure is about besides the judge: a class, a model, a labeler."""
    swap_rule: str | None = None
    slice: Slice | None = None
    if_wrong: float | None = None
    if_right: float | None = None
    scale: Scale = Scale.RATE
    is_effect: bool = False
    """Whether 0 means "no effect" (a bias, a difference): then the report says found or not found."""

    @property
    def coverage(self) -> float | None:
        """Share of what was asked that counts; None where nothing was asked."""
        return self.n / self.asked if self.asked else None
