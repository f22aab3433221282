"""What judges that read nothing would agree with the labels: guessing, one label, the first place, the longer answer.

Each is taken on the labels that count in the judge's agreement, and its verdicts go through the same swap rule. So one
of them may get nothing by a rule that another one passes: a judge that always prefers the place shown first names
another answer in each order, which `SwapRule.BOTH_RIGHT` never counts as right, `SwapRule.TIE` takes as a tie, and
`SwapRule.STRICT` leaves out, so that there is no number. By `SwapRule.MEAN` it names either answer half the time. Where
the verdicts of one order count, it names answer A, or, in the reversed order, B.

Ties: as a label they are a class like A and B. Guessing names the classes with ten labels or more, each as often (all
that occur, if fewer than two have so many), and
the most frequent label may be a tie; the first place and the longer answer get none of them, except where the swap
rule, or equal length, makes a tie.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from judgelake.comparisons import TIE
from judgelake.measures.by_class import LEAST_LABELS
from judgelake.measures.conventions import SCORED, FailureRule, SwapRule
from judgelake.measures.figure import Figure
from judgelake.measures.length import NO_LABEL
from judgelake.measures.length import VERDICTS as SAID
from judgelake.measures.rules import CLASSES, NONE, VERDICTS, headline_verdicts
from judgelake.measures.statistics.interval import Replicates, ratio
from judgelake.measures.table import SEPARATOR, Table
from judgelake.measures.votes import VotedCounts

ONE_CLASS = "all labels name one class, so there is nothing to guess"
NEVER_A_VERDICT = "always the place shown first names another answer in each order, so this rule gives no verdict"


@dataclass(frozen=True, slots=True)
class _Said:
    """Shares of comparisons by what a trivial judge says in both orders, whatever the label, under a swap rule."""

    verdicts: NDArray[np.float64]
    """Share with each of `CLASSES` as the verdict."""
    counted: float
    """Share that counts: has a verdict, or is wrong whatever the label."""

    def agreement(self, labels: Replicates) -> Replicates:
        """Of labels, shape (3, 1 + replicates): the share given; nan without labels, or if nothing counts."""
        return ratio((self.verdicts[:, None] * labels).sum(axis=0), self.counted * labels.sum(axis=0))


def rule_figures(labels: Replicates, swap_rule: SwapRule, figure: Figure) -> Iterator[Figure]:
    """Guessing, the most frequent label and the first place, under a swap rule.

    Args:
        labels: those that count in the judge's agreement, shape (3, 1 + replicates), classes as in `CLASSES`.
        swap_rule: by which the verdicts of both orders become one.
        figure: the judge's agreement, with what it is based on.
    """
    occurring = tuple(place for place in range(len(CLASSES)) if labels[place, 0])
    most_frequent = int(labels[:, 0].argmax())
    frequent = tuple(place for place in occurring if labels[place, 0] >= LEAST_LABELS)
    # A class of a few labels among hundreds is not worth a guess.
    guessed = frequent if len(frequent) > 1 else occurring
    # A rule that makes one verdict of scores or log-odds has one guess to count.
    guesses = zip(guessed, guessed, strict=True) if swap_rule in SCORED else product(guessed, repeat=2)
    both = {
        "baseline_chance": tuple(guesses),
        "baseline_majority": ((most_frequent, most_frequent),),
        "baseline_first": ((CLASSES.index("A"), CLASSES.index("B")),),
    }
    for metric, orders in both.items():
        value = _said(swap_rule, orders).agreement(labels) if occurring else None
        reason = NEVER_A_VERDICT if metric == "baseline_first" and occurring else figure.reason
        if metric == "baseline_chance" and len(guessed) == 1:
            value, reason = None, ONE_CLASS
        yield Figure(
            metric, value, figure.n, figure.asked, swap_rule=swap_rule.value, reason=reason, base=labels.sum(axis=0)
        )


def longer_figures(table: Table) -> Iterator[Figure]:
    """The longer answer, under the headline's swap rule, by which it is the same verdict in both orders.

    Where lengths are equal or differ by less than 9 %, it says tie or tosses a coin, which is right in half of the
    others: whichever is right more often in these data.

    Args:
        table: that of the family lengths; see `length.figures`.
    """
    bins = sorted({outcome.split(SEPARATOR)[-1] for outcome in table.counts}, key=float)
    counts = VotedCounts.of(table, CLASSES, (SAID, bins))
    counted = [place for place, verdict in enumerate(SAID) if verdict != NONE]
    labels = counts.votes[:, counted].sum(axis=1)
    base = labels.sum(axis=(0, 1))
    of_a, of_b, of_ties = labels
    side = np.array(bins, dtype=np.float64)
    longer = of_a[side > 0].sum(axis=0) + of_b[side < 0].sum(axis=0)
    tie, coin = of_ties[side == 0].sum(axis=0), (of_a + of_b)[side == 0].sum(axis=0) / 2
    agreement = ratio(longer + (tie if tie[0] > coin[0] else coin), base)
    asked = int(counts.votes[..., 0].sum())
    yield Figure("baseline_longer", agreement, int(base[0]), asked, reason=NO_LABEL, base=base)


@lru_cache
def _said(swap_rule: SwapRule, orders: tuple[tuple[int, int], ...]) -> _Said:
    """What becomes of verdicts in order AB and BA, each as its place in `CLASSES` and as likely as any other."""
    tables = headline_verdicts(swap_rule, FailureRule.LEFT_OUT)
    verdicts, counted = np.zeros(len(CLASSES)), 0
    for own, reversed_ in orders:
        # Of both orders together, a judge that leans equally far to either side says tie.
        one = CLASSES.index(TIE) if swap_rule in SCORED and own != reversed_ else own
        for results in tables:
            result = results[one * len(VERDICTS) + reversed_]
            counted += result != NONE
            if result in CLASSES:
                verdicts[CLASSES.index(result)] += 1
    cases = len(orders) * len(tables)
    return _Said(verdicts / cases, counted / cases)
