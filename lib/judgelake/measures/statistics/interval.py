"""A number with its uncertainty, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

Replicates = NDArray[np.float64]
"""A figure in the data itself (place 0 of the last axis) and with each bucket of questions left out; nan where it is
undefined."""

CONFIDENCE = 0.95
# The power of a detectable effect: it is missed one time in five (Cohen 1988, "Statistical power analysis").
POWER = 0.8
# With one question there is nothing to leave out.
LEAST_CLUSTERS = 2
# The relative error of a variance over random buckets is sqrt(2 / buckets); beyond this many of them it is not noise.
NOISE_ERRORS = 3
# How much figures of the same counts may differ by the order of additions alone.
ROUNDING_ERROR = 1e-12
UNDEFINED = "not defined for these counts"
ONE_QUESTION = "one question only, so there is no interval"
HANGS_ON_ONE = "not defined if some of the questions are left out, so there is no interval"
NO_SPREAD = "the same whichever question is left out, so there is no interval"


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value and its interval at `CONFIDENCE`; every None has its `reason`.

    `detectable` is the size of an effect that a sample like this would miss one time in five (two-sided at 5 %, power
    80 %); only set where zero means "no effect".
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    detectable: float | None = None
    reason: str | None = None


def absent(reason: str) -> Estimate:
    """No number, and why."""
    return Estimate(None, reason=reason)


def estimate(
    figure: Replicates,
    clusters: float,
    *,
    is_rate: bool = False,
    is_effect: bool = False,
    is_coefficient: bool = False,
    trials: float | None = None,
    extreme: float = 1.0,
    least_error: float = 0.0,
) -> Estimate:
    """The value with its interval: a delete-one-bucket jackknife with t quantiles.

    A rate gets the interval of as many independent observations as have its error (`agresti_coull`), and for a
    coefficient it is computed on Fisher's z scale, where it is closer to normal and cannot leave its range (Fisher
    1921); for any other figure on its original scale. If leaving out a bucket changes nothing (all agree, or none), a
    rate gets Wilson's interval over the questions, and so does a difference of two shares that is 0, 1 or -1
    (`difference_without_spread`); any other figure gets none.

    Args:
        figure: shape (1 + buckets,): in the data, and with each bucket that it is based on left out; nan where the
            figure is undefined.
        clusters: questions of equal weight that it is based on (`effective_clusters`).
        is_rate: whether it lies between 0 and 1.
        is_effect: whether 0 means "no effect", so that it has a detectable size.
        is_coefficient: whether it lies between -1 and 1, like kappa or a correlation.
        trials: for a share of yes-or-no observations, their number: a few errors may lie in different questions by
            chance alone, so the error is taken to be at least that of independent observations. For a difference of
            two shares, the questions of equal weight that it is based on. Else None.
        extreme: the largest value of such a difference.
        least_error: a standard error below which that of the jackknife is not believed.
    """
    value = float(figure[0])
    why = _why_no_interval(figure, clusters)
    if why is not None:
        return Estimate(None if why == UNDEFINED else value, reason=why)
    # A rate of 0 or 1 has no error.
    if not has_spread(figure) or (is_rate and not 0 < value < 1):
        return _without_spread(value, clusters, is_rate=is_rate, trials=trials, extreme=extreme)
    error = max(jackknife_error(figure), least_error)
    degrees = min(clusters, len(figure) - 1) - 1
    quantile = t_quantile(degrees)
    if is_rate:
        low, high = _ends_of_rate(value, error, quantile, trials)
    elif is_coefficient and abs(value) < 1:
        low, high = _ends_of_coefficient(value, quantile * error)
    else:
        most, reach = extreme if trials else np.inf, quantile * error
        low, high = max(-most, value - reach), min(most, value + reach)
    return Estimate(value, low, high, detectable_errors(degrees) * error if is_effect else None)


def _why_no_interval(figure: Replicates, clusters: float) -> str | None:
    """Why a figure has no interval, or no value either (`UNDEFINED`); None if it may have one."""
    if not np.isfinite(figure[0]):
        return UNDEFINED
    left_out = figure[1:]
    if min(clusters, len(left_out)) < LEAST_CLUSTERS:
        return ONE_QUESTION
    return None if np.isfinite(left_out).all() else HANGS_ON_ONE


def _ends_of_coefficient(value: float, reach: float) -> tuple[float, float]:
    """The ends that are `reach`, in units of the coefficient, to each side of the value on Fisher's z scale."""
    centre, of_z = float(np.arctanh(value)), reach / (1 - value**2)
    return float(np.tanh(centre - of_z)), float(np.tanh(centre + of_z))


def _ends_of_rate(value: float, error: float, quantile: float, trials: float | None) -> tuple[float, float]:
    least = float(np.sqrt(value * (1 - value) / trials)) if trials else 0.0
    low, high = agresti_coull(value, value * (1 - value) / max(error, least) ** 2, quantile)
    # Rounding alone can place an end on the other side of a value next to 0 or 1.
    return min(low, value), max(high, value)


def has_spread(figure: Replicates) -> bool:
    """Whether leaving out any bucket changes the figure by more than rounding."""
    return bool(np.abs(figure[1:] - figure[0]).max() > ROUNDING_ERROR * max(1.0, abs(float(figure[0]))))


def jackknife_error(figure: Replicates) -> float:
    """The standard error of a figure from its values with each of m buckets left out.

    sqrt((m - 1) / m * sum((value without a bucket - value)^2)). For a ratio of two totals this is the linearised
    clustered error up to terms of order 1 / m.

    Source: Efron and Stein 1981, "The jackknife estimate of variance"; Kott 2001, "The delete-a-group jackknife".

    Args:
        figure: shape (1 + m,).
    """
    buckets = len(figure) - 1
    return float(np.sqrt((buckets - 1) / buckets * np.square(figure[1:] - figure[0]).sum()))


