"""Judges and labelers that read the same unseen quality with noise: what may be said of a bias from labels alone.

Unlike in `simulation`, a label is not the quality of the answers but one reading of it. So where longer answers, or
those of one family, really are better, the verdicts of a judge without any preference go with length or family even at
equal labels: they know something of the quality that the label does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from simulation import HEADLINE, SIDES, TIE, A, B, Observed

from judgelake.measures.length import LONGEST_RATIO, STEPS_A_DOUBLING
from judgelake.measures.table import SEPARATOR

STEPS = LONGEST_RATIO * STEPS_A_DOUBLING
# In doublings: half of all answers differ in length by at least a factor of 1.75.
SPREAD_OF_LENGTHS = 1.2
BINS = np.array([str(step / STEPS_A_DOUBLING) for step in range(-STEPS, STEPS + 1)])


@dataclass(frozen=True, slots=True)
class LatentWorld:
    """The comparisons, in `repeats` independent data sets at once.

    The quality of answer A less that of B is normal with standard deviation 1, plus `longer_is_better` for every
    doubling of the ratio of lengths, plus or minus `own_is_better` where A or B is of the judge's family.
    """

    questions: int = 100
    comparisons: int = 5
    """Of each question."""
    clustering: float = 0.3
    """Share of every variance that the comparisons of a question have in common."""
    longer_is_better: float = 0.0
    own_is_better: float = 0.0
    labelers: int = 2
    human_noise: float = 0.7
    """Standard deviation of what a labeler adds to the difference of qualities, each labeler for itself."""
    tie_band: float = 0.3
    """A difference that reads as smaller than this is called a tie, by judge and labelers alike."""
    repeats: int = 1


@dataclass(frozen=True, slots=True)
class LatentJudge:
    """A judge that reads the quality with its own noise and adds its preferences, 0 for an unbiased judge."""

    noise: float = 0.7
    likes_length: float = 0.0
    """In standard deviations of the quality, for every doubling of the ratio of lengths."""
    likes_own: float = 0.0


class LatentSimulation:
    """The qualities, lengths, families and labels of a world, and the verdicts of judges on it."""

    def __init__(self, world: LatentWorld, seed: int) -> None:
        self.world = world
        self._rng = np.random.default_rng(seed)
        doublings = self._rng.normal(scale=SPREAD_OF_LENGTHS, size=self._shape)
        self.steps = np.clip(np.rint(doublings * STEPS_A_DOUBLING), -STEPS, STEPS)
        self.a_is_own = self._rng.random(self._shape) < 0.5
        self.quality = self._normal() + self._pull(world.longer_is_better, world.own_is_better)
        self.labels = [self._said(self.quality, world.human_noise) for _ in range(world.labelers)]

    def lengths(self, judge: LatentJudge) -> Observed:
        """Of the family lengths: the first labeler's label, the verdict, and the bin of the ratio of lengths."""
        return Observed.of((self.labels[0], HEADLINE), (self._verdict(judge), HEADLINE), self._bins())

    def own_family(self, judge: LatentJudge) -> Observed:
        """Of the family own_family: the first labeler's label and the verdict, as own, other or tie."""
        return Observed.of(
            (self._sided(self.labels[0]), SIDES),
            (self._sided(self._verdict(judge)), SIDES),
        )

    def lengths_of_labelers(self, judge: LatentJudge) -> Observed:
        """Of the family lengths_of_labelers: the votes for A, B and a tie, the verdict, and the bin."""
        return Observed.of(_votes(self.labels, (A, B, TIE)), (self._verdict(judge), HEADLINE), self._bins())

    def own_family_of_labelers(self, judge: LatentJudge) -> Observed:
        """Of the family own_family_of_labelers: the votes for own, a tie and other, and the verdict."""
        sided = [self._sided(label) for label in self.labels]
        return Observed.of(_votes(sided, (A, TIE, B)), (self._sided(self._verdict(judge)), SIDES))

    def agreement(self, judge: LatentJudge) -> float:
        """Share of verdicts that are the first labeler's label."""
        return float(np.mean(self.labels[0] == self._verdict(judge)))

    def _verdict(self, judge: LatentJudge) -> NDArray[np.int64]:
        return self._said(self.quality + self._pull(judge.likes_length, judge.likes_own), judge.noise)

    def _pull(self, a_doubling: float, of_own: float) -> NDArray[np.float64]:
        return a_doubling * self.steps / STEPS_A_DOUBLING + of_own * np.where(self.a_is_own, 1, -1)

    def _said(self, quality: NDArray[np.float64], noise: float) -> NDArray[np.int64]:
        """What one who reads this difference of qualities with this noise calls better."""
        read = quality + noise * self._normal()
        return np.where(np.abs(read) < self.world.tie_band, TIE, np.where(read > 0, A, B))

    def _sided(self, said: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.where(self.a_is_own, said, np.choose(said, [B, A, TIE]))

    def _bins(self) -> tuple[NDArray[np.int64], NDArray[np.str_]]:
        return (self.steps + STEPS).astype(np.int64), BINS

    def _normal(self) -> NDArray[np.float64]:
        shared = self._rng.normal(size=(*self._shape[:2], 1))
        own = self._rng.normal(size=self._shape)
        clustering = self.world.clustering
        return np.sqrt(clustering) * shared + np.sqrt(1 - clustering) * own

    @property
    def _shape(self) -> tuple[int, int, int]:
        return self.world.repeats, self.world.questions, self.world.comparisons


def _votes(labels: list[NDArray[np.int64]], order: Sequence[int]) -> tuple[NDArray[np.int64], NDArray[np.str_]]:
    """How many labels say each of these, as one part of the outcome."""
    code, most = np.zeros_like(labels[0]), len(labels)
    for said in order:
        code = code * (most + 1) + sum(label == said for label in labels)
    return code, np.array([SEPARATOR.join(map(str, votes)) for votes in product(range(most + 1), repeat=len(order))])
