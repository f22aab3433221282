"""Which swap rules an evaluation reports, and which is that of its headline, where the config leaves it to the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F

from judgelake.jobs.evaluate.config import EvaluateJob
from judgelake.jobs.evaluate.inputs import JudgeInfo
from judgelake.jobs.evaluate.log_odds import OWN_ODDS, REVERSED_ODDS, gap_of_orders
from judgelake.jobs.evaluate.verdicts import NOT_ASKED, VOTES
from judgelake.measures import SwapRule

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

CANDIDATES = (SwapRule.MARGIN, SwapRule.MEAN, SwapRule.CENTRED, SwapRule.FIRST)
"""Rules of the headline, the best first: those of both orders, then the one that makes one order as good as it gets."""
REPORTED = (SwapRule.MARGIN, SwapRule.MEAN, SwapRule.FIRST, SwapRule.STRICT, SwapRule.BOTH_RIGHT)
"""Rules that are reported besides that of the headline."""
# A rule that leaves out more of what a judge was asked does not represent it.
LEAST_SHARE = 0.5
# The standard error of an offset from fewer gaps is not small beside the log-odds that it corrects.
LEAST_GAPS = 30
LISTED = "it is the first of swap_rules"


@dataclass(frozen=True, slots=True)
class Asked:
    """Comparisons of two answers that a judge was asked: those with a label, or all if none has one."""

    comparisons: int
    in_both: int
    """Of these, those asked in both orders; next those with log-odds in both."""
    odds_in_both: int = 0
    odds: int = 0
    """Those with log-odds in the original order, or, if that was not asked, in the reversed one."""
    gaps: int = 0
    """All its comparisons with log-odds in both orders, labelled or not."""
    has_labels: bool = True

    def of_rule(self, rule: SwapRule) -> int:
        """On how many of them a rule can say something; for FIRST all, since it is what is left."""
        usable = self.odds if self.gaps >= LEAST_GAPS else 0
        special = {
            SwapRule.MARGIN: self.odds_in_both,
            SwapRule.CENTRED: usable,
            SwapRule.FIRST: self.comparisons,
        }
        return special.get(rule, self.in_both)

    def supports(self, rule: SwapRule) -> bool:
        """Whether these are enough for a headline."""
        return self.of_rule(rule) >= LEAST_SHARE * self.comparisons


@dataclass(frozen=True, slots=True)
class Surveyed:
    """What must be known of the judgments of two answers before their verdicts are counted."""

    asked: dict[int, Asked] = field(default_factory=dict)
    """By the number of the judge."""
    offsets: dict[int, float] = field(default_factory=dict)
    """The position offset of each judge that has log-odds of one comparison in both orders."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The swap rules of an evaluation, the headline's first, and why it is that one, as a clause."""

    rules: tuple[SwapRule, ...]
    why: str


def is_survey_needed(job: EvaluateJob, judges: Sequence[JudgeInfo]) -> bool:
    """Whether a judge may have an offset, or the rules hang on how many comparisons were asked in both orders."""
    in_both = [judge for judge in judges if all(judge.pair_orders)]
    return any(judge.log_odds for judge in in_both) or (job.swap_rules is None and bool(in_both))


def surveyed(rows: DataFrame, job: EvaluateJob, judges: Sequence[JudgeInfo]) -> Surveyed:
    """What each judge was asked, and its offset; nothing where neither the choice of rules nor an offset needs it.

    Args:
        rows: of `pair_rows`, persisted.
        job: the evaluation.
        judges: all of it.
    """
    if not is_survey_needed(job, judges):
        return Surveyed()
    is_labelled = F.expr(f"{' + '.join(VOTES)} > 0").alias("is_labelled")
    is_both = (F.col("own") != NOT_ASKED) & (F.col("reversed") != NOT_ASKED)
    counts = {"comparisons": F.count("*"), "in_both": F.count_if(is_both)}
    if OWN_ODDS in rows.columns:
        usable = F.when(F.col("own") != NOT_ASKED, F.col(OWN_ODDS)).otherwise(F.col(REVERSED_ODDS))
        gap = gap_of_orders()
        counts |= {"odds_in_both": F.count(gap), "odds": F.count(usable), "gap": F.sum(gap)}
    counted = rows.groupBy("judge_number", is_labelled).agg(*(of.alias(name) for name, of in counts.items())).collect()
    by_judge: dict[int, list[dict[str, Any]]] = {}
    for row in sorted(counted, key=lambda row: row["is_labelled"]):
        by_judge.setdefault(row["judge_number"], []).append({"odds_in_both": 0, "odds": 0} | row.asDict())
    return _surveyed(by_judge)


def _surveyed(by_judge: Mapping[int, list[dict[str, Any]]]) -> Surveyed:
    """From the counts of each judge: of its comparisons without a label, then of those with one, if there are any."""
    asked, offsets = {}, {}
    for judge, rows in by_judge.items():
        gaps, of_labelled = sum(row["odds_in_both"] for row in rows), rows[-1]
        comparisons, in_both, odds_in_both, odds = (
            of_labelled[name] for name in ("comparisons", "in_both", "odds_in_both", "odds")
        )
        asked[judge] = Asked(comparisons, in_both, odds_in_both, odds, gaps, of_labelled["is_labelled"])
        if gaps:
            offsets[judge] = sum(row["gap"] or 0.0 for row in rows) / gaps / 2
    return Surveyed(asked, offsets)


def chosen_rules(job: EvaluateJob, judges: Sequence[JudgeInfo], asked: Mapping[int, Asked]) -> Chosen:
    """The rules that the config lists; else all in `REPORTED` for which any judge of pairs has something.

    The headline's is then the first of `CANDIDATES` for which every judge of pairs has enough, so that all judges are
    compared by one rule.

    Args:
        job: the evaluation.
        judges: all of it.
        asked: of `surveyed`; empty if no judge was asked in both orders.
    """
    if job.swap_rules is not None:
        return Chosen(job.swap_rules, LISTED)
    if not any(of_judge.in_both for of_judge in asked.values()):
        originals, reversed_ = (sum(judge.orders[place] for judge in judges) for place in (0, 1))
        rule = SwapRule.SECOND if reversed_ and not originals else SwapRule.FIRST
        return Chosen((rule,), "no comparison of two answers was asked in both orders")
    # A judge without any label has no agreement by any rule.
    asked = {judge: one for judge, one in asked.items() if one.has_labels} or asked
    headline = next(rule for rule in CANDIDATES if all(one.supports(rule) for one in asked.values()))
    reported = (rule for rule in REPORTED if rule != headline and any(one.of_rule(rule) for one in asked.values()))
    return Chosen((headline, *reported), _why(headline, judges, asked))


def _why(headline: SwapRule, judges: Sequence[JudgeInfo], asked: Mapping[int, Asked]) -> str:
    """Why the headline has this rule and none before it."""

    def lacking(rule: SwapRule) -> str:
        return next(one.name for one in judges if one.number in asked and not asked[one.number].supports(rule))

    if headline is SwapRule.MARGIN:
        return "every judge has log-odds in both orders of most comparisons"
    if headline is SwapRule.MEAN:
        without_odds = f"but {lacking(SwapRule.MARGIN)} has no log-odds in most"
        return f"every judge was asked most comparisons in both orders, {without_odds}"
    in_one = f"most comparisons of {lacking(SwapRule.MEAN)} were asked in one order only"
    return f"{in_one}, and every judge has log-odds and an offset" if headline is SwapRule.CENTRED else in_one
