"""Tests of a difference on the same comparisons, with a question's comparisons kept together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from judgelake.measures.statistics.interval import ROUNDING_ERROR, Replicates, jackknife_error

# Up to this many questions with a difference all ways to flip their signs are counted: 2 ** 15 sums take a millisecond.
MOST_FLIPPED = 15


def paired_p(difference: Replicates, clusters: float, totals: NDArray[np.float64]) -> float:
    """Two-sided p-value of a difference of two shares on the same comparisons, under no difference.

    A t test with the error and the degrees of freedom of the figure's interval, so that p is below 0.05 exactly where
    the interval excludes zero. Where at most `MOST_FLIPPED` questions differ it is `sign_flip_p` of their totals,
    which needs no normal distribution; and 1 where none does.

    Args:
        difference: in the data, and with each bucket of questions that it is based on left out, shape (1 + m,).
        clusters: questions of equal weight that it is based on.
        totals: the difference within each question, as a count, any shape; 0 where the two are equally often right.
    """
    shown = totals[np.abs(totals) > ROUNDING_ERROR]
    if len(shown) <= MOST_FLIPPED:
        return sign_flip_p(shown)
    value, error = float(difference[0]), jackknife_error(difference)
    if error <= ROUNDING_ERROR * abs(value):
        # The same in every question, so all are on one side.
        return float(2.0 ** (1 - len(shown)))
    return t_p(value / error, min(clusters, len(difference) - 1) - 1)


def t_p(errors: float, degrees: float) -> float:
    """Two-sided p-value of a value that is so many standard errors from zero."""
    return float(2 * stats.t.sf(abs(errors), degrees))


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
