"""How a judge's scores compare with the labels' scores: correlations, distances and agreement on one scale."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from judgelake.measures.figure import Figure
from judgelake.measures.statistics.blocks import replicate_blocks, stacked
from judgelake.measures.statistics.interval import UNDEFINED, Replicates, ratio
from judgelake.measures.table import FAILED, SEPARATOR, Table

ROWS = "n"
NOTHING_JUDGED = "nothing was judged"
ONE_ROW = "only one score was given, and a correlation needs two"
CONSTANT_LABELS = "all labels are the same score"
CONSTANT_JUDGE = "the judge gave everything the same score"
ONE_SCORE = "labels and judge gave everything the same score"

# Scores are decimals: 16.1 - 15.1 is 1.0000000000000018 in binary, but counts as one.
DECIMALS = 9
ROUNDING = 10.0**-DECIMALS


@dataclass(frozen=True, slots=True)
class Column:
    """One side of a contingency table: which of its distinct scores, lowest first, each pair has."""

    codes: NDArray[np.int64]
    """Shape (pairs,)."""
    marginals: NDArray[np.float64]
    """How often each distinct score occurs in each replicate, shape (distinct scores, replicates)."""

    @classmethod
    def of(cls, scores: NDArray[np.float64], counts: NDArray[np.float64]) -> Column:
        """The column of these scores, shape (pairs,), with these counts, shape (pairs, replicates)."""
        distinct, codes = np.unique(scores, return_inverse=True)
        shape = (len(distinct), len(scores))
        return cls(codes, csr_array((np.ones(len(scores)), (codes, np.arange(len(scores)))), shape=shape) @ counts)

    @property
    def varies(self) -> NDArray[np.bool_]:
        """Whether a replicate has more than one distinct score."""
        several: NDArray[np.bool_] = (self.marginals > 0).sum(axis=0) > 1
        return several

    def ranks(self) -> NDArray[np.float64]:
        """The rank of each pair's score among the rows, from 1; equal scores share the mean of their ranks."""
        return (np.cumsum(self.marginals, axis=0) - (self.marginals - 1) / 2)[self.codes]


@dataclass(frozen=True)
class ScorePairs:
    """A contingency table: the distinct pairs of a label's and a judge's score, and how often each occurs.

    `label` and `judge` have shape (pairs,), no pair twice; `counts` has shape (pairs, replicates).
    """

    label: NDArray[np.float64]
    judge: NDArray[np.float64]
    counts: NDArray[np.float64]

    @cached_property
    def n(self) -> Replicates:
        """Rows in each replicate."""
        rows: Replicates = self.counts.sum(axis=0)
        return rows

    @cached_property
    def labels(self) -> Column:
        """The labels' side."""
        return Column.of(self.label, self.counts)

    @cached_property
    def judges(self) -> Column:
        """The judge's side."""
        return Column.of(self.judge, self.counts)


def pearson(pairs: ScorePairs) -> Replicates:
    """Correlation of the scores, -1 to 1: sum(dx dy) / sqrt(sum(dx^2) sum(dy^2)), d the distance from the mean.

    nan where a column is constant. Source: scipy.stats.pearsonr.
    """
    found = _correlation(pairs.label[:, None], pairs.judge[:, None], pairs.counts)
    return np.where(pairs.labels.varies & pairs.judges.varies, found, np.nan)


def spearman(pairs: ScorePairs) -> Replicates:
    """Pearson's correlation of the ranks, -1 to 1; equal scores share the mean of their ranks.

    nan where a column is constant. Source: scipy.stats.spearmanr.
    """
    found = _correlation(pairs.labels.ranks(), pairs.judges.ranks(), pairs.counts)
    return np.where(pairs.labels.varies & pairs.judges.varies, found, np.nan)


def kendall_tau_b(pairs: ScorePairs) -> Replicates:
    """Kendall's tau-b over all pairs of rows, -1 to 1: (C - D) / sqrt((P - T) (P - U)).

    C and D are the concordant and discordant pairs of rows, P all pairs, T those with equal labels and U those with
    equal scores of the judge. nan where a column is constant. Exact, in k log(k) steps for k distinct scores.
    Source: Kendall 1945, "The treatment of ties in ranking problems"; scipy.stats.kendalltau.
    """
    everything = _choose_two(pairs.n)
    untied_labels = everything - _choose_two(pairs.labels.marginals).sum(axis=0)
    untied_judges = everything - _choose_two(pairs.judges.marginals).sum(axis=0)
    untied = untied_labels + untied_judges - everything + _choose_two(pairs.counts).sum(axis=0)
    surplus = 2 * _ordered_alike(pairs) - untied
    return np.clip(ratio(surplus, np.sqrt(untied_labels * untied_judges)), -1, 1)


