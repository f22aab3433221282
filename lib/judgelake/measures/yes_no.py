"""How well a judge's scores answer a yes/no question, with thresholds not chosen on the rows they are reported on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from judgelake.measures.figure import Figure
from judgelake.measures.scores import CONSTANT_JUDGE, NOTHING_JUDGED, levels
from judgelake.measures.statistics.blocks import replicate_blocks, stacked
from judgelake.measures.statistics.interval import Replicates, ratio
from judgelake.measures.table import FAILED, SEPARATOR, Table

HALVES = 2
METRICS = ("aspect_accuracy", "aspect_f1", "aspect_auroc")

ONE_CLASS = "all labels belong to one class"
NO_THRESHOLD = "in one half of the questions all labels belong to one class or all scores of the judge are the same"


@dataclass(frozen=True, slots=True)
class Threshold:
    """Which scores mean class 1, in each replicate; every field has shape (replicates,).

    `cut` is the place of a score among all distinct ones: the scores above it are one class, this one and those below
    the other. `is_higher` says whether those above are class 1. Both are meaningless where `is_defined` is False.
    """

    cut: NDArray[np.int64]
    is_higher: NDArray[np.bool_]
    is_defined: NDArray[np.bool_]

    def predict(self, scores: int) -> NDArray[np.bool_]:
        """Whether each of the distinct scores means class 1: shape (scores, replicates)."""
        says_one: NDArray[np.bool_] = (np.arange(scores)[:, None] > self.cut) == self.is_higher
        return says_one


@dataclass(frozen=True, slots=True)
class Confusion:
    """Rows by class and prediction; every field has shape (replicates,), nan where there was no threshold."""

    true_positives: Replicates
    false_positives: Replicates
    false_negatives: Replicates
    true_negatives: Replicates


def best_threshold(zeros: Replicates, ones: Replicates) -> Threshold:
    """The threshold and direction with the highest balanced accuracy on these rows.

    Balanced accuracy, the mean of both classes' recall (Youden 1950, "Index for rating diagnostic tests", as J), and
    not accuracy: if nine of ten labels are 0, the best accuracy is often reached by never saying 1. Of equally good
    thresholds the lowest is taken; if none is better than chance, scores above the lowest one are class 1.

    Args:
        zeros: how often each distinct score, lowest first, has label 0: shape (scores, replicates).
        ones: the same for label 1.

    Returns:
        Not defined if a class is missing or there is only one distinct score.
    """
    all_zeros, all_ones = zeros.sum(axis=0), ones.sum(axis=0)
    # J times both classes' sizes: whole numbers, so that rounding cannot decide between equally good thresholds.
    gain = np.cumsum(zeros, axis=0) * all_ones - np.cumsum(ones, axis=0) * all_zeros
    is_present = zeros + ones > 0
    # A score that occurs only in other rows must not become the cut: those rows would have an influence.
    cut = np.where(is_present, np.abs(gain), -1).argmax(axis=0)
    is_higher = np.take_along_axis(gain, cut[None, :], axis=0)[0] >= 0
    return Threshold(cut, is_higher, (all_zeros > 0) & (all_ones > 0) & (is_present.sum(axis=0) > 1))


def cross_fitted_confusion(counts: NDArray[np.float64]) -> Confusion:
    """Each half of the questions predicted with the threshold of the other half, both added up.

    So every row is reported once, never with a threshold it helped to choose; each replicate chooses its thresholds
    again.

    Args:
        counts: how often each distinct score, lowest first, occurs in each half with each label: shape
            (2 halves, 2 labels, scores, replicates).
    """
    found = np.zeros((2, 2, counts.shape[-1]))
    for half in range(HALVES):
        threshold = best_threshold(*counts[1 - half])
        says_one = threshold.predict(counts.shape[2])
        for label in (0, 1):
            found[label, 0] += (counts[half, label] * ~says_one).sum(axis=0)
            found[label, 1] += (counts[half, label] * says_one).sum(axis=0)
        found[:, :, ~threshold.is_defined] = np.nan
    return Confusion(
        true_positives=found[1, 1], false_positives=found[0, 1], false_negatives=found[1, 0], true_negatives=found[0, 0]
    )


def accuracy(confusion: Confusion) -> Replicates:
    """Share of rows whose class is predicted by the threshold of the other half of the questions."""
    right = confusion.true_positives + confusion.true_negatives
    return ratio(right, right + confusion.false_positives + confusion.false_negatives)


def f1(confusion: Confusion) -> Replicates:
    """F1 of class 1: 2 TP / (2 TP + FP + FN), over both halves' counts. Source: sklearn.metrics.f1_score."""
    doubled = 2 * confusion.true_positives
    return ratio(doubled, doubled + confusion.false_positives + confusion.false_negatives)


