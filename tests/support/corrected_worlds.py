"""A model's comparisons with a planted win rate, a judge with planted errors and labels of a random part of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from judgelake.measures.statistics.interval import Estimate, estimate
from judgelake.measures.table import SEPARATOR, Table
from judgelake.trust.corrected import corrected_figures

MODEL, OTHER = "a model", "the other"
VERDICTS, LABELS = ("second", "first"), ("second", "first", "none")
HALF_WIDTH = 0.03


@dataclass(frozen=True, slots=True)
class World:
    """Questions of `comparisons` each, in which the model wins with a probability of the question's own.

    These have the mean `win` and, with `spread` s, the variance win (1 - win) / (s + 1): the correlation within a
    question is 1 / (s + 1). The judge is right with one probability where the model wins and with another where it
    loses.
    """

    win: float
    if_won: float
    if_lost: float
    labels: int
    """As many as are expected: each comparison has one with the same probability."""
    questions: int = 400
    comparisons: int = 10
    spread: float = 4.0

    def tables(self, rng: np.random.Generator, repeats: int) -> list[Table]:
        """The counts of so many evaluations."""
        shape = (repeats, self.questions, self.comparisons)
        of_question = rng.beta(self.win * self.spread, (1 - self.win) * self.spread, shape[:2])
        won = rng.random(shape) < of_question[..., None]
        right = rng.random(shape) < np.where(won, self.if_won, self.if_lost)
        verdict = np.where(right, won, ~won)
        share = self.labels / (self.questions * self.comparisons)
        label = np.where(rng.random(shape) < share, won, LABELS.index("none"))
        code = verdict * len(LABELS) + label
        size = len(VERDICTS) * len(LABELS)
        counts = np.stack([(code == one).sum(axis=2) for one in range(size)], axis=1).astype(np.float64)
        total = counts.sum(axis=2, keepdims=True)
        left_out = np.concatenate([total, total - counts], axis=2)
        names = [SEPARATOR.join((MODEL, OTHER, said, label)) for said in VERDICTS for label in LABELS]
        return [Table(dict(zip(names, one, strict=True)), self.questions) for one in left_out]


@dataclass(frozen=True, slots=True)
class Held:
    """Of all evaluations of a world: how often the interval held the truth, and mean widths."""

    corrected: float
    labels_alone: float
    width: float
    width_of_labels: float

    @property
    def ratio(self) -> float:
        """The corrected interval's width by that of the labels alone."""
        return self.width / self.width_of_labels


def held(world: World, rng: np.random.Generator, repeats: int) -> Held:
    """What comes of a world's corrected win rates, beside the win rates by the labels alone."""
    found = [(corrected(table), by_labels(table)) for table in world.tables(rng, repeats)]
    ends = np.array([[(one.low, one.high) for one in both] for both in found], dtype=np.float64)
    holds = ((ends[..., 0] <= world.win) & (world.win <= ends[..., 1])).mean(axis=0)
    widths = (ends[..., 1] - ends[..., 0]).mean(axis=0)
    return Held(*map(float, (*holds, *widths)))


def corrected(table: Table) -> Estimate:
    """The corrected win rate of the model."""
    figure = next(one for one in corrected_figures(table, HALF_WIDTH) if one.subject == MODEL)
    return figure.estimate(table.questions)


def by_labels(table: Table) -> Estimate:
    """The win rate by the labels alone, with the interval that the leaderboard of labels has."""
    counts: dict[str, NDArray[np.float64]] = {}
    for outcome, of_outcome in table.counts.items():
        label = outcome.split(SEPARATOR)[3]
        counts[label] = counts.get(label, np.zeros(1)) + of_outcome
    base = counts["first"] + counts["second"]
    has_label = base < base[0]
    has_label[0] = True
    return estimate((counts["first"] / base)[has_label], min(table.questions, base[0]), is_rate=True)


JUDGES = {
    "useless": (0.5, 0.5),
    "fair": (0.8, 0.8),
    "lenient": (0.98, 0.7),
    "severe": (0.8, 0.98),
    "good": (0.96, 0.96),
    "very good": (0.99, 0.99),
}
"""How often a judge is right where the model wins, and where it loses."""
WORLDS = {
    f"{judge}, win rate {win:.0%}, {labels} labels": World(win, *JUDGES[judge], labels)
    for judge in JUDGES
    for win in (0.5, 0.7, 0.9)
    for labels in (50, 200, 1000)
}
