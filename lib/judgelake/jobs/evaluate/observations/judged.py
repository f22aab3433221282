"""The verdicts of a comparison of two answers by the swap rules of the evaluation, once these are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from judgelake.jobs.evaluate.config import EvaluateJob
from judgelake.jobs.evaluate.features import SliceNames, margin_slices
from judgelake.jobs.evaluate.inputs import NATS, JudgeInfo
from judgelake.jobs.evaluate.log_odds import OWN_ODDS, centred_odds, centred_verdict, margin_verdict, mean_odds
from judgelake.jobs.evaluate.observations.observation import SAID
from judgelake.jobs.evaluate.verdicts import NOT_ASKED
from judgelake.measures import SCORED, SwapRule
from judgelake.measures.families import VERDICTS, headline_verdicts

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

OF_ORDERS = ("said", "said_reversed")
"""The columns of the headline's verdicts; the second is there only if its rule counts each order one half."""
NAMED = {"said": "verdict", "said_reversed": "verdict_reversed"}
"""The columns with the names of those verdicts."""
ODDS_RULES = (SwapRule.MARGIN, SwapRule.CENTRED)
"""Rules by which log-odds decide, not verdicts."""


def column_of(rule: SwapRule) -> str:
    """The column of the verdict by a rule of `SCORED`, as its index in `VERDICTS`."""
    return f"by_{rule.value}"


def judged_rows(
    rows: DataFrame, job: EvaluateJob, judges: Sequence[JudgeInfo], slices: SliceNames, offsets: Mapping[int, float]
) -> DataFrame:
    """The rows of `pair_rows` with the verdicts by the rules in `SCORED` that are reported, and by the headline's rule.

    `verdict` is "none" or "wrong" if the rule gives none, "not_asked" if it was not asked, and `said` its index in
    `SAID`. Under the rule MEAN they are those of the original order, and `verdict_reversed` and `said_reversed` those
    of the reversed one. The slices now include those of the margin: under the rules margin and centred it is the size
    of the log-odds that decide, where these are in nats.

    Args:
        rows: of `pair_rows`.
        job: with the swap rules that are used.
        judges: all of the evaluation.
        slices: those of the evaluation.
        offsets: the position offset of each judge that has one, by its number.
    """
    rows = _with_odds_rules(rows.withColumn("margin", _margin(rows, job, judges, offsets)), job, judges, offsets)
    tables = headline_verdicts(job.headline, job.failure_rule)
    own, reversed_ = F.col("own"), F.col("reversed")
    if job.headline in SCORED:
        own, reversed_ = F.col(column_of(job.headline)), F.lit(NOT_ASKED)
    said = {
        name: F.element_at(F.array(*(F.lit(SAID.index(one)) for one in table)), own * len(VERDICTS) + reversed_ + 1)
        for name, table in zip(OF_ORDERS, tables, strict=False)
    }
    named_too = {NAMED[name]: named(name, SAID) for name in said}
    return rows.withColumns(said).withColumns(named_too | {"slices": F.concat("slices", margin_slices(slices))})


def _with_odds_rules(
    rows: DataFrame, job: EvaluateJob, judges: Sequence[JudgeInfo], offsets: Mapping[int, float]
) -> DataFrame:
    """The rows with the verdicts by margin and centred, if these are wanted."""
    wanted = [rule for rule in job.rules if rule in ODDS_RULES]
    if OWN_ODDS not in rows.columns:
        return rows.withColumns({column_of(rule): F.lit(NOT_ASKED) for rule in wanted}) if wanted else rows
    verdicts = {
        SwapRule.MARGIN: margin_verdict(job.tie_margin, judges),
        SwapRule.CENTRED: centred_verdict(job.tie_margin, offsets),
    }
    return rows.withColumns({column_of(rule): verdicts[rule] for rule in wanted}) if wanted else rows


def _margin(rows: DataFrame, job: EvaluateJob, judges: Sequence[JudgeInfo], offsets: Mapping[int, float]) -> Column:
    """How clear the verdict of the headline's rule is, in nats."""
    of_order = F.col("reversed_margin" if job.headline is SwapRule.SECOND else "own_margin")
    if job.headline not in ODDS_RULES or OWN_ODDS not in rows.columns:
        return of_order
    deciding = mean_odds() if job.headline is SwapRule.MARGIN else centred_odds(offsets)
    in_nats = F.col("judge_number").isin([judge.number for judge in judges if judge.log_odds == NATS])
    return F.when(in_nats, F.abs(deciding)).otherwise(of_order)


def said_in(rows: DataFrame) -> tuple[str, ...]:
    """The columns of `judged_rows` whose verdicts are observed."""
    return tuple(name for name in OF_ORDERS if name in rows.columns)


def times_of(*said: Column) -> list[tuple[Column | None, Column]]:
    """How often, and where, the observation of each verdict counts: if two are the same, the first one twice.

    Fewer rows to count: most comparisons have the same verdict in both orders.
    """
    if len(said) == 1:
        return [(None, F.lit(True))]
    same = said[0] == said[1]
    return [(F.when(same, 2).otherwise(1), F.lit(True)), (None, ~same)]


def named(place: Column | str, names: Sequence[str]) -> Column:
    """The name at an index, by one table lookup: comparing texts row by row would cost far more."""
    found = F.col(place) if isinstance(place, str) else place
    return F.element_at(F.array(*map(F.lit, names)), found + 1)
