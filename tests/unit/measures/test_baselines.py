"""What trivial judges reach, against judges that really are trivial, counted by hand or by the measures themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgelake.measures import SCORED, FailureRule, SwapRule
from judgelake.measures.families import (
    CLASSES,
    SEPARATOR,
    Figure,
    Table,
    longer_figures,
    pair_figures,
    scored_pair_figures,
)

LABELS = st.lists(st.sampled_from(CLASSES), min_size=1, max_size=30)
RULES = st.sampled_from(SwapRule)
OF_RULE = {"baseline_chance", "baseline_majority", "baseline_first"}


def table_of(rows: Iterable[tuple[str, ...]]) -> Table:
    return Table({SEPARATOR.join(row): np.array([float(n)]) for row, n in Counter(rows).items()}, questions=9)


def figures_of(
    rows: Iterable[tuple[str, ...]], rule: SwapRule, failure_rule: FailureRule = FailureRule.LEFT_OUT
) -> dict[str, Figure]:
    """Agreement and baselines by the rule, by name; of rows of label, verdict in either order, and that of both."""
    if rule in SCORED:
        return named(
            scored_pair_figures(table_of((label, both) for label, _, _, both in rows), rule, failure_rule), rule
        )
    return named(pair_figures(table_of(row[:3] for row in rows), [rule], failure_rule), rule)


def named(figures: Iterable[Figure], rule: SwapRule) -> dict[str, Figure]:
    wanted = {one.metric: one for one in figures if one.swap_rule == rule and one.subject is None}
    agreement = wanted.get("agreement_when_consistent" if rule is SwapRule.STRICT else "agreement")
    return {metric: wanted[metric] for metric in OF_RULE} | {"agreement": agreement}


def beside(labels: Iterable[str], rule: SwapRule) -> dict[str, Figure]:
    """The baselines beside a judge with a verdict on all comparisons."""
    return figures_of([(label, "A", "A", "A") for label in labels], rule)


def value(figure: Figure) -> float | None:
    return figure.estimate(9).value


@settings(deadline=None)
@given(LABELS, RULES)
def test_always_the_first_place_reaches_what_such_a_judge_does(labels, rule):
    judge = figures_of([(label, "A", "B", "tie") for label in labels], rule)["agreement"]
    found = beside(labels, rule)["baseline_first"]
    assert value(found) == pytest.approx(value(judge))
    if rule is SwapRule.STRICT:
        assert "no verdict" in (found.estimate(9).reason or "")


@settings(deadline=None)
@given(LABELS, RULES)
def test_the_most_frequent_label_reaches_what_such_a_judge_does(labels, rule):
    ((most, _), *_) = Counter(sorted(labels, key=CLASSES.index)).most_common()
    judge = figures_of([(label, most, most, most) for label in labels], rule)["agreement"]
    assert value(beside(labels, rule)["baseline_majority"]) == pytest.approx(value(judge))


@settings(deadline=None)
@given(LABELS, RULES)
def test_guessing_reaches_what_a_judge_does_that_says_everything_as_often(labels, rule):
    frequent = [one for one in CLASSES if labels.count(one) >= 10]
    classes = frequent if len(frequent) > 1 else sorted(set(labels))
    if len(classes) == 1:
        assert "nothing to guess" in (beside(labels, rule)["baseline_chance"].estimate(9).reason or "")
        return
    # In each order anew, or once where one verdict is made of both.
    rows = [(label, own, back, back) for label in labels for own, back in product(classes, repeat=2)]
    judge = figures_of(rows, rule)["agreement"]
    assert value(beside(labels, rule)["baseline_chance"]) == pytest.approx(value(judge))


def test_on_two_balanced_classes_every_baseline_is_about_one_half():
    # The 419 comparisons of LLMBar's adversarial sets: 206 labels A, 213 labels B.
    found = beside(["A"] * 206 + ["B"] * 213, SwapRule.FIRST)
    values = [value(found[metric]) for metric in ("baseline_chance", "baseline_majority", "baseline_first")]
    assert values == pytest.approx([0.5, 213 / 419, 206 / 419])
    assert value(beside(["A"] * 206 + ["B"] * 213, SwapRule.SECOND)["baseline_first"]) == pytest.approx(213 / 419)
    assert value(beside(["A"] * 206 + ["B"] * 213, SwapRule.BOTH_RIGHT)["baseline_chance"]) == pytest.approx(0.25)


def test_guessing_has_a_value_without_an_interval_and_the_others_have_one_like_any_rate():
    labels = {"A": [60.0, *[59.0] * 60, *[60.0] * 40], "B": [40.0, *[40.0] * 60, *[39.0] * 40]}
    table = Table({SEPARATOR.join((label, "A", "A")): np.array(n) for label, n in labels.items()}, questions=100)
    figures = named(pair_figures(table, [SwapRule.FIRST], FailureRule.LEFT_OUT), SwapRule.FIRST)
    found = {metric: figure.estimate(100) for metric, figure in figures.items()}
    chance, most = found["baseline_chance"], found["baseline_majority"]
    assert (chance.value, chance.low, chance.high) == (0.5, None, None)
    assert "nothing to estimate" in (chance.reason or "")
    assert (most.value, most.low, most.high) == pytest.approx((0.6, 0.5, 0.69), abs=0.01)


def test_the_most_frequent_label_is_that_of_the_data_whichever_question_is_left_out():
    rows = {"A": [2.0, 1.0, 2.0, 2.0], "B": [1.0, 1.0, 0.0, 1.0], "tie": [1.0, 1.0, 1.0, 0.0]}
    table = Table({SEPARATOR.join((label, "A", "A")): np.array(n) for label, n in rows.items()}, questions=3)
    found = named(pair_figures(table, [SwapRule.FIRST], FailureRule.LEFT_OUT), SwapRule.FIRST)
    assert found["baseline_majority"].replicates == pytest.approx([2 / 4, 1 / 3, 2 / 3, 2 / 3])
    assert found["baseline_chance"].replicates == pytest.approx([1 / 3] * 4)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(CLASSES), *[st.sampled_from([*CLASSES, "failed", "not_asked"])] * 3)), RULES)
def test_baselines_are_of_the_labels_that_count_in_the_agreement(rows, rule):
    for failure_rule in FailureRule:
        found = figures_of(rows, rule, failure_rule)
        assert {(one.n, one.asked) for one in found.values()} == {(found["agreement"].n, found["agreement"].asked)}
        if not found["agreement"].n:
            assert {one.estimate(9).reason for one in found.values()} == {found["agreement"].reason}


def longer(*rows: tuple[str, str, str], n: int = 1) -> Figure:
    (figure,) = longer_figures(table_of(rows * n))
    return figure


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([("A", "B", "1.0"), ("B", "B", "1.0"), ("B", "A", "-0.25")], 2 / 3, id="longer"),
        pytest.param([("A", "A", "1.0"), ("tie", "A", "0.0"), ("A", "A", "0.0")], 2 / 3, id="alike, a tie is better"),
        pytest.param([("A", "A", "1.0"), ("B", "A", "0.0"), ("A", "A", "0.0")], 2 / 3, id="alike, no ties"),
        pytest.param(
            [("tie", "A", "0.0"), ("A", "A", "0.0"), ("A", "A", "0.0"), ("B", "A", "0.0")], 3 / 8, id="alike, a coin is"
        ),
        pytest.param([("A", "none", "-1.0"), ("A", "wrong", "1.0"), ("A", "B", "1.0")], 1.0, id="what counts"),
        pytest.param([("A+A+B", "A", "1.0"), ("none", "A", "1.0")], 2 / 3, id="votes"),
    ],
)
def test_the_longer_answer_is_right_where_the_label_names_it(rows, expected):
    assert value(longer(*rows)) == pytest.approx(expected)


def test_without_labels_the_longer_answer_has_a_reason():
    assert "label" in (longer(("none", "A", "1.0")).estimate(9).reason or "")
    assert "label" in (longer().estimate(0).reason or "")
