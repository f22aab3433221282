"""The step that makes training examples of what teachers and labelers said of comparisons."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyspark.errors import AnalysisException, ParseException
from pyspark.sql import Window
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema

from judgelake.comparisons import Failure, Label, comparison_from_record
from judgelake.errors import UserError, first_line
from judgelake.generation import Said, learned, question_id_of, terms_of
from judgelake.jobs.generate.config import ExampleStep, GenerateJob, Teacher
from judgelake.lake import (
    COMPARISON,
    LABEL,
    TRAINING_EXAMPLE,
    append_and_delete,
    as_batch,
    as_held,
    as_struct,
    read_newest,
    staging_folder,
)
from judgelake.training import SPLITS, Example, LabelRule, example_problem, from_labels, identified, record_of, split_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

MADE = pa.schema({"example": as_struct(TRAINING_EXAMPLE), "reason": pa.string()})
SAID = ("shown_order", "status", "verdict", "scores", "raw_output", "verdict_logprobs", "bounded_labels")
OF_A_REQUEST = ("comparison_id", "shown_order")
ONLY_GENERATED = ("question_group", "licence")
"""Columns that the table of generated comparisons has and others need not."""
MOST_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Taught:
    """What came of the judgments of one teacher."""

    teacher: str
    added: int
    held: int
    replaced: int
    """Examples of the same comparisons by this teacher that were there before, and are no longer."""
    splits: dict[str, int]
    """Examples of this run by split, those that were there before too."""
    left_out: dict[str, int]
    """Comparisons of which no example is made, by reason."""
    without_referenced: int
    """Examples that have a reference, but no judgment with sight of it."""


def teach(spark: SparkSession, job: GenerateJob) -> tuple[Taught, ...]:
    """Make the examples of all teachers, and append those that are new, each in the place of an older one.

    Raises:
        UserError: a predicate is not SQL, or selects the judgments of several judges.
    """
    return tuple(_of_teacher(spark, job, teacher) for teacher in job.examples.teachers)


def _of_teacher(spark: SparkSession, job: GenerateJob, teacher: Teacher) -> Taught:
    rows = _comparisons(spark, job)
    # Judgments of other comparisons may be by other judges.
    ids = rows.select("comparison_id")
    for use, said in _said_by(spark, job, teacher, ids).items():
        given = said.groupBy("comparison_id").agg(F.collect_list(F.struct(*said.columns)).alias(use))
        rows = rows.join(given, "comparison_id", "left")
    made = rows.mapInArrow(_making(job.examples, teacher), from_arrow_schema(MADE))
    with staging_folder(job.staging, job.tables, "examples") as folder:
        place = str(folder / "made")
        made.write.parquet(place)
        kept = spark.read.schema(made.schema).parquet(place)
        reasons = kept.where("reason IS NOT NULL").groupBy("reason").count().orderBy("reason").collect()
        left_out = {row["reason"]: row["count"] for row in reasons}
        held = read_newest(spark, job.tables.training_examples).df
        examples = as_held(kept.where("example IS NOT NULL").select("example.*"), held)
        found = _by_split(examples)
        chosen = _chosen(examples, job.examples)
        splits = _by_split(chosen)
        left_out |= {f"beyond most_{name}": more for name in found if (more := found[name] - splits.get(name, 0))}
        missing = chosen.where("referenced IS NULL AND comparison.reference IS NOT NULL").count()
        added, replaced = 0, 0
        if splits:
            gone = _superseded(held, chosen)
            added, replaced = append_and_delete(chosen, gone, job.tables.training_examples, "example_id")
    return Taught(teacher.name, added, sum(splits.values()) - added, replaced, splits, left_out, missing)


def _superseded(held: DataFrame, chosen: DataFrame) -> DataFrame:
    """The ids of the examples that a teacher's new ones of the same comparisons take the place of."""
    same = ("comparison_id", "teacher")
    of_held, of_chosen = (
        rows.select("example_id", "teacher", F.col("comparison.comparison_id").alias("comparison_id"))
        for rows in (held, chosen)
    )
    again = of_held.join(of_chosen.select(*same).distinct(), list(same), "left_semi").select("example_id")
    return again.join(chosen.select("example_id"), "example_id", "left_anti")


def _comparisons(spark: SparkSession, job: GenerateJob) -> DataFrame:
    name = job.examples.table or job.tables.generated_comparisons
    if not spark.catalog.tableExists(name):
        raise UserError(f"There is no table {name!r}: set examples.table to a table of comparisons.")
    rows = read_newest(spark, name).df
    more = [
        F.col(column) if column in rows.columns else F.lit(None).cast("string").alias(column)
        for column in ONLY_GENERATED
    ]
    return rows.select(*COMPARISON.names, *more)


def _said_by(spark: SparkSession, job: GenerateJob, teacher: Teacher, ids: DataFrame) -> dict[str, DataFrame]:
    """What the examples of these comparisons are made of, by the name of the column that has it."""
    if teacher.judged is None:
        labels = read_newest(spark, job.tables.labels).df.select(*LABEL.names)
        return {"labels": labels.join(ids, "comparison_id", "left_semi")}
    judgments = read_newest(spark, job.tables.judgments).df.where("repeat = 0")
    ours = judgments.join(ids, "comparison_id", "left_semi")
    predicates = {"judged": teacher.judged, "referenced": teacher.referenced or "false"}
    return {use: _judgments(ours, job, teacher, use, where) for use, where in predicates.items()}


