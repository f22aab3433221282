"""The probability that all labels have together, request by request, as observations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from judgelake.comparisons import LOW_MASS
from judgelake.jobs.evaluate.inputs import Inputs
from judgelake.jobs.evaluate.observations.groups import Groups
from judgelake.jobs.evaluate.observations.observation import coded, comparison_observed, exploded, observed
from judgelake.jobs.evaluate.verdicts import moment_of, numbered
from judgelake.measures.families import DROPPED, KEPT, MASS_BANDS, MASS_BOUNDS

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame


def mass_observations(inputs: Inputs, features: DataFrame, groups: Groups) -> DataFrame | None:
    """The family masses: the last judgment of each request by its mass; None if no judge decides by probabilities."""
    judges = [judge for judge in inputs.judges if judge.decides_by_probability]
    if not judges:
        return None
    judgments = numbered(inputs.judgments, inputs.judges)
    if "label_mass" not in judgments.columns:
        # A pinned version may be from before the column.
        judgments = judgments.withColumn("label_mass", F.lit(None).cast("double"))
    dropped = (F.col("status") != "ok") & F.coalesce(F.contains("error", F.lit(LOW_MASS)), F.lit(False))
    code = coded((_band(), MASS_BANDS), (dropped.cast("int"), (KEPT, DROPPED)))
    requests = (
        judgments.where(F.col("judge_number").isin([judge.number for judge in judges]))
        .groupBy("comparison_id", "judge_number", "shown_order", "repeat")
        .agg(F.max_by(code, moment_of(judgments)).alias("code"))
        .groupBy("comparison_id", "judge_number")
        .agg(F.collect_list("code").alias("codes"))
    )
    rows = requests.join(features.select("comparison_id", "bucket", "question_key"), "comparison_id")
    # The others have no such group, and so no rows that say that nothing was counted.
    subjects = ["" if judge.decides_by_probability else None for judge in inputs.judges]
    group = groups.by_judge("masses", inputs.judges, subjects)
    each = F.transform("codes", lambda code: observed(group, code))
    return exploded(rows, F.concat(F.array(comparison_observed(group)), each))


def _band() -> Column:
    """The index in `MASS_BANDS`."""
    mass = F.col("label_mass")
    band = F.lit(0)
    for bound in MASS_BOUNDS:
        band = band + (mass >= bound).cast("int")
    return F.when(mass.isNull() | F.isnan(mass), len(MASS_BANDS) - 1).otherwise(band)
