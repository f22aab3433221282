"""Which seeds the models are asked, and what is still to be asked of each model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.errors import AnalysisException, ParseException
from pyspark.sql import functions as F

from judgelake.asking import (
    ROW_HASH,
    Marks,
    Pending,
    Work,
    pending_requests,
    planning_errors,
)
from judgelake.errors import UserError, first_line
from judgelake.jobs.generate.answerer import Answerer, settled
from judgelake.jobs.generate.answering import target_of
from judgelake.jobs.generate.config import AnsweringModel, GenerateJob
from judgelake.jobs.generate.requests import AnswerRequests
from judgelake.lake import Pinned, read_pinned

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


@dataclass(frozen=True, slots=True)
class Asker:
    """One model of the job, its place among the models, and what it is asked."""

    place: int
    model: AnsweringModel
    answerer: Answerer
    work: Work


def pinned_seeds(spark: SparkSession, job: GenerateJob) -> tuple[Pinned, DataFrame]:
    """The seeds at their newest version, and those that are asked: no near-duplicates, as `answers` selects.

    Raises:
        UserError: there are no seeds, or the predicate is not SQL.
    """
    if not spark.catalog.tableExists(job.tables.seeds) or spark.read.table(job.tables.seeds).isEmpty():
        raise UserError(
            f"There are no questions in {job.tables.seeds!r}: name files or tables under seeds.sources and run "
            "the step seeds."
        )
    pinned = read_pinned(spark, job.tables.seeds, needs=("seed_id", "question_group", "messages", "input"))
    where = job.answers.where
    try:
        asked = pinned.df.where("seed_id = question_group")
        asked = asked if where is None else asked.where(where)
        _ = asked.columns
    except (AnalysisException, ParseException) as error:
        raise UserError(f"answers.where {where!r} does not fit {job.tables.seeds}: {first_line(error)}") from error
    limit = job.answers.limit
    return pinned, asked if limit is None else asked.orderBy("seed_id").limit(limit)


def askers_of(job: GenerateJob, answerers: list[Answerer], seeds: DataFrame) -> list[Asker]:
    """What each model is asked, over all runs."""
    rows = prepared(seeds)
    askers = []
    for place, (model, answerer) in enumerate(zip(job.models, answerers, strict=True)):
        requests = AnswerRequests(answerer, model.samples)
        target = target_of(answerer, job.tables.generated_answers)
        of_row = f"transform(sequence(0, {model.samples - 1}), s -> CAST(s AS STRING))"
        marks = Marks("seed_id", of_row, "CAST(sample AS STRING)")
        work = Work(rows, requests, model.samples, target, job.asking, marks)
        askers.append(Asker(place, settled(model), answerer, work))
    return askers


def prepared(seeds: DataFrame) -> DataFrame:
    """The columns that a prompt is made from, texts as bytes, with a key of the row."""
    raw = seeds.select("seed_id", "messages", "input")
    messages = F.transform(
        "messages",
        lambda message: F.struct(
            message.role.cast("binary").alias("role"), message.content.cast("binary").alias("content")
        ),
    )
    return raw.select(
        F.xxhash64(*raw.columns).alias(ROW_HASH),
        F.col("seed_id").cast("binary").alias("seed_id"),
        messages.alias("messages"),
        F.col("input").cast("binary").alias("input"),
    )


def pending_of(spark: SparkSession, job: GenerateJob, asker: Asker) -> Pending:
    """What a model has not yet answered, without asking it."""
    with planning_errors("answers.where", job.answers.where):
        return pending_requests(spark, asker.work)