def _judgments(judgments: DataFrame, job: GenerateJob, teacher: Teacher, use: str, where: str) -> DataFrame:
    """The last judgment of each comparison and order, of the judge that the predicate selects."""
    try:
        ours = judgments.where(where)
        judges = ours.select("judge", "mode", "judge_fingerprint").distinct().limit(MOST_SHOWN).collect()
    except (AnalysisException, ParseException) as error:
        raise UserError(
            f"examples.teachers ({teacher.name!r}): {use} {where!r} does not fit {job.tables.judgments}: "
            f"{first_line(error)}"
        ) from error
    if len(judges) > 1:
        found = "; ".join(f"{row['judge']}, mode {row['mode']}, {row['judge_fingerprint']}" for row in judges)
        raise UserError(
            f"examples.teachers ({teacher.name!r}): {use} {where!r} selects judgments of several judges ({found}): "
            "name one, for example by judge_fingerprint."
        )
    last = Window.partitionBy(*OF_A_REQUEST).orderBy(F.desc("judged_at"), F.desc("attempt"), F.desc("judgment_id"))
    return ours.withColumn("place", F.row_number().over(last)).where("place = 1").select("comparison_id", *SAID)


def _chosen(examples: DataFrame, step: ExampleStep) -> DataFrame:
    """The examples within the sizes of the splits, the first by a hash: the same ones in every run over them."""
    most = {"train": step.most_train, "validation": step.most_validation}
    parts = []
    for name in SPLITS:
        part, limit = examples.where(F.col("split") == name), most[name]
        in_order = part.orderBy(F.sha2(F.concat_ws(":", F.lit(step.seed), "question_group", "example_id"), 256))
        parts.append(part if limit is None else in_order.limit(limit))
    return parts[0].unionByName(parts[1])


def _by_split(examples: DataFrame) -> dict[str, int]:
    return {row["split"]: row["count"] for row in examples.groupBy("split").count().orderBy("split").collect()}


def _making(step: ExampleStep, teacher: Teacher) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def make(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            made = [example_of(record, step, teacher) for record in batch.to_pylist()]
            rows = [{"example": None, "reason": one} if isinstance(one, str) else example_row(one) for one in made]
            yield as_batch(rows, MADE)

    return make


def example_of(record: Mapping[str, Any], step: ExampleStep, teacher: Teacher) -> Example | str:
    """The example of a comparison with what was said of it, or why there is none.

    Args:
        record: a row of comparisons with question_group and licence, which may be null; and as lists, null without any,
            either its labels or the judgments without and with sight of the reference.
        step: how examples are split.
        teacher: how they are made of judgments or labels.
    """
    comparison = comparison_from_record({name: record[name] for name in COMPARISON.names})
    if isinstance(comparison, Failure):
        return f"comparison: {comparison.reason}"
    # By its text, where no seed is behind it: the same question is in the same split wherever it comes from.
    group = record["question_group"] or question_id_of(comparison)
    split, licence = split_of(group, step.validation_share, step.seed), terms_of(record["licence"], teacher.licence)
    if teacher.labels is not None:
        if not record["labels"]:
            return "not labeled"
        labels = [Label(**{**row, "scores": row["scores"] and tuple(row["scores"])}) for row in record["labels"]]
        rule = LabelRule(**teacher.labels.model_dump())
        labeled = from_labels(comparison, labels, rule, group=group, split=split, licence=licence)
        return labeled.reason if isinstance(labeled, Failure) else labeled
    answers = len(comparison.answers)
    what, shown = (
        learned(_said(record[use]), answers, teacher.agreement, teacher.reasons) for use in ("judged", "referenced")
    )
    if isinstance(what, str):
        return what
    example = Example(
        example_id="",
        group=group,
        comparison=comparison,
        judged=what.judged,
        referenced=None if isinstance(shown, str) or comparison.reference is None else shown.judged,
        probabilities=what.probabilities,
        teacher=teacher.name,
        split=split,
        source=comparison.source or "",
        licence=licence,
    )
    return example_problem(example) or identified(example)


def _said(rows: list[dict[str, Any]] | None) -> list[Said]:
    return [
        Said(
            order=row["shown_order"],
            status=row["status"],
            verdict=row["verdict"],
            scores=row["scores"],
            raw_output=row["raw_output"],
            logprobs=dict(row["verdict_logprobs"]) if row["verdict_logprobs"] else None,
            bounded=row["bounded_labels"] or (),
        )
        for row in rows or ()
    ]


def example_row(example: Example) -> dict[str, Any]:
    """The row of `MADE` of an example."""
    record = record_of(example)
    comparison = {**record["comparison"], "attributes": list(example.comparison.attributes.items())}
    probabilities = None if example.probabilities is None else list(example.probabilities.items())
    return {"example": {**record, "comparison": comparison, "probabilities": probabilities}, "reason": None}
