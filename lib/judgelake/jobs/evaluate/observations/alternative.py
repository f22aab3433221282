"""A judge competing with each labeler for agreement with the others, as observations."""

from __future__ import annotations

from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from judgelake.jobs.evaluate.inputs import Inputs
from judgelake.jobs.evaluate.observations.groups import Groups
from judgelake.jobs.evaluate.observations.judged import NAMED, said_in, times_of
from judgelake.jobs.evaluate.observations.observation import comparison_observed, exploded, observed
from judgelake.jobs.evaluate.verdicts import vote_of
from judgelake.measures.families import CLASSES, LEAST_LABELERS, MOST_TESTED, RESULTS, WRONG

COUNTED = (*CLASSES, WRONG)
"""Verdicts that count in an agreement."""


def alternative_observations(rows: DataFrame, inputs: Inputs, groups: Groups, tie_margin: float) -> DataFrame | None:
    """The family alternatives: of each label, who agrees with more of the comparison's other labels, judge or labeler.

    None if there are not as many labelers as the test takes; with two or more the judges have groups all the same, and
    so a reason.

    Args:
        rows: of `judged_rows`; each verdict of a rule that counts both orders is one half.
        inputs: of the evaluation.
        groups: gets a group for each judge.
        tie_margin: of labels that are scores.
    """
    if inputs.labels is None or len(inputs.labelers) < 2:
        return None
    group = groups.by_judge("alternatives", inputs.judges)
    if not LEAST_LABELERS <= len(inputs.labelers) <= MOST_TESTED:
        return None
    shared = rows.where(F.aggregate("all_votes", F.lit(0).cast("long"), lambda total, one: total + one) > 1)
    vote = vote_of(tie_margin).alias("vote")
    labels = inputs.labels.select("comparison_id", "labeler", vote).where("vote IS NOT NULL")
    competing = _verdicts_of(shared).join(labels, "comparison_id")
    of_label = observed(group, [F.coalesce("labeler", F.lit("")), _result()], n=F.col("times"))
    has_verdict = reduce(Column.__or__, (F.col(NAMED[name]).isin(*COUNTED) for name in said_in(rows)))
    return exploded(competing, F.array(of_label)).unionByName(
        exploded(shared.where(has_verdict), F.array(comparison_observed(group)))
    )


def _verdicts_of(rows: DataFrame) -> DataFrame:
    """One row per verdict that counts, with how often it does."""
    names = said_in(rows)
    of_orders = [
        rows.where(when).withColumns({"verdict": F.col(NAMED[name]), "times": F.lit(1) if n is None else n})
        for name, (n, when) in zip(names, times_of(*map(F.col, names)), strict=True)
    ]
    known = ("comparison_id", "bucket", "question_key", "judge_number", "verdict", "times", "all_votes")
    return reduce(DataFrame.unionByName, of_orders).where(F.col("verdict").isin(*COUNTED)).select(*known)


def _result() -> Column:
    """Who agrees with more of the others: the labeler's own label is not among those that both are compared with."""
    votes = F.map_from_arrays(F.array(*map(F.lit, CLASSES)), F.col("all_votes"))
    is_same = (F.col("verdict") == F.col("vote")).cast("int")
    with_judge = F.coalesce(F.try_element_at(votes, F.col("verdict")), F.lit(0)) - is_same
    with_labeler = F.element_at(votes, F.col("vote")) - 1
    judge, labeler, both = map(F.lit, RESULTS)
    return F.when(with_judge > with_labeler, judge).when(with_judge < with_labeler, labeler).otherwise(both)
