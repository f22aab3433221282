"""Verdicts against labels: how rules make one verdict of two, what counts, and the reason where there is no number."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from pairwise_rows import (
    Row,
    agreement_of,
    found_by,
    shown,
    table_of,
    value,
)

from judgelake.measures.conventions import FailureRule, SwapRule
from judgelake.measures.pairwise import figures
from judgelake.measures.rules import CLASSES, PairCounts, combined
from judgelake.measures.table import SEPARATOR, Table


@pytest.mark.parametrize(
    ("rule", "own", "reversed_", "verdict"),
    [
        pytest.param(SwapRule.FIRST, "A", "B", "A", id="the original order only"),
        pytest.param(SwapRule.SECOND, "A", "B", "B", id="the reversed order only"),
        pytest.param(SwapRule.STRICT, "A", "A", "A", id="strict, both orders alike"),
        pytest.param(SwapRule.STRICT, "A", "B", "abstained", id="strict, another answer"),
        pytest.param(SwapRule.STRICT, "A", "tie", "abstained", id="strict, a tie in one order"),
        pytest.param(SwapRule.TIE, "A", "B", "tie", id="tie, another answer"),
        pytest.param(SwapRule.TIE, "tie", "B", "tie", id="tie, a tie in one order"),
        pytest.param(SwapRule.FOLLOW_FIRST, "A", "B", "tie", id="PandaLM, the first place named twice"),
        pytest.param(SwapRule.FOLLOW_FIRST, "B", "A", "tie", id="PandaLM, the second place named twice"),
        pytest.param(SwapRule.FOLLOW_FIRST, "A", "tie", "A", id="PandaLM, a tie in the second order"),
        pytest.param(SwapRule.FOLLOW_FIRST, "tie", "B", "tie", id="PandaLM, a tie in the first order"),
        pytest.param(SwapRule.FOLLOW_FIRST, "B", "B", "B", id="PandaLM, both orders alike"),
        pytest.param(SwapRule.STRICT, "A", "failed", "failed", id="strict, one order failed"),
        pytest.param(SwapRule.TIE, "failed", "A", "failed", id="tie, one order failed"),
        pytest.param(SwapRule.FOLLOW_FIRST, "A", "failed", "failed", id="PandaLM, one order failed"),
        pytest.param(SwapRule.FIRST, "A", "failed", "A", id="the other order's failure does not matter"),
        pytest.param(SwapRule.STRICT, "A", "not_asked", "not_asked", id="both are needed, one was asked"),
        pytest.param(SwapRule.FIRST, "not_asked", "A", "not_asked", id="the original order was not asked"),
    ],
)
def test_the_swap_rule_makes_one_verdict_of_two(rule: SwapRule, own: str, reversed_: str, verdict: str) -> None:
    found = combined(PairCounts.of(table_of([shown(own, reversed_)])), rule, FailureRule.LEFT_OUT)
    assert found.confusion is not None
    expected = np.array([[verdict == "A", verdict == "B", verdict == "tie", False], [False] * 4, [False] * 4])
    assert np.array_equal(found.confusion[..., 0], expected)
    counted = (found.judged[0], found.failed[0], found.abstained[0], found.asked[0])
    assert counted == (verdict in CLASSES, verdict == "failed", verdict == "abstained", verdict != "not_asked")


@pytest.mark.parametrize(
    ("own", "reversed_", "failures", "counted"),
    [
        pytest.param("A", "A", FailureRule.LEFT_OUT, {"A": 1}, id="both alike"),
        pytest.param("A", "B", FailureRule.LEFT_OUT, {"A": 0.5, "B": 0.5}, id="each one half"),
        pytest.param("A", "failed", FailureRule.LEFT_OUT, {}, id="one failed, so the other would count alone"),
        pytest.param("A", "failed", FailureRule.WRONG, {"failed": 1}, id="a failure makes both orders wrong"),
        pytest.param("A", "failed", FailureRule.TIE, {"A": 0.5, "tie": 0.5}, id="the order that failed is a tie"),
        pytest.param("A", "not_asked", FailureRule.WRONG, {}, id="one order was not asked"),
    ],
)
def test_the_mean_counts_each_order_one_half(own, reversed_, failures, counted) -> None:
    found = combined(PairCounts.of(table_of([shown(own, reversed_)])), SwapRule.MEAN, failures)
    assert found.confusion is not None
    assert found.confusion[0, :, 0].tolist() == [counted.get(one, 0) for one in ("A", "B", "tie", "failed")]
    assert found.asked[0] == ("not_asked" not in (own, reversed_))


def test_one_verdict_of_both_orders_counts_whatever_the_orders_say() -> None:
    table = table_of([shown("A", "not_asked"), shown("tie", "not_asked"), shown("not_asked", "A")])
    found = found_by(table, SwapRule.AVERAGE, FailureRule.LEFT_OUT)
    assert value(found, "agreement") == 0.5
    assert found["agreement", None].asked == 2


def test_agreement_where_both_orders_agree_is_a_metric_of_its_own() -> None:
    table = table_of([shown("A", "A"), shown("A", "B"), shown("B", "B")])
    found = {figure.metric: figure for figure in figures(table, [SwapRule.STRICT], FailureRule.LEFT_OUT)}
    assert "agreement" not in found
    assert found["agreement_when_consistent"].estimate(1).value == 0.5
    assert found["agreement_when_consistent"].coverage == 2 / 3


def of_position_and_quality(share_a: float, follows_first: float = 0.4, right: float = 0.7) -> Table:
    """The expected counts of a judge that looks at the place in a share of comparisons, else is right so often."""
    counts = Counter()
    for label, share in (("A", share_a), ("B", 1 - share_a)):
        other = "B" if label == "A" else "A"
        counts[label, "A", "B"] += share * follows_first
        counts[label, label, label] += share * (1 - follows_first) * right
        counts[label, other, other] += share * (1 - follows_first) * (1 - right)
    return Table({SEPARATOR.join(row): np.array([1000 * n]) for row, n in counts.items()})


@pytest.mark.parametrize(("share_a", "by_first"), [(0.5, 0.62), (0.65, 0.68), (0.8, 0.74)])
def test_the_order_in_which_answers_are_stored_makes_no_agreement_by_the_mean(share_a, by_first) -> None:
    table = of_position_and_quality(share_a)
    assert value(found_by(table, SwapRule.FIRST, FailureRule.LEFT_OUT), "agreement") == pytest.approx(by_first)
    assert value(found_by(table, SwapRule.MEAN, FailureRule.LEFT_OUT), "agreement") == pytest.approx(0.62)


@pytest.mark.parametrize(
    ("own", "reversed_", "right", "judged"),
    [
        pytest.param("A", "A", 1, 1, id="both right"),
        pytest.param("B", "B", 0, 1, id="both wrong"),
        pytest.param("A", "B", 0, 1, id="a disagreement is wrong, not an abstention"),
        pytest.param("A", "failed", 0, 0, id="one failed"),
    ],
)
def test_both_right_needs_the_label_in_both_orders(own: str, reversed_: str, right: int, judged: int) -> None:
    found = combined(PairCounts.of(table_of([shown(own, reversed_)])), SwapRule.BOTH_RIGHT, FailureRule.LEFT_OUT)
    assert (found.confusion, found.right[0], found.judged[0]) == (None, right, judged)


@pytest.mark.parametrize(
    ("rule", "failures", "cell"),
    [
        pytest.param(SwapRule.FIRST, FailureRule.TIE, "tie", id="a failure is a tie"),
        pytest.param(SwapRule.FIRST, FailureRule.WRONG, "failed", id="a failure is wrong and of no class"),
        pytest.param(SwapRule.STRICT, FailureRule.WRONG, "failed", id="one failure makes both orders wrong"),
        pytest.param(SwapRule.FOLLOW_FIRST, FailureRule.TIE, "tie", id="PandaLM, a tie before the orders are combined"),
    ],
)
def test_a_failure_counts_only_as_the_rule_says(rule: SwapRule, failures: FailureRule, cell: str) -> None:
    found = found_by(table_of([shown("failed", "A"), shown("A", "A")]), rule, failures)
    assert value(found, "confusion", f"A>{cell}") == 1
    agreement = found[agreement_of(rule), None]
    assert (agreement.estimate(1).value, agreement.coverage) == (0.5, 1.0)


def test_failures_left_out_lower_the_coverage_and_open_the_bounds() -> None:
    rows = {shown("A", "not_asked"): 6, shown("B", "not_asked"): 2, shown("failed", "not_asked"): 2}
    for failures in FailureRule:
        agreement = found_by(table_of(rows), SwapRule.FIRST, failures)["agreement", None]
        assert (agreement.if_wrong, agreement.if_right) == (0.6, 0.8)
    left_out = found_by(table_of(rows), SwapRule.FIRST, FailureRule.LEFT_OUT)["agreement", None]
    assert (left_out.estimate(1).value, left_out.n, left_out.asked, left_out.coverage) == (0.75, 8, 10, 0.8)


@pytest.mark.parametrize(
    ("rows", "rule", "reason"),
    [
        pytest.param([], SwapRule.FIRST, "no comparison asked of this judge has a label", id="no labels"),
        pytest.param([shown("A", "not_asked")], SwapRule.STRICT, "one order only", id="one order, two needed"),
        pytest.param([shown("not_asked", "A")], SwapRule.FIRST, "original order (AB)", id="the other order"),
        pytest.param([shown("A", "not_asked")], SwapRule.SECOND, "reversed order (BA)", id="the other order, reversed"),
        pytest.param([shown("not_asked", "A")], SwapRule.AVERAGE, "scores in both orders", id="no scores"),
        pytest.param([shown("A", "not_asked")], SwapRule.MEAN, "one order only", id="one order of the mean"),
        pytest.param([shown("failed", "A")], SwapRule.FIRST, "1 without a verdict", id="all failed"),
        pytest.param([shown("A", "B")], SwapRule.STRICT, "1 with another verdict in each order", id="all abstained"),
    ],
)
def test_where_there_is_no_number_there_is_a_reason(rows: list[Row], rule: SwapRule, reason: str) -> None:
    found = found_by(table_of(rows), rule, FailureRule.LEFT_OUT)
    of_all = ("agreement_without_ties", "macro_f1", "weighted_recall", "cohen_kappa", "tie_rate")
    for metric in (agreement_of(rule), *of_all):
        estimate = found[metric, None].estimate(questions=1)
        assert estimate.value is None
        assert reason in (estimate.reason or "")
    assert not [subject for metric, subject in found if metric in ("confusion", "f1")]


def test_one_class_has_agreement_and_no_kappa() -> None:
    found = found_by(table_of([shown("A", "A")] * 3), SwapRule.FIRST, FailureRule.LEFT_OUT)
    assert value(found, "agreement") == value(found, "macro_f1") == 1.0
    assert "one class" in (found["cohen_kappa", None].estimate(1).reason or "")


def test_only_ties_leave_nothing_to_agree_on_without_them() -> None:
    found = found_by(table_of([shown("tie", "tie", label="tie")]), SwapRule.STRICT, FailureRule.LEFT_OUT)
    assert value(found, "agreement_when_consistent") == 1.0
    assert "tie" in (found["agreement_without_ties", None].estimate(1).reason or "")


def test_average_accuracy_looks_at_comparisons_asked_in_both_orders() -> None:
    rows = {shown("A", "A"): 2, shown("A", "B"): 1, shown("B", "failed"): 1, shown("B", "not_asked"): 7}
    average = found_by(table_of(rows), SwapRule.FIRST, FailureRule.LEFT_OUT)["average_accuracy", None]
    assert average.estimate(1).value == pytest.approx((3 / 4 + 2 / 3) / 2)
    assert (average.n, average.asked, average.swap_rule) == (3, 4, None)
    assert average.if_wrong == pytest.approx((3 / 4 + 2 / 4) / 2)
    assert average.if_right == pytest.approx((3 / 4 + 3 / 4) / 2)


def test_a_judge_asked_in_one_order_has_no_average_accuracy_and_a_reason() -> None:
    found = found_by(table_of([shown("A", "not_asked")]), SwapRule.FIRST, FailureRule.LEFT_OUT)
    estimate = found["average_accuracy", None].estimate(1)
    assert estimate.value is None
    assert "one order only" in (estimate.reason or "")
    assert value(found, "agreement") == 1.0


# Two votes on a comparison whose orders disagree (a tie in MT-bench), one each on a tie, a hit and a miss.
MT_BENCH_VOTES = [
    shown("A", "B", label="A"),
    shown("A", "B", label="tie"),
    shown("tie", "tie", label="B"),
    shown("B", "B", label="B"),
    shown("A", "A", label="B"),
]


def test_mt_bench_counts_each_vote_with_ties_and_without() -> None:
    found = found_by(table_of(MT_BENCH_VOTES), SwapRule.TIE, FailureRule.LEFT_OUT)
    with_ties, without_ties = found["agreement_with_ties", None], found["agreement_without_ties", None]
    assert (value(found, "agreement_with_ties"), with_ties.n) == (2 / 5, 5)
    assert (value(found, "agreement_without_ties"), without_ties.n, without_ties.asked) == (1 / 2, 2, 2)


def test_figures_named_after_a_paper_come_once_whatever_the_rules() -> None:
    rules = [SwapRule.FIRST, SwapRule.TIE, SwapRule.BOTH_RIGHT]
    found = Counter(
        (figure.metric, figure.subject, figure.swap_rule)
        for figure in figures(table_of(MT_BENCH_VOTES), rules, FailureRule.LEFT_OUT)
    )
    assert set(found.values()) == {1}
    assert ("average_accuracy", None, None) in found
    assert ("both_right_accuracy", None, "both_right") in found


def test_tie_rates_are_of_verdicts_and_of_labels() -> None:
    rows = {shown("tie", "not_asked"): 1, shown("A", "not_asked", label="tie"): 2, shown("A", "not_asked"): 5}
    found = found_by(table_of(rows), SwapRule.FIRST, FailureRule.LEFT_OUT)
    assert (value(found, "tie_rate"), value(found, "label_tie_rate")) == (1 / 8, 2 / 8)


def test_the_tie_rate_rests_on_verdicts_though_failures_count_as_wrong() -> None:
    rows = {shown("tie", "not_asked"): 2, shown("A", "not_asked"): 3, shown("failed", "not_asked"): 5}
    found = found_by(table_of(rows), SwapRule.FIRST, FailureRule.WRONG)
    assert value(found, "tie_rate") == 2 / 5
    rate = found["tie_rate", None]
    assert (rate.n, rate.asked) == (5, 10)


@pytest.mark.parametrize("failure_rule", FailureRule)
@pytest.mark.parametrize(
    ("swap_rule", "expected", "asked"),
    [
        pytest.param(SwapRule.FIRST, 9 / 12, 12, id="one order"),
        # One order without a verdict leaves the comparison without one, and so do two that differ.
        pytest.param(SwapRule.MEAN, 6 / 8, 8, id="both orders"),
        pytest.param(SwapRule.STRICT, 4 / 8, 8, id="both orders that agree"),
    ],
)
def test_a_failed_judgment_is_no_verdict_whatever_it_counts_as(failure_rule, swap_rule, expected, asked) -> None:
    rows = {
        shown("A", "A"): 4,
        shown("A", "B"): 2,
        shown("A", "failed"): 1,
        shown("failed", "A"): 1,
        shown("A", "not_asked"): 2,
        shown("failed", "not_asked"): 2,
    }
    found = found_by(table_of(rows), swap_rule, failure_rule)
    rate = found["verdict_rate", None]
    assert (value(found, "verdict_rate"), rate.n, rate.asked) == (pytest.approx(expected), asked, asked)
