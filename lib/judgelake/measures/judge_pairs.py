"""Two judges on the same comparisons: how often they agree, and which agrees with the labels more often."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr

from judgelake.measures.figure import Figure
from judgelake.measures.labelers import cohens_kappa
from judgelake.measures.rules import CLASSES, NONE, WRONG
from judgelake.measures.statistics.interval import Replicates, ratio
from judgelake.measures.statistics.paired import paired_p, spread_of
from judgelake.measures.table import Table
from judgelake.measures.votes import VotedCounts, voted_outcomes

VERDICTS = (*CLASSES, WRONG, NONE)
NOTHING_IN_COMMON = "no comparison in common"
NO_TWO_VERDICTS = "no comparison has a verdict of both judges"
NO_LABEL_IN_COMMON = "no comparison with verdicts of both judges has a label"
ONE_CLASS = "all verdicts of both judges are the same, so chance agreement is 1 and kappa is undefined"


def figures(table: Table, other: str) -> Iterator[Figure]:
    """A judge compared with another one, which is the subject.

    judge_agreement and judge_kappa are based on the comparisons with a verdict of both; agreement_difference (the
    judge's agreement with the labels minus the other's) on the label votes on those that count for both, possibly as
    `WRONG`: those in the agreement of either judge. It has a p-value for each pair, which needs a correction over all
    pairs that are compared (`interval.holm`), and McNemar's on the same comparisons, each taken once; none where each
    order counts one half and some differ in one order alone.

    Args:
        table: outcomes are (label, verdict, verdict of the other judge) of the comparisons that both were asked: votes
            of `CLASSES` (`VotedCounts`), and a verdict in `VERDICTS` for each judge.
        other: the other judge.
    """
    counts = _Counted.of(table)
    yield from _of_verdicts(other, counts)
    yield _tested(_of_labels(other, counts), counts, table)


def judge_agreement(both: NDArray[np.float64]) -> Replicates:
    """Share of comparisons on which two judges give the same verdict; nan without comparisons.

    Args:
        both: comparisons by the verdict of each judge, shape (3, 3, 1 + replicates).

    Source: MT-bench (Zheng et al. 2023, arXiv 2306.05685), section 4, agreement between two types of judges.
    """
    return ratio(np.einsum("cc...->...", both), both.sum(axis=(0, 1)))


def agreement_difference(only_judge: Replicates, only_other: Replicates, labelled: Replicates) -> Replicates:
    """The judge's agreement with the labels minus the other's, on the same comparisons; nan without comparisons.

    Args:
        only_judge: comparisons on which only the judge gives the label.
        only_other: comparisons on which only the other does.
        labelled: comparisons with a label that count for both.
    """
    return ratio(only_judge - only_other, labelled)


def mcnemar_p(only_judge: int, only_other: int) -> float:
    """McNemar's exact two-sided p-value of the comparisons on which exactly one judge is right, under equal chances.

    1 when there is no such comparison. It takes comparisons as independent: where the comparisons of a question are
    correlated it is too small, so it is only for comparison with papers; `paired_p` is the one to trust.

    In a comparison with several votes the judge with more votes for its verdict is right, and neither if both have
    equally many: the sign test on the votes, which with one vote is McNemar's. Counting votes as if they were
    comparisons would make p too small.

    Source: McNemar 1947, "Note on the sampling error of the difference between correlated proportions"; the exact
    form, a binomial test on the discordant pairs, is in Agresti 2013, "Categorical data analysis", section 11.1.
    """
    discordant = only_judge + only_other
    return min(1.0, 2 * float(bdtr(min(only_judge, only_other), discordant, 0.5))) if discordant else 1.0


@dataclass(frozen=True, slots=True, eq=False)
class _Counted:
    """The comparisons of two judges; arrays end in 1 + replicates."""

    asked: int
    asked_labelled: int
    """Votes on the comparisons asked of both."""
    both: NDArray[np.float64]
    """Verdict of the judge by verdict of the other, with or without a label."""
    labelled: Replicates
    """Votes that count for both; the next two are those among them that only one judge's verdict equals."""
    only_judge: Replicates
    only_other: Replicates
    tested: _Tested

    @classmethod
    def of(cls, table: Table) -> _Counted:
        counts, counted = VotedCounts.of(table, CLASSES, (VERDICTS, VERDICTS)), len(VERDICTS) - 1
        labelled = counts.votes[:, :counted, :counted]
        is_label = np.eye(len(CLASSES), counted, dtype=bool)
        judge_right, other_right = np.broadcast_arrays(is_label[:, :, None], is_label[:, None, :])
        return cls(
            asked=table.n,
            asked_labelled=int(counts.votes[..., 0].sum()),
            both=counts.once[: len(CLASSES), : len(CLASSES)],
            labelled=labelled.sum(axis=(0, 1, 2)),
            only_judge=labelled[judge_right & ~other_right].sum(axis=0),
            only_other=labelled[other_right & ~judge_right].sum(axis=0),
            tested=_Tested.of(table),
        )

    @property
    def leads(self) -> NDArray[np.float64]:
        """By how many votes the judge is ahead of the other within each bucket of questions."""
        ahead = self.only_judge - self.only_other
        leads: NDArray[np.float64] = ahead[0] - ahead[1:]
        return leads

    @property
    def missing(self) -> str:
        """Why there is nothing to compare, if there is nothing."""
        if not self.asked:
            return NOTHING_IN_COMMON
        return NO_LABEL_IN_COMMON if self.both[..., 0].any() else NO_TWO_VERDICTS


