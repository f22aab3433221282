"""Labelers and a judge who err at random on questions of different difficulty: what they are compared on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from judgelake.measures.alternative import RESULTS
from judgelake.measures.table import SEPARATOR, Table, left_out_counts

CLASSES = np.array(["A", "B", "tie"])
NOT_GIVEN = -1


@dataclass(frozen=True, slots=True)
class People:
    """Truths A and B as likely; labelers and the judge are right with these chances, else they name the other one.

    Of a question's comparisons a share `hard` is hard for everybody or nobody: there nobody knows better than chance.
    """

    right: tuple[float, ...] = (0.8, 0.8, 0.8)
    judge: float = 0.8
    questions: int = 150
    comparisons: int = 1
    hard: float = 0.0
    given: float = 1.0
    """Chance that a labeler labels a comparison."""

    def drawn(self, rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Labels, shape (questions, comparisons, labelers), and the judge's verdicts; `NOT_GIVEN` without a label."""
        shape = (self.questions, self.comparisons)
        truth, is_hard = rng.integers(0, 2, shape), rng.random((self.questions, 1)) < self.hard
        chances = np.where(is_hard[..., None], 0.5, np.array((*self.right, self.judge)))
        said = np.where(rng.random((*shape, len(self.right) + 1)) < chances, truth[..., None], 1 - truth[..., None])
        is_given = rng.random((*shape, len(self.right))) < self.given
        return np.where(is_given, said[..., :-1], NOT_GIVEN), said[..., -1]


def votes_table(labels: NDArray[np.int64], judge: NDArray[np.int64]) -> Table:
    """The table of `labeler_gap`, one outcome for each combination of votes and verdict."""
    votes = np.stack([(labels == place).sum(axis=-1) for place in range(len(CLASSES))], axis=-1)
    patterns, code = np.unique(
        np.concatenate([votes, judge[..., None]], axis=-1).reshape(-1, 4), axis=0, return_inverse=True
    )
    names = [SEPARATOR.join([*map(str, many), str(CLASSES[verdict])]) for *many, verdict in patterns]
    return _table(code.ravel(), names, labels.shape)


def competing_table(labels: NDArray[np.int64], judge: NDArray[np.int64]) -> Table:
    """The table of `alternative`, by the paper's definition: each alignment is counted over the other labelers."""
    labelers = labels.shape[-1]
    code = np.full(labels.shape, NOT_GIVEN)
    for own in range(labelers):
        others = np.delete(labels, own, axis=-1)
        with_judge, with_own = ((others == said[..., None]).sum(axis=-1) for said in (judge, labels[..., own]))
        result = np.where(with_judge > with_own, 0, np.where(with_judge < with_own, 1, 2))
        is_shared = (labels[..., own] != NOT_GIVEN) & (others != NOT_GIVEN).any(axis=-1)
        code[..., own] = np.where(is_shared, own * len(RESULTS) + result, NOT_GIVEN)
    names = [f"labeler {own}{SEPARATOR}{result}" for own in range(labelers) for result in RESULTS]
    return _table(code.reshape(-1, labelers), names, labels.shape)


def _table(code: NDArray[np.int64], names: list[str], shape: tuple[int, ...]) -> Table:
    questions, comparisons = shape[:2]
    place = np.repeat(np.arange(questions), comparisons * (code.size // (questions * comparisons)))
    is_there = code.ravel() != NOT_GIVEN
    n = np.ones(int(is_there.sum()), dtype=np.int64)
    counts = left_out_counts(code.ravel()[is_there], place[is_there], n, len(names), questions)
    return Table(dict(zip(names, counts, strict=True)), questions)
