"""The catalog of metrics: one row per metric, with what report, cards, terminal, MLflow and views know about it.

A metric is a row in the file of its family and a `Figure` of the same name from the function that computes it. Nothing
is computed here: no numpy, no Spark.
"""

from __future__ import annotations

from judgelake.measures.catalog.baselines import OF_BASELINES
from judgelake.measures.catalog.between import BETWEEN
from judgelake.measures.catalog.biases import OF_BIASES
from judgelake.measures.catalog.graded import ASPECTS, OF_GRADES, RANKINGS, SCORES
from judgelake.measures.catalog.labelers import OF_JUDGE_AND_LABELERS
from judgelake.measures.catalog.masses import LABEL_MASS, OF_MASSES
from judgelake.measures.catalog.metric import Effect, Failures, Kind, Metric, OrderRule, Scale, Section
from judgelake.measures.catalog.pairs import OF_PAIRS, ORDERS, PAIRS
from judgelake.measures.catalog.reliability import OF_RELIABILITY

__all__ = [
    "KINDS",
    "LABEL_MASS",
    "METRICS",
    "ORDERS",
    "PAIRS",
    "SECTIONS",
    "Effect",
    "Failures",
    "Kind",
    "Metric",
    "OrderRule",
    "Scale",
    "Section",
    "counted_as",
    "headline_of",
    "in_table_of",
    "main_metrics",
    "metric_named",
    "shown_in",
]

METRICS = (
    *OF_PAIRS,
    *OF_BASELINES,
    *OF_BIASES,
    *OF_GRADES,
    *OF_JUDGE_AND_LABELERS,
    *OF_MASSES,
    *OF_RELIABILITY,
    *BETWEEN,
)
KINDS = (PAIRS, ASPECTS, RANKINGS, SCORES)
"""A judge that was asked for several kinds belongs to the first of them."""
SECTIONS = tuple(dict.fromkeys(one.section for one in METRICS))

_BY_NAME = {one.name: one for one in METRICS}


def metric_named(name: str) -> Metric:
    """The metric of this name.

    Raises:
        KeyError: it is not in the catalog: its measure was written without a row here.
    """
    try:
        return _BY_NAME[name]
    except KeyError:
        raise KeyError(f"The metric {name!r} is not in the catalog: add its row in measures/catalog.") from None


def headline_of(kind: Kind) -> tuple[str, ...]:
    """Names of the headline figures of a kind; the first is the main figure of a judge of that kind."""
    return tuple(one.name for one in METRICS if one.kind == kind and one.is_headline)


def main_metrics(kind: Kind) -> tuple[str, ...]:
    """The main figure of judges of a kind, then those that stand in for it; each swap rule has one of them."""
    main = headline_of(kind)[0]
    return (main, *(one.name for one in METRICS if one.stands_in_for == main))


def in_table_of(kind: Kind) -> tuple[Metric, ...]:
    """The metrics that have a column in the terminal's table of a kind; the first is its first headline figure."""
    return tuple(one for one in METRICS if one.kind == kind and one.column is not None)


def shown_in(section: Section) -> tuple[str, ...]:
    """Names of the metrics of a section that are shown."""
    return tuple(one.name for one in METRICS if one.section == section and one.is_shown)


def counted_as(name: str, failure_rule: str, failure_score: float | None) -> str:
    """What failed judgments counted as in a metric: "left_out", "tie", "wrong", "counted", or "score 5".

    Args:
        name: of a metric that is based on judgments.
        failure_rule: of the evaluation: "left_out", "tie" or "wrong".
        failure_score: the score of a failed judgment; None: it has none, so metrics of scores leave it out.
    """
    failures, left_out = metric_named(name).failures, "left_out"
    if failures is Failures.COUNTED:
        return "counted"
    if failures is Failures.BY_SCORE:
        is_scored = failure_score is not None and failure_rule != left_out
        return f"score {failure_score:g}" if is_scored else left_out
    if failures is Failures.BY_RULE or (failures is Failures.NEVER_WRONG and failure_rule != "wrong"):
        # A plain string: the rule in a config is an enum, and this goes into a table.
        return str(failure_rule)
    return left_out
