"""Agreement with the labels that needs no reading of the answers: what a judge's agreement is compared with."""

from __future__ import annotations

from functools import partial

from judgelake.measures.catalog.metric import Failures, Metric, OrderRule, Section

BASELINES = Section("Without reading: trivial judges on the same comparisons", is_further=True)
NOT_ESTIMATED = "expected of guessing, so there is nothing to estimate"

_trivial = partial(Metric, section=BASELINES, swap_rule=OrderRule.EACH, failures=Failures.BY_RULE)

OF_BASELINES: tuple[Metric, ...] = (
    _trivial(
        "baseline_chance",
        "Guessing",
        "agreement of a judge that guesses among the classes that occur as labels, in each order anew",
        no_interval=NOT_ESTIMATED,
    ),
    _trivial(
        "baseline_majority",
        "Always the most frequent label",
        "agreement of a judge that always gives the label that is most frequent in these data",
    ),
    _trivial(
        "baseline_first",
        "Always the place shown first",
        "agreement of a judge that always prefers the answer shown first",
    ),
    _trivial(
        "baseline_longer",
        "Always the longer answer",
        "agreement of a judge that always prefers the longer answer; where lengths are about equal it says tie or "
        "tosses a coin, whichever is right more often",
        swap_rule=OrderRule.HEADLINE,
    ),
)
"""The first is what chance gives, the others are what a judge without any understanding can reach."""
