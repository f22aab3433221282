"""How well probabilities are calibrated: expected calibration error, Brier score, and the reliability diagram."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from judgelake.measures.families import Estimate, effective_clusters, estimate
from judgelake.trust.replicates import leaving_out

Floats = NDArray[np.float64]

BINS = 10
"""Bins of equal width from 0 to 1, as in Guo et al. 2017."""


@dataclass(frozen=True, slots=True)
class Bin:
    """The verdicts with a probability in one bin of the reliability diagram."""

    low: float
    high: float
    n: int
    probability: float
    """The mean probability."""
    agreement: Estimate
    """The share that is right, with its interval."""


def share_right(right: Floats) -> float:
    """The mean; nan without verdicts."""
    return float(right.mean()) if len(right) else float("nan")


def bin_of(probabilities: Floats, bins: int = BINS) -> NDArray[np.int64]:
    """The bin of each probability; 1 belongs to the last one."""
    found: NDArray[np.int64] = np.minimum((probabilities * bins).astype(np.int64), bins - 1)
    return found


def _by_bin(probabilities: Floats, right: Floats) -> tuple[Floats, Floats, Floats]:
    """Verdicts, sum of probabilities and right verdicts of each bin."""
    place = bin_of(probabilities)
    weights = (None, probabilities, right)
    n, summed, rights = (np.bincount(place, weights=one, minlength=BINS).astype(np.float64) for one in weights)
    return n, summed, rights


def ece(probabilities: Floats, right: Floats) -> float:
    """Expected calibration error: the mean over verdicts of |share right - mean probability| of their bin.

    nan without verdicts. Above 0 by chance alone, see `ece_by_chance`.

    Source: Naeini, Cooper and Hauskrecht 2015, "Obtaining well calibrated probabilities using Bayesian binning".
    """
    n, summed, rights = _by_bin(probabilities, right)
    return float(np.abs(rights - summed).sum() / n.sum()) if n.sum() else float("nan")


def ece_by_chance(probabilities: Floats) -> float:
    """About what the error would be for as many verdicts if these probabilities were exact.

    The share right of a bin then differs from its mean probability by a normal error, whose expected size is
    sqrt(2 / pi) of its standard error.
    """
    place = bin_of(probabilities)
    variances = np.bincount(place, weights=probabilities * (1 - probabilities), minlength=BINS)
    return float(np.sqrt(2 / np.pi * variances).sum() / len(place)) if len(place) else float("nan")


def brier(probabilities: Floats, right: Floats) -> float:
    """Mean squared difference of probability and outcome; nan without verdicts.

    Source: Brier 1950, "Verification of forecasts expressed in terms of probability".
    """
    return float(np.square(probabilities - right).mean()) if len(right) else float("nan")


def brier_skill(probabilities: Floats, right: Floats) -> float:
    """1 minus the Brier score over that of the share of right verdicts as the probability of each.

    0: no better than that one number; 1: perfect; below 0: worse. nan if all verdicts are right, or none.

    Source: Murphy 1973, "A new vector partition of the probability score".
    """
    rate = float(right.mean()) if len(right) else float("nan")
    return 1 - brier(probabilities, right) / (rate * (1 - rate)) if 0 < rate < 1 else float("nan")


def reliability_bins(
    probabilities: Floats, right: Floats, buckets: NDArray[np.int64], hashed: int | None = None
) -> tuple[Bin, ...]:
    """The bins of the reliability diagram that have a verdict, with the share right in each and its interval.

    Args:
        probabilities: of the verdicts, shape (n,).
        right: 1 for a verdict that agrees with the label, else 0.
        buckets: the bucket of each verdict's question.
        hashed: the number of buckets that questions were assigned to at random; None if each is a question.
    """
    found, place = [], bin_of(probabilities)
    for one in np.unique(place):
        inside = place == one
        shares, base = leaving_out(share_right, buckets[inside], right[inside])
        questions = len(base) - 1 if hashed is None else int(base[0])
        clusters = effective_clusters(base, questions, hashed)
        agreement = estimate(shares, clusters, is_rate=True, trials=float(base[0]))
        mean = float(probabilities[inside].mean())
        found.append(Bin(float(one) / BINS, float(one + 1) / BINS, int(base[0]), mean, agreement))
    return tuple(found)
