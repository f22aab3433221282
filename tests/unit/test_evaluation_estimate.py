"""Bootstrap weights, counting, and what becomes of a figure and its replicates."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from simulation import cells

from judgelake.evaluation.cells import CELL, QUESTIONS_OF_ALL, Counting
from judgelake.evaluation.estimate import (
    NO_SPREAD,
    OFTEN_UNDEFINED,
    ONE_QUESTION,
    P_VALUE,
    UNDEFINED,
    Estimate,
    absent,
    detectable,
    effective_clusters,
    estimate,
    expanded_tail,
    holm,
    ratio,
    wilson,
)
from judgelake.evaluation.figure import Figure
from judgelake.evaluation.weights import poisson_weights

KEYS = np.random.default_rng(1).integers(-(2**63), 2**63 - 1, 2_000)
"""As hashes of names are."""
# Consecutive keys are what a weak mixing of bits would show on first.
CONSECUTIVE = np.arange(2_000)


@pytest.mark.parametrize("keys", [pytest.param(KEYS, id="hashes"), pytest.param(CONSECUTIVE, id="consecutive")])
def test_weights_are_poisson_with_mean_one(keys):
    drawn = poisson_weights(keys, 500, seed=0)[:, 1:]
    expected = stats.poisson.pmf(np.arange(6), 1) * drawn.size
    expected = np.append(expected, drawn.size - expected.sum())
    seen = np.bincount(np.minimum(drawn, 6).astype(int).ravel(), minlength=7)
    assert stats.chisquare(seen, expected).pvalue > 1e-3
    # A million draws: the standard errors are 0.001 of the mean and 0.0017 of the variance.
    assert drawn.mean() == pytest.approx(1, abs=0.004)
    assert drawn.var() == pytest.approx(1, abs=0.007)


@pytest.mark.parametrize("keys", [pytest.param(KEYS, id="hashes"), pytest.param(CONSECUTIVE, id="consecutive")])
@pytest.mark.parametrize("between", ["questions", "replicates"])
def test_weights_are_independent(keys, between):
    drawn = poisson_weights(keys[:500], 2_000, seed=3)[:, 1:].astype(float)
    correlations = np.corrcoef(drawn if between == "questions" else drawn.T)
    apart = correlations[np.triu_indices_from(correlations, 1)]
    draws = drawn.shape[1] if between == "questions" else drawn.shape[0]
    # Correlations of independent draws have the standard deviation 1 / sqrt(draws).
    assert apart.std() == pytest.approx(draws**-0.5, rel=0.02)
    assert abs(apart).max() < 7 * draws**-0.5


def test_the_first_column_is_the_data_itself():
    assert (poisson_weights(KEYS, 10, seed=5)[:, 0] == 1).all()


def test_a_question_has_the_same_weights_wherever_it_stands_and_however_many_there_are():
    whole = poisson_weights(KEYS, 101, seed=0)
    assert (poisson_weights(KEYS[[7, 3, 7]], 101, seed=0) == whole[[7, 3, 7]]).all()
    assert (poisson_weights(KEYS, 50, seed=0) == whole[:, :51]).all()


def test_another_seed_gives_other_weights():
    one, two = (poisson_weights(KEYS, 500, seed)[:, 1:].ravel() for seed in (0, 1))
    assert abs(np.corrcoef(one, two)[0, 1]) < 0.005


def observations(*rows: tuple[int, int, str, list[int], int]) -> pa.RecordBatch:
    key, group, outcome, slices, n = zip(*rows, strict=True)
    return pa.RecordBatch.from_arrays(
        [
            pa.array(key, pa.int64()),
            pa.array(group, pa.int32()),
            pa.array(outcome),
            pa.array(slices, pa.list_(pa.int32())),
            pa.array(n, pa.int32()),
        ],
        names=["question_key", "group", "outcome", "slices", "n"],
    )


ROW = st.tuples(
    st.integers(-5, 5),
    st.integers(0, 2),
    st.sampled_from(["A", "B", "tie"]),
    st.lists(st.integers(0, 3), max_size=3, unique=True),
    st.integers(1, 9),
)


# The first call pays for imports and the table of quantiles.
@settings(deadline=None)
@given(st.lists(ROW, min_size=1, max_size=30))
def test_counting_is_summing_the_weights_of_the_questions(rows):
    replicates, seed = 7, 2
    counts: Counter[tuple[int, int, str]] = Counter()
    questions: dict[tuple[int, int], set[int]] = {}
    for key, group, outcome, slices, n in rows:
        weights = poisson_weights(np.array([key]), replicates, seed)[0].astype(int)
        for one in slices:
            counts[group, one, outcome] = counts[group, one, outcome] + n * weights
            questions.setdefault((group, one), set()).add(key)
    found = [row for batch in cells([observations(*rows)], replicates, seed) for row in batch.to_pylist()]
    seen = {
        (row["group"], row["slice"], row["outcome"]): np.frombuffer(row["counts"], "<i8").tolist()
        for row in found
        if row["outcome"] != QUESTIONS_OF_ALL
    }
    assert seen == {name: count.tolist() for name, count in counts.items()}
    assert {(row["group"], row["slice"]): row["questions"] for row in found if row["outcome"] == QUESTIONS_OF_ALL} == {
        place: len(keys) for place, keys in questions.items()
    }


def test_counting_nothing_gives_nothing():
    empty = pa.RecordBatch.from_pylist([], schema=observations((1, 0, "A", [0], 1)).schema)
    assert list(Counting(3, 0)(iter([]))) == list(Counting(3, 0)(iter([empty]))) == []


def test_counted_cells_have_the_schema_that_spark_is_told():
    (batch,) = Counting(3, 0)(iter([observations((1, 0, "A", [0], 1))]))
    assert batch.schema == CELL


@settings(deadline=None)
@given(st.integers(1, 2_000), st.data())
def test_wilson_is_that_of_scipy(trials, data):
    successes = data.draw(st.integers(0, trials))
    expected = stats.binomtest(successes, trials).proportion_ci(0.95, method="wilson")
    assert wilson(successes, trials) == pytest.approx((expected.low, expected.high), abs=1e-12)


@pytest.mark.parametrize(
    ("p_values", "expected"),
    [
        # Times 4, 3, 2, 1 from the smallest up, and never below a smaller one's.
        pytest.param((0.01, 0.04, 0.03, 0.005), (0.03, 0.06, 0.06, 0.02), id="four, in their own order"),
        pytest.param((0.4, 0.9), (0.8, 0.9), id="not above 1"),
        pytest.param((0.7, 0.6, 0.8), (1.0, 1.0, 1.0), id="capped at 1"),
        pytest.param((0.02, 0.02), (0.04, 0.04), id="equal ones"),
        pytest.param((0.03,), (0.03,), id="one"),
        pytest.param((), (), id="none"),
    ],
)
def test_holm_steps_down(p_values, expected):
    assert holm(p_values) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("clusters", "tail"),
    [
        # Normal tail beyond sqrt(n / (n - 1)) * t: t of 4 degrees of freedom is 2.776445, of 9 it is 2.262157.
        pytest.param(5, 0.000954, id="five"),
        pytest.param(10, 0.008552, id="ten"),
        pytest.param(10**6, 0.025, id="many: the plain percentile"),
    ],
)
def test_few_clusters_widen_the_interval(clusters, tail):
    assert expanded_tail(clusters) == pytest.approx(tail, rel=1e-3)


def test_what_could_have_been_detected_is_2_8_standard_errors():
    resampled = np.random.default_rng(0).normal(0, 0.01, 200_000)
    # 1.96 for the test, 0.84 for the power; 0.01 widened by sqrt(50 / 49).
    assert detectable(resampled, 50) == pytest.approx((1.959964 + 0.841621) * 0.01 * (50 / 49) ** 0.5, rel=0.01)


def test_an_interval_is_cut_from_the_replicates_at_both_ends():
    figure = np.append(0.5, np.arange(1_001) / 1_000)
    found = estimate(figure, 10**6, is_effect=True)
    assert (found.value, found.reason) == (0.5, None)
    assert (found.low, found.high) == pytest.approx((0.025, 0.975), abs=1e-4)
    assert estimate(figure, 10**6).detectable is None


NAN = float("nan")


@pytest.mark.parametrize(
    ("figure", "clusters", "is_rate", "expected"),
    [
        pytest.param([NAN, NAN, NAN], 0, True, absent(UNDEFINED), id="no question"),
        pytest.param([NAN, 0.5, 0.4], 9, True, absent(UNDEFINED), id="undefined in the data"),
        pytest.param([0.5, 0.5, NAN], 1, True, Estimate(0.5, reason=ONE_QUESTION), id="one question"),
        pytest.param([0.5, NAN, NAN], 9, True, Estimate(0.5, reason=OFTEN_UNDEFINED), id="undefined in all resamples"),
        pytest.param([0.5, *[0.4] * 9, NAN], 9, False, Estimate(0.5, reason=OFTEN_UNDEFINED), id="in one of ten"),
        pytest.param([0.5], 9, False, Estimate(0.5, reason=OFTEN_UNDEFINED), id="no resamples"),
        pytest.param([0.5, 0.5, 0.5], 2, False, Estimate(0.5, reason=NO_SPREAD), id="no spread, and no rate"),
    ],
)
def test_where_there_is_no_interval_there_is_a_reason(figure, clusters, is_rate, expected):
    assert estimate(np.array(figure), clusters, is_rate=is_rate) == expected


@pytest.mark.parametrize(
    ("rate", "clusters"),
    [pytest.param(1.0, 2, id="all right, two questions"), pytest.param(0.0, 30, id="all wrong, thirty questions")],
)
def test_a_rate_without_spread_has_the_interval_of_as_many_questions(rate, clusters):
    expected = stats.binomtest(round(rate * clusters), clusters).proportion_ci(0.95, method="wilson")
    found = estimate(np.full(101, rate), clusters, is_rate=True)
    assert (found.value, found.reason) == (rate, None)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)


@pytest.mark.parametrize("clusters", [pytest.param(2, id="two questions"), pytest.param(200, id="two hundred")])
def test_a_difference_that_no_question_shows_is_bounded_by_how_many_could_have(clusters):
    found = estimate(np.zeros(101), clusters, is_effect=True, trials=clusters)
    most = stats.binomtest(0, clusters).proportion_ci(0.95, method="wilson").high
    assert (found.value, found.reason) == (0.0, None)
    assert (found.low, found.high) == pytest.approx((-most, most), abs=1e-12)
    # A share all on one side, exactly at the edge of what is detectable: as many standard errors away as are needed.
    error = (found.detectable * (1 - found.detectable) / clusters) ** 0.5
    assert found.detectable / error == pytest.approx(1.959964 + 0.841621, rel=1e-6)


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_a_difference_that_every_question_shows_has_the_interval_of_as_many(side):
    found = estimate(np.full(101, side), 30, is_effect=True, trials=30)
    least = 2 * stats.binomtest(30, 30).proportion_ci(0.95, method="wilson").low - 1
    assert (found.value, found.reason) == (side, None)
    assert sorted((abs(found.low), abs(found.high))) == pytest.approx([least, 1.0])
    assert found.detectable == estimate(np.zeros(101), 30, is_effect=True, trials=30).detectable


def test_a_difference_that_ends_at_a_half_is_bounded_there():
    largest = estimate(np.full(101, 0.5), 30, is_effect=True, trials=30, extreme=0.5)
    least = 2 * stats.binomtest(30, 30).proportion_ci(0.95, method="wilson").low - 1
    assert (largest.low, largest.high) == pytest.approx((least / 2, 0.5))
    few = estimate(np.zeros(101), 3, is_effect=True, trials=3, extreme=0.5)
    assert (few.low, few.high, few.detectable) == (-0.5, 0.5, 0.5)


def test_what_only_the_order_of_additions_moves_has_no_spread():
    figure = np.full(101, 0.5)
    figure[1::2] += 1e-16
    figure[2::2] -= 1e-16
    assert estimate(figure, 30, is_effect=True) == Estimate(0.5, reason=NO_SPREAD)


@pytest.mark.parametrize("value", [0.0, 1.0, -1.0, 0.5])
def test_an_effect_that_is_no_difference_of_shares_has_no_interval_without_spread(value):
    assert estimate(np.full(101, value), 30, is_effect=True) == Estimate(value, reason=NO_SPREAD)


@settings(deadline=None)
@given(
    st.lists(st.one_of(st.just(NAN), st.floats(0, 1)), min_size=1, max_size=30),
    st.integers(0, 5),
    st.booleans(),
    st.booleans(),
    st.one_of(st.none(), st.floats(0, 5)),
)
def test_every_none_has_a_reason_and_nothing_is_nan(figure, clusters, is_rate, is_effect, trials):
    found = estimate(np.array(figure), clusters, is_rate=is_rate, is_effect=is_effect, trials=trials)
    assert (None in (found.value, found.low, found.high)) == (found.reason is not None)
    assert all(number is None or np.isfinite(number) for number in (found.value, found.low, found.high))
    assert found.low is None or found.low <= found.high


def test_a_ratio_of_nothing_is_undefined_and_warns_of_nothing():
    found = ratio(np.array([1.0, 0.0, 3.0]), np.array([2.0, 0.0, 0.0]))
    assert found == pytest.approx([0.5, NAN, NAN], nan_ok=True)


@pytest.mark.parametrize(
    ("figure", "expected"),
    [
        pytest.param(Figure("agreement", None, 0, reason="no label"), absent("no label"), id="the figure's own reason"),
        pytest.param(Figure("agreement", None, 0), absent(UNDEFINED), id="no reason given"),
        pytest.param(
            Figure("agreement", np.array([NAN]), 0, reason="no label"), absent("no label"), id="better than undefined"
        ),
        pytest.param(Figure("mcnemar_p", None, 5, p_value=0.03), Estimate(0.03, reason=P_VALUE), id="a p-value"),
    ],
)
def test_a_figure_knows_best_why_it_has_no_number(figure, expected):
    assert figure.estimate(3) == expected


@pytest.mark.parametrize(
    ("asked", "coverage"), [pytest.param(10, 0.3, id="asked"), pytest.param(0, None, id="none asked"), (None, None)]
)
def test_coverage_is_the_share_of_what_was_asked(asked, coverage):
    assert Figure("agreement", None, 3, asked).coverage == coverage


def base_of(observations):
    """So many observations a question, as their number in the data and in 1,000 replicates."""
    return np.asarray(observations, dtype=float) @ poisson_weights(KEYS[: len(observations)], 1_000, 0).astype(float)


@pytest.mark.parametrize(
    ("observations", "most", "expected"),
    [
        pytest.param([1] * 200, 200, 200, id="one each: all of them"),
        pytest.param([7] * 200, 200, 200, id="as many each: all of them"),
        pytest.param([1] * 5 + [0] * 195, 5, 5, id="those without one do not count"),
        # 299 ** 2 / (100 ** 2 + 199), by hand.
        pytest.param([100] + [1] * 199, 200, 8.77, id="one question is a third of all"),
        # 300 ** 2 / (100 * 2 ** 2 + 100).
        pytest.param([2] * 100 + [1] * 100, 200, 180, id="little inequality costs little"),
    ],
)
def test_questions_of_unequal_weight_are_worth_fewer(observations, most, expected):
    assert effective_clusters(base_of(observations), most) == pytest.approx(expected, rel=0.15)


def test_what_rests_on_few_questions_of_many_has_the_interval_of_few():
    counted = base_of([1] * 5 + [0] * 995)
    found = Figure("agreement", ratio(counted, counted), 5, 1_000, base=counted)
    assert found.clusters(1_000) == 5
    of_few = found.estimate(1_000)
    assert (of_few.low, of_few.high) == pytest.approx(wilson(5, 5))


def test_a_difference_of_shares_that_weighs_its_observations_unequally_rests_on_fewer():
    counted = base_of([1] * 200)
    found = Figure("position_bias", np.zeros(1_001), 200, trials=50, base=counted).estimate(1_000)
    assert found == estimate(np.zeros(1_001), 200, is_effect=True, trials=50)
    assert found.high == pytest.approx(wilson(0, 50)[1])


def test_a_figure_of_a_whole_leaderboard_rests_on_all_questions():
    assert Figure("leaderboard_spearman", None, 4).clusters(1_000) == 1_000