def auroc(zeros: Replicates, ones: Replicates) -> Replicates:
    """Chance that a row of class 1 has a higher score than one of class 0, equal scores counted half.

    The direction is fixed, not chosen from the data: a higher score means class 1. A judge with a reversed scale
    (quality, where class 1 is a hallucination) is below 0.5, and then 1 - AUROC says how well it separates.
    nan if a class is missing. Source: Hanley and McNeil 1982; sklearn.metrics.roc_auc_score.

    Args:
        zeros: how often each distinct score, lowest first, has label 0: shape (scores, replicates).
        ones: the same for label 1.
    """
    below = np.cumsum(zeros, axis=0) - zeros / 2
    return ratio((ones * below).sum(axis=0), zeros.sum(axis=0) * ones.sum(axis=0))


def has_yes_no_labels(table: Table) -> bool:
    """Whether all labels of a table of the family "scores" are 0 or 1: else these measures are meaningless."""
    return bool(table.counts) and all(float(outcome.split(SEPARATOR)[0]) in (0, 1) for outcome in table.counts)


def figures(table: Table, failure_score: float | None = None) -> Iterator[Figure]:
    """Accuracy, F1 and AUROC of one table of the family "scores"; nothing unless `has_yes_no_labels`.

    Args:
        table: outcomes are (label, judge's score or `FAILED`, half of the questions, "0" or "1").
        failure_score: what a failed judgment counts as; None: it is left out. The bounds (`limits`) and their
            thresholds do not depend on it.
    """
    if not has_yes_no_labels(table):
        return
    cells = _cells(table, failure_score)
    spoken = cells if failure_score is None else _cells(table)
    base = sum(cells.values(), np.zeros(1))
    n, asked = int(base[0]), table.n
    if n == 0:
        yield from (Figure(metric, None, 0, asked, reason=NOTHING_JUDGED) for metric in METRICS)
        return
    rows, reason = _rows(cells), _why_undefined(cells)
    bounds = limits(_counts(_rows(spoken), slice(0, 1)), _failed(table)) if spoken else {}
    for metric, found in _measured(rows).items():
        is_bounded = metric in bounds and np.isfinite([found[0], *bounds[metric]]).all()
        if_wrong, if_right = bounds[metric] if is_bounded else (None, None)
        yield Figure(metric, found, n, asked, if_wrong=if_wrong, if_right=if_right, reason=reason, base=base)


