"""Precision, recall and F1 of a confusion, for each class and as means over the classes, with bounds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from judgelake.measures.figure import Figure
from judgelake.measures.rules import CLASSES
from judgelake.measures.statistics.interval import Replicates, ratio

Confusion = NDArray[np.float64]
"""Counts of labels (A, B, tie) by verdicts (A, B, tie, failed and so wrong), shape (3, 4, 1 + replicates)."""

NEVER_A_VERDICT = "no verdict names this class"
NEVER_A_LABEL = "no label names this class"


@dataclass(frozen=True, slots=True, eq=False)
class ClassCounts:
    """How often each class is a hit, a verdict and a label: each of shape (3, 1 + replicates), classes as in `CLASSES`.

    Precision, recall and F1 need nothing else. A failed verdict that counts has a label but no verdict.
    """

    hits: Replicates
    verdicts: Replicates
    labels: Replicates

    @classmethod
    def of(cls, confusion: Confusion) -> ClassCounts:
        """Those of a confusion."""
        of_classes = confusion[:, : len(CLASSES)]
        return cls(np.einsum("cc...->c...", of_classes), of_classes.sum(axis=0), confusion.sum(axis=1))

    @property
    def labels_and_verdicts(self) -> Replicates:
        """How often each class is a label or a verdict, hits counted twice; a class with 0 does not occur."""
        both: Replicates = self.labels + self.verdicts
        return both


Measure = Callable[[ClassCounts], Replicates]


def precision(counts: ClassCounts) -> Replicates:
    """Of each class, the share of its verdicts that are right; shape (3, 1 + replicates), classes as in `CLASSES`.

    0 for a class that is a label and never a verdict, nan for one that is neither; so scikit-learn with
    `zero_division=0`, whose classes are those that occur.
    """
    return _of_present(counts, counts.verdicts)


def recall(counts: ClassCounts) -> Replicates:
    """Of each class, the share of its labels that are hit; as `precision`. A failed verdict that counts is a miss."""
    return _of_present(counts, counts.labels)


def f1(counts: ClassCounts) -> Replicates:
    """Of each class, the harmonic mean of precision and recall, 2 hits / (labels + verdicts); as `precision`."""
    return ratio(2 * counts.hits, counts.labels_and_verdicts)


def macro(by_class: Replicates) -> Replicates:
    """The mean over the classes that occur as label or verdict; nan where none does. Source: scikit-learn, "macro"."""
    occurs = np.isfinite(by_class)
    return ratio(np.where(occurs, by_class, 0.0).sum(axis=0), occurs.sum(axis=0).astype(np.float64))


def weighted(by_class: Replicates, labels: Replicates) -> Replicates:
    """The mean over the classes, each by its share of the labels. Source: scikit-learn, "weighted"."""
    return ratio((np.nan_to_num(by_class) * labels).sum(axis=0), labels.sum(axis=0))


@dataclass(frozen=True, slots=True, eq=False)
class Limits:
    """How low and how high each class's figures could be, whatever verdicts the failed judgments had given.

    Last axes have length 1: the data alone. It is not known which class a wrong verdict would name. So for the lowest
    value each class is named by every failed judgment that has another label; this cannot hold for all classes at once.
    For the highest a failed judgment gives the label if that makes the comparison right, and else names no class.
    """

    lowest: ClassCounts
    highest: ClassCounts
    labels: Replicates
    """Labels of all comparisons, failed ones included."""
    failed: Replicates
    """Labels of the failed ones: where two disagreeing orders do not count, these may not count either."""

    @classmethod
    def of(cls, wrong: Confusion, right: Confusion) -> Limits:
        """From the confusions in which every failed judgment is wrong, and in which every one gives the label."""
        known, all_right, failed = ClassCounts.of(wrong), ClassCounts.of(right), wrong[:, -1]
        lowest = replace(known, verdicts=known.verdicts + failed.sum(axis=0) - failed)
        highest = replace(all_right, verdicts=known.verdicts + all_right.hits - known.hits)
        return cls(lowest, highest, known.labels, failed)

    def of_classes(self, measure: Measure) -> tuple[Replicates, Replicates]:
        """The lowest and the highest value of each class; nan where it would be 0 / 0."""
        low, high = (
            np.where(_whole(measure, counts) > 0, measure(counts), np.nan) for counts in (self.lowest, self.highest)
        )
        return low, high

    def of_macro(self, measure: Measure) -> tuple[Replicates, Replicates]:
        """The mean over the classes of the lowest of each, and of the highest: bounds that may not be attained.

        A class that only a wrong verdict would add counts as 0 in the lowest.
        """
        return macro(measure(self.lowest)), macro(measure(self.highest))

    def of_weighted(self, measure: Measure) -> tuple[Replicates, Replicates]:
        """As `of_macro`, each class weighted with or without its failed labels, whichever gives the lower, or higher.

        Weighted recall equals agreement and has its bounds: the weight of a class cancels with its denominator.
        """
        low, high = measure(self.lowest), measure(self.highest)
        if measure is recall:
            return weighted(low, self.lowest.labels), weighted(high, self.highest.labels)
        # A weighted mean is lowest, and highest, where each weight is at one end of its range.
        is_left_out = np.array(list(product((0, 1), repeat=len(CLASSES))))[..., None]
        weights = self.labels - self.failed * is_left_out
        lowest: Replicates = np.fmin.reduce([weighted(low, labels) for labels in weights])
        highest: Replicates = np.fmax.reduce([weighted(high, labels) for labels in weights])
        return lowest, highest


def class_figures(confusion: Confusion, limits: Limits, figure: Callable[..., Figure]) -> Iterator[Figure]:
    """Precision, recall and F1: macro, weighted, and of each class that occurs, with the class as the subject.

    0 / 0 (the precision of a class that is never a verdict, the recall of one that is never a label) is not a number
    for a class; only the means over classes take it as 0.

    Args:
        confusion: of what is counted.
        limits: the bounds for the same data.
        figure: makes a figure from a metric's name and its replicates, based on what is counted.
    """
    counts = ClassCounts.of(confusion)
    for measure, never in ((precision, NEVER_A_VERDICT), (recall, NEVER_A_LABEL), (f1, None)):
        name, by_class, bases = measure.__name__, measure(counts), _whole(measure, counts)
        yield figure(f"macro_{name}", macro(by_class), **_bounds(*limits.of_macro(measure)))
        yield figure(f"weighted_{name}", weighted(by_class, counts.labels), **_bounds(*limits.of_weighted(measure)))
        low, high = limits.of_classes(measure)
        for place, label in enumerate(CLASSES):
            if not np.isfinite(by_class[place, 0]):
                continue
            if bases[place, 0]:
                bounds = _bounds(low[place], high[place])
                yield figure(name, by_class[place], subject=label, base=bases[place], **bounds)
            else:
                yield figure(name, None, subject=label, base=bases[place], reason=never)


def known(limit: Replicates) -> float | None:
    """The figure in the data itself; None where it is undefined."""
    return float(limit[0]) if np.isfinite(limit[0]) else None


def _whole(measure: Measure, counts: ClassCounts) -> Replicates:
    """Of each class what it has a share of."""
    wholes: dict[Measure, Replicates] = {
        precision: counts.verdicts,
        recall: counts.labels,
        f1: counts.labels_and_verdicts,
    }
    return wholes[measure]


def _of_present(counts: ClassCounts, whole: Replicates) -> Replicates:
    share = np.nan_to_num(ratio(counts.hits, whole))
    return np.where(counts.labels_and_verdicts > 0, share, np.nan)


def _bounds(low: Replicates, high: Replicates) -> dict[str, float | None]:
    return {"if_wrong": known(low), "if_right": known(high)}
