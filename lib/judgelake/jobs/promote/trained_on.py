"""Which questions a version was trained on: those of the table of examples that its MLflow run names."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyspark.errors import PySparkException
from pyspark.sql import functions as F

from judgelake.errors import UserError, first_line
from judgelake.jobs.promote.registry import UNKNOWN, Registry, Version, accepted
from judgelake.lake import read_pinned
from judgelake.runtime import TRAINING

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

CONTEXT = "mlflow.data.context"


@dataclass(frozen=True, slots=True)
class Examples:
    """A table of training examples at one version; `path` is its folder, None where its catalog knows it by name."""

    table: str
    version: int
    path: str | None

    def __str__(self) -> str:
        return f"{self.table} version {self.version}"


def examples_of(registry: Registry, version: Version) -> Examples | None:
    """The examples that a version was trained and validated on; None if its run does not say so, or is gone.

    Raises:
        UserError: the registry does not respond.
    """
    if version.run_id is None:
        return None
    with accepted():
        try:
            inputs = registry.mlflow.MlflowClient().get_run(version.run_id).inputs
        except registry.mlflow.MlflowException as error:
            if error.error_code != UNKNOWN:
                raise
            return None
    for one in inputs.dataset_inputs if inputs is not None else ():
        if any(tag.key == CONTEXT and tag.value == TRAINING for tag in one.tags):
            return _examples(one.dataset)
    return None


def _examples(dataset: Any) -> Examples | None:
    try:
        source = json.loads(dataset.source)
        return Examples(dataset.name, int(source["delta_table_version"]), source.get("path"))
    except (ValueError, TypeError, KeyError):  # a dataset of another tool
        return None


def questions_of(spark: SparkSession, examples: Examples) -> DataFrame:
    """The questions of all examples of a table, as keys of `question_keys`; one column, `key`.

    Both splits, since the validation has chosen the weights; and whatever `examples.where` of the training left out.

    Raises:
        UserError: the table cannot be read at this version.
    """
    rows = _rows(spark, examples)
    keys = F.array_union(question_keys(rows, "comparison."), F.array(_named("question", F.col("question_group"))))
    return rows.select(F.explode(keys).alias("key")).distinct()


def _rows(spark: SparkSession, examples: Examples) -> DataFrame:
    if examples.path is None:
        return read_pinned(spark, examples.table, examples.version, needs=("question_group", "comparison")).df
    try:
        rows = spark.read.format("delta").option("versionAsOf", examples.version).load(examples.path)
        missing = {"question_group", "comparison"} - set(rows.columns)
    except PySparkException as error:
        raise UserError(f"{examples} cannot be read at {examples.path!r}: {first_line(error)}") from error
    if missing:
        raise UserError(f"{examples} at {examples.path!r} is not a table of examples: it has no {missing.pop()!r}.")
    return rows


def question_keys(comparisons: DataFrame, prefix: str = "") -> Column:
    """What the question of a comparison is known by, each a text: its id, that of the comparison, and its words.

    The words are compared without regard to case and white space, so that a question is the same whatever another
    table calls it.

    Args:
        comparisons: with comparisons in its columns, or in the fields of one.
        prefix: of these fields, with a dot.
    """
    have = comparisons.select(f"{prefix}*").columns if prefix else comparisons.columns
    keys = [_named("comparison", F.col(f"{prefix}comparison_id"))]
    if "question_id" in have:
        keys.append(_named("question", F.col(f"{prefix}question_id")))
    if "messages" in have:
        contents = F.transform(F.col(f"{prefix}messages"), lambda message: message.content)
        more = [F.col(f"{prefix}input")] if "input" in have else []
        words = F.trim(F.regexp_replace(F.lower(F.concat_ws(" ", contents, *more)), r"\s+", " "))
        keys.append(_named("text", F.when(words != "", F.xxhash64(words).cast("string"))))
    return F.array_compact(F.array(*keys))


def _named(kind: str, value: Column) -> Column:
    return F.concat(F.lit(f"{kind} "), value)
