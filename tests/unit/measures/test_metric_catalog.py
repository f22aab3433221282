"""The catalog knows every metric that a measure yields and no other, and all that readers need of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
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
    FIGURES_OF,
    SEPARATOR,
    Asked,
    Figure,
    RightCounts,
    Table,
    rank_correlation,
    rank_correlation_figures,
    slice_figures,
)
from judgelake.trust import Labelled, calibration_figures, indicator_figures
from judgelake.trust.corrected import corrected_figures


def table(*outcomes: tuple[str, ...]) -> Table:
    return Table({SEPARATOR.join(outcome): np.array([3.0, 1.0, 2.0]) for outcome in outcomes}, questions=9)


EACH_OF_TWO = RightCounts(np.arange(4), np.full(4, 2.0), np.array([1.0, 2.0, 2.0, 1.0]))
SIX_VERDICTS = Labelled(np.arange(6.0), np.array([0.0, 1, 0, 1, 0, 1]), np.arange(6), np.arange(6), 6)
COUNTS = {
    "pairs": table(*((label, "A", "B") for label in CLASSES), ("A", "A", "A")),
    "scored_pairs": table(("A", "A"), ("B", "A")),
    "offsets": table(("gap",), ("same",), ("different",), ("lacking",)),
    "orders": table(("A", "B"), ("A", "A")),
    "lengths": table(("A", "A", "1.0"), ("B", "A", "-1.0")),
    "lengths_of_labelers": table(("2", "0", "0", "A", "1.0"), ("1", "1", "0", "A", "-1.0")),
    "alternatives": Table({SEPARATOR.join((name, "judge")): np.array([40.0, 20, 20]) for name in "abc"}, questions=2),
    "own_family": table(("own", "own"), ("other", "own")),
    "own_family_of_labelers": table(("1", "0", "1", "own")),
    "family_matrix": table(("acme", "own"), ("acme", "other")),
    "scores": table(
        ("0.0", "1.0", "0"), ("1.0", "2.0", "0"), ("0.0", "1.0", "1"), ("1.0", "2.0", "1"), ("1.0", FAILED, "1")
    ),
    "rankings": table(("1", "0.5", "2", "3"), ("0", "-0.5", "1", "3")),
    "masses": table(("below_50", "dropped"), ("from_99", "kept"), ("unknown", "kept")),
    "repeats": table(("0", "1"), ("1", "1")),
    "judge_pairs": table(("A", "A", "B")),
    "models": table(("a", "b", "first"), ("b", "a", "first"), ("a", "b", "tie")),
    "labelers": table(("A", "A"), ("A", "B")),
    "labeler_scores": table(("1.0", "2.0")),
    "units": table(("A", "B", "A")),
    "score_units": table(("1.0", "2.0")),
}
"""Counts of each family from which it yields all its figures."""
SUBJECTS = {
    "scored_pairs": "average",
    "judge_pairs": "other",
    "labelers": "one / other",
    "labeler_scores": "one / other",
}


def figures_of(family: str) -> Iterable[Figure]:
    asked = Asked(tuple(SwapRule), FailureRule.LEFT_OUT, None, 0.2, SUBJECTS.get(family, ""))
    return FIGURES_OF[family](COUNTS[family], asked)


FIGURES = {
    **{family: partial(figures_of, family) for family in FIGURES_OF},
    "slices": lambda: (figure for _, figure in slice_figures(EACH_OF_TWO, {1: EACH_OF_TWO})),
    "indicators": lambda: indicator_figures(SIX_VERDICTS, "margin"),
    "probabilities": lambda: calibration_figures(SIX_VERDICTS, np.linspace(0.1, 0.9, 6), "margin, isotonic"),
    "rank correlations": lambda: rank_correlation_figures(
        rank_correlation({"a": 1.0, "b": 0.0}, {"a": 0.5, "b": 0.0}), "labels"
    ),
    "corrected": lambda: corrected_figures(
        table(("a", "b", "first", "first"), ("a", "b", "tie", "second"), ("a", "b", "second", "none")), 0.03
    ),
}
"""All figures that an evaluation is made of."""


def yielded() -> Iterator[Figure]:
    return chain.from_iterable(made() for made in FIGURES.values())


def test_what_the_measures_yield_and_what_the_catalog_holds_is_the_same():
    assert {figure.metric for figure in yielded()} == {metric.name for metric in METRICS}


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
