"""Which questions a version was trained on: those of the examples that its MLflow run, and those of its bases, name."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyspark.errors import PySparkException
from pyspark.sql import functions as F

from judgelake.engine import is_in_mlflow
from judgelake.errors import UserError, first_line
from judgelake.jobs.promote.registry import UNKNOWN, Registry, Version, accepted
from judgelake.lake import read_pinned
from judgelake.runtime import BASE_TAG, TRAINING

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

CONTEXT = "mlflow.data.context"
REGISTERED = re.compile(r"models:/(?P<name>[^/@]+)/(?P<number>\d+)")


@dataclass(frozen=True, slots=True)
class Examples:
    """A table of training examples at one version; `path` is its folder, None where its catalog knows it by name."""

    table: str
    version: int
    path: str | None

    def __str__(self) -> str:
        return f"{self.table} version {self.version}"


@dataclass(frozen=True, slots=True)
class Training:
    """What a version was trained on, with what its bases were trained on; `unknown` says what of it is not known."""

    examples: tuple[Examples, ...]
    unknown: str | None = None
    """A clause; None: all is known."""


def training_of(registry: Registry, version: Version) -> Training:
    """The examples that a version and its bases, as far as they are registered, were trained and validated on.

    A base that is not in MLflow is taken as one that judgelake has not trained.

    Raises:
        UserError: the registry does not respond.
    """
    found: list[Examples] = []
    followed, whose = {version.address}, "its run"
    while True:
        run = _run_of(registry, version)
        examples = None if run is None else _examples_of(run)
        if run is None or examples is None:
            return Training(tuple(found), f"{whose} in MLflow names no table of examples")
        found.append(examples)
        base = run.data.tags.get(BASE_TAG, "")
        if base in followed or not is_in_mlflow(base):
            return Training(tuple(found))
        registered = REGISTERED.fullmatch(base)
        if registered is None:
            return Training(tuple(found), f"its base {base} is not a version in MLflow's registry")
        try:
            version = Registry(registry.mlflow, registered["name"]).version(registered["number"])
        except UserError as error:
            return Training(tuple(found), str(error).rstrip("."))
        followed.add(base)
        whose = f"the run of its base {base}"


def _run_of(registry: Registry, version: Version) -> Any:
    """The MLflow run that made a version; None if it is not known, or gone."""
    if version.run_id is None:
        return None
    with accepted():
        try:
            return registry.mlflow.MlflowClient().get_run(version.run_id)
        except registry.mlflow.MlflowException as error:
            if error.error_code != UNKNOWN:
                raise
            return None


def _examples_of(run: Any) -> Examples | None:
    for one in run.inputs.dataset_inputs if run.inputs is not None else ():
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
