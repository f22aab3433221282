"""Scores against labels: every measure equals scipy's or scikit-learn's on the rows, in the data and in replicates."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import cohen_kappa_score, mean_absolute_error

from judgelake.measures.figure import Figure
from judgelake.measures.scores import (
    CONSTANT_JUDGE,
    CONSTANT_LABELS,
    CORRELATIONS,
    FAILED,
    MEASURES,
    NOTHING_JUDGED,
    ONE_ROW,
    ONE_SCORE,
    ScorePairs,
    figures,
)
from judgelake.measures.statistics import blocks as module
from judgelake.measures.statistics.interval import UNDEFINED
from judgelake.measures.table import SEPARATOR, Table

Pair = tuple[float, float]

SCALE = st.integers(min_value=1, max_value=10).map(float)
TENTHS = st.integers(min_value=-30, max_value=100).map(lambda tenths: tenths / 10)


@st.composite
def counted_pairs(draw: st.DrawFn, score: st.SearchStrategy[float], replicates: int = 1) -> dict[Pair, list[int]]:
    """Distinct pairs of scores, the count of each in the data and in some replicates."""
    pairs = draw(st.lists(st.tuples(score, score), min_size=1, max_size=30, unique=True))
    count = st.integers(min_value=0, max_value=4)
    return {pair: [1 + draw(count), *(draw(count) for _ in range(replicates))] for pair in pairs}


def table_of(counts: Mapping[tuple[float, float | str], Sequence[int] | int], half: str = "0") -> Table:
    rows = {(repr(label), str(judge), half): n for (label, judge), n in counts.items()}
    return Table({SEPARATOR.join(row): np.atleast_1d(np.array(n, dtype=np.float64)) for row, n in rows.items()})


def found_by(table: Table) -> dict[str, Figure]:
    return {figure.metric: figure for figure in figures(table)}


def value(figure: Figure) -> float | None:
    return figure.estimate(questions=1).value


def same(expected: float | np.ndarray) -> object:
    return pytest.approx(expected, rel=0, abs=1e-12, nan_ok=True)


def rows_of(counts: Mapping[Pair, Sequence[int]], replicate: int) -> tuple[np.ndarray, np.ndarray]:
    repeats = [n[replicate] for n in counts.values()]
    label, judge = np.array(list(counts)).T
    return np.repeat(label, repeats), np.repeat(judge, repeats)


def quiet(function: Callable[..., float], *args: object, **options: object) -> float:
    """What scipy or scikit-learn says, without their warnings of constant input."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(function(*args, **options))


def by_libraries(label: np.ndarray, judge: np.ndarray) -> dict[str, float]:
    if not len(label):
        return dict.fromkeys(MEASURES, np.nan)
    correlations = {
        "pearson": lambda x, y: stats.pearsonr(x, y).statistic,
        "spearman": lambda x, y: stats.spearmanr(x, y).statistic,
        "kendall_tau_b": lambda x, y: stats.kendalltau(x, y).statistic,
    }
    return {
        **{name: quiet(of, label, judge) if len(label) > 1 else np.nan for name, of in correlations.items()},
        "mean_absolute_error": mean_absolute_error(label, judge),
        "exact_agreement": np.mean(label == judge),
        # Tenths as whole numbers, where "at most one" has no rounding.
        "within_one_agreement": np.mean(np.abs(np.rint(label * 10) - np.rint(judge * 10)) <= 10),
    }


@settings(deadline=None, max_examples=60)
@given(st.one_of(counted_pairs(SCALE), counted_pairs(TENTHS)))
def test_every_measure_equals_scipy_on_the_rows_of_every_replicate(counts: dict[Pair, list[int]]) -> None:
    found = found_by(table_of(counts))
    for replicate in range(2):
        expected = by_libraries(*rows_of(counts, replicate))
        for metric, by_library in expected.items():
            assert found[metric].replicates[replicate] == same(by_library), metric


