"""The mean of values that were measured on the same questions with several seeds, and its interval."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from judgelake.measures.statistics.interval import (
    LEAST_CLUSTERS,
    NO_SPREAD,
    ONE_QUESTION,
    ROUNDING_ERROR,
    UNDEFINED,
    Estimate,
    absent,
    t_quantile,
)

LEAST_SEEDS = 3
TWO_SEEDS = f"two seeds only, so there is no interval: {LEAST_SEEDS} are needed"


def crossed_estimate(values: NDArray[np.float64], least: float, most: float) -> Estimate:
    """The mean of values crossed by questions and seeds, as it would be with other questions and other seeds.

    The variance of the mean is that of a two-way layout with random questions and random seeds,
    (MS of questions + MS of seeds - MS of the rest) / (questions x seeds), and its degrees of freedom are
    Satterthwaite's. It is not taken to be smaller than that of questions or seeds alone. With one seed it is the
    interval over questions, which says nothing of other seeds. With two there is none: where seeds matter it would hold
    the truth in 88 of 100 cases, with three in 92 to 97 (simulated). Of a share
    near 0 or 1 in few questions it holds the truth less often: in 90 of 100 cases of 0.97 in 30 questions.

    Source: Satterthwaite 1946, "An approximate distribution of estimates of variance components"; for the crossed
    design, Judd, Westfall and Kenny 2012, "Treating stimuli as a random factor in social psychology".

    Args:
        values: shape (questions, seeds), for example how often two models differ in each; all finite.
        least: no value is smaller.
        most: no value is larger.
    """
    questions, seeds = values.shape
    if not values.size or not np.isfinite(values).all():
        return absent(UNDEFINED)
    mean = float(values.mean())
    if questions < LEAST_CLUSTERS:
        return Estimate(mean, reason=ONE_QUESTION)
    if 1 < seeds < LEAST_SEEDS:
        return Estimate(mean, reason=TWO_SEEDS)
    if values.max() - values.min() <= ROUNDING_ERROR:
        return Estimate(mean, reason=NO_SPREAD)
    variance, degrees = _variance(values, questions, seeds)
    reach = t_quantile(degrees) * float(np.sqrt(variance))
    return Estimate(mean, max(least, mean - reach), min(most, mean + reach))


def _variance(values: NDArray[np.float64], questions: int, seeds: int) -> tuple[float, float]:
    """Of the mean, and its degrees of freedom."""
    of_questions = seeds * float(values.mean(axis=1).var(ddof=1))
    if seeds == 1:
        return of_questions / questions, questions - 1
    of_seeds = questions * float(values.mean(axis=0).var(ddof=1))
    rest = values - values.mean(axis=1, keepdims=True) - values.mean(axis=0) + values.mean()
    of_rest = float(np.square(rest).sum()) / ((questions - 1) * (seeds - 1))
    together = of_questions + of_seeds - of_rest
    if together < of_questions and of_seeds <= of_questions:
        return of_questions / values.size, questions - 1
    if together < of_seeds:
        return of_seeds / values.size, seeds - 1
    terms = (
        (of_questions, questions - 1),
        (of_seeds, seeds - 1),
        (of_rest, (questions - 1) * (seeds - 1)),
    )
    return together / values.size, together**2 / sum(square**2 / degrees for square, degrees in terms)
