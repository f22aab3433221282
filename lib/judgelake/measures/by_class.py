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

# A mean over classes is as uncertain as its rarest class: with 4 or 5 labels in one, 6 % of the intervals of macro F1
# were above the true value, and 3 % with 15 (simulated: 150 comparisons, 80 % right).
LEAST_LABELS = 10
RARE_CLASS = "fewer than {} labels in one class ({}), so there is no interval"
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


def macro(by_class: Replicates, labels: Replicates) -> Replicates:
    """The mean over the classes of the labels; nan where there are none, or a class has none left in a replicate.

    A class that only verdicts name lowers the recall of the others but is not averaged: otherwise one tie among
    hundreds of verdicts would take a third of the value away. Where every class is a label, which is so in the papers,
    this is scikit-learn's "macro".

    Args:
        by_class: shape (3, 1 + replicates), classes as in `CLASSES`.
        labels: how often each class is a label, same shape. The classes are those of the data, in every replicate.
    """
    is_label = labels[:, 0] > 0
    if not is_label.any():
        return np.full(by_class.shape[-1], np.nan)
    known: Replicates = np.where(labels > 0, by_class, np.nan)[is_label].mean(axis=0)
    return known


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

        A class whose labels all failed may be averaged or not.
        """
        low, high = measure(self.lowest), measure(self.highest)
        means = [(macro(low, labels), macro(high, labels)) for labels in self._possible_labels()]
        return _ends(means)

    def of_weighted(self, measure: Measure) -> tuple[Replicates, Replicates]:
        """As `of_macro`, each class weighted with or without its failed labels, whichever gives the lower, or higher.

        Weighted recall equals agreement and has its bounds: the weight of a class cancels with its denominator.
        """
        low, high = measure(self.lowest), measure(self.highest)
        if measure is recall:
            return weighted(low, self.lowest.labels), weighted(high, self.highest.labels)
        return _ends([(weighted(low, labels), weighted(high, labels)) for labels in self._possible_labels()])

    def _possible_labels(self) -> NDArray[np.float64]:
        """The labels with and without the failed ones of each class: shape (8, 3, 1)."""
        # A mean is lowest, and highest, where each weight is at one end of its range.
        is_left_out = np.array(list(product((0, 1), repeat=len(CLASSES))))[..., None]
        possible: NDArray[np.float64] = self.labels - self.failed * is_left_out
        return possible


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
        mean, bounds = macro(by_class, counts.labels), _bounds(*limits.of_macro(measure))
        yield figure(f"macro_{name}", mean, no_interval=_too_rare(counts.labels), **bounds)
        yield figure(f"weighted_{name}", weighted(by_class, counts.labels), **_bounds(*limits.of_weighted(measure)))
        low, high = limits.of_classes(measure)
        for place, label in enumerate(CLASSES):
            if not np.isfinite(by_class[place, 0]):
                continue
            if bases[place, 0]:
                bounds = _bounds(low[place], high[place])
                trials = None if measure is f1 else float(bases[place, 0])
                yield figure(name, by_class[place], subject=label, base=bases[place], trials=trials, **bounds)
            else:
                yield figure(name, None, subject=label, base=bases[place], reason=never)


def known(limit: Replicates) -> float | None:
    """The figure in the data itself; None where it is undefined."""
    return float(limit[0]) if np.isfinite(limit[0]) else None


def _ends(ranges: list[tuple[Replicates, Replicates]]) -> tuple[Replicates, Replicates]:
    """The lowest of the low ends and the highest of the high ones."""
    lows, highs = zip(*ranges, strict=True)
    lowest: Replicates = np.fmin.reduce(lows)
    highest: Replicates = np.fmax.reduce(highs)
    return lowest, highest


def _too_rare(labels: Replicates) -> str | None:
    """Why a mean over the classes has no interval: the rarest of them has too few labels."""
    rare = {label: n for label, n in zip(CLASSES, labels[:, 0], strict=True) if 0 < n < LEAST_LABELS}
    return RARE_CLASS.format(LEAST_LABELS, min(rare, key=lambda label: rare[label])) if rare else None


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
