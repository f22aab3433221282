"""The step that makes training examples of what teachers and labelers said of comparisons."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema

from judgelake.jobs.generate.comparison_table import comparisons_of, name_of_comparisons
from judgelake.jobs.generate.config import ExampleStep, GenerateJob, Teacher
from judgelake.jobs.generate.example_rows import MADE, made_row
from judgelake.jobs.generate.teachers import said_by
from judgelake.lake import (
    append_and_delete,
    append_new,
    as_batch,
    as_held,
    read_newest,
    rejected_rows,
    staging_folder,
)
from judgelake.training import SPLITS

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


@dataclass(frozen=True, slots=True)
class Taught:
    """What came of the judgments of one teacher."""

    teacher: str
    added: int
    held: int
    replaced: int
    """Older examples of the same comparisons by this teacher that new ones took the place of."""
    withdrawn: int
    """Older examples of comparisons of which this teacher's newer word teaches nothing, which are deleted."""
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
    rows = comparisons_of(spark, job)
    for use, said in said_by(spark, job, teacher, rows.select("comparison_id")).items():
        given = said.groupBy("comparison_id").agg(F.collect_list(F.struct(*said.columns)).alias(use))
        rows = rows.join(given, "comparison_id", "left")
    made = rows.mapInArrow(_making(job, teacher), from_arrow_schema(MADE))
    with staging_folder(job.staging, job.tables, "examples") as folder:
        place = str(folder / "made")
        made.write.parquet(place)
        return _into_table(job, teacher, spark.read.schema(made.schema).parquet(place))


def _into_table(job: GenerateJob, teacher: Teacher, made: DataFrame) -> Taught:
    """Append the examples that are made, delete the older ones of the same comparisons, write down what is left out."""
    tables = job.tables
    held = read_newest(made.sparkSession, tables.training_examples).df
    examples = as_held(made.where("example IS NOT NULL").select("example.*"), held)
    chosen = _chosen(examples, job.examples)
    counts = _counts(made, examples, chosen)
    gone = _superseded(held, made, chosen)
    older = {row["is_replaced"]: row["count"] for row in gone.groupBy("is_replaced").count().collect()}
    added = deleted = 0
    if counts.splits or older:
        added, deleted = append_and_delete(chosen, gone.select("example_id"), tables.training_examples, "example_id")
    if counts.has_rejected:
        name = F.lit(name_of_comparisons(job)).alias("file")
        rejected = made.where("raw IS NOT NULL").select(name, F.lit(None).cast("bigint").alias("line"), "reason", "raw")
        append_new(rejected_rows(rejected, f"examples: {teacher.name}"), tables.rejected_rows, "row_id")
    withdrawn = older.get(False, 0)
    return Taught(
        teacher=teacher.name,
        added=added,
        held=sum(counts.splits.values()) - added,
        replaced=deleted - withdrawn,
        withdrawn=withdrawn,
        splits=counts.splits,
        left_out=counts.left_out,
        without_referenced=counts.without_referenced,
    )


@dataclass(frozen=True, slots=True)
class _Counts:
    """Of what was made; see `Taught`."""

    splits: dict[str, int]
    left_out: dict[str, int]
    without_referenced: int
    has_rejected: bool


def _counts(made: DataFrame, examples: DataFrame, chosen: DataFrame) -> _Counts:
    reasons = made.where("reason IS NOT NULL").groupBy("reason").agg(F.count("*"), F.count("raw"))
    of_reasons = sorted((row[0], row[1], row[2]) for row in reasons.collect())
    missing = F.count_if(F.expr("referenced IS NULL AND comparison.reference IS NOT NULL"))
    by_split = sorted(chosen.groupBy("split").agg(F.count("*"), missing).collect())
    splits = {row[0]: row[1] for row in by_split}
    left_out = {reason: count for reason, count, _ in of_reasons}
    if chosen is not examples:
        found = {row["split"]: row["count"] for row in sorted(examples.groupBy("split").count().collect())}
        left_out |= {f"beyond most_{name}": more for name in found if (more := found[name] - splits.get(name, 0))}
    return _Counts(splits, left_out, sum(row[2] for row in by_split), any(final for *_, final in of_reasons))


def _superseded(held: DataFrame, made: DataFrame, chosen: DataFrame) -> DataFrame:
    """The ids of the examples in the table that what was made now takes the place of.

    `is_replaced` tells those with a newer example of the same comparison from those whose comparison teaches nothing
    any more, or only beyond the sizes of the splits.
    """
    final = made.where("example IS NOT NULL OR raw IS NOT NULL")
    ids = final.select("comparison_id", "teacher", F.col("example.example_id").alias("now"))
    kept = chosen.select(F.col("example_id").alias("now"), F.lit(True).alias("is_chosen"))
    older = held.select("example_id", "teacher", F.col("comparison.comparison_id").alias("comparison_id"))
    same = older.join(ids.join(kept, "now", "left"), ["comparison_id", "teacher"])
    is_still_made = made.where("example IS NOT NULL").select("example.example_id")
    gone = same.groupBy("example_id").agg(F.bool_or(F.coalesce("is_chosen", F.lit(False))).alias("is_replaced"))
    return gone.join(is_still_made, "example_id", "left_anti")


def _chosen(examples: DataFrame, step: ExampleStep) -> DataFrame:
    """The examples within the sizes of the splits, the first by a hash: the same ones in every run over them."""
    most = {"train": step.most_train, "validation": step.most_validation}
    if all(limit is None for limit in most.values()):
        return examples
    parts = []
    for name in SPLITS:
        part, limit = examples.where(F.col("split") == name), most[name]
        in_order = part.orderBy(F.sha2(F.concat_ws(":", F.lit(step.seed), "question_group", "example_id"), 256))
        parts.append(part if limit is None else in_order.limit(limit))
    return parts[0].unionByName(parts[1])


def _making(job: GenerateJob, teacher: Teacher) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    step = job.examples

    def make(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield as_batch([made_row(record, step, teacher) for record in batch.to_pylist()], MADE)

    return make
