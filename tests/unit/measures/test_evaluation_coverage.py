"""How often intervals hold the true value, where that is hard: rates near 1, few questions, rare classes.

Each case looks at hundreds of simulated evaluations. A question's comparisons take one number from it in place of one
of their own, so that their outcomes are correlated by as much as the case says and each alone has its probability.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from judgelake.measures.by_class import ClassCounts, f1, macro
from judgelake.measures.figure import Figure
from judgelake.measures.labelers import alpha_figures, pair_figures
from judgelake.measures.pairwise import label_kappa
from judgelake.measures.statistics.interval import CONFIDENCE, ratio
from judgelake.measures.table import SEPARATOR, Table, left_out_counts

REPEATS = 400
A, B, TIE = range(3)


@dataclass(frozen=True, slots=True)
class Case:
    """Labels with these shares, and a judge that is right with one probability whatever the label."""

    right: float
    questions: int
    comparisons: int = 1
    correlation: float = 0.0
    shares: tuple[float, float, float] = (0.5, 0.5, 0.0)

    def confusions(self, rng: np.random.Generator, repeats: int) -> NDArray[np.float64]:
        """Labels by verdicts, and of which question: shape (repeats, 3, 3, questions)."""
        label = np.searchsorted(np.cumsum(self.shares)[:2], self.draws(rng, repeats), side="right")
        next_class, third = (label + 1) % 3, (label + 2) % 3
        has_ties = self.shares[TIE] > 0
        wrong = np.where(rng.random(label.shape) < 0.5, next_class, third) if has_ties else 1 - label
        verdict = np.where(self.draws(rng, repeats) < self.right, label, wrong)
        found = np.zeros((repeats, 3, 3, self.questions))
        places = np.indices(label.shape)
        np.add.at(found, (places[0], label, verdict, places[1]), 1)
        return found

    def draws(self, rng: np.random.Generator, repeats: int) -> NDArray[np.float64]:
        shape = (repeats, self.questions, self.comparisons)
        of_question, own = rng.random((*shape[:2], 1)), rng.random(shape)
        return np.where(rng.random(shape) < np.sqrt(self.correlation), of_question, own)


def with_each_left_out(within: NDArray[np.float64]) -> NDArray[np.float64]:
    """The totals, and those without each question, in the last axis."""
    total = within.sum(axis=-1, keepdims=True)
    return np.concatenate([total, total - within], axis=-1)


def figure_of(metric: str, confusion: NDArray[np.float64]) -> Figure:
    """The metric of one evaluation, from labels by verdicts."""
    judged = confusion.sum(axis=(0, 1))
    found = np.concatenate([confusion, np.zeros_like(confusion[:, :1])], axis=1)
    if metric == "cohen_kappa":
        return Figure(metric, label_kappa(found), int(judged[0]), base=judged)
    right = np.einsum("cc...->...", confusion)
    value = ratio(right, judged) if metric == "agreement" else macro(f1(ClassCounts.of(found)))
    return Figure(metric, value, int(judged[0]), base=judged)


def truth_of(metric: str, case: Case) -> float:
    """The metric of the probabilities themselves."""
    shares = np.array(case.shares)
    others = 2 if shares[TIE] else 1
    expected = np.diag(shares * case.right) + np.outer(shares, shares > 0) * (1 - np.eye(3)) * (1 - case.right) / others
    return float(figure_of(metric, expected[..., None]).replicates[0])


RARE, WITH_TIES, FEW_TIES = (0.9, 0.1, 0.0), (0.45, 0.45, 0.1), (0.485, 0.485, 0.03)
CASES = [
    pytest.param("agreement", Case(0.95, 30, 5, 0.3), id="95 % of 30 questions x 5, correlated"),
    pytest.param("agreement", Case(0.98, 300), id="98 % of 300"),
    pytest.param("agreement", Case(0.9, 30, 5, 0.3), id="90 % of 30 x 5, correlated"),
    pytest.param("agreement", Case(0.8, 30), id="80 % of 30"),
    pytest.param("agreement", Case(0.8, 15, 2, 0.3), id="80 % of 15 x 2, correlated"),
    pytest.param("agreement", Case(0.8, 10, 5, 0.3), id="80 % of 10 x 5, correlated"),
    pytest.param("agreement", Case(0.5, 30), id="50 % of 30"),
    pytest.param("agreement", Case(0.7, 200, 20, 0.5), id="70 % of 200 x 20, strongly correlated"),
    pytest.param("macro_f1", Case(0.8, 60, shares=WITH_TIES), id="macro F1 of 60, a tenth ties"),
    pytest.param("macro_f1", Case(0.8, 150, shares=FEW_TIES), id="macro F1 of 150, few ties"),
    pytest.param("cohen_kappa", Case(0.9, 60, shares=RARE), id="kappa of 60, a tenth in one class"),
    pytest.param("cohen_kappa", Case(0.9, 150, shares=RARE), id="kappa of 150, a tenth in one class"),
    pytest.param("cohen_kappa", Case(0.75, 60, 5, 0.3, WITH_TIES), id="kappa of 60 x 5, correlated"),
]


@pytest.mark.parametrize(("metric", "case"), CASES)
def test_intervals_hold_the_truth_as_often_as_they_say(metric, case):
    truth = truth_of(metric, case)
    counts = with_each_left_out(case.confusions(np.random.default_rng(7), REPEATS))
    estimates = [figure_of(metric, confusion).estimate(case.questions) for confusion in counts]
    known = [one for one in estimates if one.low is not None]
    assert len(known) > 0.98 * REPEATS
    too_high, too_low = (sum(misses) for misses in zip(*((truth < e.low, truth > e.high) for e in known), strict=True))
    # What chance alone makes of 400 evaluations that hold it in 93 % in truth, and miss it on either side in 5 %.
    assert too_high + too_low <= stats.binom.ppf(0.999, len(known), 0.07)
    assert max(too_high, too_low) <= stats.binom.ppf(0.999, len(known), 0.05)


def labels_of(case: Case, labelers: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Labels of people, each right as often as the case says; shape (repeats, questions, comparisons, people)."""
    truth = np.searchsorted(np.cumsum(case.shares)[:2], case.draws(rng, REPEATS), side="right")
    is_right = np.stack([case.draws(rng, REPEATS) < case.right for _ in range(labelers)], axis=-1)
    return np.where(is_right, truth[..., None], 1 - truth[..., None])


