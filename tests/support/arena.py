"""Arenas of models of known strengths: games between them on questions, in which the stronger wins more often."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from judgelake.measures.table import SEPARATOR, Table, left_out_counts

VERDICTS = ("first", "second", "tie")


@dataclass(frozen=True, slots=True, eq=False)
class Arena:
    """Models, strongest first, whose log-odds of a win are the difference of their strengths.

    With probability `clustering` a game takes its chance from its question, so that the games of a question go
    together. A tie comes out of wins and losses alike, in the share `ties` of what the less likely of both is.
    """

    strengths: NDArray[np.float64]
    questions: int
    games: int | None = 1
    """Of each question, between models chosen at random; None: one of every two models."""
    clustering: float = 0.0
    ties: float = 0.0

    @property
    def models(self) -> list[str]:
        """Their names, in the order of their strengths."""
        return [f"m{place:02}" for place in range(len(self.strengths))]

    def tables(self, repeats: int, seed: int) -> Iterator[Table]:
        """The table of each of many evaluations; each question is a bucket."""
        rng = np.random.default_rng(seed)
        for _ in range(repeats):
            yield self._table(rng)

    def _table(self, rng: np.random.Generator) -> Table:
        one, two = np.triu_indices(len(self.strengths), 1)
        every_pair = np.tile(np.arange(len(one)), (self.questions, 1))
        pair = every_pair if self.games is None else rng.integers(0, len(one), (self.questions, self.games))
        wins = expit(self.strengths[one] - self.strengths[two])[pair]
        tie = self.ties * np.minimum(wins, 1 - wins)
        own, of_question = rng.random(pair.shape), rng.random((self.questions, 1))
        chance = np.where(rng.random(pair.shape) < self.clustering, of_question, own)
        verdict = np.where(chance < wins - tie, 0, np.where(chance < wins + tie, 2, 1))
        met, outcome = np.unique(pair * len(VERDICTS) + verdict, return_inverse=True)
        bucket = np.repeat(np.arange(self.questions), pair.shape[1])
        counts = left_out_counts(outcome.ravel(), bucket, np.ones(bucket.size), len(met), self.questions)
        names = [
            SEPARATOR.join((self.models[one[code // 3]], self.models[two[code // 3]], VERDICTS[code % 3]))
            for code in met
        ]
        return Table(dict(zip(names, counts, strict=True)), self.questions)
