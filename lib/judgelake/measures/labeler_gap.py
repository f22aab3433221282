"""A judge with the labelers beside the labelers with each other, on the same comparisons.

How far labelers agree with each other is no limit for a judge: a judge that errs less than they do agrees with each of
them more often than they agree among themselves. So both are given, and their difference.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from judgelake.measures.figure import Figure
from judgelake.measures.rules import CLASSES, NONE
from judgelake.measures.statistics.interval import ratio
from judgelake.measures.table import SEPARATOR, Table

NOTHING_IN_COMMON = "no comparison asked of this judge has labels of two labelers"
NO_VERDICT = "no comparison with labels of two labelers has a verdict of this judge"


def figures(table: Table) -> Iterator[Figure]:
    """agreement_with_labelers, agreement_of_labelers and labeler_gap, their difference.

    Of each comparison with a verdict that counts and two labels or more: the share of the labels that are the verdict,
    and the share of the ordered pairs of labels that are the same; each is averaged over the comparisons. So both say
    how often somebody agrees with a labeler drawn at random: the judge, or another labeler. With v labels of a class,
    V in all and the verdict x these are v_x / V and the sum of v (v - 1) / (V (V - 1)) over the classes.

    Args:
        table: outcomes are the numbers of labels of each of `CLASSES`, whatever the label rule, the verdict by the
            headline's swap rule, and any further parts, joined by `SEPARATOR`. A verdict `WRONG` agrees with nobody.

    Source: MT-bench (Zheng et al. 2023, arXiv 2306.05685), section 4: agreement of a judge and a human beside that of
    two humans, who are drawn at random.
    """
    replicates = next((len(count) for count in table.counts.values()), 1)
    judge, labelers, base = (np.zeros(replicates) for _ in range(3))
    asked = 0
    for outcome, count in table.counts.items():
        *numbers, verdict = outcome.split(SEPARATOR)[: len(CLASSES) + 1]
        votes = dict(zip(CLASSES, map(int, numbers), strict=True))
        total = sum(votes.values())
        if total < 2:
            continue
        asked += int(count[0])
        if verdict == NONE:
            continue
        base += count
        judge += count * (votes.get(verdict, 0) / total)
        labelers += count * (sum(many * (many - 1) for many in votes.values()) / (total * (total - 1)))
    n, reason = int(base[0]), NO_VERDICT if asked else NOTHING_IN_COMMON
    figure = partial(Figure, n=n, asked=asked, reason=reason, base=base)
    yield figure("agreement_with_labelers", ratio(judge, base))
    yield figure("agreement_of_labelers", ratio(labelers, base))
    yield figure("labeler_gap", ratio(judge - labelers, base), trials=float(n))
