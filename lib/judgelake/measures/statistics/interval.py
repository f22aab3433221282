"""A number with its uncertainty, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.special import expit, logit

Replicates = NDArray[np.float64]
"""A figure in the data itself (place 0 of the last axis) and with each bucket of questions left out; nan where it is
undefined."""

CONFIDENCE = 0.95
# The power at which a sample "could have shown" a difference (Cohen 1988, "Statistical power analysis").
POWER = 0.8
# With one question there is nothing to leave out.
LEAST_CLUSTERS = 2
# So many standard errors from zero an effect is shown with that power, at 5 % two-sided.
DETECTABLE_ERRORS = float(stats.norm.ppf((1 + CONFIDENCE) / 2) + stats.norm.ppf(POWER))
# A variance over so many random buckets is off by sqrt(2 / buckets) of itself; so many times that is no noise any more.
NOISE_ERRORS = 3
# What figures of the same counts may differ by: nothing that was left out, but the order of additions.
ROUNDING_ERROR = 1e-12
UNDEFINED = "not defined on these counts"
ONE_QUESTION = "one question only, so there is no interval"
HANGS_ON_ONE = "not defined without some of the questions, so there is no interval"
NO_SPREAD = "the same whichever question is left out, so there is no interval"
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
    clusters: float,
    *,
    is_rate: bool = False,
    is_effect: bool = False,
    is_coefficient: bool = False,
    trials: float | None = None,
    extreme: float = 1.0,
) -> Estimate:
    """The value with its interval: a delete-one-bucket jackknife with t quantiles.

    A rate has it on the scale of its logit and a coefficient on that of Fisher's z, where they are more nearly normal
    and cannot leave their range (Agresti 2013, "Categorical data analysis", section 3.1.6; Fisher 1921); any other
    figure on its own. Where leaving out a bucket changes nothing (all agree, none does) a rate gets Wilson's interval
    over the questions, and so does a difference of two shares that is 0, 1 or -1 (`_difference_without_spread`); any
    other figure gets none.

    Args:
        figure: shape (1 + buckets,): in the data and with each bucket left out on which it rests; nan where the figure
            is undefined.
        clusters: questions of equal weight that it rests on (`effective_clusters`).
        is_rate: whether it lies between 0 and 1.
        is_effect: whether 0 means "no effect", so that what could have been detected is worth saying.
        is_coefficient: whether it lies between -1 and 1, like kappa or a correlation.
        trials: of a difference of two shares, the questions of equal weight that it rests on; None for all else.
        extreme: the most that such a difference can be.
    """
    value = float(figure[0])
    if not np.isfinite(value):
        return absent(UNDEFINED)
    left_out = figure[1:]
    if min(clusters, len(left_out)) < LEAST_CLUSTERS:
        return Estimate(value, reason=ONE_QUESTION)
    if not np.isfinite(left_out).all():
        return Estimate(value, reason=HANGS_ON_ONE)
    has_spread = np.abs(left_out - value).max() > ROUNDING_ERROR * max(1.0, abs(value))
    # At an end of its range a rate has no logit.
    if not has_spread or (is_rate and not 0 < value < 1):
        return _without_spread(value, clusters, is_rate=is_rate, trials=trials, extreme=extreme)
    error = jackknife_error(figure)
    reach = t_quantile(min(clusters, len(left_out)) - 1) * error
    if is_rate:
        low, high = _on_scale(logit, expit, value, reach / (value * (1 - value)))
    elif is_coefficient and abs(value) < 1:
        low, high = _on_scale(np.arctanh, np.tanh, value, reach / (1 - value**2))
    else:
        low, high = value - reach, value + reach
    return Estimate(value, low, high, DETECTABLE_ERRORS * error if is_effect else None)


def jackknife_error(figure: Replicates) -> float:
    """The standard error of a figure from its values with each of m buckets left out.

    sqrt((m - 1) / m * sum((value without a bucket - value)^2)). For a ratio of two totals that is the linearised error
    of clusters but for terms of order 1 / m.

    Source: Efron and Stein 1981, "The jackknife estimate of variance"; Kott 2001, "The delete-a-group jackknife".

    Args:
        figure: shape (1 + m,).
    """
    buckets = len(figure) - 1
    return float(np.sqrt((buckets - 1) / buckets * np.square(figure[1:] - figure[0]).sum()))


def effective_clusters(base: Replicates, most: int, hashed: int | None = None) -> float:
    """How many questions of equal weight would carry a figure as well: (sum of d)^2 / sum of d^2, at most `most`.

    d are the observations of a question that the figure rests on: none in a question whose judgments all failed, many
    in one of many comparisons. Of questions in random buckets the sum of their squares is not known, but estimated by
    the variance of the buckets; where that cannot tell it from `most`, it is `most`.

    Source: Kish 1965, "Survey sampling", section 11.7 (effective sample size of unequal weights).

    Args:
        base: observations that count, in the data and with each bucket left out, shape (1 + buckets,).
        most: the questions there are, or the observations where they are fewer.
        hashed: how many buckets the questions were dealt to at random, those without any included; None where each
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
def t_quantile(degrees: float) -> float:
    """So many standard errors the interval reaches to each side."""
    return float(stats.t.ppf((1 + CONFIDENCE) / 2, degrees))


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


def _on_scale(
    to: Callable[[float], float], back: Callable[[float], float], value: float, reach: float
) -> tuple[float, float]:
    """The interval of a value on another scale, brought back."""
    return float(back(to(value) - reach)), float(back(to(value) + reach))


def _without_spread(value: float, clusters: float, *, is_rate: bool, trials: float | None, extreme: float) -> Estimate:
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
