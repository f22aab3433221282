"""How far raters agree beyond chance: two of them (Cohen's kappa), or any number (Krippendorff's alpha)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from judgelake.measures.figure import Figure
from judgelake.measures.rules import dense_counts
from judgelake.measures.scores import ScorePairs, quadratic_weighted_kappa
from judgelake.measures.statistics.blocks import replicate_blocks, stacked
from judgelake.measures.statistics.interval import Replicates, ratio
from judgelake.measures.table import SEPARATOR, Table

Level = Literal["nominal", "interval"]
"""nominal: two values are equal or not (verdicts). interval: their disagreement is the squared distance (scores)."""

NOTHING_IN_COMMON = "no comparison has a verdict of both"
NO_SCORES_IN_COMMON = "no answer has a score of both"
ALL_ONE_CLASS = "all labels belong to one class, so chance agreement is 1 and kappa is undefined"
NO_PAIRS = {"nominal": "no comparison has two verdicts", "interval": "no answer has two scores"}
ONE_SCORE = "both gave every answer the same score, so chance agreement is 1 and kappa is undefined"
ONE_VALUE = "all labels have the same value, so no disagreement is expected by chance and alpha is undefined"


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """Patterns of labels, and how often each occurs.

    `labels[p]` are the labels of every comparison with pattern p, in any order; `counts` has the shape
    (patterns, 1 + replicates). Patterns of one label cannot be paired and are left out.
    """

    labels: tuple[tuple[str, ...], ...]
    counts: NDArray[np.float64]

    @classmethod
    def of(cls, table: Table) -> Units:
        """From outcomes that are the labels of one comparison, joined by `SEPARATOR`."""
        found = {tuple(outcome.split(SEPARATOR)): count for outcome, count in table.counts.items()}
        paired = {labels: count for labels, count in found.items() if len(labels) > 1}
        replicates = next((len(count) for count in found.values()), 1)
        return cls(tuple(paired), np.array([*paired.values()]).reshape(len(paired), replicates))


def cohens_kappa(both: NDArray[np.float64]) -> Replicates:
    """Cohen's kappa, (p_o - p_e) / (1 - p_e): observed agreement p_o corrected for chance agreement p_e.

    1 is full agreement, 0 what two raters with these class shares would reach by chance; below 0 is less than chance.

    Args:
        both: one rater's class by the other's, shape (classes, classes, 1 + replicates).

    Returns:
        nan if there is nothing to compare, or if all values of both raters belong to one class.

    Source: Cohen 1960, "A coefficient of agreement for nominal scales"; equals scikit-learn's `cohen_kappa_score`.
    """
    n = both.sum(axis=(0, 1))
    agreed = np.einsum("cc...->...", both)
    by_chance = (both.sum(axis=1) * both.sum(axis=0)).sum(axis=0)
    return ratio(n * agreed - by_chance, n * n - by_chance)


def krippendorffs_alpha(units: Units, level: Level) -> Replicates:
    """Krippendorff's alpha: 1 - observed / expected disagreement, for any number of labels a comparison.

    1 is full agreement, 0 what randomly assigned labels would reach, below 0 systematic disagreement. Comparisons
    with one label do not count; each other is weighted by its number of labels.

    Args:
        units: the labels of the comparisons.
        level: how the disagreement of two values is measured; "interval" needs labels that are numbers.

    Returns:
        nan if no comparison has two labels, or if all labels have the same value.

    Source: Krippendorff 2011, "Computing Krippendorff's alpha-reliability", section C and D (nominal, interval).
    """
    if not units.labels:
        return np.full(units.counts.shape[1], np.nan)
    values = sorted({label for pattern in units.labels for label in pattern})
    times = np.array([[pattern.count(value) for value in values] for pattern in units.labels], dtype=np.float64)
    distance = _distance(values, level)
    labels_a_unit = times.sum(axis=1)
    within = ((times @ distance) * times).sum(axis=1) / (labels_a_unit - 1)
    given = times.T @ units.counts
    labels = given.sum(axis=0)
    expected = (given * (distance @ given)).sum(axis=0)
    return 1 - ratio((labels - 1) * (within @ units.counts), expected)


def pair_figures(table: Table, subject: str) -> Iterator[Figure]:
    """How two labelers agree on the comparisons that both labelled.

    Args:
        table: outcomes are the labels of the first and the second, joined by `SEPARATOR`.
        subject: names of the two.
    """
    classes = sorted({label for outcome in table.counts for label in outcome.split(SEPARATOR)})
    both = dense_counts(table, (classes, classes))
    n = both.sum(axis=(0, 1))
    agreed = ratio(np.einsum("cc...->...", both), n)
    reason = ALL_ONE_CLASS if n[0] else NOTHING_IN_COMMON
    figure = partial(Figure, n=int(n[0]), subject=subject, reason=reason, base=n)
    yield figure("labeler_agreement", agreed)
    yield figure("labeler_kappa", cohens_kappa(both))


def score_pair_figures(table: Table, subject: str) -> Iterator[Figure]:
    """How the scores of two labelers agree on the answers that both scored: quadratic-weighted kappa.

    Args:
        table: outcomes are the scores of the first and the second, joined by `SEPARATOR`.
        subject: names of the two.
    """
    figure = partial(Figure, "labeler_quadratic_kappa", subject=subject)
    if not table.counts:
        yield figure(None, n=0, reason=NO_SCORES_IN_COMMON)
        return
    one, other = np.array([outcome.split(SEPARATOR) for outcome in table.counts], dtype=np.float64).T
    counts = [[count] for count in table.counts.values()]
    blocks = replicate_blocks(len(counts), len(counts[0][0]))
    pairs = [ScorePairs(one, other, stacked(counts, block)) for block in blocks]
    base = np.concatenate([block.n for block in pairs])
    kappa = np.concatenate([quadratic_weighted_kappa(block) for block in pairs])
    yield figure(kappa, n=int(base[0]), reason=ONE_SCORE, base=base)


def alpha_figures(table: Table, level: Level, subject: str | None = None) -> Iterator[Figure]:
    """Krippendorff's alpha among all labelers; `n` is the comparisons, or the answers, with at least two labels.

    Args:
        table: outcomes are the labels of one comparison (verdicts) or answer (scores), joined by `SEPARATOR`.
        level: "nominal" for verdicts, "interval" for scores.
        subject: what the labels are about, if there is more than one thing.
    """
    units = Units.of(table)
    base = units.counts.sum(axis=0)
    n = int(base[0])
    alpha = krippendorffs_alpha(units, level)
    metric = "krippendorff_alpha" if level == "nominal" else f"krippendorff_alpha_{level}"
    yield Figure(metric, alpha, n=n, subject=subject, reason=ONE_VALUE if n else NO_PAIRS[level], base=base)


def _distance(values: Sequence[str], level: Level) -> NDArray[np.float64]:
    if level == "nominal":
        return 1 - np.eye(len(values))
    numbers = np.array([float(value) for value in values])
    squared: NDArray[np.float64] = np.square(numbers[:, None] - numbers[None, :])
    return squared
