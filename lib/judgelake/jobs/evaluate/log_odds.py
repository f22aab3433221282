"""Log-odds in Spark: how sure a judge is in each order, and the verdicts of the rules margin and centred.

The same as `measures.margin.LogOdds`, whose docstrings say what each is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from judgelake.jobs.evaluate.inputs import NATS, POINTS, JudgeInfo
from judgelake.jobs.evaluate.verdicts import FAILED, NOT_ASKED, lead_of_scores, side_of
from judgelake.measures.families import LONGEST_ODDS, VERDICTS

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

OWN_ODDS, REVERSED_ODDS = "own_log_odds", "reversed_log_odds"


def log_odds_of(judgments: DataFrame, judges: Sequence[JudgeInfo]) -> Column:
    """The log-odds of a judgment of two answers, from what its judge gives; NULL if it failed or gave none.

    Args:
        judgments: with `judge_number`.
        judges: all of the evaluation; one that gives log-probabilities and scores has them from the former alone.
    """
    by_source = {source: [judge.number for judge in judges if judge.log_odds == source] for source in (NATS, POINTS)}
    found = F.lit(None).cast("double")
    if by_source[NATS]:
        first, second = (F.try_element_at("verdict_logprobs", F.lit(letter)) for letter in ("A", "B"))
        found = F.when(F.col("judge_number").isin(by_source[NATS]), F.nanvl(first - second, F.lit(None).cast("double")))
    if by_source[POINTS]:
        found = F.when(F.col("judge_number").isin(by_source[POINTS]), lead_of_scores()).otherwise(found)
    bounded = F.greatest(F.least(found, F.lit(LONGEST_ODDS)), F.lit(-LONGEST_ODDS))
    return F.when(F.col("status") == "ok", F.when(found.isNotNull(), bounded))


def mean_odds() -> Column:
    """The mean of both orders' log-odds."""
    return (F.col(OWN_ODDS) + F.col(REVERSED_ODDS)) / 2


def gap_of_orders() -> Column:
    """The gap between both orders' log-odds, twice the position offset; NULL unless both have some."""
    return F.col(OWN_ODDS) - F.col(REVERSED_ODDS)


def margin_verdict(tie_margin: float, judges: Sequence[JudgeInfo]) -> Column:
    """The index in `VERDICTS` by the rule margin; not asked for a judge that gives no log-odds at all."""
    is_asked = (F.col("own") != NOT_ASKED) & (F.col("reversed") != NOT_ASKED) & _gives(judges)
    return F.when(is_asked, _verdict_of(mean_odds(), tie_margin)).otherwise(NOT_ASKED)


def centred_verdicts(tie_margin: float, offsets: Mapping[int, float]) -> tuple[Column, Column]:
    """The same by the centred log-odds of the original order, and of the reversed one."""
    has_offset = F.col("judge_number").isin([*offsets])
    own, reversed_ = (
        F.when((F.col(order) != NOT_ASKED) & has_offset, _verdict_of(odds, tie_margin)).otherwise(NOT_ASKED)
        for order, odds in zip(("own", "reversed"), _centred(offsets), strict=True)
    )
    return own, reversed_


def centred_odds(offsets: Mapping[int, float]) -> Column:
    """The log-odds that decide by the rule centred."""
    own, reversed_ = _centred(offsets)
    return F.when(F.col("own") != NOT_ASKED, own).otherwise(reversed_)


def centred_verdict(tie_margin: float, offsets: Mapping[int, float]) -> Column:
    """The index in `VERDICTS` by the rule centred."""
    own, reversed_ = centred_verdicts(tie_margin, offsets)
    return F.when(F.col("own") != NOT_ASKED, own).otherwise(reversed_)


def _centred(offsets: Mapping[int, float]) -> tuple[Column, Column]:
    """Each order's log-odds without the position offset; NULL where it is not known."""
    by_judge = F.create_map(*(F.lit(item) for pair in offsets.items() for item in pair))
    offset = F.element_at(by_judge, F.col("judge_number")) if offsets else F.lit(None).cast("double")
    return F.col(OWN_ODDS) - offset, F.col(REVERSED_ODDS) + offset


def _gives(judges: Sequence[JudgeInfo]) -> Column:
    return F.col("judge_number").isin([judge.number for judge in judges if judge.log_odds is not None])


def _verdict_of(odds: Column, tie_margin: float) -> Column:
    side, code = side_of(odds, tie_margin), F.lit(FAILED)
    for place, name in enumerate(VERDICTS[:FAILED]):
        code = F.when(side == name, place).otherwise(code)
    return code
