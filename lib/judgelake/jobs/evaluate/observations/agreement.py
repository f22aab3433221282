"""Labelers compared with each other, and repeated answers of a judge compared, as observations."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from judgelake.jobs.evaluate.inputs import Inputs
from judgelake.jobs.evaluate.observations.groups import Groups
from judgelake.jobs.evaluate.observations.observation import comparison_observed, exploded, observed
from judgelake.jobs.evaluate.verdicts import numbered, vote_of
from judgelake.measures.families import SEPARATOR

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

# The number of pairs grows with the square of the labelers; with more than this only alpha is given.
MOST_LABELERS = 12
BETWEEN_LABELERS = " / "


def labeler_observations(inputs: Inputs, features: DataFrame, groups: Groups, tie_margin: float) -> DataFrame | None:
    """The families labelers and labeler_scores (every pair), units and score_units (all labelers of a comparison).

    labelers and units are of verdicts, including those that follow from scores of several answers (`vote_of`), one per
    comparison; labeler_scores and score_units are of scores, one per answer. None if fewer than two labelers of the
    kind have labeled anything.
    """
    if inputs.labels is None or len(inputs.labelers) < 2:
        return None
    two = list(combinations(inputs.labelers, 2)) if len(inputs.labelers) <= MOST_LABELERS else []
    named = [(BETWEEN_LABELERS.join(pair), [F.lit(name) for name in pair]) for pair in two]

    def of_verdicts() -> Iterator[Column]:
        given = F.array_sort(F.map_values("verdicts"))
        yield observed(F.lit(groups.number("units")), [F.array_join(given, SEPARATOR)], when=F.size(given) > 1)
        for subject, names in named:
            both = [F.try_element_at("verdicts", name) for name in names]
            stands = both[0].isNotNull() & both[1].isNotNull()
            yield observed(F.lit(groups.number("labelers", subject=subject)), both, when=stands)

    def comparisons() -> Iterator[Column]:
        yield comparison_observed(F.lit(groups.number("score_units")), when=F.size("scores") > 1)
        for subject, names in named:
            lists = [F.try_element_at("scores", name) for name in names]
            group = F.lit(groups.number("labeler_scores", subject=subject))
            yield comparison_observed(group, when=lists[0].isNotNull() & lists[1].isNotNull())

    def of_scores(place: Column) -> Iterator[Column]:
        given = F.array_sort(F.transform(F.map_values("scores"), lambda scores: F.element_at(scores, place)))
        text = F.array_join(given, SEPARATOR)
        yield observed(F.lit(groups.number("score_units")), [text], when=F.size(given) > 1)
        for subject, names in named:
            lists = [F.try_element_at("scores", name) for name in names]
            both = [F.element_at(scores, place).cast("string") for scores in lists]
            stands = lists[0].isNotNull() & lists[1].isNotNull()
            yield observed(F.lit(groups.number("labeler_scores", subject=subject)), both, when=stands)

    places = F.sequence(F.lit(1), F.col("size"))
    by_answer = F.flatten(F.transform(places, lambda place: F.array(*of_scores(place))))
    return exploded(
        _said(inputs.labels, features, tie_margin), F.concat(F.array(*of_verdicts(), *comparisons()), by_answer)
    )


def _said(labels: DataFrame, features: DataFrame, tie_margin: float) -> DataFrame:
    """One row per comparison: maps of labeler to verdict and to scores, of those that gave any."""
    of_each_answer = F.size("scores") == F.col("size")
    verdict, scores = F.col("vote").isNotNull(), F.col("scores").isNotNull() & of_each_answer
    return (
        labels.withColumn("vote", vote_of(tie_margin))
        .join(features.select("comparison_id", "bucket", "question_key", "size"), "comparison_id")
        .groupBy("comparison_id", "bucket", "question_key", "size")
        .agg(
            F.map_from_entries(F.collect_list(F.when(verdict, F.struct("labeler", "vote")))).alias("verdicts"),
            F.map_from_entries(F.collect_list(F.when(scores, F.struct("labeler", "scores")))).alias("scores"),
        )
    )


def repeat_observations(inputs: Inputs, features: DataFrame, groups: Groups) -> DataFrame | None:
    """The family repeats: how many pairs of answers differ for requests asked several times; None if none was.

    A failed request was asked but has no answer: it lowers the coverage.
    """
    again = repeated_requests(inputs)
    if again is None:
        return None
    texts = again.withColumns({name: F.col(name).cast("string") for name in ("differing", "pairs")})
    # The orders of a comparison in one row, since they are one observation of the comparison.
    orders = texts.groupBy("comparison_id", "judge_number").agg(
        F.collect_list(F.struct("differing", "pairs")).alias("orders")
    )
    rows = orders.join(features.select("comparison_id", "bucket", "question_key"), "comparison_id")
    group = groups.by_judge("repeats", inputs.judges)
    each = F.transform("orders", lambda order: observed(group, [order.differing, order.pairs]))
    return exploded(rows, F.concat(F.array(comparison_observed(group)), each))


def repeated_requests(inputs: Inputs) -> DataFrame | None:
    """One row per comparison, `judge_number` and order asked several times: pairs of answers, and those `differing`.

    None if no judge was asked anything twice.
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
    pairs = ((F.col("all") * (F.col("all") - 1)) / 2).cast("long")
    differing = ((F.col("all") * F.col("all") - F.col("squares")) / 2).cast("long")
    return requests.where("asked > 1").withColumns({"differing": differing, "pairs": pairs})
