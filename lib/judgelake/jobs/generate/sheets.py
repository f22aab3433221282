"""The step that writes sheets in which people label a sample of the comparisons."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyspark.sql import Window
from pyspark.sql import functions as F

from judgelake.comparisons import LETTERS, Comparison, comparison_from_record
from judgelake.errors import UserError
from judgelake.generation import balanced_sample, hash_of
from judgelake.jobs.generate.comparison_table import comparisons_of
from judgelake.jobs.generate.config import GenerateJob, SampleStep
from judgelake.lake import COMPARISON, read_newest
from judgelake.sources import as_csv, as_jsonl, sheet_row
from judgelake.whole_files import written_whole

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

FOR_ANYBODY = "labels"
"""The name of the sheet that has no labeler."""
WRITERS: dict[str, Callable[[Iterable[dict[str, Any]]], bytes]] = {"csv": as_csv, "jsonl": as_jsonl}


@dataclass(frozen=True, slots=True)
class Sampled:
    """What came of the sample."""

    comparisons: int
    written: tuple[str, ...]
    """Sheets, by path."""
    kept: tuple[str, ...]
    """Sheets that were there before, and may be filled in: they are as they were."""


def sample(spark: SparkSession, job: GenerateJob) -> Sampled:
    """Write the sheets of a sample, each as CSV and as JSONL; a file that is there stays as it is.

    Raises:
        UserError: there are no comparisons of two answers or more, or the folder cannot be written.
    """
    step = job.sample
    chosen = _chosen(_unlabelled(spark, job, comparisons_of(spark, job).where("size(answers) >= 2")), step)
    if not chosen:
        kind = f" without a {step.unlabelled_by} label" if step.unlabelled_by else ""
        raise UserError(f"There are no comparisons{kind} to label: run the step comparisons, or set examples.table.")
    written: list[str] = []
    kept: list[str] = []
    for labeler in step.labelers or (None,):
        rows = rows_of_sheet(chosen, labeler, step)
        for kind, as_kind in WRITERS.items():
            path = Path(step.folder) / f"{labeler or FOR_ANYBODY}.{kind}"
            (written if _write_new(path, as_kind(rows)) else kept).append(str(path))
    return Sampled(len(chosen), tuple(written), tuple(kept))


def rows_of_sheet(comparisons: Iterable[Comparison], labeler: str | None, step: SampleStep) -> list[dict[str, Any]]:
    """The rows of one labeler's sheet: comparisons and answers in orders by hashes."""
    key = (step.seed, labeler or "")
    in_order = sorted(comparisons, key=lambda one: hash_of(*key, "place", one.comparison_id))
    return [sheet_row(one, _shown_order(one, *key), labeler, has_reference=step.references) for one in in_order]


def _shown_order(comparison: Comparison, *key: object) -> str:
    letters = LETTERS[: len(comparison.answers)]
    return "".join(sorted(letters, key=lambda letter: hash_of(*key, "shown", comparison.comparison_id, letter)))


def _unlabelled(spark: SparkSession, job: GenerateJob, rows: DataFrame) -> DataFrame:
    """The comparisons that the sample may be of."""
    kind, labels = job.sample.unlabelled_by, job.tables.labels
    if kind is None or not spark.catalog.tableExists(labels):
        return rows
    labelled = read_newest(spark, labels).df.where(F.col("kind") == kind)
    return rows.join(labelled.select("comparison_id").distinct(), "comparison_id", "left_anti")


def _chosen(rows: DataFrame, step: SampleStep) -> list[Comparison]:
    """The comparisons of the sample, by their ids."""
    models = F.array_sort(F.transform("answers", lambda answer: F.coalesce(answer.model, F.lit(""))))
    by_hash = Window.partitionBy("models").orderBy(F.sha2(F.concat_ws(":", F.lit(step.seed), "comparison_id"), 256))
    ranked = rows.select("comparison_id", models.alias("models")).distinct()
    ranked = ranked.withColumn("place", F.row_number().over(by_hash)).where(F.col("place") <= step.comparisons)
    given: dict[tuple[str, ...], list[str]] = {}
    for row in sorted(ranked.collect(), key=lambda row: row["place"]):
        given.setdefault(tuple(row["models"]), []).append(row["comparison_id"])
    ids = balanced_sample(given, step.comparisons)
    if not ids:
        return []
    wanted = rows.sparkSession.createDataFrame([(name,) for name in ids], "comparison_id STRING")
    found = rows.select(*COMPARISON.names).join(F.broadcast(wanted), "comparison_id", "left_semi").collect()
    read = (comparison_from_record(row.asDict(recursive=True)) for row in found)
    by_id = {one.comparison_id: one for one in read if isinstance(one, Comparison)}
    return [by_id[name] for name in sorted(by_id)]


def _write_new(path: Path, content: bytes) -> bool:
    """Write a file that is not there, whole or not at all; whether it was written."""
    if path.exists():
        return False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(path) as draft:
            draft.write_bytes(content)
    except OSError as error:
        raise UserError(
            f"Cannot write {str(path)!r} ({error.strerror}): set sample.folder to another folder."
        ) from error
    return True
