"""The comparisons that decide: labelled, judged by both, and of questions that neither was trained on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F

from judgelake.errors import UserError
from judgelake.jobs.promote.config import PromoteJob
from judgelake.jobs.promote.trained_on import question_keys

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from judgelake.jobs.evaluate import Chosen


@dataclass(frozen=True, slots=True)
class Counts:
    """How many labelled comparisons of two answers there are, and what becomes of them."""

    labelled: int
    not_judged: int
    """Those without a judgment of one of the two, failed ones included."""
    trained_on: Mapping[str, int]
    """By the alias of who was trained on their questions."""
    used: int
    questions: int
    """Different questions of those that are used."""

    @property
    def text(self) -> str:
        """In a sentence."""
        used = f"{self.used:,} of {self.labelled:,} labelled comparisons are used, of {self.questions:,} questions"
        parts = [f"{self.not_judged:,} are not judged by both"] if self.not_judged else []
        parts += [
            f"{n:,} are of questions that the {alias} was trained on" for alias, n in self.trained_on.items() if n
        ]
        left_out = f"; {', '.join(parts)}, so they are left out" if parts else ""
        return used + left_out


@dataclass(frozen=True, slots=True)
class Narrowed:
    """The rows that decide, with their counts."""

    chosen: Chosen
    counts: Counts


def narrowed(
    chosen: Chosen, job: PromoteJob, fingerprints: Mapping[str, str], trained_on: Mapping[str, DataFrame]
) -> Narrowed:
    """Leave out what does not decide.

    Args:
        chosen: the pinned rows, after the predicates of the job.
        job: which labels count.
        fingerprints: alias to the fingerprint of its judgments.
        trained_on: alias to the questions that it was trained on (`questions_of`), where they are known.

    Raises:
        UserError: there are no labels, or they are of too few questions.
    """
    judgments = chosen.judgments.where(F.col("judge_fingerprint").isin(*fingerprints.values()))
    flagged = _flagged(chosen, job, judgments, len(fingerprints), trained_on)
    counts = _counts(flagged, trained_on)
    _check(counts, job)
    kept = flagged.where(_is_used(trained_on)).select("comparison_id")
    comparisons = chosen.comparisons.join(kept, "comparison_id", "left_semi")
    return Narrowed(replace(chosen, comparisons=comparisons, judgments=judgments), counts)


def _flagged(
    chosen: Chosen, job: PromoteJob, judgments: DataFrame, sides: int, trained_on: Mapping[str, DataFrame]
) -> DataFrame:
    """The labelled comparisons of two answers: comparison_id, question, is_judged, and a flag for each alias."""
    labels = chosen.versions["labels"].df
    if job.labels.kind is not None:
        labels = labels.where(F.col("kind") == job.labels.kind)
    if job.labels.labelers:
        labels = labels.where(F.col("labeler").isin(*job.labels.labelers))
    pairs = chosen.comparisons.where(F.size("answers") == 2).join(labels, "comparison_id", "left_semi")
    question = F.coalesce("question_id", "comparison_id") if "question_id" in pairs.columns else F.col("comparison_id")
    keyed = pairs.select("comparison_id", question.alias("question"), question_keys(pairs).alias("keys"))
    # A table filled by other tools may contain an id twice.
    keyed = keyed.groupBy("comparison_id").agg(F.first("question").alias("question"), F.first("keys").alias("keys"))
    judges = judgments.groupBy("comparison_id").agg(F.count_distinct("judge_fingerprint").alias("judges"))
    flagged = keyed.join(judges, "comparison_id", "left")
    flagged = flagged.withColumn("is_judged", F.coalesce(F.col("judges") == sides, F.lit(False)))
    each = keyed.select("comparison_id", F.explode("keys").alias("key"))
    for alias, questions in trained_on.items():
        known = each.join(questions, "key", "left_semi").select("comparison_id", F.lit(True).alias(alias)).distinct()
        flagged = flagged.join(known, "comparison_id", "left").fillna(False, alias)
    return flagged.select("comparison_id", "question", "is_judged", *trained_on)


def _is_used(trained_on: Mapping[str, DataFrame]) -> Column:
    used = F.col("is_judged")
    for alias in trained_on:
        used &= ~F.col(alias)
    return used


def _counts(flagged: DataFrame, trained_on: Mapping[str, DataFrame]) -> Counts:
    used = _is_used(trained_on)
    found: Any = flagged.agg(
        F.count("*").alias("labelled"),
        F.count_if(~F.col("is_judged")).alias("not_judged"),
        F.count_if(used).alias("used"),
        F.count_distinct(F.when(used, F.col("question"))).alias("questions"),
        *(F.count_if(F.col("is_judged") & F.col(alias)).alias(alias) for alias in trained_on),
    ).first()
    of_training = {alias: found[alias] for alias in trained_on}
    return Counts(found["labelled"], found["not_judged"], of_training, found["used"], found["questions"])


def _check(counts: Counts, job: PromoteJob) -> None:
    least = job.held_out.least_questions
    if not counts.labelled:
        kind = f" of the kind {job.labels.kind}" if job.labels.kind else ""
        labelers = f" by {', '.join(job.labels.labelers)}" if job.labels.labelers else ""
        chosen = kind + labelers + (f" where {job.where}" if job.where else "")
        raise UserError(
            f"No comparison of two answers has a label{chosen} in {job.tables.labels!r}, so nothing can be decided: "
            "bring labels in with jobs/ingest.py, or change where and labels."
        )
    if counts.questions < least:
        raise UserError(
            f"Too few labels to decide: {counts.text}. held_out.least_questions asks for {least:,} questions, so "
            f"{least - counts.questions:,} more must be labelled and judged by both, or lower it."
        )