@dataclass(frozen=True, slots=True)
class _Tested:
    """Labelled comparisons that count for both judges, those where only one of them is right."""

    only_judge: int
    only_other: int
    is_whole: bool
    """Whether these are numbers of comparisons; halves, where each order counts one half, have no binomial test."""

    @classmethod
    def of(cls, table: Table) -> _Tested:
        only_judge = only_other = 0.0
        for votes, (verdict, other), counts in voted_outcomes(table):
            if NONE in (verdict, other):
                continue
            times = float(counts[0])
            only_judge += times * (votes[verdict] > votes[other])
            only_other += times * (votes[other] > votes[verdict])
        is_whole = float(only_judge).is_integer() and float(only_other).is_integer()
        return cls(int(only_judge), int(only_other), is_whole)

    @property
    def p_value(self) -> float | None:
        """McNemar's."""
        return mcnemar_p(self.only_judge, self.only_other) if self.is_whole else None


def _of_verdicts(other: str, counts: _Counted) -> Iterator[Figure]:
    base = counts.both.sum(axis=(0, 1))
    n = int(base[0])
    figure = partial(Figure, n=n, asked=counts.asked, subject=other, base=base)
    yield figure("judge_agreement", judge_agreement(counts.both), reason=counts.missing)
    yield figure("judge_kappa", cohens_kappa(counts.both), reason=ONE_CLASS if n else counts.missing)


def _of_labels(other: str, counts: _Counted) -> Figure:
    difference = agreement_difference(counts.only_judge, counts.only_other, counts.labelled)
    n, asked = int(counts.labelled[0]), counts.asked_labelled
    return Figure(
        "agreement_difference",
        difference,
        n,
        asked,
        other,
        trials=n,
        reason=counts.missing,
        base=counts.labelled,
    )


def _tested(figure: Figure, counts: _Counted, table: Table) -> Figure:
    """The difference with its p-values; without them where there is nothing to compare."""
    if not figure.n:
        return figure
    difference = figure.based_on()
    spread = spread_of(difference, figure.equal_clusters(table.questions, table.hashed))
    return replace(
        figure,
        spread=spread,
        p_value=paired_p(float(difference[0]), spread, counts.leads),
        mcnemar_p=counts.tested.p_value,
    )
