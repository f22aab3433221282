"""The rules of each figure of an evaluation, as stored with it in the metrics table."""

from __future__ import annotations

from dataclasses import dataclass

from judgelake.jobs.evaluate.config import EvaluateJob
from judgelake.jobs.evaluate.inputs import JudgeInfo
from judgelake.measures import OrderRule, SwapRule, counted_as, metric_named
from judgelake.measures.families import Figure

ONE_ORDER = (SwapRule.FIRST, SwapRule.SECOND)
OF_PARTS = (SwapRule.MEAN, SwapRule.MARGIN, SwapRule.CENTRED)
"""Rules that are of two answers only."""


@dataclass(frozen=True, slots=True)
class RowRules:
    """The rules of a figure, and why its number is not shown (None: it is)."""

    swap_rule: str | None = None
    """For a figure that does not have its own; None if no rule applies."""
    failure_rule: str | None = None
    """What a failed judgment counted as in it; None for figures of labels alone."""
    withheld: str | None = None


def graded_rule(judge: JudgeInfo, job: EvaluateJob) -> SwapRule | None:
    """How a judge's two orders become one when compared with scores or rankings; None if it is shown no orders.

    The headline's rule if it takes one order. Else scores are averaged over both, whatever that rule, since no other
    rule combines scores, and a judge without scores must name the same best answer in both. A headline by one of
    `OF_PARTS` says nothing of more answers, so a judge that was hardly asked in both orders is compared by one.
    """
    if not judge.is_asked_in_order:
        return None
    if job.headline in ONE_ORDER:
        return job.headline
    original, reversed_ = judge.orders
    if job.headline in OF_PARTS and 2 * min(judge.orders) < max(judge.orders):
        return SwapRule.FIRST if original > reversed_ else SwapRule.SECOND
    return SwapRule.AVERAGE if judge.gives_scores else SwapRule.STRICT


def rules_of(figure: Figure, judge: JudgeInfo | None, job: EvaluateJob, withheld: str | None = None) -> RowRules:
    """The rules of a figure."""
    if judge is None:
        return RowRules(withheld=withheld)
    by, rule = metric_named(figure.metric).swap_rule, None
    if by is OrderRule.HEADLINE:
        rule = job.headline
    elif by is OrderRule.GRADED:
        rule = graded_rule(judge, job)
    failure_rule = counted_as(figure.metric, job.failure_rule, job.failure_score)
    return RowRules(None if rule is None else rule.value, failure_rule, withheld)
