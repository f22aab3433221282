"""Strengths of models: against scipy's maximum of the likelihood, with the prior and without it."""

from __future__ import annotations

from collections.abc import Sequence
from math import log

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import optimize
from scipy.sparse.csgraph import connected_components
from scipy.special import expit

from judgelake.measures import strengths as module
from judgelake.measures.strengths import PRIOR_WINS, bradley_terry

# So weak a prior moves no strength by more than the tests of the likelihood alone allow.
HARDLY_A_PRIOR = 1e-7


def wins_of(*results: tuple[int, int, Sequence[float] | float, Sequence[float] | float]) -> NDArray[np.float64]:
    """Wins, shape (models, models, replicates), from (model, other model, wins of the first, wins of the other)."""
    models = 1 + max(max(one, two) for one, two, *_ in results)
    columns = np.atleast_1d(np.array(results[0][2])).size
    wins = np.zeros((models, models, columns))
    for one, two, of_one, of_two in results:
        wins[one, two], wins[two, one] = of_one, of_two
    return wins


def strengths_of(wins: NDArray[np.float64]) -> NDArray[np.float64]:
    return bradley_terry(wins).values[:, 0]


@st.composite
def random_wins(draw: st.DrawFn) -> NDArray[np.float64]:
    models = draw(st.integers(min_value=2, max_value=6))
    size = models * models
    halves = draw(st.lists(st.integers(min_value=0, max_value=60), min_size=size, max_size=size))
    wins = np.array(halves, dtype=np.float64).reshape(models, models) / 2
    np.fill_diagonal(wins, 0)
    return wins


def by_optimizer(wins: NDArray[np.float64], prior: float) -> NDArray[np.float64]:
    """Strengths with mean zero at the maximum of the likelihood, by scipy alone; the prior is one more model."""
    joined = np.pad(wins, (0, 1))
    joined[:-1, -1] = joined[-1, :-1] = prior
    joined = joined if prior else wins
    played = joined + joined.T

    def chances(free: NDArray[np.float64]) -> NDArray[np.float64]:
        strengths = np.append(free, 0.0)
        return expit(strengths[:, None] - strengths[None, :])

    def loss(free: NDArray[np.float64]) -> float:
        return -float((joined * np.log(chances(free))).sum())

    def slope(free: NDArray[np.float64]) -> NDArray[np.float64]:
        return -(joined - played * chances(free)).sum(axis=1)[:-1]

    def curvature(free: NDArray[np.float64]) -> NDArray[np.float64]:
        weights = played * chances(free) * (1 - chances(free))
        return (np.diag(weights.sum(axis=1)) - weights)[:-1, :-1]

    near = optimize.minimize(loss, np.zeros(len(joined) - 1), jac=slope, method="L-BFGS-B").x
    # A minimiser stops where the loss no longer changes, some 1e-8 away; the root of its slope is the maximum itself.
    found = np.append(optimize.root(slope, near, jac=curvature, tol=1e-13).x, 0.0)[: len(wins)]
    return found - found.mean()


@settings(deadline=None, max_examples=40)
@given(random_wins())
def test_strengths_are_the_maximum_that_scipy_finds_also_of_models_that_never_lost(wins) -> None:
    assume(connected_components(wins > 0, directed=False)[0] == 1)
    found = strengths_of(wins[:, :, None])
    np.testing.assert_allclose(found, by_optimizer(wins, PRIOR_WINS), rtol=0, atol=1e-8)
    # At the maximum every model wins just as often as its strength says, its half win of the prior included.
    middle = optimize.brentq(lambda place: float((expit(found - place) - 0.5).sum()), -50, 50, xtol=1e-14)
    expected = ((wins + wins.T) * expit(found[:, None] - found[None, :])).sum(axis=1)
    expected += 2 * PRIOR_WINS * expit(found - middle)
    np.testing.assert_allclose(expected, wins.sum(axis=1) + PRIOR_WINS, rtol=1e-8)


@settings(deadline=None, max_examples=20)
@given(random_wins())
def test_as_the_prior_vanishes_strengths_become_those_of_the_likelihood_alone(wins) -> None:
    assume((wins + np.eye(len(wins)) > 0).all())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "PRIOR_WINS", HARDLY_A_PRIOR)
        found = strengths_of(wins[:, :, None])
    np.testing.assert_allclose(found, by_optimizer(wins, 0), rtol=0, atol=1e-5)


def test_two_models_are_as_far_apart_as_the_log_of_their_odds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PRIOR_WINS", HARDLY_A_PRIOR)
    # Ties are half a win each: 8 against 3.
    found = strengths_of(wins_of((0, 1, 6 + 4 / 2, 1 + 4 / 2)))
    assert found == pytest.approx([log(8 / 3) / 2, -log(8 / 3) / 2], rel=0, abs=1e-6)


