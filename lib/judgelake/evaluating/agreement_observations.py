"""Labelers against each other, and a judge against itself when asked the same again, as observations."""

from __future__ import annotations

from functools import reduce
from itertools import combinations
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from judgelake.evaluating.groups import Groups
from judgelake.evaluating.inputs import Inputs
from judgelake.evaluating.observations import OBSERVATION
from judgelake.evaluating.verdicts import numbered
from judgelake.evaluation import SEPARATOR, WHOLE

if TYPE_CHECKING:
    from pyspark.sql import Column

# Pairs of labelers grow with their square; beyond so many only alpha is given.
MOST_LABELERS = 12
BETWEEN_LABELERS = " / "


def labeler_observations(inputs: Inputs, features: DataFrame, groups: Groups) -> DataFrame | None:
    """The families labelers (every two of them) and units (all verdicts, or all scores, of a comparison).

    None where fewer than two labelers of the kind have labeled anything.
    """
    if inputs.labels is None or len(inputs.labelers) < 2:
        return None
    said = (
        inputs.labels.join(features.select("comparison_id", "question_key"), "comparison_id")
        .groupBy("comparison_id", "question_key")
        .agg(
            F.map_from_entries(
                F.collect_list(F.when(F.col("verdict").isNotNull(), F.struct("labeler", "verdict")))
            ).alias("verdicts"),
            F.array_sort(F.collect_list(F.when(F.size("scores") == 1, F.element_at("scores", 1)))).alias("scores"),
        )
    )
    units = [
        _rows(said, groups.number("units"), F.array_join(F.array_sort(F.map_values("verdicts")), SEPARATOR)).where(
            F.size("verdicts") > 1
        ),
        _rows(said, groups.number("score_units"), F.array_join("scores", SEPARATOR)).where(F.size("scores") > 1),
    ]
    if len(inputs.labelers) <= MOST_LABELERS:
        units += [_labeler_pair(said, groups, *two) for two in combinations(inputs.labelers, 2)]
    return reduce(DataFrame.unionByName, (rows.select(*OBSERVATION) for rows in units))


def repeat_observations(inputs: Inputs, features: DataFrame, groups: Groups) -> DataFrame | None:
    """The family repeats: of requests asked several times, how many pairs of answers differ; None where none was.

    One that failed is an asking without an answer: it lowers the coverage.
    """
    if all(judge.repeats < 2 for judge in inputs.judges):
        return None
    said = F.when(F.col("status") == "ok", F.coalesce("verdict", F.array_join("scores", SEPARATOR)))
    answers = (
        numbered(inputs.judgments, inputs.judges)
        .groupBy("comparison_id", "judge_number", "shown_order", "repeat")
        .agg(F.max_by(F.struct(said.alias("text")), "judged_at").getField("text").alias("said"))
    )
    same = answers.groupBy("comparison_id", "judge_number", "shown_order", "said").count()
    answered = F.when(F.col("said").isNotNull(), F.col("count")).otherwise(0)
    requests = same.groupBy("comparison_id", "judge_number", "shown_order").agg(
        F.sum("count").alias("asked"), F.sum(answered).alias("all"), F.sum(answered * answered).alias("squares")
    )
    pairs = ((F.col("all") * (F.col("all") - 1)) / 2).cast("long").cast("string")
    differing = ((F.col("all") * F.col("all") - F.col("squares")) / 2).cast("long").cast("string")
    rows = requests.where("asked > 1").join(features.select("comparison_id", "question_key"), "comparison_id")
    outcome = F.concat_ws(SEPARATOR, differing, pairs)
    return _rows(rows, groups.by_judge("repeats", inputs.judges), outcome).select(*OBSERVATION)


def _labeler_pair(said: DataFrame, groups: Groups, first: str, second: str) -> DataFrame:
    both = [F.try_element_at("verdicts", F.lit(name)) for name in (first, second)]
    group = groups.number("labelers", subject=BETWEEN_LABELERS.join((first, second)))
    stand = said.where(both[0].isNotNull() & both[1].isNotNull())
    return _rows(stand, group, F.concat_ws(SEPARATOR, *both))


def _rows(rows: DataFrame, group: int | Column, outcome: Column) -> DataFrame:
    return rows.withColumns(
        {
            "group": F.lit(group) if isinstance(group, int) else group,
            "outcome": outcome,
            "slices": F.array(F.lit(WHOLE)),
            "n": F.lit(1),
        }
    )
