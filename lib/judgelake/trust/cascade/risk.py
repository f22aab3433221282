"""Thresholds with a promise: what is decided disagrees with people in at most a share alpha, with certainty 1 - delta.

Stage by stage, the risk of a threshold is the probability that the stage's verdict is not the label, given that no
earlier stage decides and that its reliability reaches the threshold. Thresholds are tested from the highest down, in an
order that is fixed before any label is seen, each by the exact binomial test of "the risk is above alpha" at the
stage's part of delta; the stage gets the last one before the first that is not rejected. If a stage breaks its promise,
a true "above alpha" was rejected: the first one that was tested, so one test at that level. What a stage leaves is
tested for the next stage among the labels that are left.

Over all stages together the probability of any broken promise is at most the sum of the stages' parts. Where all stages
keep theirs, so does the whole cascade: its risk is their average, weighted by what each decides.

The labels must be independent draws: one comparison of a question (`Labelled.one_a_question`). Two things are exact
only in a world that is not contrived. Thresholds that too few labels reach are passed over (`FIRST_SHARE`), which is
exact if the risk does not fall with falling reliability. And the labels between a stage's threshold and the one that
was not rejected have been looked at, and stay among those of the next stage: that makes its test stricter where judges
tend to be wrong on the same comparisons.

Source: fixed-sequence testing as in Trust or Escalate (arXiv 2407.18370), whose public code gives each stage the whole
delta and tests each judge on all labels instead of on those that reach it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta, binom

from judgelake.trust.cascade.labelled import Labelled

PROBABILITIES: NDArray[np.float64] = np.arange(200, 99, -1) / 200
"""Thresholds for a reliability that is the probability of the verdict among two: 1 down to 0.5, which decides all."""

FIRST_SHARE = 0.2
"""Of the labels that reach a stage and have its verdict, those on which its first test rests at least. With the fewest
that could do, a single error among the surest verdicts would end the sequence before it has begun."""


@dataclass(frozen=True, slots=True)
class StageChoice:
    """The threshold of one stage, and the evidence for it."""

    threshold: float
    """inf: the stage decides nothing."""
    delta: float
    reached: int
    """Labels of comparisons that no earlier stage decides."""
    decided: int
    """Of these, those that this stage decides, and among them its errors."""
    errors: int
    bound: float | None
    """Upper end of the exact one-sided interval of its risk (Clopper-Pearson) at 1 - delta; None if it decides none."""
    reason: str | None = None
    """Why it decides nothing."""


def least_labels(alpha: float, delta: float) -> int:
    """The fewest labels from which a risk of at most alpha can be promised: without any error (1 - alpha)^n <= delta.

    Raises:
        ValueError: one of them is not between 0 and 1.
    """
    for name, value in (("alpha", alpha), ("delta", delta)):
        if not 0 < value < 1:
            raise ValueError(f"{name} must be between 0 and 1, and is {value:g}.")
    n = max(1, math.ceil(math.log(delta) / math.log1p(-alpha)))
    # The logarithms may round to the wrong side of a whole number.
    while n > 1 and (1 - alpha) ** (n - 1) <= delta:
        n -= 1
    return n


def split(delta: float, stages: int, shares: Sequence[float] | None = None) -> tuple[float, ...]:
    """The part of delta of each stage, in proportion to `shares`; equal parts if None.

    Raises:
        ValueError: not one positive share for each stage.
    """
    weights = [1.0] * stages if shares is None else list(shares)
    if len(weights) != stages or not all(weight > 0 for weight in weights):
        raise ValueError(f"shares of delta must be {stages} positive numbers, one for each stage, not {weights}.")
    return tuple(delta * weight / sum(weights) for weight in weights)


def by_risk(
    labelled: Labelled, alpha: float, deltas: Sequence[float], grid: NDArray[np.float64] = PROBABILITIES
) -> tuple[StageChoice, ...]:
    """For each stage the lowest threshold whose risk is shown to be at most alpha; see the file.

    Args:
        labelled: independent draws of what the cascade will be used on.
        alpha: the largest share of verdicts that may disagree with the labels.
        deltas: the probability with which each stage may break its promise (`split`).
        grid: the thresholds that are tested, falling, chosen without sight of the labels.

    Raises:
        ValueError: alpha or a delta is not between 0 and 1, or the grid does not fall.
    """
    if not (np.diff(grid) < 0).all():
        raise ValueError("the thresholds of the grid must fall from one to the next.")
    left, found = labelled, []
    for stage, delta in enumerate(deltas):
        reliability, wrong = left.reliability[stage], ~left.right[stage]
        choice = _tested(reliability, wrong, alpha, delta, grid)
        found.append(choice)
        left = left.taken(~(reliability >= choice.threshold))
    return tuple(found)


def _tested(
    reliability: NDArray[np.float64], wrong: NDArray[np.bool_], alpha: float, delta: float, grid: NDArray[np.float64]
) -> StageChoice:
    least, reached = least_labels(alpha, delta), len(reliability)
    # Without a verdict it is decided at no threshold.
    verdicts = reached - int(np.isnan(reliability).sum())
    order = np.argsort(-np.nan_to_num(reliability, nan=-np.inf), kind="stable")
    decided = np.searchsorted(-reliability[order][:verdicts], -grid, side="right")
    errors = np.append(0, np.cumsum(wrong[order]))[decided]
    fewest = max(least, math.ceil(FIRST_SHARE * verdicts))
    tested = decided >= fewest
    if not (decided >= least).any():
        judged = int(decided[-1]) if len(decided) else 0
        reason = f"needs at least {least:,} labelled comparisons, has {judged:,}"
        return StageChoice(math.inf, delta, reached, 0, 0, None, reason)
    if not tested.any():
        reason = f"its lowest threshold is reached by {int(decided[-1]):,} labels, and the first test needs {fewest:,}"
        return StageChoice(math.inf, delta, reached, 0, 0, None, reason)
    rejected = binom.cdf(errors[tested], decided[tested], alpha) <= delta
    last = int(len(rejected) if rejected.all() else rejected.argmin()) - 1
    if last < 0:
        first, of = int(errors[tested][0]), int(decided[tested][0])
        reason = f"of the {of:,} labelled comparisons that it is surest of it is wrong on {first:,}"
        return StageChoice(math.inf, delta, reached, 0, 0, None, reason)
    # Of thresholds that decide the same labels the highest: nothing is known of what lies between.
    last = int(np.searchsorted(decided[tested], decided[tested][last]))
    n, wrongs = int(decided[tested][last]), int(errors[tested][last])
    bound = 1.0 if wrongs == n else float(beta.ppf(1 - delta, wrongs + 1, n - wrongs))
    return StageChoice(float(grid[tested][last]), delta, reached, n, wrongs, bound)