def figure_of_labelers(metric: str, labels: NDArray[np.int64]) -> Figure:
    """Kappa of the first two, or alpha of all, in one evaluation; shape (questions, comparisons, people)."""
    questions, comparisons = labels.shape[:2]
    given = labels[..., :2] if metric == "labeler_kappa" else np.sort(labels, axis=-1)
    patterns, code = np.unique(given.reshape(-1, given.shape[-1]), axis=0, return_inverse=True)
    place = np.repeat(np.arange(questions), comparisons)
    counts = left_out_counts(code.ravel(), place, np.ones_like(place), len(patterns), questions)
    outcomes = [SEPARATOR.join("AB"[label] for label in pattern) for pattern in patterns]
    table = Table(dict(zip(outcomes, counts, strict=True)), questions)
    found = pair_figures(table, "") if metric == "labeler_kappa" else alpha_figures(table, "nominal")
    return next(figure for figure in found if figure.metric == metric)


@pytest.mark.parametrize("metric", ["labeler_kappa", "krippendorff_alpha"])
@pytest.mark.parametrize(
    "case",
    [
        pytest.param(Case(0.9, 60, shares=RARE), id="60, a tenth in one class"),
        pytest.param(Case(0.9, 150, shares=RARE), id="150, a tenth in one class"),
        pytest.param(Case(0.8, 60, 5, 0.3), id="60 x 5, correlated"),
    ],
)
def test_intervals_of_agreement_among_labelers_hold_the_truth(metric, case):
    # Two labels disagree in 2 p (1 - p) of the comparisons, and by chance in 2 m (1 - m), m the share of A among them.
    share = case.shares[A] * case.right + case.shares[B] * (1 - case.right)
    truth = 1 - case.right * (1 - case.right) / (share * (1 - share))
    labels = labels_of(case, 3, np.random.default_rng(13))
    estimates = [figure_of_labelers(metric, one).estimate(case.questions) for one in labels]
    known = [one for one in estimates if one.low is not None]
    assert len(known) > 0.98 * REPEATS
    too_high, too_low = (sum(misses) for misses in zip(*((truth < e.low, truth > e.high) for e in known), strict=True))
    assert too_high + too_low <= stats.binom.ppf(0.999, len(known), 0.07)
    assert max(too_high, too_low) <= stats.binom.ppf(0.999, len(known), 0.05)


@pytest.mark.parametrize("buckets", [pytest.param(200, id="200 buckets"), pytest.param(500, id="500 buckets")])
def test_questions_in_random_buckets_have_the_same_intervals(buckets):
    rng, questions, right = np.random.default_rng(11), 2_000, 0.8
    holds, widths = [], []
    for _ in range(REPEATS):
        # From one comparison a question to fifty, as questions of real use are asked.
        comparisons = np.minimum(50, rng.zipf(1.7, questions))
        met = rng.binomial(comparisons, rng.beta(3 * right, 3 * (1 - right), questions))
        bucket = rng.integers(0, buckets, questions)
        parts = [np.bincount(bucket, of, buckets) for of in (met, comparisons)]
        each, dealt = ([with_each_left_out(part) for part in of] for of in ((met, comparisons), parts))
        exact, found = (
            Figure("agreement", ratio(*of), int(of[1][0]), base=of[1]).estimate(questions, hashed)
            for of, hashed in ((each, None), (dealt, buckets))
        )
        holds.append(found.low <= right <= found.high)
        widths.append((found.high - found.low) / (exact.high - exact.low))
    assert sum(holds) >= stats.binom.ppf(0.001, REPEATS, CONFIDENCE - 0.01)
    assert np.mean(widths) == pytest.approx(1, abs=0.02)
    # A variance of so many groups is off by sqrt(2 / groups), an error by half of that.
    assert np.std(widths) < 1.3 * (2 * buckets) ** -0.5