def test_a_chain_of_models_adds_up_the_log_odds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PRIOR_WINS", HARDLY_A_PRIOR)
    strengths = strengths_of(wins_of((0, 1, 3, 1), (1, 2, 5, 1)))
    assert strengths[0] - strengths[1] == pytest.approx(log(3), rel=0, abs=1e-6)
    assert strengths[1] - strengths[2] == pytest.approx(log(5), rel=0, abs=1e-6)
    assert sum(strengths) == pytest.approx(0, rel=0, abs=1e-12)


def test_very_unequal_models_are_fitted_too() -> None:
    wins = wins_of((0, 1, 9_999_999, 1), (1, 2, 9_999_999, 1))
    found = strengths_of(wins)
    # The prior counts half a loss to the one loss in ten millions, and is of no consequence where losses are many.
    assert log(9_999_999 / 1.5) - 0.1 < found[0] < log(9_999_999)
    assert found[1] == pytest.approx(0, rel=0, abs=1e-9)
    many = strengths_of(100 * wins)
    assert many[0] == pytest.approx(log(9_999_999), rel=0, abs=0.01)


def test_a_model_that_never_lost_has_the_highest_strength_and_a_finite_one() -> None:
    wins = wins_of((0, 1, 80, 0), (1, 2, 30, 10))
    found = bradley_terry(wins)
    assert found.values[0, 0] > found.values[1, 0] > found.values[2, 0]
    # Half a loss to eighty wins and a half is all that bounds it.
    assert found.values[0, 0] - found.values[1, 0] == pytest.approx(log(80.5 / 0.5), rel=0, abs=0.3)
    # The likelihood alone has no maximum here, and so had no strength for it.
    assert by_optimizer(wins[:, :, 0], 1e-6)[0] > found.values[0, 0] + 5


def test_a_model_that_never_wins_hardly_moves_the_others_apart() -> None:
    others = ((0, 1, 30, 20), (0, 2, 40, 10), (1, 2, 20, 20))
    alone = strengths_of(wins_of(*others))
    joined = strengths_of(wins_of(*others, (0, 3, 50, 0), (2, 3, 20, 0)))
    np.testing.assert_allclose(np.diff(joined[:3]), np.diff(alone), rtol=0, atol=0.02)


def test_only_where_wins_lead_one_way_alone_is_the_likelihood_s_variance_the_least() -> None:
    both_ways = bradley_terry(wins_of((0, 1, 3, 2), (2, 3, 1, 1)))
    assert (both_ways.least_variance == 0).all()
    found = bradley_terry(wins_of((0, 1, 80, 0), (1, 2, 30, 10), (3, 4, 1, 1)))
    assert found.group[0] == found.group[1] == found.group[2] != found.group[3] == found.group[4]
    assert (found.least_variance[3:] == 0).all()
    assert (found.least_variance[:, 3:] == 0).all()
    # About 1 / 0.5: the information is the losses that are expected of the best, which are those of the prior.
    difference = np.array([1.0, -1.0, 0.0, 0.0, 0.0])
    assert difference @ found.least_variance @ difference == pytest.approx(2, abs=0.2)


def test_models_that_no_games_connect_have_the_mean_of_their_own_group() -> None:
    found = strengths_of(wins_of((0, 1, 3, 2), (2, 3, 9, 1)))
    assert found[0] + found[1] == pytest.approx(0, abs=1e-12)
    assert found[2] + found[3] == pytest.approx(0, abs=1e-12)
    assert found[0] == pytest.approx(strengths_of(wins_of((0, 1, 3, 2)))[0], abs=1e-9)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(*[st.integers(0, 9)] * 6), min_size=2, max_size=6))
def test_each_replicate_is_fitted_as_it_would_be_alone(columns) -> None:
    assume(all(one + two for one, two in zip(columns[0][::2], columns[0][1::2], strict=True)))
    pairs = ((0, 1), (0, 2), (1, 2))
    together = bradley_terry(
        wins_of(
            *((*pair, *([one[2 * k + side] for one in columns] for side in (0, 1))) for k, pair in enumerate(pairs))
        )
    ).values
    for place, one in enumerate(columns):
        if all(one[2 * k] + one[2 * k + 1] for k in range(3)):
            alone = strengths_of(wins_of(*((*pair, *one[2 * k : 2 * k + 2]) for k, pair in enumerate(pairs))))
            np.testing.assert_allclose(together[:, place], alone, rtol=0, atol=1e-9)


def test_a_model_without_a_game_has_no_strength_and_leaves_the_others_alone() -> None:
    found = strengths_of(np.pad(wins_of((0, 1, 3, 1)), ((0, 1), (0, 1), (0, 0))))
    assert np.isnan(found[2])
    assert found[:2] == pytest.approx(strengths_of(wins_of((0, 1, 3, 1))), abs=1e-9)
    assert bradley_terry(np.zeros((0, 0, 3))).values.shape == (0, 3)
