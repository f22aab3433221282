"""Where a judge is better or worse: its agreement in a slice against all comparisons outside of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from judgelake.measures.figure import Figure
from judgelake.measures.statistics.interval import (
    LEAST_CLUSTERS,
    NO_SPREAD,
    ONE_QUESTION,
    ROUNDING_ERROR,
    Estimate,
    jackknife_error,
    ratio,
    t_quantile,
)
from judgelake.measures.table import Table

MOST_BUCKETS = 500
"""Buckets of a `RightCounts`; further ones are merged, so that thousands of slices fit on a driver: 12 kB each."""
NOTHING_OUTSIDE = "no comparison outside of this slice counts"


@dataclass(frozen=True, slots=True, eq=False)
class RightCounts:
    """Judged comparisons and those with the right verdict within each bucket of questions, of one judge and slice."""

    bucket: NDArray[np.int64]
    """The numbers of the buckets, ascending; the same bucket has the same number in all slices."""
    judged: NDArray[np.float64]
    right: NDArray[np.float64]
    asked: int | None = None
    """Comparisons asked for, also those without a verdict."""

    @classmethod
    def of(cls, figure: Figure, table: Table) -> RightCounts | None:
        """From a share of right verdicts and its table; None if nothing is judged or buckets have no numbers."""
        if figure.replicates is None or figure.base is None or not figure.n or table.buckets is None:
            return None
        # A share of nothing is not defined, and nothing is right then.
        right = np.nan_to_num(figure.replicates) * figure.base
        bucket, place = np.unique(table.buckets % MOST_BUCKETS, return_inverse=True)
        within = np.zeros((2, len(bucket)))
        # Shares are rounded, so that counts made of them differ from whole ones in the last digits.
        np.add.at(within.T, place, np.round([figure.base[0] - figure.base[1:], right[0] - right[1:]], 6).T)
        return cls(bucket, within[0], within[1], figure.asked)

    @property
    def share(self) -> float:
        """The share that is right."""
        return float(self.right.sum() / self.judged.sum())

    @property
    def clusters(self) -> float:
        """How many questions of equal weight are equivalent; see `effective_clusters`."""
        return float(self.judged.sum() ** 2 / (self.judged**2).sum())

    def within(self, slice_: RightCounts) -> RightCounts:
        """A slice with a place for each bucket of these counts, which are of everything."""
        place = np.searchsorted(self.bucket, slice_.bucket)
        judged, right = np.zeros(len(self.bucket)), np.zeros(len(self.bucket))
        judged[place], right[place] = slice_.judged, slice_.right
        return RightCounts(self.bucket, judged, right)

    def without(self, slice_: RightCounts) -> RightCounts:
        """The comparisons outside of a slice, which has the same buckets."""
        return RightCounts(self.bucket, self.judged - slice_.judged, self.right - slice_.right)

    def shares_left_out(self) -> NDArray[np.float64]:
        """The share that is right, in the data and with each bucket left out; nan where nothing is left."""
        judged, right = (np.append(all_of.sum(), all_of.sum() - all_of) for all_of in (self.judged, self.right))
        return ratio(right, judged)


def figures(whole: RightCounts, slices: Mapping[int, RightCounts]) -> Iterator[tuple[int, Figure]]:
    """The difference of each slice to all others, and its agreement shrunk, with the number of the slice.

    Args:
        whole: of everything.
        slices: by their numbers; those of one dimension, so that they do not overlap.
    """
    shrunk = shrunk_agreements(whole, [*slices.values()])
    for (number, one), value in zip(slices.items(), shrunk, strict=True):
        n, judged = int(one.judged.sum()), np.array([one.judged.sum()])
        difference, p_value = slice_difference(whole, one)
        yield number, Figure("slice_difference", None, n, one.asked, p_value=p_value, given=difference, base=judged)
        yield number, Figure("agreement_shrunk", np.array([value]), n, one.asked, base=judged)


def slice_difference(whole: RightCounts, slice_: RightCounts) -> tuple[Estimate, float | None]:
    """Agreement in a slice minus that outside of it, with the p-value of a t test of no difference.

    Both shares come from the same replicates, so that questions with comparisons on both sides count as one unit. The
    variance is the mean of two: that of the jackknife, and that if the slice were like everything, which the first is
    no smaller than. The jackknife's alone grows as the agreement falls, so that one slice of 50 that is 20 points below
    19 others would be found in 28 % in place of 48 %, and is zero where a slice happens to be all right. The other
    alone, that of a score test, finds too much where the agreement is near 1. The degrees of freedom are those of the
    side with fewer questions.

    Args:
        whole: of everything.
        slice_: of a part of it.
    """
    within = whole.within(slice_)
    outside = whole.without(within)
    if outside.judged.sum() < 1:
        return Estimate(None, reason=NOTHING_OUTSIDE), None
    difference = within.shares_left_out() - outside.shares_left_out()
    value, clusters = float(difference[0]), min(within.clusters, outside.clusters)
    if clusters < LEAST_CLUSTERS or not np.isfinite(difference).all():
        return Estimate(value, reason=ONE_QUESTION), None
    like_all = like_everything_error(whole, within)
    error = float(np.sqrt((max(jackknife_error(difference), like_all) ** 2 + like_all**2) / 2))
    if error <= ROUNDING_ERROR:
        return Estimate(value, reason=NO_SPREAD), 1.0
    reach, p_value = t_quantile(clusters - 1) * error, float(2 * stdtr(clusters - 1, -abs(value) / error))
    return Estimate(value, max(-1.0, value - reach), min(1.0, value + reach)), p_value


def like_everything_error(whole: RightCounts, within: RightCounts) -> float:
    """The standard error of a slice's agreement if its true agreement were that of everything.

    The binomial error, times the design effect of the slice: how much larger its jackknife error is than the binomial
    one, at least 1. In a slice that is all right or all wrong that is not known; there each question counts as one
    comparison.

    Source: Kish 1965, "Survey sampling", section 8.2 (design effect); the error under the null hypothesis as in the
    score test of a rate (Agresti 2013, "Categorical data analysis", section 1.3.3).
    """
    share, own = whole.share, within.share
    judged = float(within.judged.sum())
    expected, binomial = share * (1 - share), own * (1 - own) / judged
    if binomial <= ROUNDING_ERROR:
        return float(np.sqrt(expected / within.clusters))
    design_effect = max(1.0, jackknife_error(within.shares_left_out()) ** 2 / binomial)
    return float(np.sqrt(expected / judged * design_effect))


def shrunk_agreements(whole: RightCounts, slices: Sequence[RightCounts]) -> list[float]:
    """The agreement in each slice, drawn towards that of everything as far as chance explains the difference.

    Empirical Bayes with normal distributions: (t^2 value + e^2 overall) / (t^2 + e^2), where e is the error that the
    slice would have if it were like everything, and t^2 the variance between slices by the method of moments:
    sum((value - overall)^2 / e^2) is expected to be their number + t^2 sum(1 / e^2). Where slices differ no more than
    by chance t^2 is 0, and all have the overall agreement.

    Source: Efron and Morris 1975, "Data analysis using Stein's estimator and its generalizations"; DerSimonian and
    Laird 1986, "Meta-analysis in clinical trials" (the moments).

    Args:
        whole: of everything.
        slices: the slices of one dimension, so that they do not overlap.
    """
    overall = whole.share
    values = np.array([one.share for one in slices])
    errors = np.array([like_everything_error(whole, whole.within(one)) for one in slices])
    weights = ratio(np.ones(len(slices)), errors**2)
    if not np.isfinite(weights).all():
        return [overall] * len(slices)
    excess = (weights * (values - overall) ** 2).sum() - len(slices)
    between = max(0.0, float(excess / weights.sum())) if len(slices) else 0.0
    kept = between / (between + errors**2)
    return [float(shrunk) for shrunk in overall + kept * (values - overall)]
