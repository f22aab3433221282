"""Verdicts against labels where judgments failed: the bounds of every figure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pairwise_rows import (
    COUNTS,
    WITH_VERDICTS,
    Row,
    found_by,
    resolved,
    shown,
    table_of,
    value,
)

from judgelake.measures.conventions import SCORED, FailureRule, SwapRule
from judgelake.measures.figure import Figure
from judgelake.measures.rules import CLASSES, VERDICTS


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
