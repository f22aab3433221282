"""Which staged rows are new, which the tables hold already, and which contradict an earlier one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from judgelake.ingest.judgments import Imported, settle_judgments
from judgelake.ingest.staged import POSITION, Known, at, kept, place_of, text_of, unknown, with_reason
from judgelake.ingest.staging import ROWS
from judgelake.lake import COMPARISON, LABEL, without

if TYPE_CHECKING:
    from pyspark.sql import Column, SparkSession

# What a comparison is about. Source and attributes say where it was found: two sources may hold the same one.
CONTENT = tuple(without(COMPARISON, "comparison_id", "source", "attributes").names)
LABEL_KEY = ("comparison_id", "labeler", "kind")
LABEL_CONTENT = tuple(without(LABEL, *LABEL_KEY).names)


@dataclass(frozen=True, slots=True)
class Part:
    """Rows to append: how many, and how many that were read the table (or an earlier row) holds already."""

    rows: DataFrame
    new: int
    held: int


@dataclass(frozen=True, slots=True)
class Settled:
    """What goes into the tables: new and free of contradictions, or `rejected` (file, line, reason, raw)."""

    comparisons: Part
    labels: Part
    judgments: Imported | None
    rejected: DataFrame


def settle(
    spark: SparkSession, folder: Path, comparisons: DataFrame, labels: DataFrame, judgments: DataFrame | None
) -> Settled:
    """Hold the rows staged in `folder` against each other and against the tables.

    The first of several rows with one id is taken; a later one with other content is rejected and names it,
    and with it go its labels and judgments. Those need their comparison, here or in the table.

    Args:
        spark: the session.
        folder: where the rows are staged; what is found out is kept there too.
        comparisons: the comparisons table as it is.
        labels: the labels table as it is.
        judgments: the judgments table at one version; None where no file of judgments was read.
    """
    rows = spark.read.parquet(str(folder / ROWS))
    refused = rows.where("reason IS NOT NULL").select("file", "line", "reason", "raw")
    given = rows.where("comparison IS NOT NULL").select(at(F.lit(0)), "file", "line", "comparison.*")
    checked = kept(
        _checked(given, comparisons, ("comparison_id",), CONTENT, F.concat(F.lit("comparison_id "), "comparison_id")),
        folder / "checked_comparisons",
    )
    wrong = checked.where("reason IS NOT NULL").select("at", "reason")
    accepted = given.join(wrong, "at", "left_anti")
    known = Known(accepted, comparisons, refused=checked.where("reason IS NOT NULL").select("comparison_id"))
    said = rows.select("seq", "file", "line", F.posexplode("labels").alias("place", "label"))
    said = said.join(wrong.select("at.seq"), "seq", "left_anti").select(at("place"), "file", "line", "label.*")
    checked_labels = kept(
        _checked(said, labels, LABEL_KEY, LABEL_CONTENT, F.concat(F.lit("the label of "), "labeler")),
        folder / "checked_labels",
    )
    wrong_labels = checked_labels.where("reason IS NOT NULL").select("at", "reason")
    fitting, unfit = _fitting(said.join(wrong_labels, "at", "left_anti"), known)
    rejected = [refused, with_reason(given, wrong), with_reason(said, wrong_labels), unfit]
    imported = None
    if judgments is not None:
        taken = rows.join(wrong.select("at.seq"), "seq", "left_anti")
        imported = settle_judgments(taken, folder, known, judgments)
        rejected.append(imported.rejected)
    return Settled(
        comparisons=_part(given, checked),
        labels=_part(fitting, checked_labels),
        judgments=imported,
        rejected=kept(reduce(DataFrame.unionByName, rejected), folder / "rejected"),
    )


def rejected_rows(rejected: DataFrame, format_name: str) -> DataFrame:
    """The rows as the table rejected_rows has them; the same row of the same file has the same `row_id` each time."""
    # The file's name alone: the same file named by another path is the same file.
    name = F.element_at(F.split("file", "/"), -1)
    parts = F.to_json(F.struct(name.alias("name"), "line", "reason", "raw"))
    return rejected.select(
        F.sha2(parts, 256).alias("row_id"),
        "file",
        "line",
        "reason",
        "raw",
        F.lit(format_name).alias("format"),
        F.current_timestamp().alias("ingested_at"),
    )


def _checked(
    given: DataFrame, held: DataFrame, key: tuple[str, ...], content: tuple[str, ...], what: Column
) -> DataFrame:
    """One row a given row: its key, whether it `is_new`, and a reason where it contradicts an earlier one."""
    slim = given.select("at", "file", "line", *key, what.alias("what"), _digest(content).alias("content"))
    first = slim.groupBy(*key).agg(F.min_by(F.struct("at", "file", "line", "content"), "at").alias("first"))
    known = (
        held.join(first.select(*key), list(key), "left_semi").groupBy(*key).agg(F.min(_digest(content)).alias("held"))
    )
    reason = F.when(
        F.col("held").isNotNull() & (F.col("held") != F.col("content")),
        F.concat("what", F.lit(": the table holds it with other content")),
    ).when(
        F.col("first.content") != F.col("content"),
        F.concat("what", F.lit(": stands with other content in "), place_of("first")),
    )
    is_new = (F.col("at") == F.col("first.at")) & F.col("held").isNull() & (F.col("first.content") == F.col("content"))
    joined = slim.join(first, list(key)).join(known, list(key), "left")
    return joined.select("at", *key, reason.alias("reason"), is_new.alias("is_new"))


def _fitting(said: DataFrame, known: Known) -> tuple[DataFrame, DataFrame]:
    """The labels whose comparison is known and has as many answers as the label is about, and the others."""
    about = known.about(said)
    letter = F.ascii("verdict") - F.lit(ord("A"))
    reason = (
        unknown()
        .when(
            F.col("scores").isNotNull() & (F.size("scores") != F.col("answers")),
            F.lit("scores: not as many as the comparison has answers"),
        )
        .when(
            (F.col("verdict") != "tie") & (letter >= F.col("answers")),
            F.lit("verdict: the comparison has fewer answers"),
        )
        .when(F.col("verdict").isNotNull() & (F.col("answers") == 1), F.lit("verdict: one answer alone has a score"))
    )
    judged = about.withColumn("reason", reason)
    fitting = judged.where("reason IS NULL").select(*said.columns)
    unfit = judged.where("reason IS NOT NULL").select("file", "line", "reason", text_of(said).alias("raw"))
    return fitting, unfit


def _part(rows: DataFrame, checked: DataFrame) -> Part:
    new, held = F.count_if("is_new"), F.count_if(~F.col("is_new") & F.col("reason").isNull())
    counts = checked.agg(new.alias("new"), held.alias("held")).collect()[0]
    fresh = rows.join(checked.where("is_new").select("at"), "at", "left_semi").drop(*POSITION)
    return Part(fresh, counts["new"], counts["held"])


def _digest(content: tuple[str, ...]) -> Column:
    return F.sha2(F.to_json(F.struct(*content)), 256)
