"""A number with its uncertainty, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Replicates = NDArray[np.float64]
"""A figure in the data itself (place 0 of the last axis) and in each bootstrap replicate; nan where it is undefined."""

CONFIDENCE = 0.95
# The power at which a sample "could have shown" a difference (Cohen 1988, "Statistical power analysis").
POWER = 0.8
# With one question there is nothing to resample.
LEAST_CLUSTERS = 2
# A figure that most resamples leave undefined has no interval worth the name.
LEAST_DEFINED_SHARE = 0.95
# So many standard errors from zero an effect is shown with that power, at 5 % two-sided.
DETECTABLE_ERRORS = float(stats.norm.ppf((1 + CONFIDENCE) / 2) + stats.norm.ppf(POWER))
# A variance over R replicates is off by sqrt(2 / R) of itself; so many times that is no noise any more.
NOISE_ERRORS = 3
# What replicates of one and the same figure may differ by: nothing that was resampled, but the order of its additions.
ROUNDING_ERROR = 1e-12
UNDEFINED = "not defined on these counts"
ONE_QUESTION = "one question only, so there is no interval"
OFTEN_UNDEFINED = "undefined in too many resamples for an interval"
NO_SPREAD = "the same in every resample, so there is no interval"
P_VALUE = "a p-value, which has no interval"


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value and its interval at `CONFIDENCE`; every None has its `reason`.

    `detectable` is the smallest difference from zero that this sample could have shown (two-sided at 5 %, with a power
    of 80 %); only set where zero means "no effect".
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
    clusters: int,
    *,
    is_rate: bool = False,
    is_effect: bool = False,
    trials: float | None = None,
    extreme: float = 1.0,
) -> Estimate:
    """The value with its bootstrap interval over questions.

    The interval is the percentile interval, widened for few clusters as the t interval is (Hesterberg 2015, "What
    teachers should know about the bootstrap", section 5.3, expanded percentile). Where every resample gives the same
    figure (all agree, none does) a rate gets Wilson's interval over the questions, and so does a difference of two
    shares that is 0, 1 or -1 (`_difference_without_spread`); any other figure gets none.

    Args:
        figure: shape (1 + replicates,); nan where the figure is undefined.
        clusters: questions it rests on (`effective_clusters`).
        is_rate: whether it lies between 0 and 1.
        is_effect: whether 0 means "no effect", so that what could have been detected is worth saying.
        trials: of a difference of two shares, the questions of equal weight that it rests on; None for all else.
        extreme: the most that such a difference can be.
    """
    value = float(figure[0])
    if not np.isfinite(value):
        return absent(UNDEFINED)
    if clusters < LEAST_CLUSTERS:
        return Estimate(value, reason=ONE_QUESTION)
    resampled = figure[1:]
    resampled = resampled[np.isfinite(resampled)]
    if len(resampled) < LEAST_DEFINED_SHARE * (len(figure) - 1) or not len(resampled):
        return Estimate(value, reason=OFTEN_UNDEFINED)
    if np.ptp(resampled) <= ROUNDING_ERROR * max(1.0, abs(value)):
        return _without_spread(value, clusters, is_rate=is_rate, trials=trials, extreme=extreme)
    tail = expanded_tail(clusters)
    low, high = np.quantile(resampled, (tail, 1 - tail))
    return Estimate(value, float(low), float(high), detectable(resampled, clusters) if is_effect else None)


def effective_clusters(base: Replicates, most: int) -> int:
    """How many questions of equal weight would carry a figure as well: (sum of d)^2 / sum of d^2, at most `most`.

    d are the observations of a question that the figure rests on: none in a question whose judgments all failed, many
    in one of many comparisons. The sum of their squares is the variance of the base over Poisson replicates. Where so
    few replicates cannot tell it from `most`, it is `most`.

    Source: Kish 1965, "Survey sampling", section 11.7 (effective sample size of unequal weights).

    Args:
        base: observations that count, in the data and in each replicate, shape (1 + replicates,).
        most: the questions there are, or the observations where they are fewer.
    """
    resampled = base[1:]
    spread = float(np.var(resampled, ddof=1)) if len(resampled) > 1 else 0.0
    if not spread:
        return most
    found = float(base[0]) ** 2 / spread
    noise = NOISE_ERRORS * float(np.sqrt(2 / len(resampled)))
    return most if found >= most * (1 - noise) else int(found)


@lru_cache(maxsize=4096)
def expanded_tail(clusters: int) -> float:
    """The share to cut from each end of the bootstrap distribution: less than 2.5 % where clusters are few."""
    widened = np.sqrt(clusters / (clusters - 1)) * stats.t.ppf((1 + CONFIDENCE) / 2, clusters - 1)
    return float(stats.norm.sf(widened))


def detectable(resampled: Replicates, clusters: int) -> float:
    """The smallest true difference that a sample with this standard error shows with `POWER`, at 5 % two-sided."""
    error = float(np.std(resampled, ddof=1)) * float(np.sqrt(clusters / (clusters - 1)))
    return DETECTABLE_ERRORS * error


def wilson(successes: float, trials: float) -> tuple[float, float]:
    """Wilson's interval of a rate (Wilson 1927); `trials` must be positive."""
    z = float(stats.norm.ppf((1 + CONFIDENCE) / 2))
    share = successes / trials
    centre = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * float(np.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials)))
    return max(0.0, centre - half), min(1.0, centre + half)


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """The p-values corrected for being so many, in their order (Holm 1979, step-down); never above 1."""
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


def _without_spread(value: float, clusters: int, *, is_rate: bool, trials: float | None, extreme: float) -> Estimate:
    # An interval without width would claim certainty, from as little as two questions.
    if trials and min(abs(abs(value) - end) for end in (0, extreme)) <= ROUNDING_ERROR:
        return _difference_without_spread(value, trials, extreme)
    if not is_rate:
        return Estimate(value, reason=NO_SPREAD)
    low, high = wilson(value * clusters, clusters)
    return Estimate(value, min(low, value), max(high, value))


def _difference_without_spread(value: float, trials: float, extreme: float) -> Estimate:
    """A difference of two shares where every question leans to one side, or none to either (0).

    With 0 no more questions lean to one side than the upper end of Wilson's interval of none. The detectable effect is
    the smallest share p, all of it on one side, that lies `DETECTABLE_ERRORS` of its own standard errors
    sqrt(p (1 - p) / trials) from zero. Neither is beyond what the difference can be.
    """
    detectable = min(extreme, DETECTABLE_ERRORS**2 / (trials + DETECTABLE_ERRORS**2))
    if abs(value) <= ROUNDING_ERROR:
        most = min(extreme, wilson(0, trials)[1])
        return Estimate(value, -most, most, detectable)
    least = extreme * (2 * wilson(trials, trials)[0] - 1)
    return Estimate(value, *((least, extreme) if value > 0 else (-extreme, -least)), detectable)