def mean_absolute_error(pairs: ScorePairs) -> Replicates:
    """Mean distance of the judge's score from the label, in points of the scale; 0 is best."""
    return ratio(np.abs(pairs.label - pairs.judge) @ pairs.counts, pairs.n)


def exact_agreement(pairs: ScorePairs) -> Replicates:
    """Share of rows where the judge gave the label's score."""
    return ratio(pairs.counts[pairs.label == pairs.judge].sum(axis=0), pairs.n)


def within_one_agreement(pairs: ScorePairs) -> Replicates:
    """Share of rows where the judge's score is at most one point from the label's."""
    return ratio(pairs.counts[np.abs(pairs.label - pairs.judge) <= 1 + ROUNDING].sum(axis=0), pairs.n)


def quadratic_weighted_kappa(pairs: ScorePairs) -> Replicates:
    """Agreement on an ordinal scale beyond chance: 1 - sum(w O) / sum(w E), w the squared difference of the scores.

    O are the observed pairs and E those expected if judge and labels were independent with the same marginals. The
    second sum is n (var(label) + var(judge) + (difference of means)^2), so no table of all categories is needed. 1 is
    perfect, 0 chance (also if one column is constant); nan if everything has the same score. Categories that nobody
    gave count by their value, as in scikit-learn if `labels` contains the whole scale.
    Source: Cohen 1968, "Weighted kappa"; sklearn.metrics.cohen_kappa_score(weights="quadratic").
    """
    label, judge = pairs.label[:, None], pairs.judge[:, None]
    label_mean, judge_mean = ratio(pairs.label @ pairs.counts, pairs.n), ratio(pairs.judge @ pairs.counts, pairs.n)
    spread = (((label - label_mean) ** 2 + (judge - judge_mean) ** 2) * pairs.counts).sum(axis=0)
    expected = spread + pairs.n * (label_mean - judge_mean) ** 2
    observed = (pairs.label - pairs.judge) ** 2 @ pairs.counts
    # By counting, not by `expected == 0`: the mean of equal decimals can have a rounding error.
    has_chance = pairs.labels.varies | pairs.judges.varies | (observed > 0)
    return np.where(has_chance, 1 - ratio(observed, expected), np.nan)


Measure = Callable[[ScorePairs], Replicates]
ScoreCounts: TypeAlias = dict[tuple[float, float], list[NDArray[np.float64]]]
"""(Label, judge) to the counts of each outcome that has the pair."""
CORRELATIONS: Mapping[str, Measure] = {
    "pearson": pearson,
    "spearman": spearman,
    "kendall_tau_b": kendall_tau_b,
}
RATES: Mapping[str, Measure] = {
    "exact_agreement": exact_agreement,
    "within_one_agreement": within_one_agreement,
}
MEASURES: Mapping[str, Measure] = {
    **CORRELATIONS,
    "quadratic_weighted_kappa": quadratic_weighted_kappa,
    "mean_absolute_error": mean_absolute_error,
    **RATES,
}


def figures(table: Table, failure_score: float | None = None) -> Iterator[Figure]:
    """All measures of `MEASURES` of one table of the family "scores".

    Args:
        table: outcomes are (label's score, judge's score or `FAILED`, half of the questions); the halves are merged.
        failure_score: what a failed judgment counts as; None: it is left out. The bounds do not depend on it.
    """
    judged, asked = judged_scores(table, failure_score)
    spoken = judged if failure_score is None else judged_scores(table)[0]
    n = int(sum(counts[0] for halves in judged.values() for counts in halves))
    if n == 0:
        yield from (Figure(metric, None, 0, asked, reason=NOTHING_JUDGED) for metric in MEASURES)
        return
    label, judge = np.array(list(judged)).T
    parts = [
        _in_block(ScorePairs(label, judge, stacked(list(judged.values()), block)))
        for block in replicate_blocks(len(judged), len(next(iter(table.counts.values()))))
    ]
    base = np.concatenate([part[ROWS] for part in parts])
    bounds = _limits(spoken, asked)
    for metric in MEASURES:
        found = np.concatenate([part[metric] for part in parts])
        if_wrong, if_right = bounds.get(metric, (None, None))
        yield Figure(
            metric,
            found,
            n,
            asked,
            if_wrong=if_wrong,
            if_right=if_right,
            reason=_why_undefined(metric, label, judge, n),
            base=base,
        )


