"""One figure of an evaluation as a family of measures returns it, before it gets its interval and its row."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from judgelake.measures.catalog import metric_named
from judgelake.measures.catalog.metric import Metric, Scale
from judgelake.measures.spread import Spread
from judgelake.measures.statistics.interval import (
    LEAST_CLUSTERS,
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
    """For a share: the number of yes-or-no observations, where it is one; its error is not below that of as many
    independent ones. For a difference of two shares: the equivalent number of observations of equal weight, at most
    `n`; it gives the interval where the difference is the same whichever question is left out."""
    extreme: float = 1.0
    """The largest value of such a difference."""
    if_wrong: float | None = None
    if_right: float | None = None
    swap_rule: str | None = None
    p_value: float | None = None
    """Of a test of no effect with the comparisons of a question taken as one unit, beside `replicates`."""
    mcnemar_p: float | None = None
    """Of the test that papers report, which takes comparisons as independent."""
    spread: Spread | None = None
    """Of a difference that is one of many, and so is corrected for their number."""
    reason: str | None = None
    no_interval: str | None = None
    """Why the number has no interval in these data; None: it has one unless the catalog says otherwise."""
    given: Estimate | None = None
    """Value and interval that do not come from `replicates`, for instance of a rank."""
    least_error: float = 0.0
    """A standard error below which that of the jackknife is not believed."""
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

    def equal_clusters(self, questions: int, hashed: int | None = None) -> float:
        """The number of questions of equal weight it is based on; for the arguments see `estimate`."""
        clusters = self.clusters(questions)
        if self.base is None or clusters < LEAST_CLUSTERS:
            return float(clusters)
        return max(float(LEAST_CLUSTERS), effective_clusters(self.base, clusters, hashed))

    def based_on(self) -> Replicates:
        """The replicates of the data itself and of the buckets it is based on; it must have replicates."""
        assert self.replicates is not None
        return self.replicates[self._buckets()]

    def estimate(self, questions: int, hashed: int | None = None) -> Estimate:
        """The value with its interval.

        Args:
            questions: the number of questions of its table.
            hashed: the number of buckets they were assigned to at random; None where each bucket is one question.
        """
        if self.given is not None:
            return self.given
        if self.replicates is None:
            return absent(self.reason or UNDEFINED)
        metric = metric_named(self.metric)
        no_interval = metric.no_interval or self.no_interval
        if no_interval is not None and np.isfinite(self.replicates[0]):
            return self._allowed(Estimate(float(self.replicates[0]), reason=no_interval), metric)
        clusters = self.equal_clusters(questions, hashed)
        found = estimate(
            self.based_on(),
            clusters,
            is_rate=metric.is_rate,
            is_effect=metric.is_effect,
            is_coefficient=metric.scale is Scale.COEFFICIENT,
            trials=self._trials(clusters, is_rate=metric.is_rate),
            extreme=self.extreme,
            least_error=self.least_error,
        )
        if found.value is None:
            return absent(self.reason) if self.reason else found
        return self._allowed(found, metric)

    def _allowed(self, found: Estimate, metric: Metric) -> Estimate:
        """The estimate without what the data do not allow to say."""
        if metric.scale is Scale.POINTS and metric.largest is None and found.low is not None and found.high is not None:
            # A difference of two shares.
            return replace(found, low=max(-1.0, found.low), high=min(1.0, found.high))
        if metric.largest is not None:
            if abs(found.value or 0.0) > metric.largest:
                return absent(TOO_LARGE)
            if max(abs(end or 0.0) for end in (found.low, found.high)) > metric.largest:
                return Estimate(found.value, reason=TOO_WIDE)
        return found

    def _trials(self, clusters: float, *, is_rate: bool) -> float | None:
        """Observations of a share; of a difference, the questions of equal weight that its observations amount to."""
        if not self.trials:
            return None
        return self.trials if is_rate else clusters * self.trials / self.n

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
