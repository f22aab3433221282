"""Rankings of three and more answers: one comparison against scipy and by hand, and many of them by hand."""

from __future__ import annotations

import pickle
from collections import Counter
from collections.abc import Sequence
from functools import partial
from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from judgelake.measures.conventions import FailureRule
from judgelake.measures.figure import Figure
from judgelake.measures.rankings import (
    ABSTAINED,
    NO_ORDER,
    NO_PAIRS,
    UNDEFINED_TAU,
    Ranking,
    figures,
    ranked,
    ranking_outcome,
)
from judgelake.measures.scores import NOTHING_JUDGED
from judgelake.measures.table import FAILED, SEPARATOR, Table

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
def test_a_judge_without_all_scores_has_failed_on_all_pairs_of_the_label(judge) -> None:
    assert parts([9.0, 5.0, 1.0], judge) == [FAILED, "3"]


def test_a_label_that_is_a_verdict_has_no_pairs_to_fail_on() -> None:
    assert parts("A", None) == [FAILED, "0"]


# In binary the mean of 1.1 and 2.2 is 1.6500000000000001, and that of 1.5 and 1.8 is 1.65.
HIGHER, LOWER = (1.1 + 2.2) / 2, (1.5 + 1.8) / 2


@pytest.mark.parametrize(
    ("label", "judge"),
    [
        pytest.param([HIGHER, LOWER, 1.0], [5, 5, 1], id="two labels are level"),
        pytest.param([5, 5, 1], [HIGHER, LOWER, 1.0], id="two scores of the judge are level"),
        pytest.param([HIGHER, LOWER, 1.0], [LOWER, HIGHER, 1.0], id="both"),
    ],
)
def test_scores_that_only_rounding_tells_apart_are_level(label, judge) -> None:
    assert parts(label, judge) == ["1", "1.0", "3", "3"]
    assert parts(label, "tie")[0] == "1"


def test_the_figures_of_four_comparisons_by_hand() -> None:
    outcomes = [
        ranking_outcome([9, 5, 1], [8, 6, 2]),  # right, tau 1, 3 of 3 pairs
        ranking_outcome([9, 5, 1], [2, 6, 8]),  # wrong, tau -1, 0 of 3
        ranking_outcome([9, 5, 3, 1], [9, 9, 9, 9]),  # wrong, no tau, 0 of 6
        ranking_outcome([9, 5, 1], "A"),  # right, no tau, no pairs
        ranking_outcome("A", None),
    ]
    found = found_by(outcomes)
    top, tau, pairs = (found[metric] for metric in ("top_1_agreement", "mean_kendall_tau", "induced_pair_agreement"))
    assert (value(top), top.n, top.asked) == (2 / 4, 4, 5)
    assert (top.if_wrong, top.if_right) == (2 / 5, 3 / 5)
    assert (value(tau), tau.n, tau.asked) == (0.0, 2, 5)
    assert (value(pairs), pairs.n, pairs.asked) == (3 / 12, 3, 5)


# Right in all 3 pairs, wrong in all 3, and failed on labels of 3 pairs, of 6 pairs, all level (3), and without pairs.
LABELS: list[Ranking] = [[9, 5, 1], [9, 5, 1], [9, 5, 1], [9, 9, 5, 1], [4, 4, 4], "A", "tie"]
JUDGED: list[Ranking | None] = [[8, 6, 2], [2, 6, 8], None, None, None, None, None]


@pytest.mark.parametrize(
    ("failures", "top_1", "n", "pairs", "n_pairs"),
    [
        pytest.param(FailureRule.LEFT_OUT, 1 / 2, 2, 3 / 6, 2, id="left out"),
        # Level is right where the label is: all three level, and the verdict tie; of 6 pairs one, of 3 all.
        pytest.param(FailureRule.TIE, 3 / 7, 7, (3 + 1 + 3) / 18, 5, id="all level"),
        pytest.param(FailureRule.WRONG, 1 / 7, 7, 3 / 18, 5, id="wrong"),
    ],
)
def test_a_failure_counts_only_as_the_rule_says_and_the_bounds_stay(failures, top_1, n, pairs, n_pairs) -> None:
    found = found_by([ranking_outcome(*both, failures) for both in zip(LABELS, JUDGED, strict=True)])
    top, tau, of_pairs = found["top_1_agreement"], found["mean_kendall_tau"], found["induced_pair_agreement"]
    assert (value(top), top.n, top.asked) == (top_1, n, 7)
    assert (top.if_wrong, top.if_right) == (1 / 7, 6 / 7)
    assert (value(tau), tau.n) == (0.0, 2)
    assert (value(of_pairs), of_pairs.n, of_pairs.asked) == (pairs, n_pairs, 7)
    assert (of_pairs.if_wrong, of_pairs.if_right) == (3 / 18, (3 + 3 + 6 + 3) / 18)


