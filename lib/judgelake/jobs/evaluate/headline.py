"""Which swap rules an evaluation reports, and which is that of its headline, where the config leaves it to the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F

from judgelake.jobs.evaluate.config import EvaluateJob
from judgelake.jobs.evaluate.inputs import JudgeInfo
from judgelake.jobs.evaluate.verdicts import NOT_ASKED, VOTES
from judgelake.measures import SwapRule

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

CANDIDATES = (SwapRule.MEAN, SwapRule.FIRST)
"""Rules of the headline, the best first."""
REPORTED = (*CANDIDATES, SwapRule.STRICT, SwapRule.BOTH_RIGHT)
# A rule that leaves out more of what a judge was asked does not represent it.
LEAST_SHARE = 0.5
LISTED = "it is the first of swap_rules"


@dataclass(frozen=True, slots=True)
class Asked:
    """Comparisons of two answers that a judge was asked: those with a label, or all if none has one."""

    comparisons: int
    in_both: int
    """Of these, those asked in both orders."""

    def of_rule(self, rule: SwapRule) -> int:
        """On how many of them a rule can say something; for FIRST all, since it is what is left."""
        return self.comparisons if rule is SwapRule.FIRST else self.in_both

    def supports(self, rule: SwapRule) -> bool:
        """Whether these are enough for a headline."""
        return self.of_rule(rule) >= LEAST_SHARE * self.comparisons


@dataclass(frozen=True, slots=True)
class Chosen:
    """The swap rules of an evaluation, the headline's first, and why it is that one, as a clause."""

    rules: tuple[SwapRule, ...]
    why: str


def is_in_question(job: EvaluateJob, judges: Sequence[JudgeInfo]) -> bool:
    """Whether the data must be looked at: no rules are listed, and a judge may have been asked in both orders."""
    return job.swap_rules is None and any(all(judge.pair_orders) for judge in judges)


def asked_of(rows: DataFrame) -> dict[int, Asked]:
    """What each judge was asked, by its number.

    Args:
        rows: of `pair_rows`.
    """
    is_labelled = F.expr(f"{' + '.join(VOTES)} > 0")
    is_both = (F.col("own") != NOT_ASKED) & (F.col("reversed") != NOT_ASKED)
    counted: list[Any] = (
        rows.groupBy("judge_number", is_labelled.alias("is_labelled"))
        .agg(F.count("*").alias("comparisons"), F.count_if(is_both).alias("in_both"))
        .collect()
    )
    # Those with a label last, so that they replace the others.
    return {
        row["judge_number"]: Asked(row["comparisons"], row["in_both"])
        for row in sorted(counted, key=lambda row: row["is_labelled"])
    }


def chosen_rules(job: EvaluateJob, judges: Sequence[JudgeInfo], asked: Mapping[int, Asked]) -> Chosen:
    """The rules that the config lists; else all in `REPORTED` for which any judge of pairs has something.

    The headline's is then the first of `CANDIDATES` for which every judge of pairs has enough, so that all judges are
    compared by one rule.

    Args:
        job: the evaluation.
        judges: all of it.
        asked: of `asked_of`; empty if no judge was asked in both orders.
    """
    if job.swap_rules is not None:
        return Chosen(job.swap_rules, LISTED)
    if not any(of_judge.in_both for of_judge in asked.values()):
        originals, reversed_ = (sum(judge.orders[place] for judge in judges) for place in (0, 1))
        rule = SwapRule.SECOND if reversed_ and not originals else SwapRule.FIRST
        return Chosen((rule,), "no comparison of two answers was asked in both orders")
    headline = next(rule for rule in CANDIDATES if all(one.supports(rule) for one in asked.values()))
    reported = (rule for rule in REPORTED if rule != headline and any(one.of_rule(rule) for one in asked.values()))
    return Chosen((headline, *reported), _why(headline, judges, asked))


def _why(headline: SwapRule, judges: Sequence[JudgeInfo], asked: Mapping[int, Asked]) -> str:
    """Why the headline has this rule and none before it."""
    if headline is SwapRule.MEAN:
        return "every judge was asked in both orders"
    lacking = next(
        judge.name for judge in judges if judge.number in asked and not asked[judge.number].supports(SwapRule.MEAN)
    )
    return f"most comparisons of {lacking} were asked in one order only"
