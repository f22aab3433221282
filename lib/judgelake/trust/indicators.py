"""The indicators of a verdict's reliability: a number for each verdict, larger where it is more reliable.

A new one is a row here and its column in `jobs/trust/columns.py`; table, figures and terminal take it from there.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Indicator:
    """What is known of an indicator besides its value."""

    name: str
    meaning: str
    """One line for a reader who does not know the papers."""
    is_log_odds: bool = False
    """Whether it is log-odds of the verdict, so that a temperature makes a probability of it."""


INDICATORS: tuple[Indicator, ...] = (
    Indicator("margin", "mean of both orders' log-odds of the verdict over the other answer", is_log_odds=True),
    Indicator(
        "centred",
        "log-odds of the verdict in one order without the judge's position offset, which is known without labels",
        is_log_odds=True,
    ),
    Indicator("orders_agree", "1 if both orders give the same verdict, else 0"),
    Indicator("repeats_agree", "share of pairs of answers to the same request that are the same verdict"),
    Indicator("label_mass", "probability of all labels together, the lower of both orders"),
)
"""In the order in which they are shown, and in which one is chosen for the probability of a verdict."""

IN_NATS = tuple(one.name for one in INDICATORS if one.is_log_odds)
"""Indicators that are in nats where the judge gives log-probabilities of labels, else in score points."""