@settings(deadline=None, max_examples=60)
@given(counted_pairs(SCALE))
def test_quadratic_weighted_kappa_equals_scikit_learn_over_the_whole_scale(counts: dict[Pair, list[int]]) -> None:
    found = found_by(table_of(counts))["quadratic_weighted_kappa"].replicates
    for replicate in range(2):
        label, judge = (column.astype(int) for column in rows_of(counts, replicate))
        expected = np.nan
        if len(label):
            expected = quiet(cohen_kappa_score, label, judge, labels=range(1, 11), weights="quadratic")
        assert found[replicate] == same(expected)


def test_continuous_scores_equal_scipy() -> None:
    random = np.random.default_rng(5)
    label = random.normal(size=3_000)
    judge = label + random.normal(size=3_000)
    pairs = ScorePairs(label, judge, np.ones((3_000, 1)))
    expected = by_libraries(label, judge)
    assert len(CORRELATIONS) >= 3
    for metric in CORRELATIONS:
        assert MEASURES[metric](pairs)[0] == same(expected[metric])


def test_the_measures_of_a_small_table_by_hand() -> None:
    found = found_by(table_of({(1.0, 1.0): 1, (2.0, 3.0): 1, (3.0, 2.0): 1, (4.0, 7.0): 1}))
    # Five of six pairs of rows are ordered alike, one against: (5 - 1) / 6.
    assert value(found["kendall_tau_b"]) == same(2 / 3)
    # Ranks 1 2 3 4 against 1 3 2 4: 1 - 6 * 2 / (4 * 15).
    assert value(found["spearman"]) == same(0.8)
    assert value(found["mean_absolute_error"]) == 1.25
    assert value(found["exact_agreement"]) == 0.25
    assert value(found["within_one_agreement"]) == 0.75
    # Squared differences 0 + 1 + 1 + 9; expected 4 * (1.25 + 5.1875 + 0.75 ** 2) = 28.
    assert value(found["quadratic_weighted_kappa"]) == same(1 - 11 / 28)


@pytest.mark.parametrize(
    ("counts", "reasons"),
    [
        pytest.param({(3.0, FAILED): 4}, dict.fromkeys(MEASURES, NOTHING_JUDGED), id="every judgment failed"),
        pytest.param({}, dict.fromkeys(MEASURES, NOTHING_JUDGED), id="no row at all"),
        pytest.param({(3.0, 4.0): 1}, dict.fromkeys(CORRELATIONS, ONE_ROW), id="one row"),
        pytest.param({(3.0, 4.0): 1, (3.0, 5.0): 2}, dict.fromkeys(CORRELATIONS, CONSTANT_LABELS), id="one label"),
        pytest.param(
            {(0.1, 0.7): 5, (0.3, 0.7): 2}, dict.fromkeys(CORRELATIONS, CONSTANT_JUDGE), id="one judge's score"
        ),
        pytest.param(
            {(0.1, 0.1): 7},
            {**dict.fromkeys(CORRELATIONS, CONSTANT_LABELS), "quadratic_weighted_kappa": ONE_SCORE},
            id="one and the same score",
        ),
    ],
)
def test_what_cannot_be_said_has_its_reason_and_all_else_its_value(counts, reasons) -> None:
    found = found_by(table_of(counts))
    assert found.keys() == MEASURES.keys()
    for metric, figure in found.items():
        estimate = figure.estimate(questions=1)
        if metric in reasons:
            assert (estimate.value, estimate.reason) == (None, reasons[metric]), metric
        else:
            assert estimate.value is not None, metric
            assert estimate.reason != UNDEFINED


def test_failed_judgments_are_left_out_counted_and_bound_the_rates() -> None:
    found = found_by(table_of({(5.0, 5.0): 3, (5.0, 6.0): 1, (7.0, FAILED): 4}))
    exact = found["exact_agreement"]
    assert (exact.n, exact.asked, exact.coverage) == (4, 8, 0.5)
    assert (value(exact), exact.if_wrong, exact.if_right) == (3 / 4, 3 / 8, 7 / 8)
    within = found["within_one_agreement"]
    assert (value(within), within.if_wrong, within.if_right) == (1.0, 0.5, 1.0)
    assert found["pearson"].if_wrong is None


