"""The labels that an evaluation counts: of one kind, of the chosen labelers, one per labeler and comparison."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F

from judgelake.errors import UserError
from judgelake.jobs.evaluate.config import Labels

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame


INFINITE = float("inf")


@dataclass(frozen=True, slots=True)
class LabelsRead:
    """The labels that count; `rows` is None if there are no labels at all."""

    rows: DataFrame | None = None
    """comparison_id, labeler, verdict, scores: one row per comparison and labeler, with a verdict or valid scores."""
    kind: str | None = None
    labelers: tuple[str, ...] = ()
    invalid: int = 0
    """Labels of the kind without a verdict and with no scores, invalid ones (`Labels.invalid_score`), or scores for a
    different number of answers than the comparison has."""


def read_labels(labels: DataFrame, comparisons: DataFrame, wanted: Labels, table: str) -> LabelsRead:
    """The labels of these comparisons that the job asks for.

    Args:
        labels: rows of the labels table.
        comparisons: those that are evaluated.
        wanted: which labels count.
        table: its name, for error messages.

    Raises:
        UserError: the labels are of several kinds and none is chosen, or there are no labels of what is chosen.
    """
    # A table filled by other tools may contain an id twice.
    sizes = comparisons.groupBy("comparison_id").agg(F.min(F.size("answers")).alias("size"))
    about = labels.join(sizes, "comparison_id")
    if wanted.labelers:
        about = about.where(F.col("labeler").isin(*wanted.labelers))
    about = about.withColumn("scores", F.when(F.size("scores") == F.col("size"), known_scores(wanted.invalid_score)))
    is_invalid = F.isnull("verdict") & F.isnull("scores")
    rows: list[Any] = (
        about.groupBy("kind", "labeler")
        .agg(F.count("*").alias("count"), F.count_if(is_invalid).alias("invalid"))
        .collect()
    )
    rows.sort(key=in_order("kind", "labeler"))
    if not rows and not wanted.labelers:
        return LabelsRead()
    kind = _kind_of(rows, wanted, table)
    kept = [row for row in rows if row["kind"] == kind]
    # A table filled by other tools may contain two labels of a labeler; one is kept, chosen by a hash, since the
    # minimum would always be A.
    said = F.struct(F.xxhash64("verdict", "scores"), "verdict", "scores")
    valid = about.where((F.col("kind") == kind) & ~is_invalid)
    by_labeler = valid.groupBy("comparison_id", "labeler").agg(F.min(said).alias("said"))
    counting = by_labeler.select("comparison_id", "labeler", "said.verdict", "said.scores")
    return LabelsRead(counting, kind, tuple(row["labeler"] for row in kept), sum(row["invalid"] for row in kept))


def in_order(*columns: str) -> Callable[[Any], tuple[tuple[bool, str], ...]]:
    """The key that sorts rows by columns of texts, NULL first."""
    return lambda row: tuple((row[column] is not None, row[column] or "") for column in columns)


def _kind_of(rows: list[Any], wanted: Labels, table: str) -> str:
    """The kind of labels that counts, from rows of kind, labeler and count."""
    if absent := sorted(set(wanted.labelers) - {row["labeler"] for row in rows}):
        raise UserError(f"labels.labelers: {absent[0]!r} has no label for these comparisons in {table!r}.")
    counts: dict[str, int] = {}
    for row in rows:
        counts[row["kind"]] = counts.get(row["kind"], 0) + row["count"]
    kind: str | None = wanted.kind
    if kind is None and len(counts) == 1:
        (kind,) = counts
    if kind is None:
        kinds = ", ".join(f"{name} ({count:,})" for name, count in counts.items())
        raise UserError(
            f"{table!r} has labels of several kinds, {kinds}, which cannot be mixed: set labels.kind to one of them."
        )
    if kind not in counts:
        raise UserError(f"labels.kind {kind!r}: {table!r} only has labels of the kind {', '.join(counts)}.")
    if others := sorted(set(wanted.labelers) - {row["labeler"] for row in rows if row["kind"] == kind}):
        raise UserError(f"labels.labelers: {others[0]!r} has no label of the kind {kind!r} in {table!r}.")
    return kind


def known_scores(invalid: float | None = None) -> Column:
    """`scores` if each of them is a finite number and none is the invalid one; else NULL."""

    def is_none(score: Column) -> Column:
        is_no_number = score.isNull() | F.isnan(score) | score.isin(INFINITE, -INFINITE)
        return is_no_number if invalid is None else is_no_number | (score == invalid)

    return F.when((F.size("scores") > 0) & ~F.exists("scores", is_none), F.col("scores"))
