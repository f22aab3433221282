"""Leaderboards of models: win rates by hand and on PandaLM's own games, strengths, and the ranks that they allow."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from arena import Arena
from numpy.typing import NDArray

from judgelake.measures import leaderboard as module
from judgelake.measures import strengths as fitting
from judgelake.measures.figure import Figure
from judgelake.measures.leaderboard import APART, count_games, figures
from judgelake.measures.scores import NOTHING_JUDGED
from judgelake.measures.statistics.interval import NO_SPREAD, ONE_QUESTION, Estimate
from judgelake.measures.strengths import bradley_terry
from judgelake.measures.table import SEPARATOR, Table, left_out_counts

Results = Mapping[tuple[str, str], Sequence[object]]
"""Two models in the order of their names to wins of the first, wins of the second and ties."""


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


def each_a_question(results: Results) -> Table:
    """Every game on a question of its own."""
    outcomes = [
        (SEPARATOR.join((*pair, verdict)), int(n))
        for pair, by_verdict in results.items()
        for verdict, n in zip(("first", "second", "tie"), by_verdict, strict=False)
    ]
    codes = np.repeat(np.arange(len(outcomes)), [n for _, n in outcomes])
    size = len(codes)
    counts = left_out_counts(codes, np.arange(size), np.ones(size), len(outcomes), size)
    return Table({name: of_name for (name, _), of_name in zip(outcomes, counts, strict=True)}, size)


def estimates(table: Table) -> dict[tuple[str, str | None], Estimate]:
    return {key: figure.estimate(table.questions) for key, figure in found_by(table).items()}


def rank_of(table: Table) -> dict[str | None, tuple[float | None, ...]]:
    """Model to its rank and the ends of its interval."""
    found = {subject: one for (metric, subject), one in estimates(table).items() if metric == "rank"}
    return {subject: (one.value, one.low, one.high) for subject, one in found.items()}


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
    strengths = [value(found["bradley_terry", model]) for model in games.models]
    # Among so many games the prior is of no consequence.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fitting, "PRIOR_WINS", 1e-6)
        by_likelihood = bradley_terry(games.wins).values[:, 0]
    assert strengths == pytest.approx(by_likelihood.tolist(), rel=0, abs=0.006)
    # LLaMA wins more than it loses against each of the others, Cerebras against none.
    order = sorted(games.models, key=lambda model: value(found["bradley_terry", model]), reverse=True)
    assert (order[0], order[-1]) == ("LLaMA-7B", "Cerebras-GPT-6.7B")
    assert sorted(order, key=lambda model: value(found["rank", model])) == order


def test_a_model_that_never_lost_is_first_and_not_last() -> None:
    table = each_a_question({("best", "mid"): (80, 0), ("mid", "weak"): (40, 10)})
    found = estimates(table)
    assert found["win_rate", "best"].value == 1.0
    assert rank_of(table) == {"best": (1, 1, 1), "mid": (2, 2, 2), "weak": (3, 3, 3)}
    strengths = [found["bradley_terry", model] for model in ("best", "mid", "weak")]
    assert strengths[0].value > strengths[1].value > strengths[2].value
    # Leaving out one of eighty wins changes next to nothing, and yet the strength is known to no more than that.
    assert strengths[0].high - strengths[0].low > 3
    assert strengths[0].low > strengths[1].high


@pytest.mark.parametrize(
    ("results", "ranks"),
    [
        pytest.param({("a", "b"): (3, 0), ("b", "c"): (4, 0)}, (1, 2, 3), id="each always beats the next"),
        pytest.param({("a", "b"): (3, 2), ("b", "c"): (4, 0)}, (1, 2, 3), id="one never wins"),
        pytest.param({("a", "b"): (2, 1), ("a", "c"): (2, 1), ("b", "c"): (1, 1)}, (1, 2, 2), id="two are level"),
        pytest.param({("a", "b"): (0, 0, 2), ("b", "c"): (0, 0, 2)}, (1, 1, 1), id="ties only"),
    ],
)
def test_every_model_that_played_has_a_strength_and_a_rank_that_few_games_leave_open(results, ranks) -> None:
    table = each_a_question(results)
    assert rank_of(table) == {model: (rank, 1, 3) for model, rank in zip("abc", ranks, strict=True)}
    for (metric, _), estimate in estimates(table).items():
        assert estimate.value is not None
        assert metric == "rank" or estimate.low is not None or estimate.reason == NO_SPREAD


def test_between_models_that_no_games_connect_no_difference_is_significant_and_the_smaller_group_says_why() -> None:
    table = each_a_question({("a", "b"): (60, 20), ("b", "c"): (60, 20), ("x", "y"): (500, 1)})
    found = estimates(table)
    for model in "xy":
        assert found["bradley_terry", model].reason == APART
        assert found["bradley_terry", model].value is not None
        assert found["bradley_terry", model].low is None
    assert all(found["bradley_terry", model].low is not None for model in "abc")
    # The lowest of five may be below both of the others.
    assert rank_of(table)["c"][1:] == (3, 5)
    assert rank_of(table)["a"][1:] == (1, 3)
    assert (rank_of(table)["x"][1:], rank_of(table)["y"][1:]) == ((1, 4), (2, 5))


def test_one_question_leaves_strengths_and_ranks_without_intervals() -> None:
    counts = {SEPARATOR.join(("a", "b", "first")): np.array([3.0, 0.0])}
    found = estimates(Table(counts, 1))
    assert (found["rank", "a"].value, found["rank", "b"].value) == (1, 2)
    assert {found[metric, "a"].reason for metric in ("rank", "bradley_terry")} == {ONE_QUESTION}


def test_comparisons_without_a_verdict_are_asked_for_and_not_counted() -> None:
    found = found_by(table_of({("a", "b"): (2, 1)}, failed=3))
    assert (found["win_rate", "a"].n, found["win_rate", "a"].asked) == (3, 6)
    nothing = found_by(table_of({("a", "b"): ()}, failed=3))
    for metric in ("win_rate", "bradley_terry", "rank"):
        estimate = nothing[metric, "a"].estimate(questions=1)
        assert (estimate.value, estimate.reason) == (None, NOTHING_JUDGED)
    assert not list(figures(Table()))


def test_many_models_are_fitted_in_blocks_and_with_fewer_buckets(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(2)

    def counts(buckets: int) -> NDArray[np.float64]:
        """Of two sides, in the data and with each bucket left out."""
        within = random.poisson(9, (2, buckets))
        return np.concatenate([within.sum(axis=1, keepdims=True), within.sum(axis=1, keepdims=True) - within], axis=1)

    def strengths_of(results: Results) -> dict[str, NDArray[np.float64]]:
        games = count_games(table_of(results))
        return dict(zip(games.models, bradley_terry(games.wins).values, strict=True))

    results = {("a", "b"): counts(400), ("b", "c"): counts(400)}
    whole = strengths_of(results)
    monkeypatch.setattr("judgelake.measures.statistics.blocks.BLOCK_CELLS", 160)
    in_blocks = strengths_of(results)
    monkeypatch.setattr(module, "MOST_COUNTS", 9 * 200)
    fewer = strengths_of(results)
    # Bucket 0 is now bucket 0 and bucket 200.
    halves = {
        pair: [[side[0], side[0] - (side[0] - side[1]) - (side[0] - side[201])] for side in of_sides]
        for pair, of_sides in results.items()
    }
    for model, strengths in whole.items():
        np.testing.assert_allclose(in_blocks[model], strengths, rtol=0, atol=1e-12)
        assert fewer[model].shape == (201,)
        np.testing.assert_allclose(fewer[model][:2], strengths_of(halves)[model], rtol=0, atol=1e-12)


def test_a_fit_that_does_not_end_gives_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "MOST_STEPS", 2)
    found = found_by(table_of({("a", "b"): (999, 1)}))
    assert value(found["bradley_terry", "a"]) is None
    assert value(found["rank", "a"]) is None


EVEN = np.linspace(1, -1, 6)
# Of models that nobody can tell from each other any significant difference is as good as false.
NEARLY_EQUAL = np.linspace(0.001, -0.001, 8)
ARENAS = [
    pytest.param(Arena(EVEN, 300), id="plain"),
    pytest.param(Arena(EVEN, 300, ties=0.6), id="with ties"),
    pytest.param(Arena(EVEN[:5], 40, games=None, clustering=0.5), id="every pair on every question"),
    pytest.param(Arena(np.append(5, EVEN[1:]), 200), id="one that hardly ever loses"),
    pytest.param(Arena(NEARLY_EQUAL, 240), id="nearly equal"),
]


@pytest.mark.parametrize("arena", ARENAS)
def test_intervals_of_strengths_hold_the_truth_and_those_of_ranks_the_true_rank(arena: Arena) -> None:
    truth = arena.strengths - arena.strengths.mean()
    held, in_range = [], []
    for table in arena.tables(150, seed=7):
        found = estimates(table)
        for place, model in enumerate(arena.models):
            strength, rank = found["bradley_terry", model], found["rank", model]
            held.append(strength.low <= truth[place] <= strength.high)
            in_range.append(rank.low <= place + 1 <= rank.high)
    assert 0.93 <= np.mean(held) <= 0.985, np.mean(held)
    assert np.mean(in_range) >= 0.93


@pytest.mark.parametrize("arena", [Arena(EVEN, 120), Arena(EVEN, 300, ties=0.6)], ids=["few games", "with ties"])
def test_the_prior_leaves_strengths_without_a_bias_that_matters(arena: Arena) -> None:
    truth = arena.strengths - arena.strengths.mean()
    found = [bradley_terry(count_games(table).wins[:, :, :1]).values[:, 0] for table in arena.tables(300, seed=3)]
    # A sixth of the standard error of the best model's strength.
    assert np.abs(np.mean(found, axis=0) - truth).max() < np.std(found, axis=0).max() / 6


def test_without_a_level_for_all_opponents_together_true_ranks_would_be_excluded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    arena = Arena(NEARLY_EQUAL, 240)

    def share_of_firsts_held() -> float:
        return float(np.mean([rank_of(table)["m00"][1] == 1 for table in arena.tables(100, seed=7)]))

    assert share_of_firsts_held() >= 0.95
    # Each opponent at 5 %: as if it were the only one.
    monkeypatch.setattr(module, "CONFIDENCE", 1 - 0.05 * (len(NEARLY_EQUAL) - 1))
    assert share_of_firsts_held() < 0.9
