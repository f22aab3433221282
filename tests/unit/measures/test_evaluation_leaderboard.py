"""Leaderboards of models: strengths against scipy's maximum of the likelihood, by hand and on PandaLM's own games."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from math import log
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import optimize, stats
from scipy.special import expit

from judgelake.measures import leaderboard as module
from judgelake.measures.figure import Figure
from judgelake.measures.leaderboard import (
    ALL_LEVEL,
    APART,
    FEW_MODELS,
    NO_GROUP,
    NOT_FINITE,
    bradley_terry,
    count_games,
    figures,
    model_strengths,
    rank_correlation,
    rank_figures,
)
from judgelake.measures.scores import NOTHING_JUDGED
from judgelake.measures.table import SEPARATOR, Table

Results = Mapping[tuple[str, str], Sequence[object]]
"""Two models in the order of their names to wins of the first, wins of the second and ties."""

COUNT = st.integers(min_value=0, max_value=30)


def table_of(results: Results, **others: int) -> Table:
    counts = {}
    for pair, by_verdict in results.items():
        for verdict, n in zip(("first", "second", "tie"), by_verdict, strict=False):
            counts[SEPARATOR.join((*pair, verdict))] = np.atleast_1d(np.array(n, dtype=np.float64))
        for verdict, n in others.items():
            counts[SEPARATOR.join((*pair, verdict))] = np.array([float(n)])
    return Table(counts)


def found_by(table: Table) -> dict[tuple[str, str | None], Figure]:
    return {(figure.metric, figure.subject): figure for figure in figures(table)}


def value(figure: Figure) -> float | None:
    return figure.estimate(questions=1).value


@st.composite
def random_results(draw: st.DrawFn) -> dict[tuple[str, str], tuple[int, int, int]]:
    models = [f"model {place}" for place in range(draw(st.integers(min_value=2, max_value=6)))]
    pairs = [(one, two) for place, one in enumerate(models) for two in models[place + 1 :]]
    return {pair: (draw(COUNT), draw(COUNT), draw(COUNT)) for pair in pairs}


def by_optimizer(wins: np.ndarray) -> np.ndarray:
    """Strengths with mean zero at the maximum of the likelihood, by scipy alone."""
    models = len(wins)
    played = wins + wins.T

    def chances(free: np.ndarray) -> np.ndarray:
        strengths = np.append(free, 0.0)
        return expit(strengths[:, None] - strengths[None, :])

    def loss(free: np.ndarray) -> float:
        return -float((wins * np.log(chances(free))).sum())

    def slope(free: np.ndarray) -> np.ndarray:
        return -(wins - played * chances(free)).sum(axis=1)[:-1]

    def curvature(free: np.ndarray) -> np.ndarray:
        weights = played * chances(free) * (1 - chances(free))
        return (np.diag(weights.sum(axis=1)) - weights)[:-1, :-1]

    near = optimize.minimize(loss, np.zeros(models - 1), jac=slope, method="L-BFGS-B").x
    # A minimiser stops where the loss no longer changes, some 1e-8 away; the root of its slope is the maximum itself.
    strengths = np.append(optimize.root(slope, near, jac=curvature, tol=1e-13).x, 0.0)
    return strengths - strengths.mean()


@settings(deadline=None, max_examples=30)
@given(random_results())
def test_strengths_are_the_maximum_of_the_likelihood_that_scipy_finds(results) -> None:
    assume(all(first + tie and second + tie for first, second, tie in results.values()))
    games = count_games(table_of(results))
    found = bradley_terry(games)[:, 0]
    np.testing.assert_allclose(found, by_optimizer(games.wins[:, :, 0]), rtol=0, atol=1e-10)
    # At the maximum every model wins just as often as its strength says.
    wins = games.wins[:, :, 0]
    expected = (wins + wins.T) * expit(found[:, None] - found[None, :])
    np.testing.assert_allclose(expected.sum(axis=1), wins.sum(axis=1), rtol=1e-12)


def test_two_models_are_as_far_apart_as_the_log_of_their_odds() -> None:
    found = found_by(table_of({("a", "b"): (6, 1, 4)}))
    # Ties are half a win each: 8 against 3.
    assert value(found["bradley_terry", "a"]) == pytest.approx(log(8 / 3) / 2, rel=0, abs=1e-12)
    assert value(found["bradley_terry", "b"]) == pytest.approx(-log(8 / 3) / 2, rel=0, abs=1e-12)
    assert value(found["win_rate", "a"]) == 8 / 11
    assert value(found["win_rate", "b"]) == 3 / 11


def test_a_chain_of_models_adds_up_the_log_odds() -> None:
    found = found_by(table_of({("a", "b"): (3, 1), ("b", "c"): (5, 1)}))
    strengths = [value(found["bradley_terry", model]) for model in "abc"]
    assert strengths[0] - strengths[1] == pytest.approx(log(3), rel=0, abs=1e-12)
    assert strengths[1] - strengths[2] == pytest.approx(log(5), rel=0, abs=1e-12)
    assert sum(strengths) == pytest.approx(0, rel=0, abs=1e-12)


def test_very_unequal_models_are_fitted_too() -> None:
    found = found_by(table_of({("a", "b"): (9_999_999, 1), ("b", "c"): (9_999_999, 1)}))
    assert value(found["bradley_terry", "a"]) == pytest.approx(log(9_999_999), rel=0, abs=1e-8)


def test_pandalm_s_published_games_give_its_order_of_models(shared: Path) -> None:
    entries = json.loads((shared / "golden" / "published_metrics.json").read_text("utf-8"))["entries"]
    published = next(one for one in entries if one.get("what", "").startswith("win,lose,tie"))["recomputed"]
    results = {}
    for pair, (win, lose, tie) in published.items():
        one, two = pair.split(" vs ")
        results[min(one, two), max(one, two)] = (win, lose, tie) if one < two else (lose, win, tie)
    games = count_games(table_of(results))
    found = found_by(table_of(results))
    # 72 + 80 + 71 + 58 wins, 11 + 6 + 11 + 9 ties, 111 + 110 + 106 + 94 comparisons.
    assert found["win_rate", "LLaMA-7B"].n == 421
    assert value(found["win_rate", "LLaMA-7B"]) == pytest.approx((281 + 37 / 2) / 421, rel=0, abs=1e-12)
    assert [value(found["bradley_terry", model]) for model in games.models] == pytest.approx(
        by_optimizer(games.wins[:, :, 0]).tolist(), rel=0, abs=1e-9
    )
    # LLaMA wins more than it loses against each of the others, Cerebras against none.
    order = sorted(games.models, key=lambda model: value(found["bradley_terry", model]), reverse=True)
    assert (order[0], order[-1]) == ("LLaMA-7B", "Cerebras-GPT-6.7B")


@pytest.mark.parametrize(
    ("results", "reasons"),
    [
        pytest.param(
            {("a", "b"): (3, 2), ("c", "d"): (1, 1)},
            {"a": None, "b": None, "c": APART, "d": APART},
            id="two islands: the one with more comparisons has strengths",
        ),
        pytest.param(
            {("a", "b"): (3, 2), ("b", "c"): (4, 0)}, {"a": None, "b": None, "c": NOT_FINITE}, id="one never wins"
        ),
        pytest.param(
            {("a", "b"): (3, 0), ("b", "c"): (4, 0)}, dict.fromkeys("abc", NO_GROUP), id="each always beats the next"
        ),
        pytest.param({("a", "b"): (0, 0, 2)}, {"a": None, "b": None}, id="ties only"),
    ],
)
def test_only_models_on_one_finite_scale_have_strengths_and_the_others_a_reason(results, reasons) -> None:
    found = found_by(table_of(results))
    for model, reason in reasons.items():
        estimate = found["bradley_terry", model].estimate(questions=1)
        assert estimate.reason == (reason or estimate.reason)
        assert (estimate.value is None) == (reason is not None)
        assert value(found["win_rate", model]) is not None


def test_a_model_that_never_wins_leaves_the_strengths_of_the_others_alone() -> None:
    others = {("a", "b"): (3, 2), ("a", "c"): (4, 1), ("b", "c"): (2, 2)}
    alone = model_strengths(table_of(others))
    joined = model_strengths(table_of({**others, ("a", "z"): (5, 0), ("c", "z"): (2, 0)}))
    assert joined.keys() == alone.keys()
    for model, strength in alone.items():
        assert joined[model][0] == pytest.approx(strength[0], rel=0, abs=1e-12)


def test_a_replicate_without_the_rare_win_counts_half_a_win_each_way() -> None:
    strengths = model_strengths(table_of({("a", "b"): ([9, 12, 0], [1, 0, 0])}))
    # 9 against 1 in the data; 12.5 against 0.5 and 0.5 against 0.5 in the replicates.
    expected = [log(9) / 2, log(25) / 2, 0.0]
    np.testing.assert_allclose(strengths["a"], expected, rtol=0, atol=1e-12)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(*[st.integers(1, 9)] * 6), min_size=2, max_size=6))
def test_each_replicate_is_fitted_as_it_would_be_alone(columns) -> None:
    pairs = [("a", "b"), ("a", "c"), ("b", "c")]
    together = model_strengths(
        table_of({pair: [[one[2 * k + side] for one in columns] for side in (0, 1)] for k, pair in enumerate(pairs)})
    )
    for place, one in enumerate(columns):
        alone = model_strengths(table_of({pair: one[2 * k : 2 * k + 2] for k, pair in enumerate(pairs)}))
        assert alone.keys() == together.keys() == {"a", "b", "c"}
        for model, strength in alone.items():
            assert together[model][place] == pytest.approx(strength[0], rel=0, abs=1e-12)


def test_comparisons_without_a_verdict_are_asked_for_and_not_counted() -> None:
    found = found_by(table_of({("a", "b"): (2, 1)}, failed=3))
    assert (found["win_rate", "a"].n, found["win_rate", "a"].asked) == (3, 6)
    nothing = found_by(table_of({("a", "b"): ()}, failed=3))
    for metric in ("win_rate", "bradley_terry"):
        estimate = nothing[metric, "a"].estimate(questions=1)
        assert (estimate.value, estimate.reason) == (None, NOTHING_JUDGED)
    assert not list(figures(Table()))


def test_many_models_are_fitted_in_blocks_and_with_fewer_buckets(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(2)

    def counts(buckets: int) -> NDArray[np.float64]:
        """Of two sides, in the data and with each bucket left out."""
        within = random.poisson(9, (2, buckets))
        return np.concatenate([within.sum(axis=1, keepdims=True), within.sum(axis=1, keepdims=True) - within], axis=1)

    results = {("a", "b"): counts(400), ("b", "c"): counts(400)}
    whole = model_strengths(table_of(results))
    monkeypatch.setattr("judgelake.measures.statistics.blocks.BLOCK_CELLS", 90)
    in_blocks = model_strengths(table_of(results))
    monkeypatch.setattr(module, "MOST_COUNTS", 9 * 200)
    fewer = model_strengths(table_of(results))
    # Bucket 0 is now bucket 0 and bucket 200.
    halves = {
        pair: [[side[0], side[0] - (side[0] - side[1]) - (side[0] - side[201])] for side in of_sides]
        for pair, of_sides in results.items()
    }
    for model, strengths in whole.items():
        np.testing.assert_allclose(in_blocks[model], strengths, rtol=0, atol=1e-12)
        assert fewer[model].shape == (201,)
        np.testing.assert_allclose(fewer[model][:2], model_strengths(table_of(halves))[model], rtol=0, atol=1e-12)


def test_a_fit_that_does_not_end_gives_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_STEPS", 2)
    assert value(found_by(table_of({("a", "b"): (999, 1)}))["bradley_terry", "a"]) is None


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
