"""Tests of a difference on the same comparisons."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from judgelake.measures.statistics.interval import estimate
from judgelake.measures.statistics.paired import MOST_FLIPPED, paired_p, sign_flip_p, simultaneous, spread_of


def left_out(within: np.ndarray, n: np.ndarray) -> np.ndarray:
    """A ratio of totals in the data and without each question."""
    return np.array([within.sum() / n.sum(), *((within.sum() - within) / (n.sum() - n))])


def p_of(within: np.ndarray, n: np.ndarray) -> float:
    difference = left_out(within, n)
    return paired_p(float(difference[0]), spread_of(difference, float(len(n))), within)


LEADS = st.lists(st.integers(-9, 9).filter(bool), min_size=2, max_size=12)


@settings(deadline=None)
@given(LEADS)
def test_signs_are_flipped_in_all_ways(leads):
    found = stats.permutation_test(
        (np.array(leads, dtype=float),), np.sum, permutation_type="samples", n_resamples=np.inf, vectorized=True
    )
    # scipy doubles the smaller tail, which here are equal and may overlap.
    assert sign_flip_p(np.array(leads, dtype=float)) == pytest.approx(min(1.0, found.pvalue), abs=1e-12)


@given(st.integers(0, 9), st.integers(0, 9))
def test_totals_of_one_each_are_the_sign_test(ahead, behind):
    expected = stats.binomtest(ahead, ahead + behind).pvalue if ahead + behind else 1.0
    assert sign_flip_p(np.array([1.0] * ahead + [-1.0] * behind)) == pytest.approx(expected, rel=1e-12)


def test_with_one_comparison_a_question_it_is_the_t_test_of_the_mean():
    within = np.array([1.0] * 30 + [-1.0] * 14 + [0.0] * 106)
    expected = stats.ttest_1samp(within, 0).pvalue
    assert p_of(within, np.ones(150)) == pytest.approx(expected, rel=1e-9)


@settings(deadline=None, max_examples=300)
@given(st.integers(0, 2**32 - 1), st.integers(MOST_FLIPPED + 5, 80), st.floats(-0.4, 0.4), st.integers(1, 6))
def test_p_is_below_the_level_exactly_where_the_interval_excludes_zero(seed, questions, lead, most):
    rng = np.random.default_rng(seed)
    n = rng.integers(1, most + 1, questions).astype(float)
    within = np.array(
        [float(rng.choice([-1, 0, 1], int(k), p=[(1 - lead) / 2.5, 0.2, (1 + lead) / 2.5]).sum()) for k in n]
    )
    assume((within != 0).sum() > MOST_FLIPPED)
    found = estimate(left_out(within, n), float(questions), is_effect=True, trials=float(questions))
    assert (p_of(within, n) < 0.05) == (found.low > 0 or found.high < 0)


@pytest.mark.parametrize(
    ("leads", "expected"),
    [
        pytest.param([0] * 40, 1.0, id="equally often right in every question"),
        pytest.param([0], 1.0, id="equally often right in the only question"),
        pytest.param([3], 1.0, id="one question can show nothing"),
        pytest.param([1] * 40, 2.0**-39, id="ahead by as much in every question: the sign test"),
        pytest.param([1] * 5 + [0] * 295, 2 / 32, id="five questions differ, and all one way"),
    ],
)
def test_where_nothing_varies_or_little_differs_no_normal_distribution_is_needed(leads, expected):
    within, n = np.array(leads, dtype=float), np.ones(len(leads))
    with np.errstate(invalid="ignore"):
        assert p_of(within, n) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("differing", range(1, MOST_FLIPPED + 1))
def test_where_few_questions_differ_p_is_never_too_small(differing):
    """Of 100 questions so many differ, each by one and to either side as likely: all cases at once."""
    ahead = np.arange(differing + 1)
    chance = stats.binom.pmf(ahead, differing, 0.5)
    same = np.zeros(100 - differing)
    p_values = [p_of(np.concatenate([np.repeat([1.0, -1.0], [k, differing - k]), same]), np.ones(100)) for k in ahead]
    for level in (0.05, 0.05 / 45):
        assert chance[np.array(p_values) < level].sum() <= level


@pytest.mark.parametrize("differing", [4, 5, 8])
def test_there_a_t_test_would_be_false_too_often(differing):
    ahead = np.arange(differing + 1)
    chance = stats.binom.pmf(ahead, differing, 0.5)
    samples = [np.repeat([1.0, -1.0, 0.0], [k, differing - k, 100 - differing]) for k in ahead]
    p_values = np.array([stats.ttest_1samp(sample, 0).pvalue for sample in samples])
    assert chance[p_values < 0.05].sum() > 0.06


SAMPLES = st.lists(st.tuples(st.integers(-3, 3), st.integers(3, 6)), min_size=2, max_size=40)


@given(SAMPLES)
def test_a_single_difference_has_the_interval_it_would_have_alone(sample):
    within, n = (np.array(column, dtype=float) for column in zip(*sample, strict=True))
    difference, clusters = left_out(within, n), float(len(n))
    alone = estimate(difference, clusters, is_effect=True, trials=clusters)
    found = simultaneous(float(difference[0]), spread_of(difference, clusters), 1)
    assert (found.low, found.high, found.detectable) == (alone.low, alone.high, alone.detectable)


@given(SAMPLES, st.integers(2, 1000))
def test_one_of_many_differences_has_a_wider_interval_and_a_larger_detectable_size(sample, tests):
    within, n = (np.array(column, dtype=float) for column in zip(*sample, strict=True))
    difference = left_out(within, n)
    spread = spread_of(difference, float(len(n)))
    alone, found = (simultaneous(float(difference[0]), spread, many) for many in (1, tests))
    assume(alone.low is not None)
    assert -1 <= found.low <= alone.low <= alone.high <= found.high <= 1
    assert found.detectable >= alone.detectable


@settings(deadline=None, max_examples=300)
@given(st.integers(0, 2**32 - 1), st.integers(1, 200), st.floats(0, 0.9))
def test_where_the_simultaneous_interval_excludes_zero_bonferroni_and_so_holm_finds_it(seed, tests, lead):
    rng = np.random.default_rng(seed)
    within = rng.choice([-1.0, 0.0, 1.0], 60, p=[(1 - lead) / 2, 0, (1 + lead) / 2])
    found = simultaneous(float(within.mean()), spread_of(left_out(within, np.ones(60)), 60.0), tests)
    assert (tests * p_of(within, np.ones(60)) < 0.05) == (found.low > 0 or found.high < 0)


def test_among_45_pairs_of_80_questions_each_side_is_3_5_errors_long():
    within = np.array([1.0] * 40 + [-1.0] * 30 + [0.0] * 10)
    spread = spread_of(left_out(within, np.ones(80)), 80.0)
    found = simultaneous(within.mean(), spread, 45)
    assert spread.error == pytest.approx(stats.sem(within))
    quantile, of_power = stats.t.ppf(1 - 0.05 / 45 / 2, 79), stats.t.ppf(0.8, 79)
    assert (found.high - found.low) / 2 == pytest.approx(quantile * spread.error)
    assert found.detectable == pytest.approx((quantile + of_power) * spread.error)
    # Without the correction an effect of 2.8 errors would be called detectable.
    assert 4.2 < found.detectable / spread.error < 4.3
