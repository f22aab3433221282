"""Cascades: a judge decides what it is sure of and passes the rest to the next one; what can be promised of that."""

from judgelake.trust.cascade.budget import by_cost, by_share
from judgelake.trust.cascade.cost_curve import Point, curve, evaluated, frontier, reaching
from judgelake.trust.cascade.labelled import Labelled, decided_at
from judgelake.trust.cascade.risk import PROBABILITIES, StageChoice, by_risk, least_labels, split
from judgelake.trust.cascade.sentence import promise

__all__ = [
    "PROBABILITIES",
    "Labelled",
    "Point",
    "StageChoice",
    "by_cost",
    "by_risk",
    "by_share",
    "curve",
    "decided_at",
    "evaluated",
    "frontier",
    "least_labels",
    "promise",
    "reaching",
    "split",
]