@settings(deadline=None, max_examples=60)
@given(st.lists(two_rankings(), min_size=1, max_size=4), st.lists(two_rankings(), min_size=1, max_size=4))
def test_whatever_the_failed_judgments_had_said_the_rates_lie_within_their_bounds(judged, failed) -> None:
    kept = [ranking_outcome(*both) for both in judged]
    for failures in FailureRule:
        bounds = found_by([*kept, *(ranking_outcome(label, None, failures) for label, _ in failed)])
        said = found_by([*kept, *(ranking_outcome(*both) for both in failed)])
        for metric in ("top_1_agreement", "induced_pair_agreement"):
            for found in (value(said[metric]), value(bounds[metric])):
                assert bounds[metric].if_wrong - 1e-12 <= found <= bounds[metric].if_right + 1e-12


def test_a_judge_that_only_names_the_best_orders_no_pairs_where_it_failed() -> None:
    outcomes = [ranking_outcome([9, 5, 1], judge, FailureRule.WRONG) for judge in ("A", None)]
    found = found_by(outcomes)["induced_pair_agreement"]
    assert (found.estimate(1).value, found.estimate(1).reason, found.n) == (None, NO_PAIRS, 0)
    assert value(found_by(outcomes)["top_1_agreement"]) == 1 / 2


def test_a_judge_that_always_failed_has_what_its_failures_count_as() -> None:
    found = found_by([ranking_outcome([9, 5, 1], None, FailureRule.WRONG)])
    assert [value(found[metric]) for metric in ("top_1_agreement", "induced_pair_agreement")] == [0.0, 0.0]
    assert found["mean_kendall_tau"].estimate(1).reason == NO_ORDER


def test_rows_become_outcomes_by_the_failure_rule_in_workers_too() -> None:
    scores = pa.list_(pa.float64())
    rows = pa.RecordBatch.from_pydict(
        {
            "bucket": pa.array([0, 1, 2, 3], pa.int32()),
            "question_key": [1, 2, 3, 4],
            "group": pa.array([0] * 4, pa.int32()),
            "slices": pa.array([[0]] * 4, pa.list_(pa.int32())),
            "label_scores": pa.array([[9.0, 5.0, 1.0], [9.0, 5.0, 1.0], None, [9.0, 5.0, 1.0]], scores),
            "label_verdict": pa.array([None] * 4, pa.string()),
            "judge_scores": pa.array([[8.0, 6.0, 2.0], None, None, None], scores),
            "judge_verdict": pa.array([None, None, "A", None], pa.string()),
            "judge_abstains": [False, False, False, True],
        }
    )
    for failures, failed in (
        (FailureRule.LEFT_OUT, [FAILED, "3"]),
        (FailureRule.WRONG, [FAILED, "0", "undefined", "0", "3"]),
    ):
        count = pickle.loads(pickle.dumps(partial(ranked, failure_rule=failures)))
        (found,) = count(iter([rows]))
        assert found["question_key"].to_pylist() == [1, 2, 4]
        expected = [["1", "1.0", "3", "3"], failed, [ABSTAINED]]
        assert [text.split(SEPARATOR) for text in found["outcome"].to_pylist()] == expected


@pytest.mark.parametrize("failures", FailureRule)
def test_a_judge_that_abstains_has_not_failed(failures: FailureRule) -> None:
    outcomes = [ranking_outcome("A", "A", failures)] * 4 + [ABSTAINED] * 2
    best = found_by(outcomes)["top_1_agreement"]
    assert (value(best), best.n, best.asked) == (1, 4, 6)
    assert (best.if_wrong, best.if_right) == (1, 1)


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
        pytest.param([ranking_outcome("A", None)], "top_1_agreement", NOTHING_JUDGED, id="every judgment failed"),
        pytest.param([], "mean_kendall_tau", NOTHING_JUDGED, id="no comparison at all"),
        pytest.param([ranking_outcome([9, 5, 1], [4, 4, 4])], "mean_kendall_tau", NO_ORDER, id="a level judge"),
        pytest.param([ranking_outcome([9, 5, 1], "A")], "induced_pair_agreement", NO_PAIRS, id="verdicts only"),
    ],
)
def test_what_cannot_be_said_has_its_reason(outcomes, metric, reason) -> None:
    found = found_by(outcomes)[metric].estimate(questions=1)
    assert (found.value, found.reason) == (None, reason)
