"""How a judge's verdicts go with length: how often the longer answer wins, and how wins change with length per label.

Called verbosity bias in MT-bench (Zheng et al. 2023, arXiv 2306.05685, section 3.3) and length bias in AlpacaEval's
length-controlled win rates (Dubois et al. 2024, arXiv 2404.04475). All figures take the label as the quality of the
answers. Labels are a noisy reading of it, so where longer answers really are better, a judge without any preference
for length can have a slope too: the figures show what goes with length, not why. Only counterfactual probes, the same
answer made longer, can show why.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from judgelake.measures.beside_labelers import NO_TWO_LABELS, JudgeAndLabelers
from judgelake.measures.figure import Figure
from judgelake.measures.rules import CLASSES, NONE, WRONG
from judgelake.measures.statistics.interval import ROUNDING_ERROR, Replicates, ratio
from judgelake.measures.table import SEPARATOR, Table
from judgelake.measures.votes import VotedCounts

VERDICTS = (*CLASSES, NONE, WRONG)
STEPS_A_DOUBLING = 4
"""Bins per doubling of the ratio of lengths: a step is 19 %."""
LONGEST_RATIO = 4
"""In doublings: anything more than 16 times as long counts as 16 times as long."""

NOTHING_ASKED = "no comparison of answers of different length"
NO_VERDICT = "no comparison of answers of different length has a verdict"
NO_LABEL = "no comparison of answers of different length has a verdict and a label"
ONE_RATIO = "all comparisons with the same label have the same ratio of lengths"

# With fewer, one or two comparisons decide the slope.
LEAST_DIFFERING = 10
LEAST_DEVIATING = 5
# In doublings: half a step, with which no two lengths differ at all. A slope for a doubling would be extrapolated from
# what is an eighth of one.
LEAST_SPREAD = 0.5 / STEPS_A_DOUBLING
FEW_DIFFER = f"fewer than {LEAST_DIFFERING} comparisons of answers of different length, so there is no interval"
FEW_DEVIATE = f"fewer than {LEAST_DEVIATING} verdicts are not their label's most frequent one, so there is no interval"
HARDLY_DIFFER = "at equal labels the ratio of lengths hardly varies, so there is no interval"

# What answer A gets in each of `CLASSES`.
_WINS = np.array([1.0, 0.0, 0.5])


def length_bin(chars_a: int, chars_b: int) -> str:
    """How much longer answer A is than B: log2 of the ratio of lengths in whole steps, within +-`LONGEST_RATIO`.

    As text, for an outcome: "1.0" if A is twice as long as B, "-0.25" if B is a fifth longer, "0.0" if the
    lengths differ by less than half a step (9 %). An empty answer counts as one character, so that there is a ratio.
    """
    doublings = math.log2(max(chars_a, 1) / max(chars_b, 1))
    steps = round(doublings * STEPS_A_DOUBLING)
    longest = LONGEST_RATIO * STEPS_A_DOUBLING
    return str(max(-longest, min(longest, steps)) / STEPS_A_DOUBLING)


def figures(table: Table) -> Iterator[Figure]:
    """What a judge gives the longer answer.

    longer_win_share is based on all verdicts, longer_win_share_of_labels and length_bias on those that also have a
    label, once for each vote, all three where the lengths differ (bin not 0); length_slope on all verdicts with labels.

    Args:
        table: outcomes are (label, verdict, bin): votes of `CLASSES` (`VotedCounts`), `VERDICTS`, and the text from
            `length_bin`.
    """
    bins = sorted({outcome.split(SEPARATOR)[-1] for outcome in table.counts}, key=float)
    doublings = np.array(bins, dtype=np.float64)
    counts = VotedCounts.of(table, CLASSES, (VERDICTS, bins))
    verdicts, both = counts.once[: len(CLASSES)], counts.votes[:, : len(CLASSES)]
    differs = doublings != 0
    asked, asked_labelled = (int(of[..., differs, 0].sum()) for of in (counts.once, counts.votes))
    judged, labelled = verdicts[:, differs].sum(axis=(0, 1)), both[:, :, differs].sum(axis=(0, 1, 2))
    missing = NOTHING_ASKED if not asked else NO_LABEL if judged[0] else NO_VERDICT

    share = longer_win_share(verdicts, doublings)
    yield Figure("longer_win_share", share, int(judged[0]), asked, reason=missing, base=judged)
    of_both = partial(Figure, n=int(labelled[0]), asked=asked_labelled, reason=missing, base=labelled)
    yield of_both("longer_win_share_of_labels", longer_win_share(both.sum(axis=1), doublings))
    yield of_both("length_bias", length_bias(both, doublings))
    slope, base = length_slope(both, doublings), both.sum(axis=(0, 1, 2))
    n, asked_labelled = int(base[0]), int(counts.votes[..., 0].sum())
    reason, no_interval = ONE_RATIO if n else missing, no_slope_interval(both, doublings)
    yield Figure("length_slope", slope, n, asked_labelled, reason=reason, no_interval=no_interval, base=base)


def figures_beyond_labelers(table: Table) -> Iterator[Figure]:
    """length_slope_difference: the judge's `length_slope` minus that of one labeler at another's label.

    Both are based on the same comparisons, those with a verdict and labels from two labelers or more, so that questions
    are left out of both at once. `asked` is the labelled comparisons.

    Args:
        table: outcomes are (votes for A, votes for B, votes for a tie, verdict, bin), of comparisons with a label.
    """
    bins = sorted({outcome.split(SEPARATOR)[-1] for outcome in table.counts}, key=float)
    doublings = np.array(bins, dtype=np.float64)
    both = JudgeAndLabelers.of(table, CLASSES, (bins,))
    slopes = [length_slope(of, doublings) for of in (both.of_judge, both.of_labelers)]
    no_interval = [no_slope_interval(of, doublings) for of in (both.of_judge, both.of_labelers)]
    yield Figure(
        "length_slope_difference",
        slopes[0] - slopes[1],
        both.n,
        both.asked,
        reason=ONE_RATIO if both.n else NO_TWO_LABELS,
        no_interval=no_interval[0] or no_interval[1],
        base=both.base,
    )


def longer_win_share(said: NDArray[np.float64], doublings: NDArray[np.float64]) -> Replicates:
    """Share of comparisons that the longer answer wins, a tie counting one half; nan where no lengths differ.

    Args:
        said: comparisons by what a judge or the labels say and by bin, shape (3, bins, 1 + replicates), `CLASSES` in
            order.
        doublings: the bins as numbers, above 0 where answer A is longer; bin 0 does not count.

    Source: verbosity bias, MT-bench (Zheng et al. 2023, arXiv 2306.05685), section 3.3.
    """
    wins_of_longer = np.where(doublings > 0, _WINS[:, None], 1 - _WINS[:, None])
    differs = doublings != 0
    return ratio(
        np.einsum("cb,cb...->...", wins_of_longer[:, differs], said[:, differs]), said[:, differs].sum(axis=(0, 1))
    )


def length_bias(both: NDArray[np.float64], doublings: NDArray[np.float64]) -> Replicates:
    """`longer_win_share` of the judge minus that of the labels on the same comparisons; nan where no lengths differ.

    Random errors pull the judge's share towards one half, so if longer answers are better this is negative without any
    bias; `length_slope` does not have this problem.

    Args:
        both: comparisons by label, verdict and bin, shape (3, 3, bins, 1 + replicates).
        doublings: the bins as numbers.
    """
    return longer_win_share(both.sum(axis=0), doublings) - longer_win_share(both.sum(axis=1), doublings)


def length_slope(both: NDArray[np.float64], doublings: NDArray[np.float64]) -> Replicates:
    """Change in the share of wins that goes with a doubling of the ratio of lengths, at equal labels.

    The least-squares slope of the verdict (A 1, tie 0.5, B 0) on log2(length of A / length of B) with a separate
    intercept for each label: the sum over labels of the covariance within the label, over the sum of the variances
    within it. What the labels say of longer answers is so accounted for; what they do not see of quality is not. nan
    where no label has two bins.

    Args:
        both: comparisons by label, verdict and bin, shape (3, 3, bins, 1 + replicates).
        doublings: the bins as numbers.

    Source: the within (fixed effects) estimator, Wooldridge 2010, "Econometric analysis of cross section and panel
    data", section 10.5; holding quality fixed follows length-controlled AlpacaEval (Dubois et al. 2024, arXiv
    2404.04475), where it is the strength of the models and here the label.
    """
    wins = np.einsum("v,lvb...->lb...", _WINS, both)
    by_bin = both.sum(axis=1)
    n = by_bin.sum(axis=1, keepdims=True)
    ratios = doublings[:, None]
    mean_ratio = np.nan_to_num(ratio((ratios * by_bin).sum(axis=1, keepdims=True), n))
    mean_win = np.nan_to_num(ratio(wins.sum(axis=1, keepdims=True), n))
    # Both are centred, though one would suffice: then a judge that only repeats the labels has a slope of exactly 0 in
    # every replicate, without rounding errors on one side of 0.
    covariance = ((ratios - mean_ratio) * (wins - mean_win * by_bin)).sum(axis=(0, 1))
    variance = ((ratios - mean_ratio) ** 2 * by_bin).sum(axis=(0, 1))
    # Counts that are shares of a comparison leave a rounding error where there is one ratio.
    variance[variance <= ROUNDING_ERROR * n.sum(axis=(0, 1))] = 0.0
    return ratio(covariance, variance)


def no_slope_interval(both: NDArray[np.float64], doublings: NDArray[np.float64]) -> str | None:
    """Why the data allow no interval of `length_slope`, or None: lengths or verdicts vary too little at equal labels.

    Args:
        both: comparisons by label, verdict and bin, shape (3, 3, bins, 1 + replicates).
        doublings: the bins as numbers.
    """
    by_bin, by_verdict = both[..., 0].sum(axis=1), both[..., 0].sum(axis=2)
    # Counts of labels that are shares of a comparison may miss a whole number by a rounding error.
    if by_bin[:, doublings != 0].sum() < LEAST_DIFFERING - ROUNDING_ERROR:
        return FEW_DIFFER
    if (by_verdict.sum(axis=1) - by_verdict.max(axis=1)).sum() < LEAST_DEVIATING - ROUNDING_ERROR:
        return FEW_DEVIATE
    mean = np.nan_to_num(ratio(by_bin @ doublings, by_bin.sum(axis=1)))
    square = ((doublings - mean[:, None]) ** 2 * by_bin).sum() / by_bin.sum()
    return HARDLY_DIFFER if square < LEAST_SPREAD**2 else None
