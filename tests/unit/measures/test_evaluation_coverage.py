"""How often intervals hold the true value, where that is hard: rates near 1, few questions, rare classes.

`benchmarks/coverage.py` prints the same table from thousands of evaluations.
"""

from __future__ import annotations

import numpy as np
import pytest
from interval_cases import CASES, RARE, A, B, Case, figure_of, held, with_each_left_out
from numpy.typing import NDArray
from scipy import stats

from judgelake.measures.figure import Figure
from judgelake.measures.labelers import alpha_figures, pair_figures
from judgelake.measures.statistics.interval import CONFIDENCE, ratio
from judgelake.measures.table import SEPARATOR, Table, left_out_counts

REPEATS = 400


@pytest.mark.parametrize(("metric", "case"), CASES.values(), ids=CASES)
def test_intervals_hold_the_truth_as_often_as_they_say(metric, case):
    found = held(metric, case, np.random.default_rng(7), REPEATS)
    # A mean over classes has an interval only where no class is too rare, which some samples are.
    assert found.intervals > (0.85 if metric == "macro_f1" else 0.98) * REPEATS
    # What chance alone makes of 400 evaluations that hold it in 93 % in truth, and miss it on either side in 4 %.
    assert found.too_high + found.too_low <= stats.binom.ppf(0.999, found.intervals, 0.07)
    assert max(found.too_high, found.too_low) <= stats.binom.ppf(0.999, found.intervals, 0.04)


def test_a_mean_over_classes_has_no_interval_where_one_is_rare():
    case = Case(0.8, 150, shares=(0.485, 0.485, 0.03))
    counts = with_each_left_out(case.confusions(np.random.default_rng(7), 1))[0]
    found = figure_of("macro_f1", counts).estimate(case.questions)
    assert found.value is not None
    assert (found.low, found.high) == (None, None)
    assert "fewer than 10 labels in one class (tie)" in (found.reason or "")


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
