"""Verdicts from how sure a judge is in each order, and the place it prefers, which neither needs a label.

Log-odds are those of the first answer over the second in the comparison's original order, whatever the order shown:
log P(A) - log P(B) in nats, or, of a judge that gives scores, the difference of the two scores in points. What a judge
says of a tie besides is not used; `tie_margin` makes ties. A judge that adds an offset b to the log-odds of the answer
shown first has x + b in the original order and x - b in the reversed one: half the mean gap between the orders is b,
and their mean is x.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from judgelake.comparisons import TIE
from judgelake.measures.figure import Figure
from judgelake.measures.rules import NOT_ASKED, VERDICTS
from judgelake.measures.scores import ROUNDING
from judgelake.measures.statistics.interval import ratio
from judgelake.measures.table import FAILED, Table

LONGEST_ODDS = 10_000.0
"""Log-odds beyond this count as this: a gap of two such numbers in `STEPS` still fits into 32 bits."""
STEPS = 100_000
"""Parts of a nat, or of a point, in which gaps are summed as whole numbers."""
GAP, SAME, DIFFERENT, LACKING = "gap", "same", "different", "lacking"
OFFSET_OUTCOMES = (GAP, SAME, DIFFERENT, LACKING)
"""Of a comparison asked in both orders: the gap between their log-odds in `STEPS`, as `n`; and once whether its centred
verdicts of both orders are the same or differ, or whether it lacks log-odds in one."""

NOT_IN_BOTH = "no comparison was asked in both orders"
NO_LOG_ODDS = "no comparison has log-odds in both orders"

Codes = NDArray[np.int64]
"""Indices in `VERDICTS`."""


@dataclass(frozen=True, slots=True, eq=False)
class LogOdds:
    """The log-odds of one judge on comparisons of two answers, one place per comparison; nan where there are none."""

    own: NDArray[np.float64]
    """Of the original order."""
    reversed_: NDArray[np.float64]
    """Of the reversed order, in the original orientation too."""
    own_asked: NDArray[np.bool_]
    reversed_asked: NDArray[np.bool_]

    @property
    def position_offset(self) -> float | None:
        """Half the mean gap between the orders: what being shown first adds; None without log-odds in both."""
        gaps = (self.own - self.reversed_)[np.isfinite(self.own - self.reversed_)]
        return float(gaps.mean()) / 2 if len(gaps) else None

    def margin(self, tie_margin: float = 0.0) -> Codes:
        """The verdict of the mean of both orders' log-odds.

        Failed if an order that was asked has none, not asked if only one order was asked.
        """
        found = verdicts_of((self.own + self.reversed_) / 2, tie_margin)
        return np.where(self.own_asked & self.reversed_asked, found, VERDICTS.index(NOT_ASKED))

    def centred(self, tie_margin: float = 0.0) -> tuple[Codes, Codes]:
        """The verdicts of each order's log-odds without the position offset: of the original, of the reversed order.

        Not asked, too, if the offset is not known.
        """
        offset, not_asked = self.position_offset, VERDICTS.index(NOT_ASKED)
        if offset is None:
            return (np.full(len(self.own), not_asked),) * 2
        own, reversed_ = (verdicts_of(odds, tie_margin) for odds in (self.own - offset, self.reversed_ + offset))
        return np.where(self.own_asked, own, not_asked), np.where(self.reversed_asked, reversed_, not_asked)

    def centred_verdict(self, tie_margin: float = 0.0) -> Codes:
        """The centred verdict of the original order, or, where that was not asked, of the reversed one."""
        own, reversed_ = self.centred(tie_margin)
        return np.where(self.own_asked, own, reversed_)


def verdicts_of(odds: NDArray[np.float64], tie_margin: float = 0.0) -> Codes:
    """A above `tie_margin`, B below minus that, a tie between; failed where there are no log-odds."""
    sides = [np.isnan(odds), np.abs(odds) <= tie_margin + ROUNDING, odds > 0]
    return np.select(sides, [VERDICTS.index(one) for one in (FAILED, TIE, "A")], VERDICTS.index("B"))


def figures(table: Table) -> Iterator[Figure]:
    """The position offset of a judge, and how often its centred verdicts of both orders are the same.

    Args:
        table: outcomes are `OFFSET_OUTCOMES`.
    """
    none = np.zeros(1)
    gap, same, different, lacking = (table.counts.get(outcome, none) for outcome in OFFSET_OUTCOMES)
    both = same + different
    asked = int(both[0] + lacking[0])
    reason = NO_LOG_ODDS if asked else NOT_IN_BOTH
    figure = partial(Figure, n=int(both[0]), asked=asked, reason=reason, base=both)
    yield figure("position_offset", ratio(gap, both) / (2 * STEPS))
    yield figure("centred_consistency", ratio(same, both), trials=float(both[0]))