def limits(counts: NDArray[np.float64], failed: tuple[int, int]) -> dict[str, tuple[float, float]]:
    """Each figure if all failed judgments counted as wrong, and as right, with the same thresholds.

    A wrong one is a false negative if the label is 1 and a false positive if it is 0. For AUROC it then has the lowest
    score, or the highest; a right one the opposite.

    Args:
        counts: as for `cross_fitted_confusion`, of the data alone. If a figure is undefined for them, its bounds are
            nan or meaningless.
        failed: number of failed judgments with label 0, and with label 1.
    """
    of_data = cross_fitted_confusion(counts)
    positives, negatives = of_data.true_positives, of_data.true_negatives
    missed, alarms = of_data.false_negatives, of_data.false_positives
    wrong = Confusion(positives, alarms + failed[0], missed + failed[1], negatives)
    right = Confusion(positives + failed[1], alarms, missed, negatives + failed[0])
    zeros, ones = counts.sum(axis=0)
    failed_zeros, failed_ones, none = (np.full((1, 1), count, dtype=np.float64) for count in (*failed, 0))
    ends = {
        "aspect_accuracy": (accuracy(wrong), accuracy(right)),
        "aspect_f1": (f1(wrong), f1(right)),
        "aspect_auroc": (
            auroc(np.concatenate([none, zeros, failed_zeros]), np.concatenate([failed_ones, ones, none])),
            auroc(np.concatenate([failed_zeros, zeros, none]), np.concatenate([none, ones, failed_ones])),
        ),
    }
    return {metric: (float(low[0]), float(high[0])) for metric, (low, high) in ends.items()}


def _cells(table: Table, failure_score: float | None = None) -> dict[tuple[float, int, int], Replicates]:
    """(Judge's score, half, label) to counts, of what was judged; the scores are mapped by `levels`."""
    rows = [(outcome.split(SEPARATOR), counts) for outcome, counts in table.counts.items()]
    given = [(failure_score if parts[1] == FAILED else float(parts[1]), parts, counts) for parts, counts in rows]
    judged = [(score, parts, counts) for score, parts, counts in given if score is not None]
    level = levels(score for score, _, _ in judged)
    cells: dict[tuple[float, int, int], Replicates] = {}
    for score, (label, _, half), counts in judged:
        place = level[score], int(half), int(float(label))
        cells[place] = cells[place] + counts if place in cells else counts
    return cells


def _failed(table: Table) -> tuple[int, int]:
    """Number of failed judgments with label 0, and with label 1."""
    found = [0, 0]
    for outcome, counts in table.counts.items():
        label, judge, _ = outcome.split(SEPARATOR)
        if judge == FAILED:
            found[int(float(label))] += int(counts[0])
    return found[0], found[1]


def _rows(cells: Mapping[tuple[float, int, int], Replicates]) -> list[list[Replicates]]:
    """The cells in the order of `_counts`: halves, labels, distinct scores, lowest first; zeros if there is none."""
    scores = sorted({score for score, _, _ in cells})
    nothing = np.zeros_like(next(iter(cells.values())))
    return [
        [cells.get((score, half, label), nothing)] for half in range(HALVES) for label in (0, 1) for score in scores
    ]


def _counts(rows: Sequence[Sequence[Replicates]], block: slice) -> NDArray[np.float64]:
    """The replicates of a block in the shape for `cross_fitted_confusion`."""
    return stacked(rows, block).reshape(HALVES, 2, len(rows) // (HALVES * 2), -1)


def _measured(rows: Sequence[Sequence[Replicates]]) -> dict[str, Replicates]:
    parts: dict[str, list[Replicates]] = {metric: [] for metric in METRICS}
    for block in replicate_blocks(len(rows), len(rows[0][0])):
        counts = _counts(rows, block)
        confusion = cross_fitted_confusion(counts)
        parts["aspect_accuracy"].append(accuracy(confusion))
        parts["aspect_f1"].append(f1(confusion))
        parts["aspect_auroc"].append(auroc(*counts.sum(axis=0)))
    return {metric: np.concatenate(found) for metric, found in parts.items()}


def _why_undefined(cells: Mapping[tuple[float, int, int], Replicates]) -> str:
    present = [place for place, counts in cells.items() if counts[0]]
    if len({label for _, _, label in present}) < 2:
        return ONE_CLASS
    if len({score for score, _, _ in present}) < 2:
        return CONSTANT_JUDGE
    return NO_THRESHOLD
