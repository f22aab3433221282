"""One figure of an evaluation as a family of measures gives it, before it gets its interval and its row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from judgelake.measures.catalog import metric_named
from judgelake.measures.catalog.metric import Scale
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


@dataclass(frozen=True, slots=True)
class Figure:
    """A metric in the data and with every bucket of questions left out, with what it rests on.

    `n` is the observations that count, `asked` those that were asked for: their share is the coverage; None where
    nothing was asked of a judge (labelers among themselves). `if_wrong` and `if_right` bound what the figure would be
    were every failed judgment wrong, and were every one right; only rates of right judgments have them. `reason` says
    why there can be no number, in better words than "not defined".
    """

    metric: str
    """A name in the catalog."""
    replicates: Replicates | None
    n: int
    asked: int | None = None
    subject: str | None = None
    """What the figure is about besides judge and slice: a class, another judge, a model, a labeler."""
    trials: float | None = None
    """Only of a difference of two shares: the observations of equal weight that would tell as much, at most `n`. They
    bound what it can be where it is the same whichever question is left out."""
    extreme: float = 1.0
    """The most that such a difference can be."""
    if_wrong: float | None = None
    if_right: float | None = None
    swap_rule: str | None = None
    p_value: float | None = None
    """Of a test, in place of `replicates`: a p-value has no interval."""
    reason: str | None = None
    base: Replicates | None = None
    """The observations that count in the data (`n`) and without each bucket; None where the figure rests on no count of
    observations, but on a whole leaderboard."""

    @property
    def coverage(self) -> float | None:
        """Share of what was asked that counts; None where nothing was asked."""
        return self.n / self.asked if self.asked else None

    def clusters(self, questions: int) -> int:
        """Questions it rests on, of those of its table: no more than observations count."""
        return questions if self.base is None else min(questions, self.n)

    def estimate(self, questions: int, hashed: int | None = None) -> Estimate:
        """The value with its interval.

        Args:
            questions: how many its table has.
            hashed: how many buckets they were dealt to at random; None where each bucket is one question.
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
        return absent(self.reason) if found.value is None and self.reason else found

    def _buckets(self) -> NDArray[np.bool_]:
        """The data itself and the buckets that it rests on: those with an observation that counts."""
        assert self.replicates is not None
        if self.base is None:
            return np.ones(len(self.replicates), dtype=bool)
        # Also one that does something without: the mean of two orders rests on either.
        is_same = np.abs(self.replicates - self.replicates[0]) <= ROUNDING_ERROR
        counts: NDArray[np.bool_] = (self.base < self.base[0]) | ~is_same
        counts[0] = True
        return counts
