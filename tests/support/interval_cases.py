"""Worlds in which the intervals of rates, macro figures and kappa are hard, and how often they hold the truth there.

A question's comparisons take one number from it in place of one of their own, so that their outcomes are correlated by
as much as the case says and each alone has its probability.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from judgelake.measures.by_class import Limits, class_figures
from judgelake.measures.figure import Figure
from judgelake.measures.pairwise import label_kappa
from judgelake.measures.statistics.interval import ratio

A, B, TIE = range(3)


@dataclass(frozen=True, slots=True)
class Case:
    """Labels with these shares, and a judge that is right with one probability whatever the label."""

    right: float
    questions: int
    comparisons: int = 1
    correlation: float = 0.0
    shares: tuple[float, float, float] = (0.5, 0.5, 0.0)
    orders: int = 1
    """Two: both orders are asked, each counts one half, and in half of the comparisons they say the same."""

    def confusions(self, rng: np.random.Generator, repeats: int) -> NDArray[np.float64]:
        """Labels by verdicts, and of which question: shape (repeats, 3, 3, questions)."""
        label = np.searchsorted(np.cumsum(self.shares)[:2], self.draws(rng, repeats), side="right")
        next_class, third = (label + 1) % 3, (label + 2) % 3
        has_ties = self.shares[TIE] > 0
        wrong = np.where(rng.random(label.shape) < 0.5, next_class, third) if has_ties else 1 - label
        found = np.zeros((repeats, 3, 3, self.questions))
        places, luck = np.indices(label.shape), self.draws(rng, repeats)
        for order in range(self.orders):
            if order:
                luck = np.where(rng.random(luck.shape) < 0.5, luck, self.draws(rng, repeats))
            verdict = np.where(luck < self.right, label, wrong)
            np.add.at(found, (places[0], label, verdict, places[1]), 1 / self.orders)
        return found

    def draws(self, rng: np.random.Generator, repeats: int) -> NDArray[np.float64]:
        """Uniform numbers, one a comparison, correlated within a question: (repeats, questions, comparisons)."""
        shape = (repeats, self.questions, self.comparisons)
        of_question, own = rng.random((*shape[:2], 1)), rng.random(shape)
        return np.where(rng.random(shape) < np.sqrt(self.correlation), of_question, own)


def with_each_left_out(within: NDArray[np.float64]) -> NDArray[np.float64]:
    """The totals, and those without each question, in the last axis."""
    total = within.sum(axis=-1, keepdims=True)
    return np.concatenate([total, total - within], axis=-1)


def figure_of(metric: str, confusion: NDArray[np.float64], orders: int = 1) -> Figure:
    """The metric of one evaluation, from labels by verdicts; each of two orders counts one half."""
    judged = confusion.sum(axis=(0, 1))
    found = np.concatenate([confusion, np.zeros_like(confusion[:, :1])], axis=1)
    if metric == "cohen_kappa":
        return Figure(metric, label_kappa(found), int(judged[0]), base=judged)
    if metric == "macro_f1":
        figure = partial(Figure, n=int(judged[0]), base=judged)
        of_classes = class_figures(found, Limits.of(found[..., :1], found[..., :1]), figure)
        return next(one for one in of_classes if one.metric == metric)
    value = ratio(np.einsum("cc...->...", confusion), judged)
    return Figure(metric, value, int(judged[0]), trials=orders * judged[0], base=judged)


def truth_of(metric: str, case: Case) -> float:
    """The metric of the probabilities themselves."""
    shares = np.array(case.shares)
    others = 2 if shares[TIE] else 1
    expected = np.diag(shares * case.right) + np.outer(shares, shares > 0) * (1 - np.eye(3)) * (1 - case.right) / others
    return float(figure_of(metric, expected[..., None]).replicates[0])


RARE, WITH_TIES = (0.9, 0.1, 0.0), (0.45, 0.45, 0.1)
CASES = {
    "agreement: 95 % of 30 questions x 5, correlated": ("agreement", Case(0.95, 30, 5, 0.3)),
    "agreement: 98 % of 300": ("agreement", Case(0.98, 300)),
    "agreement: 90 % of 30 x 5, correlated": ("agreement", Case(0.9, 30, 5, 0.3)),
    "agreement: 80 % of 30": ("agreement", Case(0.8, 30)),
    "agreement: 65 % of 30": ("agreement", Case(0.65, 30)),
    "agreement: 80 % of 15 x 2, correlated": ("agreement", Case(0.8, 15, 2, 0.3)),
    "agreement: 80 % of 10 x 5, correlated": ("agreement", Case(0.8, 10, 5, 0.3)),
    "agreement: 50 % of 10 x 20, strongly correlated": ("agreement", Case(0.5, 10, 20, 0.5)),
    "agreement: 50 % of 30": ("agreement", Case(0.5, 30)),
    "agreement: 80 % of 30 x 20, strongly correlated": ("agreement", Case(0.8, 30, 20, 0.5)),
    "agreement: 70 % of 200 x 20, strongly correlated": ("agreement", Case(0.7, 200, 20, 0.5)),
    "agreement: 95 % of 300 x 20, strongly correlated": ("agreement", Case(0.95, 300, 20, 0.5)),
    "agreement, mean of both orders: 65 % of 30": ("agreement", Case(0.65, 30, orders=2)),
    "agreement, mean of both orders: 90 % of 30 x 5, correlated": ("agreement", Case(0.9, 30, 5, 0.3, orders=2)),
    "macro F1: 80 % of 150, a tenth ties": ("macro_f1", Case(0.8, 150, shares=WITH_TIES)),
    "macro F1: 75 % of 60 x 5, correlated, a tenth ties": ("macro_f1", Case(0.75, 60, 5, 0.3, WITH_TIES)),
    "kappa: 90 % of 60, a tenth in one class": ("cohen_kappa", Case(0.9, 60, shares=RARE)),
    "kappa: 90 % of 150, a tenth in one class": ("cohen_kappa", Case(0.9, 150, shares=RARE)),
    "kappa: 75 % of 60 x 5, correlated, a tenth ties": ("cohen_kappa", Case(0.75, 60, 5, 0.3, WITH_TIES)),
}


@dataclass(frozen=True, slots=True)
class Held:
    """Of how many evaluations the interval holds the truth, and on which side it misses."""

    intervals: int
    too_high: int
    """The whole interval is above the truth."""
    too_low: int


def held(metric: str, case: Case, rng: np.random.Generator, repeats: int) -> Held:
    """What the intervals of so many simulated evaluations do."""
    truth = truth_of(metric, case)
    counts = with_each_left_out(case.confusions(rng, repeats))
    estimates = [figure_of(metric, confusion, case.orders).estimate(case.questions) for confusion in counts]
    ends = np.array([(one.low, one.high) for one in estimates if one.low is not None])
    return Held(len(ends), int((truth < ends[:, 0]).sum()), int((truth > ends[:, 1]).sum()))
