"""Scores of judges and labels as observations: answer by answer, and as rankings of three or more answers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from judgelake.jobs.evaluate.config import EvaluateJob
from judgelake.jobs.evaluate.features import SliceNames, slices_column
from judgelake.jobs.evaluate.inputs import Inputs
from judgelake.jobs.evaluate.labels import known_scores
from judgelake.jobs.evaluate.observations.groups import Groups
from judgelake.jobs.evaluate.observations.observation import OBSERVATION
from judgelake.jobs.evaluate.row_rules import graded_rule
from judgelake.jobs.evaluate.verdicts import moment_of, numbered, text_of, vote_of
from judgelake.measures import SwapRule
from judgelake.measures.families import COMPARISONS, FAILED, OBSERVATION_DDL, SEPARATOR, ranked

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame


ORDERS = ("own", "reversed")


def graded_rows(inputs: Inputs, features: DataFrame, slices: SliceNames, job: EvaluateJob) -> DataFrame | None:
    """One row per judge, labeled comparison and vote, for comparisons that have more than pairwise figures.

    `slices` are those of the comparison, without slices by the margin of a label or judgment.
    `label_scores`, `judge_scores`: one per answer, NULL if there are none; `label_verdict`, `judge_verdict`: of three
    or more answers. The judge's are of the original order, of the reversed one, or of both (mean scores; a verdict only
    if both agree), as `graded_rule` says, and there is no row if an order that it needs was not asked; a single answer
    has one order. None without labels.
    """
    if inputs.labels is None:
        return None
    known = features.select("comparison_id", "bucket", "question_key", "size", slices_column(slices).alias("slices"))
    rows = _judged(inputs, job).join(_labeled(inputs.labels, job), "comparison_id").join(known, "comparison_id")

    def fits(name: str) -> Column:
        return F.when(F.size(name) == F.col("size"), F.col(name))

    return rows.withColumns({name: fits(name) for name in ("label_scores", "judge_scores")})


def score_observations(rows: DataFrame, inputs: Inputs, groups: Groups, job: EvaluateJob) -> DataFrame | None:
    """The family scores: every answer's two scores, and its question's half; None if no judge is asked for scores."""
    judges = [judge for judge in inputs.judges if judge.is_asked_for_scores]
    if not judges:
        return None
    outcomes = F.transform(
        F.sequence(F.lit(1), F.col("size")),
        lambda place: F.concat_ws(
            SEPARATOR,
            F.element_at("label_scores", place).cast("string"),
            F.coalesce(F.try_element_at("judge_scores", place).cast("string"), F.lit(FAILED)),
            F.pmod("question_key", F.lit(2)).cast("string"),
        ),
    )
    scored = rows.where(F.col("label_scores").isNotNull() & F.col("judge_number").isin([j.number for j in judges]))
    group = groups.by_judge("scores", inputs.judges).alias("group")
    answers = _observations(scored, group, F.explode(outcomes))
    return answers.unionByName(_comparisons(scored, group, job))


def ranking_observations(rows: DataFrame, inputs: Inputs, groups: Groups, job: EvaluateJob) -> DataFrame:
    """The family rankings: comparisons of three or more answers, each as one outcome."""
    several = rows.where("size > 2")
    group = groups.by_judge("rankings", inputs.judges).alias("group")
    columns = ("slices", "label_scores", "label_verdict", "judge_scores", "judge_verdict", "judge_abstains")
    given = several.select("bucket", "question_key", group, *columns)
    ranks = given.mapInArrow(partial(ranked, failure_rule=job.failure_rule), OBSERVATION_DDL)
    if job.labels.rule != "each":
        return ranks
    is_labelled = F.col("label_scores").isNotNull() | F.col("label_verdict").isNotNull()
    return ranks.unionByName(_comparisons(several.where(is_labelled), group, job))


def _comparisons(rows: DataFrame, group: Column, job: EvaluateJob) -> DataFrame:
    """Each comparison once, however many of its answers and votes are observed."""
    # With any other rule there is already one row, and removing duplicates would be a shuffle.
    once = rows.dropDuplicates(["comparison_id", "judge_number"]) if job.labels.rule == "each" else rows
    return _observations(once, group, F.lit(COMPARISONS))


def _observations(rows: DataFrame, group: Column, outcome: Column) -> DataFrame:
    code, once = F.lit(None).cast("int").alias("code"), F.lit(1).alias("n")
    made = rows.select("bucket", "question_key", group, code, outcome.alias("outcome"), "slices", once)
    return made.select(*OBSERVATION)


def _judged(inputs: Inputs, job: EvaluateJob) -> DataFrame:
    """Scores and verdict of each judge and comparison; of the latest text, as in `verdicts.both_orders`."""
    own = F.array_join(F.array_sort(F.split("shown_order", "")), "")
    said = F.struct(
        F.when(F.col("status") == "ok", F.struct(known_scores().alias("scores"), "verdict")).alias("said"),
        text_of(inputs.judgments),
    )
    moment = moment_of(inputs.judgments)
    latest = (
        numbered(inputs.judgments, inputs.judges)
        .where(F.col("repeat") == 0)
        .withColumns({"is_own": F.col("shown_order") == own, "is_reversed": F.reverse("shown_order") == own})
        .where("is_own OR is_reversed")
        .groupBy("comparison_id", "judge_number", "is_own", "is_reversed")
        .agg(F.max_by(said, moment).alias("latest"), F.max(moment).alias("at"))
        .select("comparison_id", "judge_number", "is_own", "is_reversed", "latest.*", "at")
    )
    orders = latest.groupBy("comparison_id", "judge_number").agg(
        F.collect_list(F.struct("is_own", "is_reversed", "said", "text")).alias("orders"),
        F.max_by("text", "at").alias("newest"),
    )
    rules = {judge.number: graded_rule(judge, job) for judge in inputs.judges}
    takes = {
        f"takes_{name}": F.col("judge_number").isin([number for number, rule in rules.items() if rule is not other])
        for name, other in (("own", SwapRule.SECOND), ("reversed", SwapRule.FIRST))
    }
    # For a single answer the one order is both.
    are_asked = " AND ".join(f"(NOT takes_{name} OR exists(orders, one -> one.is_{name}))" for name in ORDERS)
    is_needed = " OR ".join(f"takes_{name} AND one.is_{name}" for name in ORDERS)
    of_text = orders.withColumn("orders", F.expr("filter(orders, one -> coalesce(one.text = newest, true))"))
    asked = of_text.withColumns(takes).where(are_asked)
    asked = asked.withColumn("orders", F.expr(f"filter(orders, one -> {is_needed})"))
    return asked.select("comparison_id", "judge_number", *_of_orders())


def _of_orders() -> tuple[Column, Column, Column]:
    """The orders combined: if one lacks scores there is no mean, if one lacks a verdict there is no verdict."""
    scores = F.filter(F.transform("orders", lambda one: one.said.scores), lambda one: one.isNotNull())
    verdicts = F.filter(F.transform("orders", lambda one: one.said.verdict), lambda one: one.isNotNull())
    has_scores, has_verdicts = (F.size(found) == F.size("orders") for found in (scores, verdicts))
    is_one = F.size(F.array_distinct(verdicts)) == 1
    return (
        F.when(has_scores, _mean_of(scores)).alias("judge_scores"),
        F.when(has_verdicts & is_one, F.element_at(verdicts, 1)).alias("judge_verdict"),
        (~has_scores & has_verdicts & ~is_one).alias("judge_abstains"),
    )


def _labeled(labels: DataFrame, job: EvaluateJob) -> DataFrame:
    """Scores and verdict of the labels by the rule: of more than half of all, of all, or the mean of all scores.

    Labels that are scores of several answers also count as verdicts, next to the verdicts of other labelers.
    """
    votes = labels.withColumn("vote", vote_of(job.labels.tie_margin))
    if job.labels.rule == "each":
        return votes.select(
            "comparison_id", F.col("scores").alias("label_scores"), F.col("vote").alias("label_verdict")
        )
    said = votes.groupBy("comparison_id").agg(
        F.count("*").alias("labels"),
        F.collect_list("scores").alias("scores"),
        F.collect_list("vote").alias("votes"),
        F.mode("vote").alias("most_votes"),
        F.mode("scores").alias("most_scores"),
    )

    def chosen(values: str) -> Column:
        most = F.col(f"most_{values}")
        agreeing = F.size(F.filter(values, lambda value: value == most))
        needed = F.col("labels") if job.labels.rule == "unanimous" else F.floor(F.col("labels") / 2) + 1
        return F.when(agreeing >= needed, most)

    scores = chosen("scores")
    if job.labels.rule == "mean":
        scores = F.when(F.size("scores") == F.col("labels"), _mean_of(F.col("scores")))
    return said.select("comparison_id", scores.alias("label_scores"), chosen("votes").alias("label_verdict"))


def _mean_of(lists: Column) -> Column:
    """The mean at every index of lists of equal length; NULL if there is no list, or if lengths differ."""
    places = F.sequence(F.lit(1), F.size(F.element_at(lists, 1)))
    mean = F.transform(
        places,
        lambda place: (
            F.aggregate(lists, F.lit(0.0), lambda total, one: total + F.try_element_at(one, place)) / F.size(lists)
        ),
    )
    are_alike = F.size(F.array_distinct(F.transform(lists, F.size))) == 1
    return F.when(are_alike, mean)
