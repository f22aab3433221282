"""The rows of the table `reliability`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from judgelake.jobs.evaluate import EvaluateJob, Inputs, JudgeInfo, label_rule_text
from judgelake.jobs.trust.columns import probability_column
from judgelake.jobs.trust.judge_trust import JudgeTrust, subject_of
from judgelake.lake import RELIABILITY, replace_rows
from judgelake.measures.families import CLASSES

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

NO_VERDICT = "the judgment failed, so there is no verdict"
NOT_KNOWN_HERE = "this verdict has no value of the indicator that probabilities are made of"


def write_reliability(
    spark: SparkSession,
    rows: DataFrame,
    judges: Sequence[JudgeTrust],
    job: EvaluateJob,
    inputs: Inputs,
    run_id: str,
    computed_at: datetime,
) -> None:
    """Replace the rows of this run by these, in one commit.

    Args:
        spark: a session with Delta.
        rows: of `with_indicators`.
        judges: what the labels say of each judge.
        job: with the swap rule that is used.
        inputs: of the evaluation.
        run_id: the run.
        computed_at: when.
    """
    made = rows.where("verdict != 'not_asked'").withColumns(_values(judges, inputs))
    shared = {
        "run_id": run_id,
        "swap_rule": job.headline.value,
        "label_rule": label_rule_text(job, inputs),
        "computed_at": computed_at,
        **{
            f"{name}_version": inputs.versions[name].version if name in inputs.versions else None
            for name in ("comparisons", "judgments", "labels")
        },
    }
    table = spark.read.table(job.tables.reliability).schema
    of_each = {name: F.lit(shared[name]) if name in shared else F.col(name) for name in RELIABILITY.names}
    columns = [value.cast(table[name].dataType).alias(name) for name, value in of_each.items()]
    replace_rows(made.select(*columns), job.tables.reliability, "run_id", run_id)


def _values(judges: Sequence[JudgeTrust], inputs: Inputs) -> dict[str, Column]:
    """The columns of the table that differ from row to row."""
    has_verdict, has_label = F.col("verdict").isin(*CLASSES), F.col("label").isin(*CLASSES)
    fitted = {one.judge.number: (one.indicator, one.fitted[0].maps) for one in judges if one.indicator and one.fitted}
    found = F.when(has_verdict, probability_column(fitted))
    sources = {one.judge.number: subject_of(one.indicator, one.fitted[0].method.value) for one in judges if one.fitted}
    reasons = {one.judge.number: one.reason for one in judges if one.reason is not None}
    why = F.when(~has_verdict, NO_VERDICT).otherwise(F.coalesce(_by_judge(reasons), F.lit(NOT_KNOWN_HERE)))
    return {
        **{name: _by_judge(_of(inputs.judges, name)) for name in ("judge", "model_version", "mode")},
        "judge_fingerprint": _by_judge(_of(inputs.judges, "fingerprint")),
        "question_id": F.col("question"),
        "is_right": F.when(has_verdict & has_label, F.col("verdict") == F.col("label")),
        "verdict": F.when(has_verdict, F.col("verdict")),
        "label": F.when(has_label, F.col("label")),
        "probability": found,
        "probability_from": F.when(found.isNotNull(), _by_judge(sources)),
        "reason": F.when(found.isNull(), why),
    }


def _of(judges: Sequence[JudgeInfo], name: str) -> dict[int, str]:
    return {judge.number: getattr(judge, name) for judge in judges}


def _by_judge(texts: Mapping[int, str]) -> Column:
    if not texts:
        return F.lit(None).cast("string")
    given = F.create_map(*(F.lit(item) for pair in texts.items() for item in pair))
    return F.try_element_at(given, F.col("judge_number"))