def judged_scores(table: Table, failure_score: float | None = None) -> tuple[ScoreCounts, int]:
    """The counts of each distinct pair (label, judge), an array for each outcome; and how many were asked for.

    Both scores are mapped by `levels`. A failed judgment has the `failure_score`, or is left out.
    """
    rows = [(outcome.split(SEPARATOR), counts) for outcome, counts in table.counts.items()]
    given = [(label, failure_score if judge == FAILED else float(judge), counts) for (label, judge, _), counts in rows]
    scored = [(float(label), judge, counts) for label, judge, counts in given if judge is not None]
    level = levels(score for label, judge, _ in scored for score in (label, judge))
    judged: ScoreCounts = {}
    for label, judge, counts in scored:
        judged.setdefault((level[label], level[judge]), []).append(counts)
    return judged, table.n


def levels(scores: Iterable[float]) -> dict[float, float]:
    """Each score with the one that it counts as: the lowest of those that are equal when rounded to `DECIMALS`.

    A mean of decimals is off in its last bits: that of 1.1 and 2.2 is 1.6500000000000001 and must equal 1.65. Scores
    are equal if they round to the same number, not if they are near: nearness is not transitive, and a chain of near
    scores would be ordered and tied at once. The rounded number itself is not used: a rounded third is not a third.
    """
    distinct = sorted(set(scores))
    lowest: dict[float, float] = {}
    for score in distinct:
        lowest.setdefault(round(score, DECIMALS), score)
    return {score: lowest[round(score, DECIMALS)] for score in distinct}


def _limits(spoken: ScoreCounts, asked: int) -> dict[str, tuple[float, float]]:
    """Each rate if all failed judgments counted as wrong, and as right, given the others."""
    if not spoken:
        return dict.fromkeys(RATES, (0.0, 1.0))
    label, judge = np.array(list(spoken)).T
    pairs = ScorePairs(label, judge, stacked(list(spoken.values()), slice(0, 1)))
    n = int(pairs.n[0])
    rights = {metric: round(float(rate(pairs)[0]) * n) for metric, rate in RATES.items()}
    return {metric: (right / asked, (right + asked - n) / asked) for metric, right in rights.items()}


def _in_block(pairs: ScorePairs) -> dict[str, Replicates]:
    return {ROWS: pairs.n, **{metric: measure(pairs) for metric, measure in MEASURES.items()}}


def _why_undefined(metric: str, label: NDArray[np.float64], judge: NDArray[np.float64], n: int) -> str:
    has_one_label, has_one_judge = np.ptp(label) == 0, np.ptp(judge) == 0
    if metric not in CORRELATIONS:
        return ONE_SCORE if has_one_label and has_one_judge else UNDEFINED
    if n < 2:
        return ONE_ROW
    if has_one_label:
        return CONSTANT_LABELS
    return CONSTANT_JUDGE if has_one_judge else UNDEFINED


def _choose_two(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    return counts * (counts - 1) / 2


def _correlation(x: NDArray[np.float64], y: NDArray[np.float64], counts: NDArray[np.float64]) -> Replicates:
    n = counts.sum(axis=0)
    x_off = x - ratio((x * counts).sum(axis=0), n)
    y_off = y - ratio((y * counts).sum(axis=0), n)
    together = (x_off * y_off * counts).sum(axis=0)
    spread = np.sqrt((x_off**2 * counts).sum(axis=0) * (y_off**2 * counts).sum(axis=0))
    return np.clip(ratio(together, spread), -1, 1)


def _ordered_alike(pairs: ScorePairs) -> Replicates:
    """Pairs of rows where the row with the higher label has the higher judge's score too.

    Which of two codes of judge's scores is higher depends on the highest bit in which they differ. So, bit by bit:
    among the rows whose codes agree above that bit, each row with the bit set is paired with the rows without it that
    have a lower label. All replicates share one sort, which makes them cheap.
    """
    # Within one label the higher score comes first: it is never paired with the lower one, so equal labels add nothing.
    order = np.lexsort((-pairs.judge, pairs.label))
    codes, counts = pairs.judges.codes[order], pairs.counts[order]
    found = np.zeros(counts.shape[1])
    for bit in range(int(codes.max()).bit_length()):
        together = np.argsort(codes >> (bit + 1), kind="stable")
        above, is_set = codes[together] >> (bit + 1), (codes[together] >> bit & 1).astype(bool)
        sorted_counts = counts[together]
        unset_before = np.zeros((len(codes) + 1, counts.shape[1]))
        np.cumsum(np.where(is_set[:, None], 0, sorted_counts), axis=0, out=unset_before[1:])
        first_of_group = np.searchsorted(above, above[is_set])
        met = unset_before[:-1][is_set] - unset_before[first_of_group]
        found += (met * sorted_counts[is_set]).sum(axis=0)
    return found
