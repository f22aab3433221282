"""How good judges are: pure measures on counts and their intervals; no Spark, no job."""

from judgelake.measures.catalog import (
    KINDS,
    LABEL_MASS,
    METRICS,
    SECTIONS,
    counted_as,
    headline_of,
    in_table_of,
    main_metrics,
    metric_named,
    shown_in,
)
from judgelake.measures.catalog.baselines import BASELINES
from judgelake.measures.catalog.metric import Bracket, Effect, Kind, Metric, OrderRule, Scale, Section
from judgelake.measures.catalog.pairs import ORDERS, PAIRS
from judgelake.measures.conventions import SCORED, FailureRule, SwapRule
from judgelake.measures.result import WHOLE_SLICE, Result

__all__ = [
    "BASELINES",
    "KINDS",
    "LABEL_MASS",
    "METRICS",
    "ORDERS",
    "PAIRS",
    "SCORED",
    "SECTIONS",
    "WHOLE_SLICE",
    "Bracket",
    "Effect",
    "FailureRule",
    "Kind",
    "Metric",
    "OrderRule",
    "Result",
    "Scale",
    "Section",
    "SwapRule",
    "counted_as",
    "headline_of",
    "in_table_of",
    "main_metrics",
    "metric_named",
    "shown_in",
]
