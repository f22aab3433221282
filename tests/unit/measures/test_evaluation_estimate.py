"""Counting by buckets, and what becomes of a figure and its values with each bucket left out."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from judgelake.measures import METRICS
from judgelake.measures import table as cells_module
from judgelake.measures.figure import Figure
from judgelake.measures.statistics.blocks import with_fewer_buckets
from judgelake.measures.statistics.interval import (
    HANGS_ON_ONE,
    NO_SPREAD,
    ONE_QUESTION,
    UNDEFINED,
    Estimate,
    absent,
    effective_clusters,
    estimate,
    holm,
    jackknife_error,
    ratio,
    t_quantile,
    wilson,
)
from judgelake.measures.table import CELL, COMPARISONS, QUESTIONS, Buckets, Table, table_of

VOCABULARY = ("A", "B", "tie")


def cells_of(*rows: tuple[str, int, int]) -> pa.Table:
    """Cells of (outcome, bucket, n); what is in the vocabulary goes by its code."""
    made = []
    for outcome, bucket, n in rows:
        name = {"code": VOCABULARY.index(outcome)} if outcome in VOCABULARY else {"outcome": outcome}
        made.append({"group": 3, "slice": 1, "code": None, "outcome": None, "bucket": bucket, "n": n} | name)
    return pa.Table.from_pylist(made, schema=CELL)


ROWS = st.lists(
    st.tuples(st.sampled_from(["A", "B", "tie", "a text"]), st.integers(0, 5), st.integers(1, 9)),
    min_size=1,
    max_size=30,
)


@settings(deadline=None)
@given(ROWS)
def test_every_place_is_the_count_without_the_observations_of_one_bucket(rows):
    table = table_of(cells_of(*rows), VOCABULARY, Buckets(("q0", "q1", "q2", "q3", "q4", "q5")))
    in_use = sorted({bucket for _, bucket, _ in rows})
    expected: dict[str, list[int]] = {}
    for place, left_out in enumerate([None, *in_use]):
        counts = Counter[str]()
        for outcome, bucket, n in rows:
            counts[outcome] += n * (bucket != left_out)
        for outcome, n in counts.items():
            expected.setdefault(outcome, [0] * (1 + len(in_use)))[place] = n
    assert {outcome: counts.tolist() for outcome, counts in table.counts.items()} == expected
    assert (table.questions, table.comparisons, table.hashed) == (len(in_use), None, None)


def test_a_count_beyond_what_short_floats_hold_is_exact():
    n = 2**40 + 1
    table = table_of(cells_of(("A", 0, n), ("A", 1, 1)), VOCABULARY, Buckets(("q0", "q1")))
    assert table.counts["A"].tolist() == [n + 1, 1, n]


@pytest.mark.parametrize(
    ("buckets", "rows", "questions"),
    [
        pytest.param(Buckets(tuple("qrs")), [("A", 0, 2), ("B", 2, 3)], 2, id="buckets are questions"),
        pytest.param(
            Buckets(hashed=9, is_one_comparison_each=True), [("A", 0, 2), ("B", 2, 3)], 5, id="as many as comparisons"
        ),
        pytest.param(
            Buckets(hashed=9, is_one_comparison_each=True),
            [("A", 0, 2), ("B", 2, 3), (COMPARISONS, 0, 1), (COMPARISONS, 2, 3)],
            4,
            id="as many as comparisons of several votes each",
        ),
        pytest.param(Buckets(hashed=9), [("A", 0, 2), ("B", 2, 3), (QUESTIONS, 0, 3)], 3, id="counted apart"),
    ],
)
def test_a_table_knows_its_questions(buckets, rows, questions):
    table = table_of(cells_of(*rows), VOCABULARY, buckets)
    assert table.questions == questions
    assert set(table.counts) == {"A", "B"}
    assert table.counts["A"].tolist() == [2, 0, 2]


def test_so_many_outcomes_that_memory_would_not_do_have_fewer_buckets(monkeypatch):
    monkeypatch.setattr(cells_module, "MOST_COUNTS", 90)
    rows = [(f"score {outcome}", bucket, 1 + outcome) for outcome in range(3) for bucket in range(50)]
    table = table_of(cells_of(*rows), VOCABULARY, Buckets(tuple(map(str, range(50)))))
    assert (table.questions, table.hashed) == (50, 30)
    # Buckets 0 to 19 have one more that goes with them.
    assert table.counts["score 2"].tolist() == [150, *[144] * 20, *[147] * 10]


@given(st.lists(st.integers(0, 9), min_size=1, max_size=12), st.integers(1, 12))
def test_buckets_put_together_are_left_out_together(within, buckets):
    total = sum(within)
    found = with_fewer_buckets(np.array([total, *(total - n for n in within)], dtype=float), buckets)
    kept = min(buckets, len(within))
    assert found.tolist() == [total, *(total - sum(within[place::kept]) for place in range(kept))]


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
    ("degrees", "expected"),
    [
        pytest.param(4, 2.776445, id="five"),
        pytest.param(9, 2.262157, id="ten"),
        pytest.param(10**6, 1.959966, id="many"),
    ],
)
def test_few_clusters_widen_the_interval(degrees, expected):
    assert t_quantile(degrees) == pytest.approx(expected, rel=1e-6)


SHARES = st.lists(
    st.integers(1, 9).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=3, max_size=30
)


def left_out(within) -> np.ndarray:
    """Totals of questions in the data, and without each of them."""
    parts = np.asarray(within, dtype=float)
    return np.append(parts.sum(), parts.sum() - parts)


@given(SHARES)
def test_the_error_of_a_mean_is_the_textbooks(shares):
    right = np.array([right for right, _ in shares], dtype=float)
    mean = ratio(left_out(right), left_out(np.ones(len(right))))
    # Around the value itself, which is the mean of the values without a question.
    assert jackknife_error(mean) == pytest.approx(right.std(ddof=1) / len(right) ** 0.5, abs=1e-12)


def test_an_interval_is_symmetric_on_its_own_scale():
    figure = ratio(left_out([1] * 24 + [0] * 6), left_out([1] * 30))
    error = jackknife_error(figure)
    coefficient, number = (estimate(figure, 30, **scale) for scale in ({"is_coefficient": True}, {}))
    reach = stats.t.ppf(0.975, 29) * error
    for found, to, slope in ((coefficient, np.arctanh, 1 / 0.36), (number, float, 1.0)):
        assert found.value == pytest.approx(0.8)
        assert to(found.value) - to(found.low) == pytest.approx(reach * slope)
        assert to(found.high) - to(found.value) == pytest.approx(reach * slope)


def test_a_rate_has_the_interval_of_as_many_independent_observations_as_have_its_error():
    # Twenty questions of five comparisons that are all right or all wrong: no more than twenty observations.
    figure = ratio(left_out([5] * 16 + [0] * 4), left_out([5] * 20))
    found = estimate(figure, 20, is_rate=True, trials=100)
    quantile, trials = stats.t.ppf(0.975, 19), 19
    centre = (0.8 * trials + quantile**2 / 2) / (trials + quantile**2)
    half = quantile * (centre * (1 - centre) / (trials + quantile**2)) ** 0.5
    assert (found.low, found.high) == (pytest.approx(centre - half), pytest.approx(centre + half))
    assert found.detectable is None


@pytest.mark.parametrize("right", [0, 5])
def test_a_rate_without_an_exception_has_wilsons_interval_over_the_questions(right):
    figure = ratio(left_out([right] * 20), left_out([5] * 20))
    found, unknown = (estimate(figure, 20, is_rate=True, trials=trials) for trials in (100, None))
    assert found == unknown
    assert (found.low, found.high) == pytest.approx(wilson(4 * right, 20))


def test_errors_spread_over_the_questions_by_chance_do_not_make_a_rate_more_certain():
    # One error in each of ten questions: less spread than ten independent observations of five each would have.
    met = ratio(left_out([4] * 9 + [3]), left_out([5] * 10))
    known, unknown = (estimate(met, 10, is_rate=True, trials=trials) for trials in (50, None))
    assert jackknife_error(met) < (met[0] * (1 - met[0]) / 50) ** 0.5
    assert known.low < unknown.low < 0.78 < unknown.high < known.high


@pytest.mark.parametrize(
    ("questions", "errors"),
    [
        # Quantiles of t for the test and for the power; with few questions 1.96 and 0.84 would promise too much.
        pytest.param(4, 3.182446 + 0.978472, id="4 questions: 4.2 standard errors"),
        pytest.param(6, 2.570582 + 0.919544, id="6 questions: 3.5 standard errors"),
        pytest.param(50, 2.009575 + 0.849018, id="50 questions: 2.9 standard errors"),
        pytest.param(5000, 1.960439 + 0.841693, id="5,000 questions: 2.8 standard errors"),
    ],
)
def test_what_could_have_been_detected_is_a_number_of_standard_errors(questions, errors):
    figure = ratio(left_out([1, -1] * (questions // 2)), left_out([1] * questions))
    error = (questions / (questions - 1) / questions) ** 0.5
    assert estimate(figure, questions, is_effect=True).detectable == pytest.approx(errors * error, rel=1e-6)


NAN = float("nan")


@pytest.mark.parametrize(
    ("figure", "clusters", "is_rate", "expected"),
    [
        pytest.param([NAN, NAN, NAN], 0, True, absent(UNDEFINED), id="no question"),
        pytest.param([NAN, 0.5, 0.4], 9, True, absent(UNDEFINED), id="undefined in the data"),
        pytest.param([0.5, 0.5, NAN], 1, True, Estimate(0.5, reason=ONE_QUESTION), id="one question"),
        pytest.param([0.5, NAN], 9, True, Estimate(0.5, reason=ONE_QUESTION), id="all in one bucket"),
        pytest.param([0.5, NAN, NAN], 9, True, Estimate(0.5, reason=HANGS_ON_ONE), id="undefined without either"),
        pytest.param([0.5, *[0.4] * 9, NAN], 9, False, Estimate(0.5, reason=HANGS_ON_ONE), id="without one of ten"),
        pytest.param([0.5], 9, False, Estimate(0.5, reason=ONE_QUESTION), id="nothing to leave out"),
        pytest.param([0.5, 0.5, 0.5], 2, False, Estimate(0.5, reason=NO_SPREAD), id="no spread, and no rate"),
    ],
)
def test_where_there_is_no_interval_there_is_a_reason(figure, clusters, is_rate, expected):
    assert estimate(np.array(figure), clusters, is_rate=is_rate) == expected


@given(
    st.lists(st.floats(0, 1), min_size=3, max_size=30).filter(lambda values: np.ptp(values) > 1e-9),
    st.floats(2, 1e6),
)
def test_a_rate_and_a_coefficient_never_leave_their_range(values, clusters):
    rate = estimate(np.array(values), clusters, is_rate=True)
    assert 0 <= rate.low <= rate.value <= rate.high <= 1
    coefficient = estimate(2 * np.array(values) - 1, clusters, is_coefficient=True)
    if -1 < coefficient.value < 1:
        assert -1 <= coefficient.low <= coefficient.value <= coefficient.high <= 1


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
    ],
)
def test_a_figure_knows_best_why_it_has_no_number(figure, expected):
    assert figure.estimate(3) == expected


@pytest.mark.parametrize(
    ("asked", "coverage"), [pytest.param(10, 0.3, id="asked"), pytest.param(0, None, id="none asked"), (None, None)]
)
def test_coverage_is_the_share_of_what_was_asked(asked, coverage):
    assert Figure("agreement", None, 3, asked).coverage == coverage


@pytest.mark.parametrize(
    ("observations", "most", "expected"),
    [
        pytest.param([1] * 200, 200, 200, id="one each: all of them"),
        pytest.param([7] * 200, 200, 200, id="as many each: all of them"),
        pytest.param([1] * 5 + [0] * 195, 5, 5, id="those without one do not count"),
        # 299 ** 2 / (100 ** 2 + 199), by hand.
        pytest.param([100] + [1] * 199, 200, 299**2 / 10_199, id="one question is a third of all"),
        # 300 ** 2 / (100 * 2 ** 2 + 100).
        pytest.param([2] * 100 + [1] * 100, 200, 180, id="little inequality costs little"),
    ],
)
def test_questions_of_unequal_weight_are_worth_fewer(observations, most, expected):
    assert effective_clusters(left_out(observations), most) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("observations", "expected"),
    [
        pytest.param([1] * 20_000, 20_000, id="one each: all of them"),
        pytest.param([3] * 200, 200, id="fewer than there are buckets, and some in one"),
        # (500 * 40 + 19,500) ** 2 / (500 * 40 ** 2 + 19,500).
        pytest.param([40] * 500 + [1] * 19_500, 1_904, id="some hold much more"),
    ],
)
def test_in_random_buckets_it_is_told_from_how_these_differ(observations, expected):
    bucket = np.random.default_rng(0).integers(0, 500, len(observations))
    base = left_out(np.bincount(bucket, weights=observations, minlength=500))
    found = effective_clusters(base, len(observations), hashed=500)
    assert found == pytest.approx(expected, rel=0.2)


def test_what_rests_on_few_questions_of_many_has_the_interval_of_few():
    counted = left_out([1] * 5 + [0] * 995)
    found = Figure("agreement", ratio(counted, counted), 5, 1_000, base=counted)
    assert found.clusters(1_000) == 5
    of_few = found.estimate(1_000)
    assert (of_few.low, of_few.high) == pytest.approx(wilson(5, 5))


def test_a_bucket_that_counts_nothing_and_changes_nothing_is_no_cluster():
    right, counted = left_out([1, 0, 1] + [0] * 997), left_out([1] * 3 + [0] * 997)
    among_many = Figure("agreement", ratio(right, counted), 3, base=counted).estimate(1_000)
    right, counted = left_out([1, 0, 1]), left_out([1] * 3)
    assert among_many == Figure("agreement", ratio(right, counted), 3, base=counted).estimate(3)


def test_a_figure_of_observations_in_one_bucket_says_so():
    right, counted = left_out([1, 0, 0]), left_out([2, 0, 0])
    found = Figure("agreement", ratio(right, counted), 2, base=counted).estimate(3)
    assert found == Estimate(0.5, reason=ONE_QUESTION)


def test_where_one_of_two_questions_holds_nearly_all_there_are_still_two():
    right, counted = left_out([60, 0]), left_out([100, 1])
    found = Figure("agreement", ratio(right, counted), 101, base=counted).estimate(2)
    assert found.reason is None
    assert found.low < 0.01 < 60 / 101 < found.high


def test_a_difference_of_shares_that_weighs_its_observations_unequally_rests_on_fewer():
    counted = left_out([1] * 200)
    found = Figure("position_bias", np.zeros(201), 200, trials=50, base=counted).estimate(1_000)
    assert found == estimate(np.zeros(201), 200, is_effect=True, trials=50)
    assert found.high == pytest.approx(wilson(0, 50)[1])


def test_a_figure_of_a_whole_leaderboard_rests_on_all_questions():
    assert Figure("leaderboard_spearman", None, 4).clusters(1_000) == 1_000


@pytest.mark.parametrize("metric", [metric for metric in METRICS if metric.no_interval], ids=lambda metric: metric.name)
def test_what_has_no_interval_by_its_nature_says_why(metric):
    found = Figure(metric.name, np.array([0.5, 0.4, 0.6]), 9).estimate(9)
    assert found == Estimate(0.5, reason=metric.no_interval)
    assert Figure(metric.name, np.array([NAN, 0.4, 0.6]), 9, reason="no label").estimate(9) == absent("no label")


def test_a_table_without_outcomes_has_no_observation():
    assert (Table().n, Table().questions) == (0, 0)


def test_of_two_questions_that_say_otherwise_nothing_is_known():
    right, counted = left_out([1, 0]), left_out([1, 1])
    found = Figure("agreement", ratio(right, counted), 2, base=counted).estimate(2)
    assert (found.value, found.reason) == (0.5, None)
    assert found.low < 0.01
    assert found.high > 0.99


def test_a_difference_of_shares_ends_at_100_points():
    # Two questions, of which one would carry the interval far beyond what a difference can be.
    figure = Figure("self_preference", np.array([0.75, 0.5, 1.0]), 4, 4, base=np.array([4.0, 2.0, 2.0]))
    found = figure.estimate(2)
    assert (found.value, found.low, found.high) == (0.75, -1.0, 1.0)
