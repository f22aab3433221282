"""How well an indicator tells right verdicts from wrong ones, if only the more reliable ones are kept.

Everywhere `values` are those of the indicator, larger where a verdict is more reliable, and `right` is 1 for a verdict
that agrees with the label, else 0; both have one place per verdict. Verdicts of the same value are in random order, and
each number is the expectation over that order, so that an indicator with few values is neither rewarded nor punished.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

Floats = NDArray[np.float64]

CUTS = 21
"""Cuts that `Halves.blurred` is the mean over."""


def auroc(values: Floats, right: Floats) -> float:
    """Chance that a random right verdict has a larger value than a random wrong one; equal values count one half.

    nan unless there are right and wrong verdicts. 0.5: the indicator tells nothing.

    Source: Hanley and McNeil 1982, "The meaning and use of the area under a receiver operating characteristic curve".
    """
    rights = float(right.sum())
    wrongs = len(right) - rights
    if not rights or not wrongs:
        return float("nan")
    ranks = float(rankdata(values)[right > 0].sum())
    return (ranks - rights * (rights + 1) / 2) / (rights * wrongs)


def risk_by_coverage(values: Floats, right: Floats) -> Floats:
    """Share of wrong verdicts among the k most reliable, for k = 1 to n: the risk-coverage curve; shape (n,).

    Source: El-Yaniv and Wiener 2010, "On the foundations of noise-free selective classification".
    """
    if not len(values):
        return np.empty(0)
    _, place, size = np.unique(-values, return_inverse=True, return_counts=True)
    wrong = np.bincount(place, weights=1 - right)
    errors = np.cumsum(np.repeat(wrong / size, size))
    risk: Floats = errors / np.arange(1, len(values) + 1)
    return risk


def aurc(values: Floats, right: Floats) -> float:
    """Area under the risk-coverage curve: its mean over all coverages; nan without verdicts.

    0 if every verdict is right, the share of wrong verdicts if the indicator tells nothing. Lower is better; it cannot
    be 0 for a judge that is wrong at all.

    Source: Geifman, Uziel and El-Yaniv 2019, "Bias-reduced uncertainty estimation for deep neural classifiers",
    section 3: the mean over k = 1 to n of the risk of the k most reliable.
    """
    return float(risk_by_coverage(values, right).mean()) if len(values) else float("nan")


def aurc_gain(values: Floats, right: Floats) -> float:
    """How much lower the area is than that of a random order, whose expectation is the share of wrong verdicts."""
    return float(1 - right.mean()) - aurc(values, right) if len(values) else float("nan")


@dataclass(frozen=True, slots=True)
class Halves:
    """The agreement of the more reliable half and of the rest; nan without verdicts."""

    kept: float
    other: float

    @classmethod
    def of(cls, values: Floats, right: Floats) -> Halves:
        """Each half has n / 2 verdicts; of those at the median as many belong to either half as it has room for.

        Source: the table "keep the more reliable half" of arXiv 2403.02839, section 5; there the baseline is a random
        half, whose expectation is the agreement of all.
        """
        return cls._cut(values, right, 0.0)

    @classmethod
    def blurred(cls, values: Floats, right: Floats) -> Halves:
        """The mean over cuts at up to sqrt(n) verdicts to either side of the middle, for standard errors alone.

        Leaving out a question moves the cut by a verdict or two. Whether just these are right is chance: by itself it
        can double the standard error of one cut, or halve it.
        """
        return cls._cut(values, right, float(np.sqrt(len(values))))

    @classmethod
    def _cut(cls, values: Floats, right: Floats, reach: float) -> Halves:
        n = len(values)
        if not n:
            return cls(float("nan"), float("nan"))
        risk = risk_by_coverage(values, right)
        errors = np.concatenate([[0.0], risk * np.arange(1, n + 1)])
        # Of an odd number, the verdict in the middle belongs to both halves, with half its weight.
        cuts = np.clip(np.linspace(n / 2 - reach, n / 2 + reach, CUTS), 0, n)
        of_kept = float(np.interp(cuts, np.arange(n + 1), errors).mean())
        return cls(1 - of_kept / (n / 2), 1 - (float(errors[-1]) - of_kept) / (n / 2))
