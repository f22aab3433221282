"""Many evaluations of judges that are equally good, with the comparisons of a question alike: is one found better?

A judge is right on a comparison by chance alone; with the square root of `clustering` it takes the chance of the
question, so that two of its comparisons of a question correlate by `clustering`, and judges do not with each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from judgelake.measures.statistics.interval import t_quantile
from judgelake.measures.table import SEPARATOR, Table

LEVEL = 0.05


@dataclass(frozen=True, slots=True)
class Judges:
    """So many judges on the same questions; the first is ahead of the others by `lead`."""

    judges: int
    questions: int
    comparisons: int
    """Of each question."""
    clustering: float = 0.0
    accuracy: float = 0.7
    lead: float = 0.0

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """All pairs of judges, those with the first judge first."""
        return list(combinations(range(self.judges), 2))


@dataclass(frozen=True, slots=True, eq=False)
class Evaluations:
    """Independent evaluations of the judges; every array begins with one place an evaluation."""

    world: Judges
    right: NDArray[np.bool_]
    """Whether a judge is right, shape (repeats, judges, questions, comparisons)."""

    @classmethod
    def of(cls, world: Judges, repeats: int, seed: int) -> Evaluations:
        """So many evaluations."""
        rng = np.random.default_rng(seed)
        shape = (repeats, world.judges, world.questions, world.comparisons)
        chance = rng.random(shape, dtype=np.float32)
        if world.clustering:
            of_question = rng.random((*shape[:3], 1), dtype=np.float32)
            taken = rng.random(shape, dtype=np.float32) < world.clustering**0.5
            chance = np.where(taken, of_question, chance)
        good = np.full((world.judges, 1, 1), world.accuracy, dtype=np.float32)
        good[0] += world.lead
        return cls(world, chance < good)

    @property
    def leads(self) -> NDArray[np.float64]:
        """By how many comparisons of a question a pair's first judge is ahead, shape (repeats, pairs, questions)."""
        totals = self.right.sum(axis=-1, dtype=np.int16)
        first, second = np.array(self.world.pairs).T
        return (totals[:, first] - totals[:, second]).astype(float)

    def differences(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The differences in agreement and their standard errors, shape (repeats, pairs) each."""
        shares = self.leads / self.world.comparisons
        return shares.mean(axis=-1), shares.std(axis=-1, ddof=1) / self.world.questions**0.5

    def found(self) -> NDArray[np.bool_]:
        """Which pairs differ by Holm's correction of the clustered p-value, shape (repeats, pairs)."""
        value, error = self.differences()
        return holm_below(2 * stats.t.sf(np.abs(value / error), self.world.questions - 1))

    def found_by_interval_and_mcnemar(self) -> NDArray[np.bool_]:
        """By the rule of the first builds: the pair's own interval excludes zero, and Holm on McNemar is below 0.05."""
        value, error = self.differences()
        excludes_zero = np.abs(value / error) > t_quantile(self.world.questions - 1)
        right = self.right.reshape(*self.right.shape[:2], -1).astype(np.float32)
        only_first = right @ (1 - right).swapaxes(1, 2)
        first, second = np.array(self.world.pairs).T
        one, other = only_first[:, first, second], only_first[:, second, first]
        p_value = np.minimum(1.0, 2 * stats.binom.cdf(np.minimum(one, other), one + other, 0.5))
        return excludes_zero & holm_below(p_value)

    def table(self, evaluation: int, pair: tuple[int, int]) -> Table:
        """Both judges on the same comparisons, as an evaluation counts them; the label is always A."""
        said: Mapping[bool, str] = {True: "A", False: "B"}
        counts = {}
        first, second = (self.right[evaluation, judge] for judge in pair)
        for one, other in ((True, True), (True, False), (False, True), (False, False)):
            within = ((first == one) & (second == other)).sum(axis=-1).astype(float)
            counts[SEPARATOR.join(("A", said[one], said[other]))] = within.sum() - np.append(0.0, within)
        return Table(counts, self.world.questions)


def holm_below(p_values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Where Holm's corrected p-value is below `LEVEL`, along the last axis."""
    order = np.argsort(p_values, axis=-1)
    steps = np.arange(p_values.shape[-1], 0, -1)
    passed = np.logical_and.accumulate(np.take_along_axis(p_values, order, -1) * steps < LEVEL, axis=-1)
    found = np.empty_like(passed)
    np.put_along_axis(found, order, passed, -1)
    return found
