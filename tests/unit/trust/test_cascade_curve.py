"""Thresholds by budget, and the curve of agreement and cost."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgelake.trust.cascade import Labelled, by_cost, by_share, curve, decided_at, evaluated, frontier, reaching

SURE = np.array([np.arange(100) / 100, np.roll(np.arange(100), 30) / 100, np.roll(np.arange(100), 70) / 100])


@st.composite
def judged(draw: st.DrawFn) -> np.ndarray:
    """Reliabilities of a few stages, with ties and without verdicts."""
    number = st.sampled_from([0.5, 0.6, 0.7, 0.9, 1.0, np.nan])
    stages, comparisons = draw(st.integers(1, 3)), draw(st.integers(1, 12))
    row = st.lists(number, min_size=comparisons, max_size=comparisons)
    return np.array(draw(st.lists(row, min_size=stages, max_size=stages)))


@pytest.mark.parametrize(("share", "going_on"), [(0.0, 0.0), (0.2, 0.2), (0.5, 0.5), (1.0, 1.0)])
def test_exactly_the_wanted_share_goes_on_where_no_two_are_equally_sure(share, going_on):
    thresholds = by_share(SURE, (share, share / 2))
    point = evaluated(Labelled(SURE, SURE > 0.3, np.arange(100)), thresholds, (0, 0, 1))
    # Where all go on, the first stage decides nothing and need not be asked.
    assert point.calls == pytest.approx((float(share < 1), going_on, going_on / 2))
    assert point.decided == pytest.approx(1)


@given(judged(), st.floats(0, 1))
@settings(deadline=None)
def test_no_more_go_on_than_wanted_but_for_those_without_a_verdict(reliability, share):
    thresholds = by_share(reliability, [share] * (len(reliability) - 1))
    at = decided_at(reliability, thresholds)
    for stage in range(len(reliability) - 1):
        without = np.isnan(reliability[: stage + 1]).all(axis=0).mean()
        assert (at > stage).mean() <= max(share, without, np.isnan(reliability[stage]).mean()) + 1e-9
    assert ((at == len(reliability)) <= np.isnan(reliability[-1])).all()


@pytest.mark.parametrize(("budget", "calls"), [(1, 0.0), (6, 0.5), (11, 1.0), (100, 1.0)])
def test_a_budget_buys_as_many_calls_of_the_second_judge_as_it_pays_for(budget, calls):
    thresholds = by_cost(SURE[:2], (1, 10), budget)
    assert evaluated(Labelled(SURE[:2], SURE[:2] > 0.3, np.arange(100)), thresholds, (1, 10)).calls[1] == calls


def test_a_budget_below_the_first_judge_is_refused():
    with pytest.raises(ValueError, match=r"more than the budget of 0\.5"):
        by_cost(SURE, (1, 1, 1), 0.5)


def people() -> Labelled:
    """A cheap judge that is right where it is sure, and a dear one that is mostly right."""
    random = np.random.default_rng(5)
    sure = random.uniform(0.5, 1, (2, 400))
    right = np.stack([random.random(400) < sure[0], random.random(400) < 0.8])
    return Labelled(sure, right, np.arange(400))


def test_the_curve_goes_from_the_cheap_judge_alone_to_the_dear_one_alone():
    labelled = people()
    points = curve(labelled, (1, 9))
    assert (points[0].calls, points[0].right) == ((1.0, 0.0), pytest.approx(labelled.right[0].mean()))
    (alone,) = (point for point in points if point.calls == (0.0, 1.0))
    assert (alone.cost, alone.right) == (9, pytest.approx(labelled.right[1].mean()))
    costs = [point.cost for point in points]
    assert costs == sorted(costs)


def test_the_dear_judges_agreement_is_reached_with_a_part_of_its_calls():
    labelled = people()
    point = reaching(curve(labelled, (1, 9)), labelled)
    assert point is not None
    assert 0.2 < point.calls[-1] < 0.8
    assert point.right >= labelled.right[1].mean()


def test_nothing_on_the_frontier_costs_more_and_is_right_less_often():
    points = curve(people(), (1, 9))
    best = frontier(points)
    assert best[0].cost == points[0].cost
    assert all(one.cost < next_.cost and one.right < next_.right for one, next_ in pairwise(best))
    assert best[-1].right == max(point.right for point in points)


def test_three_stages_have_a_curve_of_a_bounded_number_of_points():
    labelled = Labelled(SURE, SURE > 0.3, np.arange(100))
    assert 100 < len(curve(labelled, (1, 2, 3))) <= 500


def test_a_comparison_without_any_verdict_is_undecided_and_costs_all_stages():
    labelled = Labelled(np.full((2, 1), np.nan), np.zeros((2, 1), bool), np.arange(1))
    point = evaluated(labelled, (-np.inf, -np.inf), (1, 9))
    assert (point.decided, point.agreement, point.right, point.cost) == (0, None, 0, 10)


def test_a_stage_that_decides_nothing_is_not_asked_and_costs_nothing() -> None:
    labelled = Labelled(np.full((2, 4), 0.9), np.ones((2, 4), dtype=np.bool_), np.arange(4))
    point = evaluated(labelled, (np.inf, 0.5), (1, 10))
    assert point.calls == (0.0, 1.0)
    assert point.cost == 10
