"""What thresholds are chosen from: labelled comparisons that the judges of all stages have judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from pyspark.sql import functions as F

from judgelake.errors import UserError
from judgelake.jobs.cascade.config import CascadeJob
from judgelake.jobs.cascade.judged import StageJudge, stage_judges, sure_rows, with_orders
from judgelake.jobs.evaluate import VOTES, Inputs, chosen_rows, gone_versions_named, inputs_of, odds_rows, votes_of
from judgelake.lake import named_in, register
from judgelake.trust.cascade import Labelled

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

READ = ("comparisons", "labels", "judgments")
TOKENS, CALLS = "tokens", "calls"


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """The labelled comparisons, the judges, and what a comparison costs at each stage."""

    labelled: Labelled
    judges: tuple[StageJudge, ...]
    costs: tuple[float, ...]
    cost_unit: str
    label_kind: str
    versions: dict[str, tuple[str, int]]
    """Id and version of each table read."""
    incomplete: int
    """Labelled comparisons left out because a stage has not judged them."""

    @property
    def questions(self) -> int:
        """How many different ones the comparisons have."""
        return len(np.unique(self.labelled.questions))


def evidence_of(spark: SparkSession, job: CascadeJob) -> Evidence:
    """Read it.

    Raises:
        UserError: a table, a judge or its log-probabilities are missing, there are no labels, or no labelled comparison
            was judged by all.
    """
    register(spark, job.tables, {*READ, *named_in(job.tables, job.where, job.judgments_where)})
    evaluation = job.evaluation()
    chosen = chosen_rows(spark, evaluation)
    with gone_versions_named(chosen.versions):
        inputs = inputs_of(chosen, evaluation)
        if inputs.labels is None or inputs.label_kind is None:
            raise UserError(
                f"There are no labels in {job.tables.labels!r} for these comparisons, and without them nothing is "
                "known of a judge's errors: bring labels in with jobs/ingest.py."
            )
        judges = stage_judges(job, inputs.judges)
        odds = odds_rows(inputs.judgments, [judge.info for judge in judges])
        judges = with_orders(judges, odds)
        rows = _wide(_labels(inputs, job), sure_rows(inputs.judgments, judges), judges).collect()
        costs, unit = _costs(job, inputs, judges)
    complete = [row for row in rows if row["judged"] == len(judges)]
    if not complete:
        raise UserError(_why_none(job, judges, rows))
    return Evidence(
        _labelled(complete, len(judges)),
        judges,
        costs,
        unit,
        inputs.label_kind,
        {name: (pinned.table_id, pinned.version) for name, pinned in inputs.versions.items()},
        len(rows) - len(complete),
    )


def _labels(inputs: Inputs, job: CascadeJob) -> DataFrame:
    """comparison_id, question, label of comparisons of two answers that have one label."""
    assert inputs.labels is not None
    label = F.lit(None).cast("string")
    for name in VOTES:
        label = F.when(F.col(name) > 0, name.removeprefix("votes_")).otherwise(label)
    votes = votes_of(inputs.labels, job.labels).select("comparison_id", label.alias("label")).where("label IS NOT NULL")
    have = inputs.comparisons.columns
    question = F.coalesce("question_id", "comparison_id") if "question_id" in have else F.col("comparison_id")
    pairs = inputs.comparisons.where(F.size("answers") == 2)
    # A table filled by other tools may contain an id twice.
    named = pairs.groupBy("comparison_id").agg(F.min(question).alias("question"))
    return named.join(votes, "comparison_id")


def _wide(labels: DataFrame, sure: DataFrame, judges: tuple[StageJudge, ...]) -> DataFrame:
    """One row per labelled comparison: its question, and reliability_0, is_right_0 and so on for each stage."""
    joined = labels.join(sure, "comparison_id", "left")
    columns = [F.first("question").alias("question"), F.count("stage").alias("judged")]
    for judge in judges:
        of_stage = F.col("stage") == judge.stage
        columns.append(F.max(F.when(of_stage, F.col("reliability"))).alias(f"reliability_{judge.stage}"))
        right = F.coalesce(F.col("verdict") == F.col("label"), F.lit(False))
        columns.append(F.max(of_stage & right).alias(f"is_right_{judge.stage}"))
        columns.append(F.max(of_stage).alias(f"is_judged_{judge.stage}"))
    return joined.groupBy("comparison_id").agg(*columns)


def _labelled(rows: list[Any], stages: int) -> Labelled:
    # One order of the rows, whatever the partitions, so that the same questions are drawn again.
    rows = sorted(rows, key=lambda row: row["comparison_id"])
    reliability = [[row[f"reliability_{stage}"] for row in rows] for stage in range(stages)]
    right = [[row[f"is_right_{stage}"] for row in rows] for stage in range(stages)]
    questions = np.array([row["question"] for row in rows], dtype=np.str_)
    return Labelled(np.array(reliability, dtype=np.float64), np.array(right, dtype=np.bool_), questions)


def _costs(job: CascadeJob, inputs: Inputs, judges: tuple[StageJudge, ...]) -> tuple[tuple[float, ...], str]:
    """The cost of a comparison at each stage, and its unit."""
    given = [stage.cost for stage in job.stages if stage.cost is not None]
    if given:
        return tuple(given), job.cost_unit or "of the unit of stages.cost"
    if not {"prompt_tokens", "output_tokens"} <= set(inputs.judgments.columns):
        return (1.0,) * len(judges), CALLS
    own = inputs.judgments.where(F.col("judge_fingerprint").isin([judge.fingerprint for judge in judges]))
    counted = own.groupBy("judge_fingerprint").agg(
        F.sum(F.col("prompt_tokens") + F.col("output_tokens")).alias("tokens"),
        F.countDistinct("comparison_id").alias("comparisons"),
    )
    tokens = {row["judge_fingerprint"]: (row["tokens"] or 0) / row["comparisons"] for row in counted.collect()}
    if not all(tokens.get(judge.fingerprint) for judge in judges):
        return (1.0,) * len(judges), CALLS
    return tuple(tokens[judge.fingerprint] for judge in judges), TOKENS


def _why_none(job: CascadeJob, judges: tuple[StageJudge, ...], rows: list[Any]) -> str:
    if not rows:
        return f"No comparison of two answers in {job.tables.comparisons!r} has one label: see labels.rule and where."
    counts = ", ".join(
        f"{judge.judge} {sum(bool(row[f'is_judged_{judge.stage}']) for row in rows):,}" for judge in judges
    )
    return (
        f"No labelled comparison was judged by the judges of all stages; of {len(rows):,} were judged by {counts}: let "
        "each of them judge the labelled comparisons with jobs/judge.py."
    )
