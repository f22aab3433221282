"""A difference of two shares on the same comparisons: its test and, for many of them, simultaneous intervals.

A question's comparisons are kept together. What is said of one pair among many is said at the level 0.05 / pairs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from judgelake.measures.spread import Spread
from judgelake.measures.statistics.interval import (
    LEAST_CLUSTERS,
    ROUNDING_ERROR,
    UNDEFINED,
    Estimate,
    Replicates,
    absent,
    detectable_errors,
    difference_without_spread,
    has_spread,
    jackknife_error,
    t_quantile,
)

# Simulated with equal judges: where at most 5 questions differ the t test at 5 % is false in 7 to 8 %, where 9 to 12
# do the one at 0.1 %, the level of 45 pairs, in up to 0.2 %. Where more do it keeps both.
MOST_FLIPPED = 12


def spread_of(difference: Replicates, clusters: float) -> Spread | None:
    """The spread of a difference of two shares; None where there are too few questions for an interval.

    Args:
        difference: in the data, and with each bucket of questions that it is based on left out, shape (1 + m,).
        clusters: questions of equal weight that it is based on.
    """
    degrees = min(clusters, len(difference) - 1) - 1
    if degrees < LEAST_CLUSTERS - 1 or not np.isfinite(difference).all():
        return None
    return Spread(jackknife_error(difference) if has_spread(difference) else 0.0, degrees, clusters)


def paired_p(value: float, spread: Spread | None, leads: NDArray[np.float64]) -> float:
    """Two-sided p-value of a difference of two shares on the same comparisons, under no difference.

    A t test with the error and the degrees of freedom of the interval, so that p is below 0.05 exactly where the
    interval excludes zero. Where at most `MOST_FLIPPED` questions differ it is `sign_flip_p` of their totals, which
    needs no normal distribution; and 1 where none does.

    Args:
        value: the difference.
        spread: of it.
        leads: the difference within each question as a count, shape (m,); 0 where the two are equally often right.
    """
    totals = leads[np.abs(leads) > ROUNDING_ERROR]
    if len(totals) <= MOST_FLIPPED or spread is None:
        return sign_flip_p(totals)
    if not spread.error:
        # The same share in every question, so all are on one side: the sign test.
        return float(2.0 ** (1 - len(totals)))
    return float(2 * stdtr(spread.degrees, -abs(value) / spread.error))


def sign_flip_p(totals: NDArray[np.float64]) -> float:
    """Two-sided p-value of a sum of independent totals, if each were as likely to have the other sign; exact.

    The share of all ways to choose their signs whose sum is at least as far from zero. 1 without totals. If all totals
    are 1 or -1 it is the sign test, and so McNemar's exact test.

    Source: Fisher 1935, "The design of experiments", section 21; for totals of clusters as the units, Gail et al. 1996,
    "On design considerations and randomization-based inference for community intervention trials".

    Args:
        totals: shape (k,); 2 ** k sums are made.
    """
    sums = np.zeros(1)
    for total in totals:
        sums = np.concatenate([sums + total, sums - total])
    least = abs(float(np.sum(totals))) - ROUNDING_ERROR * float(np.sum(np.abs(totals)))
    return float(np.mean(np.abs(sums) >= least))


def simultaneous(value: float, spread: Spread | None, tests: int) -> Estimate:
    """A difference with its interval and detectable size if it is one of so many: at the level 0.05 / tests.

    All intervals of these differences together contain all true values in at least 95 of 100 evaluations, however the
    differences depend on each other. With one test it is the interval of `estimate`.

    Source: Bonferroni's inequality; Dunn 1961, "Multiple comparisons among means".
    """
    if spread is None:
        return absent(UNDEFINED)
    if not spread.error:
        return difference_without_spread(value, spread.trials, 1.0, tests)
    reach = t_quantile(spread.degrees, tests) * spread.error
    detectable = detectable_errors(spread.degrees, tests) * spread.error
    return Estimate(value, max(-1.0, value - reach), min(1.0, value + reach), detectable)
