"""Rank correlations of two leaderboards: against scipy's, and the models that are not on both."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from judgelake.measures.figure import Figure
from judgelake.measures.rank_correlations import ALL_LEVEL, FEW_MODELS, rank_correlation, rank_figures


def value(figure: Figure) -> float | None:
    return figure.estimate(questions=1).value


LEVELS = st.integers(min_value=0, max_value=5).map(float)


@settings(deadline=None)
@given(st.lists(st.tuples(LEVELS, LEVELS), min_size=2, max_size=9))
def test_rank_correlations_equal_scipy_with_ties(levels: list[tuple[float, float]]) -> None:
    a, b = zip(*levels, strict=True)
    found = rank_correlation(*({f"m{place}": strength for place, strength in enumerate(board)} for board in (a, b)))
    if len(set(a)) == 1 or len(set(b)) == 1:
        assert found.reason == ALL_LEVEL
        return
    assert found.spearman[0] == pytest.approx(stats.spearmanr(a, b).statistic, rel=0, abs=1e-12)
    assert found.kendall_tau_b[0] == pytest.approx(stats.kendalltau(a, b).statistic, rel=0, abs=1e-12)
    assert found.models == len(levels)


def test_only_models_with_a_strength_on_both_boards_are_ranked_in_each_replicate() -> None:
    board_a = {
        "a": np.array([3.0, 1.0]),
        "b": np.array([2.0, 2.0]),
        "c": np.array([1.0, 3.0]),
        "x": np.array([9.0, 9.0]),
    }
    board_b = {
        "c": np.array([1.0, 1.0]),
        "b": np.array([2.0, 2.0]),
        "a": np.array([3.0, 3.0]),
        "x": np.array([np.nan] * 2),
    }
    found = rank_correlation(board_a, board_b)
    assert found.models == 3
    np.testing.assert_array_equal(found.spearman, [1.0, -1.0])
    np.testing.assert_array_equal(found.kendall_tau_b, [1.0, -1.0])
    assert [(figure.metric, figure.n, value(figure)) for figure in rank_figures(found, "labels")] == [
        ("leaderboard_spearman", 3, 1.0),
        ("leaderboard_kendall_tau_b", 3, 1.0),
    ]


def test_a_replicate_without_a_strength_has_no_rank_correlation() -> None:
    board = {"a": np.array([2.0, np.nan]), "b": np.array([1.0, 1.0])}
    found = rank_correlation(board, board)
    np.testing.assert_array_equal(found.spearman, [1.0, np.nan])
    np.testing.assert_array_equal(found.kendall_tau_b, [1.0, np.nan])


def test_strengths_that_differ_by_a_rounding_share_their_rank() -> None:
    found = rank_correlation({"a": 0.1 + 0.2, "b": 0.3, "c": 0.0}, {"a": 1.0, "b": 1.0, "c": 0.0})
    assert found.kendall_tau_b[0] == pytest.approx(1.0, rel=0, abs=1e-12)


@pytest.mark.parametrize(
    ("board_a", "board_b", "reason"),
    [
        pytest.param({"a": 1.0, "b": 2.0}, {"b": 1.0, "c": 2.0}, FEW_MODELS, id="one model in common"),
        pytest.param({}, {}, FEW_MODELS, id="no model at all"),
        pytest.param({"a": 1.0, "b": 1.0}, {"a": 1.0, "b": 2.0}, ALL_LEVEL, id="a level board"),
    ],
)
def test_boards_that_cannot_be_compared_say_why(board_a, board_b, reason) -> None:
    estimates = [figure.estimate(questions=1) for figure in rank_figures(rank_correlation(board_a, board_b), "labels")]
    assert [(estimate.value, estimate.reason) for estimate in estimates] == [(None, reason)] * 2
