"""Metrics of judges whose labels decide by their probability: how much of it the labels have."""

from __future__ import annotations

from functools import partial

from judgelake.measures.catalog.metric import Failures, Metric, OrderRule, Section

LABEL_MASS = Section("Probability of all labels together", is_further=True)

_mass = partial(Metric, section=LABEL_MASS, swap_rule=OrderRule.NONE, failures=Failures.COUNTED)

OF_MASSES: tuple[Metric, ...] = (
    _mass(
        "label_mass_below_50",
        "Labels below 0.5",
        "share of judgments whose labels have less than half of the probability: the model would write something else",
    ),
    _mass(
        "label_mass_from_50", "Labels from 0.5 to 0.9", "share of judgments whose labels have 0.5 or more, below 0.9"
    ),
    _mass(
        "label_mass_from_90", "Labels from 0.9 to 0.99", "share of judgments whose labels have 0.9 or more, below 0.99"
    ),
    _mass("label_mass_from_99", "Labels from 0.99", "share of judgments whose labels have 0.99 or more"),
    _mass(
        "label_mass_unknown",
        "Labels of unknown probability",
        "share of judgments without it: failed calls, imports, and tables from before it was stored",
    ),
    _mass(
        "dropped_for_label_mass",
        "Dropped for low probability",
        "share of judgments that have no verdict because their labels have less than least_label_mass",
    ),
)
