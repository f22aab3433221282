"""Verdicts against labels: by hand, against scikit-learn, and against the published figures."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, cohen_kappa_score, precision_recall_fscore_support

from judgelake.measures.conventions import SCORED, FailureRule, SwapRule
from judgelake.measures.figure import Figure
from judgelake.measures.pairwise import AGREEMENT_OF, figures, scored_figures
from judgelake.measures.rules import CLASSES, VERDICTS, PairCounts, combined
from judgelake.measures.table import SEPARATOR, Table

Row = tuple[str, str, str]
"""Label, verdict in order AB, verdict in order BA; for a rule of `SCORED` its one verdict comes first."""
ROWS = list(product(CLASSES, VERDICTS, VERDICTS))
WITH_VERDICTS = [rule for rule in SwapRule if rule is not SwapRule.BOTH_RIGHT]


def table_of(rows: Iterable[Row] | Mapping[Row, Sequence[int] | int]) -> Table:
    counts = rows if isinstance(rows, Mapping) else Counter(rows)
    return Table({SEPARATOR.join(row): np.atleast_1d(np.array(n, dtype=np.float64)) for row, n in counts.items()})


def found_by(table: Table, rule: SwapRule, failures: FailureRule) -> dict[tuple[str, str | None], Figure]:
    of_rule = [figure for figure in made_by(table, rule, failures) if figure.swap_rule in (rule, None)]
    return {(figure.metric, figure.subject): figure for figure in of_rule}


def made_by(table: Table, rule: SwapRule, failures: FailureRule) -> list[Figure]:
    if rule in SCORED:
        return list(scored_figures(of_one_verdict(table), rule, failures))
    return list(figures(table, [rule], failures))


def of_one_verdict(table: Table) -> Table:
    """The same table without the verdicts in order BA, as it is counted for a rule of `SCORED`."""
    counts: dict[str, Any] = {}
    for outcome, count in table.counts.items():
        name = outcome.rpartition(SEPARATOR)[0]
        counts[name] = counts.get(name, 0) + count
    return Table(counts)


def agreement_of(rule: SwapRule) -> str:
    """The name of the agreement by a rule."""
    return AGREEMENT_OF.get(rule, "agreement")


def value(found: Mapping[tuple[str, str | None], Figure], metric: str, subject: str | None = None) -> float | None:
    return found[metric, subject].estimate(questions=1).value


def shown(own: str, reversed_: str, label: str = "A") -> Row:
    return label, own, reversed_


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


COUNTS = st.dictionaries(st.sampled_from(ROWS), st.integers(1, 40), min_size=1, max_size=25)


def resolved(rows: Mapping[Row, int], rule: SwapRule, failures: FailureRule) -> tuple[list[str], list[str]]:
    """Labels and verdicts of the judged comparisons, one by one, by rules written down a second time.

    For the mean both verdicts of each comparison.
    """
    labels, verdicts = [], []
    for (label, *said), n in rows.items():
        own, back = ("tie" if failures is FailureRule.TIE and one == "failed" else one for one in said)
        of_one = {SwapRule.FIRST: [own], SwapRule.SECOND: [back]} | {scored: [own] for scored in SCORED}
        needed = of_one.get(rule, [own, back])
        if "not_asked" in needed or ("failed" in needed and failures is FailureRule.LEFT_OUT):
            continue
        if rule is SwapRule.MEAN:
            labels += [label] * 2 * n
            verdicts += (["failed"] * 2 if "failed" in needed else [own, back]) * n
            continue
        both = "tie" if rule is SwapRule.TIE else own if "tie" in needed else "tie"
        verdict = "failed" if "failed" in needed else needed[0] if len(set(needed)) == 1 else both
        if rule is SwapRule.STRICT and len(set(needed)) == 2 and verdict != "failed":
            continue
        labels += [label] * n
        verdicts += [verdict] * n
    return labels, verdicts


@settings(deadline=None, max_examples=40)
@given(COUNTS, st.sampled_from(WITH_VERDICTS), st.sampled_from(FailureRule))
def test_every_figure_is_what_scikit_learn_makes_of_the_same_rows(
    rows: dict[Row, int], rule: SwapRule, failures: FailureRule
) -> None:
    labels, verdicts = resolved(rows, rule, failures)
    found = found_by(table_of(rows), rule, failures)
    assert found[agreement_of(rule), None].n == len(labels) // (2 if rule is SwapRule.MEAN else 1)
    if not labels:
        return
    classes = [name for name in CLASSES if name in labels or name in verdicts]
    assert value(found, agreement_of(rule)) == pytest.approx(accuracy_score(labels, verdicts), abs=1e-12)
    for average in ("macro", "weighted", None):
        # A class that only verdicts name is not averaged.
        of = [name for name in classes if name in labels] if average == "macro" else classes
        scores = precision_recall_fscore_support(labels, verdicts, labels=of, average=average, zero_division=0)
        for metric, of_metric in zip(("precision", "recall", "f1"), scores[:3], strict=True):
            # Of one class 0 / 0 is no number here, where scikit-learn says 0 as it does for the means over classes.
            ours = [value(found, metric, name) or 0.0 for name in classes] if average is None else None
            ours = value(found, f"{average}_{metric}") if ours is None else ours
            assert ours == pytest.approx(of_metric if average else list(of_metric), abs=1e-12)
    if len({*labels, *verdicts}) > 1:
        assert value(found, "cohen_kappa") == pytest.approx(cohen_kappa_score(labels, verdicts), abs=1e-12)


@settings(deadline=None, max_examples=50)
@given(COUNTS, st.sampled_from(SwapRule), st.sampled_from(FailureRule))
def test_all_that_was_asked_is_judged_or_failed_or_abstained(
    rows: dict[Row, int], rule: SwapRule, failures: FailureRule
) -> None:
    counts = PairCounts.of(table_of(rows))
    found = combined(counts, rule, failures)
    assert found.judged + found.failed + found.abstained == found.asked
    left_out = combined(counts, rule, FailureRule.LEFT_OUT)
    assert found.asked == left_out.asked


@settings(deadline=None, max_examples=50)
@given(COUNTS, st.sampled_from(SwapRule), st.sampled_from(FailureRule))
def test_the_bounds_are_the_figure_were_every_failed_judgment_wrong_and_were_every_one_the_label(
    rows: dict[Row, int], rule: SwapRule, failures: FailureRule
) -> None:
    found = found_by(table_of(rows), rule, failures)
    mended: Counter[Row] = Counter()
    for (label, *said), n in rows.items():
        mended[(label, *(label if one == "failed" else one for one in said))] += n  # type: ignore[index]
    wrong = found_by(table_of(rows), rule, FailureRule.WRONG)
    right = found_by(table_of(mended), rule, FailureRule.LEFT_OUT)
    for (metric, _), figure in found.items():
        if metric.startswith(("agreement", "weighted_recall", "average", "both_right")):
            assert figure.if_wrong == pytest.approx(value(wrong, metric), abs=1e-12)
            # A tie of two wrong verdicts is one more way to be right.
            if rule is not SwapRule.FOLLOW_FIRST:
                assert figure.if_right == pytest.approx(value(right, metric), abs=1e-12)


CLASS_METRICS = ("precision", "recall", "f1")
MEANS = tuple(f"{mean}_{name}" for mean in ("macro", "weighted") for name in CLASS_METRICS)
BOUNDED = ("agreement", "agreement_when_consistent", *CLASS_METRICS, *MEANS)


def with_verdicts(rows: Mapping[Row, int], draw: Callable[[], str]) -> Counter[Row]:
    """The rows, each of their comparisons with a verdict drawn for each judgment that failed."""
    filled: Counter[Row] = Counter()
    for (label, *said), n in rows.items():
        for _ in range(n):
            filled[(label, *(draw() if one == "failed" else one for one in said))] += 1  # type: ignore[index]
    return filled


def assert_within(figure: Figure, found: float | None) -> None:
    if found is not None:
        assert figure.if_wrong is None or figure.if_wrong <= found + 1e-12, (figure.metric, figure.subject)
        assert figure.if_right is None or found <= figure.if_right + 1e-12, (figure.metric, figure.subject)


MOSTLY_FAILED = st.dictionaries(
    st.tuples(st.sampled_from(CLASSES), *[st.sampled_from((*VERDICTS, "failed", "failed"))] * 2),
    st.integers(1, 4),
    min_size=1,
    max_size=12,
)


@settings(deadline=None, max_examples=150)
@given(MOSTLY_FAILED, st.sampled_from(WITH_VERDICTS), st.randoms(use_true_random=False))
def test_whatever_the_failed_judgments_had_said_every_figure_lies_within_its_bounds(rows, rule, random) -> None:
    bounds = found_by(table_of(rows), rule, FailureRule.LEFT_OUT)
    said = found_by(table_of(with_verdicts(rows, lambda: random.choice(CLASSES))), rule, FailureRule.LEFT_OUT)
    for place, figure in bounds.items():
        if figure.metric in BOUNDED and place in said:
            assert_within(figure, value(said, *place))


@settings(deadline=None, max_examples=150)
@given(MOSTLY_FAILED, st.sampled_from(WITH_VERDICTS), st.sampled_from(FailureRule))
def test_the_bounds_hold_what_they_bound_and_do_not_depend_on_the_failure_rule(rows, rule, failures) -> None:
    found = found_by(table_of(rows), rule, failures)
    left_out = found_by(table_of(rows), rule, FailureRule.LEFT_OUT)
    # Two orders of which one is wrong may make a comparison wrong that the figure leaves out.
    may_lie_above = failures is FailureRule.LEFT_OUT and rule in (SwapRule.TIE, SwapRule.FOLLOW_FIRST, SwapRule.MEAN)
    for place, figure in found.items():
        if figure.metric in BOUNDED:
            assert_within(replace(figure, if_right=None) if may_lie_above else figure, value(found, *place))
            if place in left_out and left_out[place].replicates is not None and figure.replicates is not None:
                of_left_out = left_out[place]
                assert (figure.if_wrong, figure.if_right) == (of_left_out.if_wrong, of_left_out.if_right)


@settings(deadline=None, max_examples=80)
@given(MOSTLY_FAILED, st.sampled_from([SwapRule.FIRST, SwapRule.SECOND, *SCORED]))
def test_the_figures_of_a_class_are_at_their_upper_bound_where_every_failed_judgment_gives_the_label(rows, rule):
    mended: Counter[Row] = Counter()
    for (label, *said), n in rows.items():
        mended[(label, *(label if one == "failed" else one for one in said))] += n  # type: ignore[index]
    bounds, right = (
        found_by(table_of(rows), rule, FailureRule.LEFT_OUT),
        found_by(table_of(mended), rule, FailureRule.LEFT_OUT),
    )
    for place, figure in bounds.items():
        if figure.metric in CLASS_METRICS and figure.replicates is not None:
            assert figure.if_right == pytest.approx(value(right, *place), abs=1e-12)
        if figure.metric in ("macro_precision", "macro_recall", "macro_f1"):
            best = value(right, *place)
            assert figure.if_right is None or figure.if_right >= best - 1e-12
            # A class with labels of failed judgments alone may also not be averaged, which can be higher.
            if set(resolved(rows, rule, FailureRule.LEFT_OUT)[0]) == set(resolved(mended, rule, FailureRule.WRONG)[0]):
                assert figure.if_right == pytest.approx(best, abs=1e-12)


@pytest.mark.parametrize(
    ("metric", "subject", "if_wrong", "if_right"),
    [
        # Label A: 4 met, 1 named B, 2 failed. Label B: 3 met, 3 failed.
        pytest.param("precision", "A", 4 / (4 + 3), 6 / 6, id="precision of A: B's failures may name it"),
        pytest.param("recall", "A", 4 / 7, 6 / 7, id="recall of A: its own failures may miss it"),
        pytest.param("f1", "A", 8 / (7 + 4 + 3), 12 / (7 + 6), id="F1 of A: both"),
        pytest.param("precision", "B", 3 / (4 + 2), 6 / 7, id="precision of B"),
        pytest.param("macro_precision", None, (4 / 7 + 3 / 6) / 2, (1 + 6 / 7) / 2, id="macro precision"),
        pytest.param("macro_recall", None, (4 / 7 + 3 / 6) / 2, (6 / 7 + 1) / 2, id="macro recall"),
        pytest.param("weighted_recall", None, 7 / 13, 12 / 13, id="weighted recall is agreement"),
    ],
)
def test_a_wrong_verdict_names_some_class(metric, subject, if_wrong, if_right) -> None:
    rows = {
        shown("A", "not_asked"): 4,
        shown("B", "not_asked"): 1,
        shown("failed", "not_asked"): 2,
        shown("B", "not_asked", label="B"): 3,
        shown("failed", "not_asked", label="B"): 3,
    }
    for failures in FailureRule:
        figure = found_by(table_of(rows), SwapRule.FIRST, failures)[metric, subject]
        assert (figure.if_wrong, figure.if_right) == pytest.approx((if_wrong, if_right), abs=1e-12)


def test_two_wrong_verdicts_can_make_the_right_tie_where_the_first_order_is_followed() -> None:
    rows = {shown("A", "failed", label="tie"): 1, shown("A", "A"): 1}
    agreement = found_by(table_of(rows), SwapRule.FOLLOW_FIRST, FailureRule.LEFT_OUT)["agreement", None]
    assert (agreement.if_wrong, agreement.if_right) == (0.5, 1.0)


REPLICATES = st.dictionaries(
    st.sampled_from(ROWS), st.lists(st.integers(0, 9), min_size=3, max_size=3), min_size=1, max_size=25
)


# With questions left out, they are about the classes that occur, or the label that is most frequent, in all the data.
CLASSES_OF_THE_DATA = {"baseline_chance", "baseline_majority"}


def classes_of(made: Iterable[Figure]) -> set[str | None]:
    """The classes of the labels."""
    return {one.subject for one in made if one.metric == "recall" and one.base[0]}


@settings(deadline=None, max_examples=25)
@given(REPLICATES, st.sampled_from(SwapRule), st.sampled_from(FailureRule))
def test_each_replicate_is_the_figure_of_its_own_counts(
    rows: dict[Row, list[int]], rule: SwapRule, failures: FailureRule
) -> None:
    together = list(made_by(table_of(rows), rule, failures))
    for place in range(3):
        alone = table_of({row: count[place] for row, count in rows.items()})
        of_alone = {(f.metric, f.subject, f.swap_rule): f for f in made_by(alone, rule, failures)}
        for figure in together:
            own = of_alone.get((figure.metric, figure.subject, figure.swap_rule))
            # A mean over classes is over those of the data, in every replicate.
            if figure.metric.startswith("macro") and classes_of(together) != classes_of(of_alone.values()):
                continue
            # A class that does not occur has no figures of its own.
            if figure.metric in CLASSES_OF_THE_DATA:
                continue
            if own is not None and figure.replicates is not None and own.replicates is not None:
                np.testing.assert_array_equal(figure.replicates[place], own.replicates[0])


def golden_entry(shared: Path, judge: str) -> dict[str, Any]:
    entries = json.loads((shared / "golden" / "published_metrics.json").read_text("utf-8"))["entries"]
    return next(one for one in entries if one["judge"] == judge)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


SKLEARN_NAMES = {
    "accuracy": "agreement",
    **{f"{kind}_{name}": f"{kind}_{name}" for kind in ("macro", "weighted") for name in ("precision", "recall", "f1")},
    "precision": "macro_precision",
    "recall": "macro_recall",
    "f1": "macro_f1",
    "cohen_kappa": "cohen_kappa",
}


def assert_equal_to(golden: Mapping[str, float], found: Mapping[tuple[str, str | None], Figure]) -> None:
    named = {name: expected for name, expected in golden.items() if name in SKLEARN_NAMES}
    assert len(named) >= 4
    for name, expected in named.items():
        assert value(found, SKLEARN_NAMES[name]) == pytest.approx(expected, abs=1e-12), name


def test_pandalm_figures_of_gpt_3_5_are_the_published_ones(shared: Path) -> None:
    golden = golden_entry(shared, "gpt-3.5-turbo")
    folder = shared / "data" / "pandalm"
    labels = json.loads((folder / "testset-v1.json").read_text("utf-8"))
    verdicts = json.loads((folder / "gpt-3.5-turbo-testset-v1.json").read_text("utf-8"))
    names = {"0": "tie", "1": "A", "2": "B", "Tie": "tie", "garbage": "failed"}
    rows = [
        shown(
            names[verdict["gpt_result"]],
            "not_asked",
            label=names[str(Counter(row[f"annotator{one}"] for one in (1, 2, 3)).most_common(1)[0][0])],
        )
        for row, verdict in zip(labels, verdicts, strict=True)
    ]
    found = found_by(table_of(rows), SwapRule.FIRST, FailureRule.TIE)
    assert_equal_to(golden["recomputed"], found)
    order = ("tie", "A", "B")
    cells = [[value(found, "confusion", f"{label}>{verdict}") for verdict in order] for label in order]
    assert cells == golden["confusion_rows_true012_cols_pred012"]


def autoj_rows(shared: Path) -> list[Row]:
    folder = shared / "data" / "autoj"
    names = {0: "A", 1: "B", 2: "tie"}
    back = {0: "B", 1: "A", 2: "tie"}
    files = ("testdata_pairwise", "pairwise_example_output", "pairwise_exchange_example_output")
    return [
        (names[row["label"]], names[own["output"]], back[reversed_["output"]])
        for row, own, reversed_ in zip(*(lines(folder / f"{name}.jsonl") for name in files), strict=True)
    ]


def test_auto_j_figures_are_the_published_ones(shared: Path) -> None:
    golden = golden_entry(shared, "Auto-J-13B")["recomputed"]
    table = table_of(autoj_rows(shared))
    for rule, name in ((SwapRule.FIRST, "first_order"), (SwapRule.SECOND, "swapped_order_unswapped")):
        assert_equal_to(golden[f"sklearn_{name}"], found_by(table, rule, FailureRule.LEFT_OUT))
    both = value(found_by(table, SwapRule.BOTH_RIGHT, FailureRule.LEFT_OUT), "agreement")
    assert both is not None
    assert round(100 * both, 2) == golden["per_group"]["Overall"]["agreement_both"] == 54.96


@pytest.mark.parametrize("name", ["llmbar_GPT-4_Vanilla", "autoj_pairwise"])
def test_judgelm_figures_are_those_of_its_own_script(shared: Path, name: str) -> None:
    golden = golden_entry(shared, name)
    folder = shared / "golden" / "judgelm_eval"
    names = {"10 1": "A", "1 10": "B", "5 5": "tie", "": "failed"}
    rows = [
        shown(names[own["pred_text"]], "not_asked", label=names[label["text"]])
        for label, own in zip(lines(folder / f"{name}.gt.jsonl"), lines(folder / f"{name}.pred.jsonl"), strict=True)
    ]
    assert_equal_to(golden["recomputed"], found_by(table_of(rows), SwapRule.FIRST, FailureRule.TIE))


def test_llmbar_figures_of_all_sets_and_evaluators_are_the_published_ones(shared: Path) -> None:
    names = {"1": "A", "2": "B", None: "failed"}
    winners = lines(shared / "data" / "llmbar" / "published_winners.jsonl")
    published = json.loads((shared / "golden" / "llmbar_metrics.json").read_text("utf-8"))
    assert len(published) == 15
    for golden in published:
        rows = [
            shown(names[row["winner_first"]], names[row["winner_swapped"]], label=names[str(row["label"])])
            for row in winners
            if (row["set"], row["evaluator"]) == (golden["dataset"], golden["evaluator"])
        ]
        first, second = (
            found_by(table_of(rows), rule, FailureRule.WRONG) for rule in (SwapRule.FIRST, SwapRule.SECOND)
        )
        assert first["agreement", None].n == golden["n"]
        for found, order in ((first, "first"), (second, "swapped")):
            assert_equal_to(golden[f"sk_{order}"], found)
            assert value(found, "agreement") == pytest.approx(golden[f"accuracy_{order}"], abs=1e-12)
            assert value(found, "cohen_kappa") == pytest.approx(golden[f"true_kappa_{order}"], abs=1e-12)
        assert value(first, "average_accuracy") == pytest.approx(golden["accuracy_average"], abs=1e-12)
        both = found_by(table_of(rows), SwapRule.BOTH_RIGHT, FailureRule.WRONG)
        assert value(both, "both_right_accuracy") == pytest.approx(golden["accuracy_both"], abs=1e-12)