def test_a_failure_that_has_a_score_counts_and_moves_no_bound() -> None:
    table = table_of({(5.0, 5.0): 3, (5.0, 6.0): 1, (7.0, FAILED): 3, (5.0, FAILED): 1})
    exact = {figure.metric: figure for figure in figures(table, failure_score=5.0)}["exact_agreement"]
    assert (exact.n, exact.asked, exact.coverage) == (8, 8, 1)
    assert (value(exact), exact.if_wrong, exact.if_right) == (4 / 8, 3 / 8, 7 / 8)


def test_both_halves_of_the_questions_count_together() -> None:
    halves = [table_of({(1.0, 2.0): [1, 0], (4.0, 4.0): [2, 3]}, half) for half in "01"]
    together = Table({**halves[0].counts, **halves[1].counts})
    doubled = table_of({(1.0, 2.0): [2, 0], (4.0, 4.0): [4, 6]})
    for metric, figure in found_by(together).items():
        np.testing.assert_array_equal(figure.replicates, found_by(doubled)[metric].replicates)
        assert (figure.n, figure.asked) == (6, 6)


@pytest.mark.parametrize("distance", [0.1, 4.1, 15.1, 16.1], ids=str)
def test_one_point_apart_is_within_one_whatever_binary_makes_of_decimals(distance: float) -> None:
    assert value(found_by(table_of({(distance, distance + 1): 1}))["within_one_agreement"]) == 1.0
    assert value(found_by(table_of({(distance, distance + 1.001): 1}))["within_one_agreement"]) == 0.0


# In binary the mean of 1.1 and 2.2 is 1.6500000000000001.
MEAN = (1.1 + 2.2) / 2


def test_a_mean_of_decimals_is_the_label_that_it_equals() -> None:
    found = found_by(table_of({(1.65, MEAN): 2, (3.0, 2.0): 1}))
    assert value(found["exact_agreement"]) == 2 / 3
    assert value(found["mean_absolute_error"]) == 1 / 3


def test_scores_that_only_rounding_tells_apart_are_level() -> None:
    found = found_by(table_of({(1.0, MEAN): 1, (2.0, 1.65): 1, (3.0, 5.0): 1}))
    assert value(found["kendall_tau_b"]) == same(stats.kendalltau([1, 2, 3], [1.65, 1.65, 5]).statistic)
    assert value(found["spearman"]) == same(stats.spearmanr([1, 2, 3], [1.65, 1.65, 5]).statistic)
    constant = found_by(table_of({(1.0, MEAN): 1, (2.0, 1.65): 1}))["pearson"].estimate(questions=1)
    assert (constant.value, constant.reason) == (None, CONSTANT_JUDGE)


FEW_TENTHS = st.integers(min_value=0, max_value=12)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(FEW_TENTHS, FEW_TENTHS, FEW_TENTHS), min_size=2, max_size=12))
def test_means_count_as_the_decimals_they_are(rows: list[tuple[int, int, int]]) -> None:
    """The judge's score is the mean of two scores in tenths: halved in binary, or written as hundredths."""
    halved = Counter((label / 10, (one / 10 + two / 10) / 2) for label, one, two in rows)
    written = Counter((label / 10, 5 * (one + two) / 100) for label, one, two in rows)
    found = found_by(table_of(halved))
    for metric, figure in found_by(table_of(written)).items():
        assert found[metric].replicates[0] == same(figure.replicates[0]), metric


def test_thirds_keep_their_value() -> None:
    assert value(found_by(table_of({(0.0, 1 / 3): 1, (1.0, 1.0): 1}))["mean_absolute_error"]) == 1 / 6


def test_a_table_larger_than_a_block_gives_the_same_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(3)
    pairs = sorted({(label, judge) for label, judge in random.normal(size=(30, 2)).round(2).tolist()})
    counts = {pair: [1, *random.poisson(1, 40)] for pair in pairs}
    whole = found_by(table_of(counts))
    monkeypatch.setattr(module, "BLOCK_CELLS", 100)
    for metric, figure in found_by(table_of(counts)).items():
        assert figure.replicates == same(whole[metric].replicates)