def effective_clusters(base: Replicates, most: int, hashed: int | None = None) -> float:
    """How many questions of equal weight are equivalent: (sum of d)^2 / sum of d^2, at most `most`.

    d is the number of observations of a question on which the figure is based: none in a question whose judgments all
    failed, many in one with many comparisons. For questions in random buckets the sum of squares is not known; it is
    estimated from the variance of the buckets, and where that cannot be distinguished from `most`, it is `most`.

    Source: Kish 1965, "Survey sampling", section 11.7 (effective sample size of unequal weights).

    Args:
        base: observations counted, in the data and with each bucket left out, shape (1 + buckets,).
        most: the number of questions, or of observations where they are fewer.
        hashed: the number of buckets that questions were assigned to at random, empty ones included; None where each
            bucket is one question.
    """
    of_buckets = base[0] - base[1:]
    squares = float(np.square(of_buckets).sum())
    if hashed is None:
        return min(float(most), float(base[0]) ** 2 / squares) if squares else float(most)
    squares = (squares - float(base[0]) ** 2 / hashed) * hashed / max(1, hashed - 1)
    if squares <= 0:
        return float(most)
    found = float(base[0]) ** 2 / squares
    noise = NOISE_ERRORS * float(np.sqrt(2 / hashed))
    return float(most) if found >= most * (1 - noise) else found


@lru_cache(maxsize=4096)
def t_quantile(degrees: float, tests: int = 1) -> float:
    """How many standard errors the interval of one of so many tests extends to each side."""
    return -float(stdtrit(degrees, (1 - CONFIDENCE) / 2 / tests))


@lru_cache(maxsize=4096)
def detectable_errors(degrees: float, tests: int = 1) -> float:
    """How many standard errors an effect has that one of so many tests, at 5 % together, misses one time in five.

    2.8 with many degrees of freedom, 3.7 with four. Source: Bloom 1995, "Minimum detectable effects".
    """
    return t_quantile(degrees, tests) + float(stdtrit(degrees, POWER))


def agresti_coull(rate: float, trials: float, quantile: float) -> tuple[float, float]:
    """The interval of a rate with `quantile`^2 / 2 successes and as many failures added, within 0 to 1.

    For clustered observations `trials` is their effective number, rate (1 - rate) / error^2, and the quantile is of t.

    Source: Agresti and Coull 1998, "Approximate is better than exact for interval estimation of binomial proportions";
    with effective numbers, Dean and Pagano 2015, "Evaluating confidence interval methods for binomial proportions in
    clustered surveys".
    """
    added = quantile * quantile
    centre = (rate * trials + added / 2) / (trials + added)
    half = quantile * float(np.sqrt(centre * (1 - centre) / (trials + added)))
    return max(0.0, centre - half), min(1.0, centre + half)


def wilson(successes: float, trials: float, tests: int = 1) -> tuple[float, float]:
    """Wilson's interval of a rate (Wilson 1927), one of so many; `trials` must be positive."""
    z = t_quantile(np.inf, tests)
    centre = (successes + z * z / 2) / (trials + z * z)
    half = z / (trials + z * z) * float(np.sqrt(successes * (1 - successes / trials) + z * z / 4))
    return max(0.0, centre - half), min(1.0, centre + half)


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """The p-values corrected for their number, in the given order (Holm 1979, step-down); never above 1."""
    order = np.argsort(p_values, kind="stable")
    corrected = np.empty(len(p_values))
    highest = 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[place]))
        corrected[place] = highest
    return tuple(map(float, corrected))


def ratio(part: Replicates, whole: Replicates) -> Replicates:
    """`part / whole`, nan where the whole is 0."""
    undefined: Replicates = np.full(np.broadcast_shapes(part.shape, whole.shape), np.nan)
    np.divide(part, whole, out=undefined, where=whole != 0)
    return undefined


def _without_spread(value: float, clusters: float, *, is_rate: bool, trials: float | None, extreme: float) -> Estimate:
    # An interval of zero width would claim certainty, from as few as two questions.
    if not is_rate:
        return difference_without_spread(value, trials, extreme) if trials else Estimate(value, reason=NO_SPREAD)
    low, high = wilson(value * clusters, clusters)
    return Estimate(value, min(low, value), max(high, value))


def difference_without_spread(value: float, trials: float, extreme: float, tests: int = 1) -> Estimate:
    """A difference of two shares where every question is on one side, or none on either (0).

    For 0 the interval is bounded by the upper end of Wilson's interval for none on one side. The detectable effect is
    the smallest share p, all of it on one side, that is `detectable_errors` of its standard errors
    sqrt(p (1 - p) / trials) from zero. Neither exceeds the largest possible difference. Any other difference has no
    interval.
    """
    if min(abs(abs(value) - end) for end in (0, extreme)) > ROUNDING_ERROR:
        return Estimate(value, reason=NO_SPREAD)
    errors = detectable_errors(np.inf, tests)
    detectable = min(extreme, errors**2 / (trials + errors**2))
    if abs(value) <= ROUNDING_ERROR:
        most = min(extreme, wilson(0, trials, tests)[1])
        return Estimate(value, -most, most, detectable)
    least = extreme * (2 * wilson(trials, trials, tests)[0] - 1)
    return Estimate(value, *((least, extreme) if value > 0 else (-extreme, -least)), detectable)
