"""Observations to cells: one aggregation in Spark, without Python workers or tasks that must hold whole questions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from judgelake.measures.families import QUESTIONS, Buckets

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def count_cells(observations: DataFrame, buckets: Buckets) -> DataFrame:
    """Rows of `CELL`: how many observations of each group, slice and bucket of questions have each outcome.

    Args:
        observations: rows of `OBSERVATION_DDL`; `slices` contains `WHOLE` and all other slices of the observation.
        buckets: how the questions were put into buckets. If the number of questions of a group and slice does not
            follow from them, it is added as the outcome `QUESTIONS`.
    """
    in_slice = F.explode("slices").alias("slice")
    spread = observations.select("bucket", "question_key", "group", "code", "outcome", in_slice, "n")
    cells = spread.groupBy("group", "slice", "code", "outcome", "bucket").agg(F.sum("n").alias("n"))
    if buckets.tell_questions:
        return cells
    each = (
        spread.select("group", "slice", "question_key")
        .distinct()
        .groupBy("group", "slice")
        .agg(F.count("*").alias("n"))
    )
    as_cell = {"code": F.lit(None).cast("int"), "outcome": F.lit(QUESTIONS), "bucket": F.lit(0)}
    return cells.unionByName(each.withColumns(as_cell))
