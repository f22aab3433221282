"""The verdicts of the stages' judges and how sure they are, from stored judgments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from judgelake.errors import UserError, did_you_mean
from judgelake.jobs.cascade.config import CascadeJob
from judgelake.jobs.evaluate import (
    NATS,
    JudgeInfo,
    centred_odds,
    gap_of_orders,
    is_asked,
    mean_odds,
    odds_rows,
    side_of,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

LEAST_NAMED = 8
"""Signs of a fingerprint that name a judge."""
LEAST_IN_BOTH = 0.5
"""The share of its comparisons that a judge must have log-odds of in both orders for the mean of both to decide."""


@dataclass(frozen=True, slots=True)
class StageJudge:
    """The judge of one stage, and how its log-odds of a comparison become one number."""

    stage: int
    """From 0."""
    judge: str
    """Its name in an evaluation: with mode, model or fingerprint where the name alone is not unique."""
    fingerprint: str
    takes_both_orders: bool = True
    """The mean of both orders' log-odds; else those of the original order, or of the reversed one if only that was
    asked, without what being shown first adds."""
    offset: float = 0.0
    """What being shown first adds to its log-odds; 0 if not known."""

    @property
    def info(self) -> JudgeInfo:
        """The same for the evaluation's functions."""
        return JudgeInfo(self.stage, self.judge, self.judge, self.fingerprint, "", "", False, 0, 1, log_odds=NATS)


def names_fingerprint(name: str, fingerprint: str) -> bool:
    """Whether a name is the beginning of a fingerprint, and long enough to be meant as one."""
    return len(name) >= LEAST_NAMED and fingerprint.startswith(name)


def stage_judges(job: CascadeJob, judges: Sequence[JudgeInfo]) -> tuple[StageJudge, ...]:
    """The judges that the stages name.

    Raises:
        UserError: there is no such judge, several have the name, one is named twice, or one gives no log-probabilities.
    """
    found = []
    for place, stage in enumerate(job.stages):
        key = f"stages[{place}].judge"
        named = [one for one in judges if stage.judge in (one.name, one.judge)] or [
            one for one in judges if names_fingerprint(stage.judge, one.fingerprint)
        ]
        exact = [one for one in named if one.name == stage.judge]
        named = exact if len(exact) == 1 else named
        if not named:
            known = [one.name for one in judges]
            raise UserError(
                f"{key}: {stage.judge!r} has no judgments in {job.tables.judgments!r}."
                f"{did_you_mean(stage.judge, known)} There are {', '.join(known)}: judge with it (jobs/judge.py) or "
                "import its judgments (jobs/ingest.py)."
            )
        if len(named) > 1:
            choices = ", ".join(f"{one.fingerprint[:12]} ({one.mode}, {one.model_version})" for one in named)
            raise UserError(f"{key}: {len(named)} judges have the name {stage.judge!r}; name a fingerprint: {choices}.")
        if named[0].log_odds != NATS:
            raise UserError(
                f"{key}: {stage.judge!r} gives no log-probabilities of its verdicts, so nothing says how sure they "
                "are: judge with a mode that decides by them (pair-logprobs), or import verdict_logprobs."
            )
        found.append(StageJudge(place, named[0].name, named[0].fingerprint))
    if len({one.fingerprint for one in found}) < len(found):
        raise UserError("stages: two stages name the same judge by different names: leave one of them out.")
    return tuple(found)


def with_orders(judges: Sequence[StageJudge], rows: DataFrame) -> tuple[StageJudge, ...]:
    """The judges with what decides of them: the mean of both orders where most comparisons have both.

    Args:
        judges: of the stages.
        rows: of `odds_rows`.
    """
    gap = gap_of_orders()
    counted = rows.groupBy("judge_number").agg(
        F.count("*").alias("asked"), F.count(gap).alias("in_both"), F.avg(gap).alias("gap")
    )
    by_stage = {row["judge_number"]: row for row in counted.collect()}
    made = []
    for judge in judges:
        row = by_stage.get(judge.stage)
        both = row is not None and row["in_both"] >= LEAST_IN_BOTH * row["asked"]
        offset = (row["gap"] or 0.0) / 2 if row is not None else 0.0
        made.append(StageJudge(judge.stage, judge.judge, judge.fingerprint, both, offset))
    return tuple(made)


def sure_rows(judgments: DataFrame, judges: Sequence[StageJudge]) -> DataFrame:
    """comparison_id, stage, verdict, reliability: one row per comparison of two answers and stage that was asked it.

    The reliability is the probability of the verdict among the two answers, by the log-odds; both are NULL where there
    are none: the judgment failed, or one order of two is missing.
    """
    rows = odds_rows(judgments, [judge.info for judge in judges])
    offsets = {judge.stage: judge.offset for judge in judges}
    in_both = [judge.stage for judge in judges if judge.takes_both_orders]
    asked_both = is_asked("own") & is_asked("reversed")
    odds = F.when(F.col("judge_number").isin(in_both), F.when(asked_both, mean_odds())).otherwise(centred_odds(offsets))
    return rows.withColumn("odds", odds).select(
        "comparison_id",
        F.col("judge_number").alias("stage"),
        side_of(F.col("odds")).alias("verdict"),
        (1 / (1 + F.exp(-F.abs("odds")))).alias("reliability"),
    )
