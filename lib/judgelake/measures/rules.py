"""What the swap rule and the failure rule make of the verdicts of both orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from judgelake.comparisons import TIE
from judgelake.measures.conventions import SCORED, FailureRule, SwapRule
from judgelake.measures.statistics.interval import Replicates
from judgelake.measures.table import FAILED, SEPARATOR, Table

CLASSES = ("A", "B", TIE)
"""What a label may be: the first answer, the second, or a tie."""
NOT_ASKED = "not_asked"
VERDICTS = (*CLASSES, FAILED, NOT_ASKED)
"""A judge's verdict shown in one order, mapped to the original order of the comparison."""
VERDICT_COLUMNS = (*CLASSES, FAILED)
"""Columns of a confusion: the last is for failed verdicts that count as wrong (`FailureRule.WRONG`), else empty."""

AXES = ("label", "own", "reversed", "replicate")
"""Axes of `PairCounts.counts`."""

_ABSTAINED = "abstained"
_RESULTS = (*VERDICT_COLUMNS, _ABSTAINED, NOT_ASKED)


def dense_counts(table: Table, parts: Sequence[Sequence[str]]) -> NDArray[np.float64]:
    """The counts of a table as one array with an axis for each part of its outcomes, replicates last.

    Args:
        table: with outcomes whose parts are joined by `SEPARATOR`. Without outcomes, the number of replicates is not
            known and their axis has length 1.
        parts: the possible values of each part, in the order of its axis.

    Raises:
        ValueError: an outcome has other parts than these.
    """
    replicates = next((len(count) for count in table.counts.values()), 1)
    counts = np.zeros((*map(len, parts), replicates))
    for outcome, count in table.counts.items():
        place = tuple(values.index(part) for values, part in zip(parts, outcome.split(SEPARATOR), strict=True))
        counts[place] += count
    return counts


@dataclass(frozen=True, slots=True, eq=False)
class PairCounts:
    """Counts of each label with each combination of verdicts: shape (3, 5, 5, 1 + replicates), axes as in `AXES`.

    One observation is a comparison of two answers and one label vote. `own` is the verdict shown as AB, `reversed` the
    one shown as BA, both mapped to the original order. For the rules in `SCORED`, which make one verdict before
    anything is counted, that verdict is `own`, and nothing was asked in the reversed order.
    """

    counts: NDArray[np.float64]

    @classmethod
    def of(cls, table: Table) -> PairCounts:
        """From outcomes label, own, reversed, joined by `SEPARATOR`."""
        return cls(dense_counts(table, (CLASSES, VERDICTS, VERDICTS)))

    @classmethod
    def of_one(cls, table: Table) -> PairCounts:
        """From outcomes label, verdict, joined by `SEPARATOR`: the one verdict that a rule in `SCORED` makes."""
        said = dense_counts(table, (CLASSES, VERDICTS))
        counts = np.zeros((len(CLASSES), len(VERDICTS), len(VERDICTS), said.shape[-1]))
        counts[:, :, VERDICTS.index(NOT_ASKED)] = said
        return cls(counts)

    def without_replicates(self) -> PairCounts:
        """Only the data itself: numbers without an interval need no more."""
        return PairCounts(self.counts[..., :1])

    def asked_in_both(self) -> PairCounts:
        """Only the comparisons that were asked in both orders."""
        counts = self.counts.copy()
        not_asked = VERDICTS.index(NOT_ASKED)
        counts[:, not_asked] = counts[:, :, not_asked] = 0.0
        return PairCounts(counts)

    def with_failures_right(self) -> PairCounts:
        """The counts if every failed judgment had given the label."""
        counts = self.counts.copy()
        failed = VERDICTS.index(FAILED)
        for label in range(len(CLASSES)):
            of_label = counts[label]
            for axis in range(2):
                moved = np.moveaxis(of_label, axis, 0)
                moved[label] += moved[failed]
                moved[failed] = 0.0
        return PairCounts(counts)

    def with_label(self, labels: Sequence[str]) -> PairCounts:
        """Only the votes for one of these labels."""
        kept = np.array([label in labels for label in CLASSES], dtype=np.float64)
        return PairCounts(self.counts * kept[:, None, None, None])


@dataclass(frozen=True, slots=True, eq=False)
class Combined:
    """A judge's verdicts combined by a swap rule and a failure rule; last axis 1 + replicates.

    asked = judged + failed + abstained.
    """

    confusion: NDArray[np.float64] | None
    """Labels (`CLASSES`) by verdicts (`VERDICT_COLUMNS`); None for BOTH_RIGHT, where a disagreement has no class."""
    right: Replicates
    judged: Replicates
    """Those that count."""
    failed: Replicates
    """Left out because there is no verdict."""
    abstained: Replicates
    """Left out because the orders disagree."""
    asked: Replicates
    """Labelled comparisons that were asked in the order or orders that the rule needs."""
    labels: Replicates
    """Labels of those that count, shape (3, 1 + replicates)."""


