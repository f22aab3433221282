"""One figure of an evaluation as a family of measures returns it, before it gets its interval and its row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from judgelake.measures.catalog import metric_named
from judgelake.measures.catalog.metric import Metric, Scale
from judgelake.measures.statistics.interval import (
    LEAST_CLUSTERS,
    P_VALUE,
    ROUNDING_ERROR,
    UNDEFINED,
    Estimate,
    Replicates,
    absent,
    effective_clusters,
    estimate,
)

TOO_LARGE = "larger than any effect can be, so the data are too few"
TOO_WIDE = "the interval would include effects larger than any can be, so the data are too few"


@dataclass(frozen=True, slots=True)
class Figure:
    """A metric in the data and with every bucket of questions left out, with what it is based on.

    `n` is the number of observations counted, `asked` of those asked for: n / asked is the coverage; None if nothing
    was asked of a judge (labelers compared with each other). `if_wrong` and `if_right` are the figure if all failed
    judgments counted as wrong, and as right; only rates of right judgments have them. `reason` says why there is no
    number, more precisely than "not defined".
    """

    metric: str
    """A name in the catalog."""
    replicates: Replicates | None
    n: int
    asked: int | None = None
    subject: str | None = None
    """What the figure is about besides judge and slice: a class, another judge, a model, a labeler."""
    trials: float | None = None
    """Only for a difference of two shares: the equivalent number of observations of equal weight, at most `n`. It gives
    the interval where the difference is the same whichever question is left out."""
    extreme: float = 1.0
    """The largest value of such a difference."""
    if_wrong: float | None = None
    if_right: float | None = None
    swap_rule: str | None = None
    p_value: float | None = None
    """For a test, instead of `replicates`: a p-value has no interval."""
    reason: str | None = None
    no_interval: str | None = None
    """Why these data allow no interval; None: they do."""
    base: Replicates | None = None
    """The observations counted in the data (`n`) and without each bucket; None where the figure is not based on a count
    of observations but on a whole leaderboard."""

    @property
    def coverage(self) -> float | None:
        """Share of what was asked that is counted; None if nothing was asked."""
        return self.n / self.asked if self.asked else None

    def clusters(self, questions: int) -> int:
        """Number of questions it is based on: at most those of its table, and at most `n`."""
        return questions if self.base is None else min(questions, self.n)

    def estimate(self, questions: int, hashed: int | None = None) -> Estimate:
        """The value with its interval.

        Args:
            questions: the number of questions of its table.
            hashed: the number of buckets they were assigned to at random; None where each bucket is one question.
        """
        if self.p_value is not None:
            return Estimate(self.p_value, reason=P_VALUE)
        if self.replicates is None:
            return absent(self.reason or UNDEFINED)
        metric = metric_named(self.metric)
        if metric.no_interval is not None and np.isfinite(self.replicates[0]):
            return Estimate(float(self.replicates[0]), reason=metric.no_interval)
        clusters = float(self.clusters(questions))
        if self.base is not None and clusters >= LEAST_CLUSTERS:
            clusters = max(float(LEAST_CLUSTERS), effective_clusters(self.base, self.clusters(questions), hashed))
        found = estimate(
            self.replicates[self._buckets()],
            clusters,
            is_rate=metric.is_rate,
            is_effect=metric.is_effect,
            is_coefficient=metric.scale is Scale.COEFFICIENT,
            trials=clusters * self.trials / self.n if self.trials else None,
            extreme=self.extreme,
        )
        if found.value is None:
            return absent(self.reason) if self.reason else found
        return self._allowed(found, metric)

    def _allowed(self, found: Estimate, metric: Metric) -> Estimate:
        """The estimate without what the data do not allow to say."""
        if metric.largest is not None:
            if abs(found.value or 0.0) > metric.largest:
                return absent(TOO_LARGE)
            if max(abs(end or 0.0) for end in (found.low, found.high)) > metric.largest:
                return Estimate(found.value, reason=TOO_WIDE)
        return Estimate(found.value, reason=self.no_interval) if self.no_interval else found

    def _buckets(self) -> NDArray[np.bool_]:
        """The data itself and the buckets it is based on: those with an observation that is counted."""
        assert self.replicates is not None
        if self.base is None:
            return np.ones(len(self.replicates), dtype=bool)
        # Also a bucket that changes the figure otherwise: the mean of two orders is based on either order.
        is_same = np.abs(self.replicates - self.replicates[0]) <= ROUNDING_ERROR
        counts: NDArray[np.bool_] = (self.base < self.base[0]) | ~is_same
        counts[0] = True
        return counts
