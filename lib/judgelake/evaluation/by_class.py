"""Precision, recall and F1 of a confusion, class by class and as means over the classes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from judgelake.evaluation.estimate import Replicates, ratio
from judgelake.evaluation.figure import Figure
from judgelake.evaluation.rules import CLASSES

Confusion = NDArray[np.float64]
"""Counts of labels (A, B, tie) by verdicts (A, B, tie, failed and so wrong), shape (3, 4, 1 + replicates)."""

NEVER_A_VERDICT = "no verdict names this class"
NEVER_A_LABEL = "no label names this class"


def precision(confusion: Confusion) -> Replicates:
    """Of each class, the share of its verdicts that are right; shape (3, 1 + replicates), classes as in `CLASSES`.

    0 for a class that is a label and never a verdict, nan for one that is neither; so scikit-learn with
    `zero_division=0`, whose classes are those that occur.
    """
    return _of_present(_hits(confusion), confusion[:, : len(CLASSES)].sum(axis=0), confusion)


def recall(confusion: Confusion) -> Replicates:
    """Of each class, the share of its labels that are met; as `precision`. A failed verdict that counts is a miss."""
    return _of_present(_hits(confusion), confusion.sum(axis=1), confusion)


def f1(confusion: Confusion) -> Replicates:
    """Of each class, the harmonic mean of precision and recall, 2 hits / (labels + verdicts); as `precision`."""
    return ratio(2 * _hits(confusion), labels_and_verdicts(confusion))


def macro(by_class: Replicates) -> Replicates:
    """The mean over the classes that occur as label or verdict; nan where none does. Source: scikit-learn, "macro"."""
    occurs = np.isfinite(by_class)
    return ratio(np.where(occurs, by_class, 0.0).sum(axis=0), occurs.sum(axis=0).astype(np.float64))


def weighted(by_class: Replicates, confusion: Confusion) -> Replicates:
    """The mean over the classes, each by its share of the labels. Source: scikit-learn, "weighted"."""
    labels = confusion.sum(axis=1)
    return ratio((np.nan_to_num(by_class) * labels).sum(axis=0), labels.sum(axis=0))


def _hits(confusion: Confusion) -> Replicates:
    hits: Replicates = np.einsum("cc...->c...", confusion[:, : len(CLASSES)])
    return hits


def labels_and_verdicts(confusion: Confusion) -> Replicates:
    """How often each class is a label or a verdict, one that is both twice; shape (3, 1 + replicates)."""
    both: Replicates = confusion.sum(axis=1) + confusion[:, : len(CLASSES)].sum(axis=0)
    return both


def _of_present(hits: Replicates, whole: Replicates, confusion: Confusion) -> Replicates:
    share = np.nan_to_num(ratio(hits, whole))
    return np.where(labels_and_verdicts(confusion) > 0, share, np.nan)


def class_figures(
    confusion: Confusion, limits: Sequence[Confusion | None], rate: Callable[..., Figure]
) -> Iterator[Figure]:
    """Precision, recall and F1: macro, weighted, and of each class that occurs, with the class as the subject.

    0 / 0 (the precision of a class that is never a verdict, the recall of one that is never a label) is no number of
    a class; only the means over classes take it for 0.

    Args:
        confusion: of what counts.
        limits: what it would be were every failed judgment wrong, and were every one right.
        rate: makes a figure of a rate, of a metric's name and its replicates, that rests on what counts.
    """
    verdicts, labels = confusion[:, : len(CLASSES)].sum(axis=0), confusion.sum(axis=1)
    for measure, bases, never in (
        (precision, verdicts, NEVER_A_VERDICT),
        (recall, labels, NEVER_A_LABEL),
        (f1, labels + verdicts, None),
    ):
        name, by_class = measure.__name__, measure(confusion)
        of_limits = [None if limit is None else (measure(limit), limit) for limit in limits]
        macros = [None if found is None else known(macro(found[0])) for found in of_limits]
        weights = [None if found is None else known(weighted(*found)) for found in of_limits]
        yield rate(f"macro_{name}", macro(by_class), **_bounds(macros))
        yield rate(f"weighted_{name}", weighted(by_class, confusion), **_bounds(weights))
        for place, label in enumerate(CLASSES):
            if not np.isfinite(by_class[place, 0]):
                continue
            if bases[place, 0]:
                ends = [None if found is None else known(found[0][place]) for found in of_limits]
                yield rate(name, by_class[place], subject=label, base=bases[place], **_bounds(ends))
            else:
                yield rate(name, None, subject=label, base=bases[place], reason=never)


def known(limit: Replicates) -> float | None:
    """The figure of the data itself; None where it is undefined."""
    return float(limit[0]) if np.isfinite(limit[0]) else None


def _bounds(ends: Sequence[float | None]) -> dict[str, float | None]:
    return dict(zip(("if_wrong", "if_right"), ends, strict=True))