def combined(counts: PairCounts, swap_rule: SwapRule, failure_rule: FailureRule) -> Combined:
    """The verdicts combined by the swap rule and the failure rule.

    FIRST and SECOND use the comparisons asked in that order, the rules in `SCORED` those with a verdict that was asked
    for, the others those asked in both orders. There, one order without a verdict leaves the comparison without one:
    left out (LEFT_OUT), or wrong (WRONG). TIE turns each failed verdict into a tie before the orders are combined; an
    average with a failed order becomes a tie as a whole.

    MEAN counts each order's verdict one half, so that counts are of comparisons. If only the order that failed were
    left out, the other one would count more, and with it the place that it favours.

    FOLLOW_FIRST: the same place chosen in both orders is a tie, else the original order counts, also if one of the
    orders is a tie. Source: the authors' answer in WeOpenML/PandaLM issue 41; the repository has no code for it.
    """
    flat = counts.counts.reshape(len(CLASSES), len(VERDICTS) ** 2, -1)
    # Of the 25 combinations of verdicts only a few occur; the others would be most of the work.
    given = flat.any(axis=(0, 2))
    by_label = _results(swap_rule, failure_rule)[:, given] @ flat[:, given]
    totals = dict(zip(_RESULTS, by_label.sum(axis=0), strict=True))
    confusion, abstained = by_label[:, : len(VERDICT_COLUMNS)].copy(), totals[_ABSTAINED]
    failed = totals[FAILED]
    if failure_rule is FailureRule.WRONG:
        failed = np.zeros_like(failed)
    else:
        confusion[:, -1] = 0.0
    labels = confusion.sum(axis=1)
    judged = labels.sum(axis=0)
    right = np.einsum("cc...->...", confusion[:, : len(CLASSES)])
    asked = judged + failed + abstained
    if swap_rule is SwapRule.BOTH_RIGHT:
        # Two different verdicts count, as wrong.
        labels = labels + by_label[:, _RESULTS.index(_ABSTAINED)]
        return Combined(None, right, judged + abstained, failed, np.zeros_like(abstained), asked, labels)
    return Combined(confusion, right, judged, failed, abstained, asked, labels)


@lru_cache
def _results(swap_rule: SwapRule, failure_rule: FailureRule) -> NDArray[np.float64]:
    """The share of each result (axis 0) where own and reversed verdict (axis 1, in the order of their product) are."""
    table = np.zeros((len(_RESULTS), len(VERDICTS) ** 2))
    for place, said in enumerate(product(VERDICTS, repeat=2)):
        results = _results_of(swap_rule, failure_rule, *said)
        for result in results:
            table[_RESULTS.index(result), place] += 1 / len(results)
    return table


def _results_of(swap_rule: SwapRule, failure_rule: FailureRule, own: str, reversed_: str) -> tuple[str, ...]:
    """What the rules make of two verdicts: one result, or for MEAN one of each order."""
    if failure_rule is FailureRule.TIE:
        own, reversed_ = (TIE if one == FAILED else one for one in (own, reversed_))
    if swap_rule is not SwapRule.MEAN:
        return (_result(swap_rule, own, reversed_),)
    lacking = next((one for one in (NOT_ASKED, FAILED) if one in (own, reversed_)), None)
    return (own, reversed_) if lacking is None else (lacking, lacking)


def _result(swap_rule: SwapRule, own: str, reversed_: str) -> str:
    if swap_rule is SwapRule.FIRST or swap_rule in SCORED:
        return own
    if swap_rule is SwapRule.SECOND:
        return reversed_
    for lacking in (NOT_ASKED, FAILED):
        if lacking in (own, reversed_):
            return lacking
    if own == reversed_:
        return own
    if swap_rule is SwapRule.TIE:
        return TIE
    if swap_rule is SwapRule.FOLLOW_FIRST:
        return own if TIE in (own, reversed_) else TIE
    return _ABSTAINED


NONE = "none"
"""No verdict under a swap rule: failed, or the judge abstains."""
WRONG = "wrong"
"""No verdict either, but counted as wrong for every label: failed under `FailureRule.WRONG`, or two different verdicts
under `SwapRule.BOTH_RIGHT`."""


def headline_verdicts(swap_rule: SwapRule, failure_rule: FailureRule) -> tuple[tuple[str, ...], ...]:
    """The result of every own and reversed verdict under the rules: a class, `WRONG`, `NONE` or `NOT_ASKED`.

    At place own * 5 + reversed, each as its place in `VERDICTS`: a lookup table for Spark. There is one such table, and
    for MEAN one for each order, whose results count one half. What counts in the agreement of `combined` is a class or
    `WRONG`; BOTH_RIGHT gives the verdict on which both orders agree. For a rule in `SCORED` its verdict is `own`.
    """
    without = {
        FAILED: WRONG if failure_rule is FailureRule.WRONG else NONE,
        _ABSTAINED: WRONG if swap_rule is SwapRule.BOTH_RIGHT else NONE,
    }
    found = [_results_of(swap_rule, failure_rule, *said) for said in product(VERDICTS, repeat=2)]
    return tuple(zip(*([without.get(one, one) for one in results] for results in found), strict=True))
