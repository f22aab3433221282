"""How good judges are: pure measures on counts and their intervals; no Spark, no job."""

from judgelake.measures.catalog import (
    KINDS,
    METRICS,
    SECTIONS,
    counted_as,
    headline_of,
    in_table_of,
    metric_named,
    shown_in,
)
from judgelake.measures.catalog.metric import Bracket, Effect, Kind, Metric, OrderRule, Scale, Section
from judgelake.measures.catalog.pairs import ORDERS, PAIRS
from judgelake.measures.conventions import FailureRule, SwapRule
from judgelake.measures.result import WHOLE_SLICE, Result

__all__ = [
    "KINDS",
    "METRICS",
    "ORDERS",
    "PAIRS",
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
    "metric_named",
    "shown_in",
]
