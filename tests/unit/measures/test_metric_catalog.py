"""The catalog knows every metric that a measure yields and no other, and all that readers need of each."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import numpy as np
import pytest

from judgelake.measures import (
    KINDS,
    METRICS,
    FailureRule,
    Scale,
    SwapRule,
    counted_as,
    headline_of,
    in_table_of,
    metric_named,
)
from judgelake.measures.describe import metrics_page
from judgelake.measures.families import (
    CLASSES,
    FAILED,
    SEPARATOR,
    Figure,
    Table,
    alpha_figures,
    aspect_figures,
    family_matrix,
    game_figures,
    judge_pair_figures,
    labeler_pair_figures,
    labeler_score_pair_figures,
    leaderboard_figures,
    length_beyond_labelers_figures,
    length_figures,
    order_figures,
    pair_figures,
    rank_correlation,
    rank_correlation_figures,
    ranking_figures,
    repeat_figures,
    score_figures,
    self_preference_beyond_labelers_figures,
    self_preference_figures,
)


def table(*outcomes: tuple[str, ...]) -> Table:
    return Table({SEPARATOR.join(outcome): np.array([3.0, 1.0, 2.0]) for outcome in outcomes}, questions=9)


GAMES = table(("a", "b", "first"), ("b", "a", "first"), ("a", "b", "tie"))
SCORES = table(("0.0", "1.0", "0"), ("1.0", "2.0", "0"), ("0.0", "1.0", "1"), ("1.0", "2.0", "1"), ("1.0", FAILED, "1"))
STRENGTHS = {"a": 1.0, "b": 0.0}
PAIRS = table(*((label, "A", "B", "tie") for label in CLASSES), ("A", "A", "A", "A"))
FIGURES = {
    "pairs": lambda: pair_figures(PAIRS, tuple(SwapRule), FailureRule.LEFT_OUT),
    "orders": lambda: order_figures(table(("A", "B"), ("A", "A")), FailureRule.LEFT_OUT),
    "lengths": lambda: length_figures(table(("A", "A", "1.0"), ("B", "A", "-1.0"))),
    "lengths of labelers": lambda: length_beyond_labelers_figures(
        table(("2", "0", "0", "A", "1.0"), ("1", "1", "0", "A", "-1.0"))
    ),
    "own family of labelers": lambda: self_preference_beyond_labelers_figures(table(("1", "0", "1", "own"))),
    "own family": lambda: self_preference_figures(table(("own", "own"), ("other", "own"))),
    "families": lambda: family_matrix(table(("acme", "own"), ("acme", "other"))),
    "scores": lambda: chain(score_figures(SCORES), aspect_figures(SCORES)),
    "rankings": lambda: ranking_figures(table(("1", "0.5", "2", "3"), ("0", "-0.5", "1", "3"))),
    "repeats": lambda: repeat_figures(table(("0", "1"), ("1", "1"))),
    "judges": lambda: judge_pair_figures(table(("A", "A", "B")), "other"),
    "models": lambda: chain(leaderboard_figures(GAMES), game_figures(GAMES)),
    "rank correlations": lambda: rank_correlation_figures(
        rank_correlation({"a": 1.0, "b": 0.0}, {"a": 0.5, "b": 0.0}), "labels"
    ),
    "labelers": lambda: chain(
        labeler_pair_figures(table(("A", "A"), ("A", "B")), "one / other"),
        labeler_score_pair_figures(table(("1.0", "2.0")), "one / other"),
    ),
    "all labelers": lambda: chain(
        alpha_figures(table(("A", "B", "A")), "nominal"), alpha_figures(table(("1.0", "2.0")), "interval")
    ),
}
"""All figures that an evaluation is made of."""
# A correction over all pairs of judges, which no table of one pair can give.
OF_ALL_PAIRS = {"mcnemar_p_holm"}


def yielded() -> Iterator[Figure]:
    return chain.from_iterable(made() for made in FIGURES.values())


def test_what_the_measures_yield_and_what_the_catalog_holds_is_the_same():
    assert {figure.metric for figure in yielded()} | OF_ALL_PAIRS == {metric.name for metric in METRICS}


def test_no_name_and_no_title_is_given_twice():
    assert len({metric.name for metric in METRICS}) == len({metric.title for metric in METRICS}) == len(METRICS)


@pytest.mark.parametrize("family", FIGURES)
def test_figures_lie_where_the_scale_in_the_catalog_says(family):
    least = {Scale.RATE: 0, Scale.COEFFICIENT: -1}
    for figure in FIGURES[family]():
        scale = metric_named(figure.metric).scale
        if figure.replicates is not None and scale in least:
            known = figure.replicates[np.isfinite(figure.replicates)]
            assert ((known >= least[scale]) & (known <= 1)).all(), figure.metric


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_every_metric_is_explained_in_one_line(metric):
    assert metric.title[0].isupper()
    assert metric.meaning
    assert metric.meaning == metric.meaning.strip(" .\n")
    assert "\n" not in metric.meaning


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_one_metric_stands_for_the_judges_of_a_kind_in_report_and_terminal(kind):
    first, *_ = in_table_of(kind)
    assert headline_of(kind)[0] == first.name
    assert all(metric.is_shown for metric in METRICS if metric.is_headline)


EFFECTS = [metric for metric in METRICS if metric.effect is not None]


@pytest.mark.parametrize("metric", EFFECTS, ids=lambda metric: metric.name)
def test_the_other_figures_of_an_effect_are_shown_beside_it(metric):
    bracket, instead_of = metric.effect.bracket, metric.effect.instead_of
    for name in filter(None, (bracket and bracket.partner, instead_of)):
        other = metric_named(name)
        assert (other.section, other.scale, other.swap_rule) == (metric.section, metric.scale, metric.swap_rule)
        assert other.is_shown
    # The terminal says of a column alone whether the effect was found.
    assert metric.column is None or bracket is instead_of is None


def test_a_metric_that_is_not_in_the_catalog_is_a_mistake_of_ours_that_names_the_place():
    with pytest.raises(KeyError, match=r"'made_up' is not in the catalog: add its row in measures/catalog"):
        Figure("made_up", np.array([0.5, 0.5]), 3).estimate(3)


@pytest.mark.parametrize("rule", FailureRule)
@pytest.mark.parametrize("score", [None, 5.0])
def test_what_a_failure_counted_as_is_a_plain_text(rule, score):
    assert {type(counted_as(metric.name, rule, score)) for metric in METRICS} == {str}


def test_the_page_of_metrics_is_the_one_that_the_catalog_gives(root):
    assert (root / "docs" / "metrics.md").read_text("utf-8") == metrics_page(), "see the first line of docs/metrics.md"
