"""Which comparisons a job judges: the pinned version of its table, the rows it selects, and what it asks of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.errors import AnalysisException, ParseException
from pyspark.sql import functions as F

from judgelake.asking import ROW_HASH, Marks, Work
from judgelake.comparisons import LETTERS
from judgelake.errors import UserError, first_line
from judgelake.jobs.judge.config import Input, JudgeJob, Order
from judgelake.jobs.judge.judging import target_of
from judgelake.jobs.judge.length import trimming_of
from judgelake.jobs.judge.orders import orders_a_comparison
from judgelake.jobs.judge.requests import JudgeRequests
from judgelake.jobs.judge.resolve import Judge
from judgelake.lake import Pinned, orders_in_sql, read_pinned

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

# The columns that a judge may see; the types of others may have no hash.
MUST_HAVE = ("comparison_id", "question_id", "messages", "answers")
MAY_HAVE = {"input": "string", "reference": "string", "rubric": "struct<criteria:string,scores:array<string>>"}
"""Columns of comparisons that not every table has, and their types."""


def pinned_input(spark: SparkSession, job: JudgeJob) -> tuple[Pinned, DataFrame]:
    """The comparisons at their pinned version, and those of their rows that the job selects.

    Raises:
        UserError: the table, a column or the version is missing, or the predicate is not SQL.
    """
    pinned = read_pinned(
        spark, job.tables.comparisons, job.input.version, needs=("comparison_id", "question_id", "messages", "answers")
    )
    try:
        selected = _selected(pinned.df, job.input)
    except (AnalysisException, ParseException) as error:
        raise UserError(
            f"input.where {job.input.where!r} does not fit {job.tables.comparisons}: {first_line(error)}"
        ) from error
    try:
        prepared(selected)
    except AnalysisException as error:
        raise UserError(
            f"The columns of {job.tables.comparisons} do not have the types of comparisons: {first_line(error)} "
            "Map your columns with jobs/ingest.py --format table."
        ) from error
    return pinned, selected


def requests_of_job(job: JudgeJob, judge: Judge) -> JudgeRequests:
    """How the job's comparisons become requests.

    Raises:
        UserError: prompts are to be trimmed, and the judge's tokenizer cannot be had.
    """
    return JudgeRequests(judge, job.order, trimming_of(judge) if job.overflow == "trim" else None)


def work_of(job: JudgeJob, requests: JudgeRequests, comparisons: DataFrame) -> Work:
    """Everything that the job asks, over all its runs."""
    of_a_row = orders_a_comparison(job.order) * job.order.repeats
    target = target_of(requests.judge, job.tables.judgments)
    return Work(prepared(comparisons), requests, of_a_row, target, job.asking, marks_of(job.order))


def marks_of(order: Order) -> Marks | None:
    """The requests of a comparison as SQL sees them: "AB/0" is the first repeat in the original order.

    None where the orders come from a hash of the comparison's id.
    """
    if order.orders == "mixed" or order.permutations:
        return None
    of_order = f"transform(sequence(0, {order.repeats - 1}), r -> o || '/' || r)"
    marks = f"transform({orders_in_sql(order.orders)}, o -> {of_order})"
    # Without answers, or with more than there are letters, a comparison is invalid and has orders of its own.
    of_row = f"CASE WHEN size(answers) BETWEEN 1 AND {len(LETTERS)} THEN flatten({marks}) END"
    return Marks("comparison_id", of_row, "shown_order || '/' || repeat")


def _selected(df: DataFrame, chosen: Input) -> DataFrame:
    rows = df if chosen.where is None else df.where(chosen.where)
    if chosen.limit is None:
        return rows
    # Rows that share an id are in no order of their own: a second read could choose others.
    content = F.xxhash64(*(name for name in (*MUST_HAVE, *MAY_HAVE) if name in df.columns))
    return rows.orderBy("comparison_id", content).limit(chosen.limit)


def prepared(comparisons: DataFrame) -> DataFrame:
    """The columns that a prompt is made from, texts as bytes, with a key of the row.

    Bytes that are not UTF-8 in a string column would fail Spark's Arrow conversion for the whole partition, so
    the texts are decoded where they are rendered.
    """
    missing = {name: F.lit(None).cast(kind) for name, kind in MAY_HAVE.items() if name not in comparisons.columns}
    answers_have_turns = "turns" in comparisons.select(F.explode("answers").alias("answer")).select("answer.*").columns
    raw = comparisons.withColumns(missing).select(*MUST_HAVE, *MAY_HAVE)
    return raw.select(
        F.xxhash64(*raw.columns).alias(ROW_HASH),
        *(_bytes(name) for name in ("comparison_id", "question_id", "input", "reference")),
        F.transform("messages", lambda m: F.struct(_bytes(m.role, "role"), _bytes(m.content, "content"))).alias(
            "messages"
        ),
        F.transform("answers", lambda a: _answer_bytes(a, answers_have_turns)).alias("answers"),
        F.when(
            F.isnotnull("rubric"),
            F.struct(
                _bytes("rubric.criteria", "criteria"),
                F.transform("rubric.scores", lambda score: _bytes(score)).alias("scores"),
            ),
        ).alias("rubric"),
    )


def _bytes(text: str | Column, name: str | None = None) -> Column:
    column = (F.col(text) if isinstance(text, str) else text).cast("binary")
    name = text if isinstance(text, str) and name is None else name
    return column if name is None else column.alias(name)


def _answer_bytes(answer: Column, has_turns: bool) -> Column:
    turns = [F.transform(answer.turns, lambda turn: _bytes(turn)).alias("turns")] if has_turns else []
    return F.struct(_bytes(answer.model, "model"), _bytes(answer.text, "text"), *turns)
