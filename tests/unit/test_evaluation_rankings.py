"""Rankings of three and more answers: one comparison against scipy and by hand, and many of them by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from judgelake.evaluation.cells import FAILED, SEPARATOR, Table
from judgelake.evaluation.figure import Figure
from judgelake.evaluation.rankings import NO_ORDER, NO_PAIRS, UNDEFINED_TAU, Ranking, figures, ranking_outcome
from judgelake.evaluation.scores import NOTHING_JUDGED

SCORES = st.integers(min_value=0, max_value=4).map(float)


@st.composite
def two_rankings(draw: st.DrawFn) -> tuple[list[float], list[float]]:
    answers = draw(st.integers(min_value=2, max_value=8))
    return tuple(draw(st.lists(SCORES, min_size=answers, max_size=answers)) for _ in range(2))


def parts(label: Ranking, judge: Ranking | None) -> list[str]:
    return ranking_outcome(label, judge).split(SEPARATOR)


def found_by(outcomes: Sequence[str]) -> dict[str, Figure]:
    table = Table({outcome: np.array([float(n)]) for outcome, n in Counter(outcomes).items()})
    return {figure.metric: figure for figure in figures(table)}


def value(figure: Figure) -> float | None:
    return figure.estimate(questions=1).value


@pytest.mark.parametrize(
    ("label", "judge", "is_right"),
    [
        pytest.param([9, 5, 1], [7, 6, 2], True, id="one best, the same"),
        pytest.param([9, 5, 1], [6, 7, 2], False, id="one best, another"),
        pytest.param([9, 9, 1], [7, 7, 2], True, id="two best, the same two"),
        pytest.param([9, 5, 1], [7, 7, 2], False, id="the judge puts a second one beside the best"),
        pytest.param([9, 9, 1], [7, 6, 2], False, id="the judge names one of the two best"),
        pytest.param([5, 5, 5], [3, 3, 3], True, id="all level on both sides"),
        pytest.param([9, 5, 1], "A", True, id="the judge names the best by its letter"),
        pytest.param([9, 5, 1], "C", False, id="the judge names another letter"),
        pytest.param([9, 9, 1], "A", False, id="a letter where the label has no single best"),
        pytest.param([9, 9, 1], "tie", True, id="a tie where the label has no single best"),
        pytest.param([9, 5, 1], "tie", False, id="a tie where the label has a single best"),
        pytest.param("B", [1, 5, 2], True, id="the label is only a letter"),
        pytest.param("B", "B", True, id="two letters"),
    ],
)
def test_top_1_is_right_where_judge_and_label_name_the_same_best(label, judge, is_right) -> None:
    assert parts(label, judge)[0] == str(int(is_right))


@settings(deadline=None)
@given(two_rankings())
def test_tau_and_pairs_equal_scipy_and_a_count_of_all_pairs(rankings: tuple[list[float], list[float]]) -> None:
    label, judge = rankings
    _, tau, agreeing, pairs = parts(label, judge)
    if len(set(label)) == 1 or len(set(judge)) == 1:
        assert tau == UNDEFINED_TAU
    else:
        assert float(tau) == pytest.approx(stats.kendalltau(label, judge).statistic, rel=0, abs=1e-12)
    both = list(combinations(range(len(label)), 2))
    alike = [np.sign(label[i] - label[j]) == np.sign(judge[i] - judge[j]) for i, j in both]
    assert (int(agreeing), int(pairs)) == (sum(alike), len(both))


@settings(deadline=None)
@given(two_rankings(), st.randoms(use_true_random=False))
def test_the_order_in_which_the_answers_stand_does_not_matter(rankings, random) -> None:
    label, judge = rankings
    places = random.sample(range(len(label)), len(label))
    shuffled = ([label[place] for place in places], [judge[place] for place in places])
    assert ranking_outcome(*shuffled) == ranking_outcome(label, judge)


@pytest.mark.parametrize("judge", [None, [5.0, 3.0]], ids=["no judgment", "scores for two of three answers"])
def test_a_judge_without_all_scores_has_not_judged(judge) -> None:
    assert ranking_outcome([9.0, 5.0, 1.0], judge) == FAILED


def test_the_figures_of_four_comparisons_by_hand() -> None:
    outcomes = [
        ranking_outcome([9, 5, 1], [8, 6, 2]),  # right, tau 1, 3 of 3 pairs
        ranking_outcome([9, 5, 1], [2, 6, 8]),  # wrong, tau -1, 0 of 3
        ranking_outcome([9, 5, 3, 1], [9, 9, 9, 9]),  # wrong, no tau, 0 of 6
        ranking_outcome([9, 5, 1], "A"),  # right, no tau, no pairs
        FAILED,
    ]
    found = found_by(outcomes)
    top, tau, pairs = (found[metric] for metric in ("top_1_agreement", "mean_kendall_tau", "induced_pair_agreement"))
    assert (value(top), top.n, top.asked) == (2 / 4, 4, 5)
    assert (top.if_wrong, top.if_right) == (2 / 5, 3 / 5)
    assert (value(tau), tau.n, tau.asked) == (0.0, 2, 5)
    assert (value(pairs), pairs.n, pairs.asked) == (3 / 12, 3, 5)


def test_replicates_weigh_comparisons_as_they_were_drawn() -> None:
    good, bad = ranking_outcome([3, 2, 1], [3, 2, 1]), ranking_outcome([3, 2, 1], [1, 2, 3])
    table = Table({good: np.array([1.0, 3.0, 0.0, 0.0]), bad: np.array([1.0, 1.0, 2.0, 0.0])})
    found = {figure.metric: figure.replicates for figure in figures(table)}
    np.testing.assert_array_equal(found["top_1_agreement"], [0.5, 0.75, 0.0, np.nan])
    np.testing.assert_array_equal(found["mean_kendall_tau"], [0.0, 0.5, -1.0, np.nan])
    np.testing.assert_array_equal(found["induced_pair_agreement"], [0.5, 0.75, 0.0, np.nan])


@pytest.mark.parametrize(
    ("outcomes", "metric", "reason"),
    [
        pytest.param([FAILED], "top_1_agreement", NOTHING_JUDGED, id="every judgment failed"),
        pytest.param([], "mean_kendall_tau", NOTHING_JUDGED, id="no comparison at all"),
        pytest.param([ranking_outcome([9, 5, 1], [4, 4, 4])], "mean_kendall_tau", NO_ORDER, id="a level judge"),
        pytest.param([ranking_outcome([9, 5, 1], "A")], "induced_pair_agreement", NO_PAIRS, id="verdicts only"),
    ],
)
def test_what_cannot_be_said_has_its_reason(outcomes, metric, reason) -> None:
    found = found_by(outcomes)[metric].estimate(questions=1)
    assert (found.value, found.reason) == (None, reason)
