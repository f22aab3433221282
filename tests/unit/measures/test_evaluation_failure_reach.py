"""What the metrics table says a failed judgment counted as is what it counted as."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgelake.jobs.evaluate import EvaluateJob
from judgelake.measures import SCORED, FailureRule, SwapRule, counted_as
from judgelake.measures.families import (
    CLASSES,
    FAILED,
    SEPARATOR,
    VERDICTS,
    Figure,
    Table,
    aspect_figures,
    headline_verdicts,
    judge_pair_figures,
    leaderboard_figures,
    length_figures,
    order_figures,
    pair_figures,
    score_figures,
    scored_pair_figures,
)

SAID = st.sampled_from(VERDICTS)
ROWS = st.lists(st.tuples(st.sampled_from(CLASSES), SAID, SAID), min_size=1, max_size=25)
WINNERS = {"A": "first", "B": "second", "tie": "tie"}


def table_of(rows: Iterable[tuple[str, ...]]) -> Table:
    return Table({SEPARATOR.join(row): np.array([float(n)]) for row, n in Counter(rows).items()}, questions=9)


def figures_of(rows: list[tuple[str, str, str]], swap_rule: SwapRule, rule: FailureRule) -> Iterator[Figure]:
    """All figures of one judge that rest on verdicts, as the evaluation makes them."""
    places = [[VERDICTS.index(one) for one in row[1:]] for row in rows]
    tables = headline_verdicts(swap_rule, rule)
    spoken = [(row[0], said[own * 5 + back]) for row, (own, back) in zip(rows, places, strict=True) for said in tables]
    asked = [(label, verdict) for label, verdict in spoken if verdict != "not_asked"]
    yield from pair_figures(table_of(rows), [swap_rule], rule)
    if swap_rule in SCORED:
        yield from scored_pair_figures(table_of([row[:2] for row in rows]), swap_rule, rule)
    yield from order_figures(table_of([row[1:3] for row in rows]), rule)
    yield from length_figures(table_of([(label, verdict, "1.0") for label, verdict in asked]))
    yield from leaderboard_figures(table_of([("a", "b", WINNERS.get(verdict, FAILED)) for _, verdict in asked]))
    yield from judge_pair_figures(table_of([(label, verdict, label) for label, verdict in asked]), "k")


@settings(deadline=None)
@given(ROWS, st.sampled_from(SwapRule))
def test_a_figure_that_leaves_failures_out_is_the_same_where_they_count_as_wrong(rows, swap_rule):
    wrong, left_out = (
        [
            (figure.metric, figure.subject, figure.estimate(9).value)
            for figure in figures_of(rows, swap_rule, rule)
            # Cells of the confusion and classes may come with the rule; what must not change is there in both.
            if counted_as(figure.metric, FailureRule.WRONG, None) == "left_out"
        ]
        for rule in (FailureRule.WRONG, FailureRule.LEFT_OUT)
    )
    assert wrong == left_out
    assert {"consistency", "bias_first"} <= {metric for metric, _, _ in wrong}


def test_where_a_failure_is_a_tie_no_figure_of_verdicts_leaves_it_out():
    metrics = {figure.metric for figure in figures_of([("A", "failed", "B")], SwapRule.FIRST, FailureRule.TIE)}
    assert {"agreement", "consistency", "judge_agreement"} <= metrics
    # How many judgments have a verdict does not depend on what the others count as.
    assert {counted_as(metric, FailureRule.TIE, None) for metric in metrics - {"verdict_rate"}} == {"tie"}


@pytest.mark.parametrize("metric", ["agreement", "agreement_difference", "positional_agreement", "macro_recall"])
def test_a_figure_that_counts_failures_as_wrong_differs_by_them(metric):
    rows = [("A", "A", "A")] * 3 + [("A", "failed", "A"), ("B", "B", "failed")]
    values = [
        next(figure for figure in figures_of(rows, SwapRule.FIRST, rule) if figure.metric == metric).estimate(9).value
        for rule in (FailureRule.LEFT_OUT, FailureRule.WRONG)
    ]
    assert counted_as(metric, FailureRule.WRONG, None) == "wrong"
    assert values[0] != values[1]


@pytest.mark.parametrize(
    ("rule", "score", "expected"),
    [
        pytest.param(FailureRule.LEFT_OUT, None, "left_out", id="left out"),
        pytest.param(FailureRule.WRONG, None, "left_out", id="a wrong score is none"),
        pytest.param(FailureRule.TIE, 5.0, "score 5", id="the score of the original code"),
    ],
)
def test_figures_of_scores_count_a_failure_by_its_score_alone(rule, score, expected):
    table = table_of([("1.0", "1.0", "0"), ("0.0", FAILED, "1")])
    metrics = {figure.metric for figure in (*score_figures(table), *aspect_figures(table))}
    assert {"pearson", "aspect_auroc"} <= metrics
    assert {counted_as(metric, rule, score) for metric in metrics} == {expected}


def test_a_score_of_failures_that_are_left_out_is_refused():
    with pytest.raises(ValueError, match="failure_score 5 has no effect while failure_rule is left_out"):
        EvaluateJob(failure_score=5.0)
