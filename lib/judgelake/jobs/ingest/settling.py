"""Which staged rows are new, which the tables already have, and which contradict an earlier one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from judgelake.jobs.ingest.examples import settled_examples
from judgelake.jobs.ingest.judgments import Imported, settle_judgments
from judgelake.jobs.ingest.staged import POSITION, Kept, Known, Wrong, at, kept, place_of, staged_rows, unknown
from judgelake.lake import COMPARISON, LABEL, without

if TYPE_CHECKING:
    from pyspark.sql import Column, SparkSession

    from judgelake.lake import Newest

# The content of a comparison. Source and attributes say where it came from: two sources may have the same one.
CONTENT = tuple(without(COMPARISON, "comparison_id", "source", "attributes").names)
LABEL_KEY = ("comparison_id", "labeler", "kind")
LABEL_CONTENT = tuple(without(LABEL, *LABEL_KEY).names)


@dataclass(frozen=True, slots=True)
class Part:
    """Rows to append, how many, and how many of the rows read are already in the table (or equal an earlier row)."""

    rows: DataFrame
    new: int
    held: int


@dataclass(frozen=True, slots=True)
class Settled:
    """Rows for the tables: new ones without contradictions, and the `rejected` ones (file, line, reason, raw)."""

    comparisons: Part
    labels: Part
    judgments: Imported | None
    examples: Part | None
    rejected: DataFrame
    rejected_count: int


def settle(
    spark: SparkSession,
    folder: Path,
    comparisons: Newest,
    labels: Newest,
    judgments: Newest | None,
    examples: Newest | None,
) -> Settled:
    """Compare the rows staged in `folder` with each other and with the tables.

    Of several rows with one id the table's is accepted, or else the first. One with other content is rejected together
    with its labels and judgments, and the reason names the accepted one. Labels and judgments need their comparison,
    here or in the table.

    Args:
        spark: the session.
        folder: where the rows are staged; intermediate results are kept there too.
        comparisons: the comparisons table as it is.
        labels: the labels table as it is.
        judgments: the judgments table as it is; None if no file of judgments was read.
        examples: the table of training examples as it is; None if no row has one.
    """
    rows = staged_rows(spark, folder)
    given = rows.where("comparison IS NOT NULL").select(at(F.lit(0)), "file", "line", "comparison.*")
    differs = F.concat(F.lit("comparison_id "), "comparison_id", F.lit(": a different comparison already exists"))
    checked = kept(
        _checked(given, comparisons, ("comparison_id",), CONTENT, differs), folder / "checked_comparisons", **_counts()
    )
    wrong = Wrong.of(checked)
    known = Known(wrong.taken_from(given), comparisons, refused=wrong)
    taken = wrong.taken_from(rows, "seq")
    given_labels = taken.select("seq", "file", "line", F.posexplode("labels").alias("place", "label"))
    given_labels = given_labels.select(at("place"), "file", "line", "label.*")
    checked_labels = kept(_checked_labels(given_labels, labels, known), folder / "checked_labels", **_counts())
    refused = rows.where("reason IS NOT NULL").select("file", "line", "reason", "raw")
    parts = [refused, *wrong.of_rows(given), *Wrong.of(checked_labels).of_rows(given_labels)]
    imported = None if judgments is None else settle_judgments(taken, folder, known, judgments)
    parts += [] if imported is None else imported.rejected
    rejected = kept(reduce(DataFrame.unionByName, parts), folder / "rejected", count=F.count("*"))
    return Settled(
        comparisons=_part(given, checked),
        labels=_part(given_labels, checked_labels),
        judgments=imported,
        examples=None if examples is None else Part(*settled_examples(taken, examples)),
        rejected=rejected.rows,
        rejected_count=rejected.counts["count"],
    )


def rejected_rows(rejected: DataFrame, format_name: str) -> DataFrame:
    """The rows as in the table rejected_rows; the same row of the same file has the same `row_id` each time."""
    # Only the file's name: the same file under another path is the same file.
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
    given: DataFrame, held: Newest, key: tuple[str, ...], content: tuple[str, ...], differs: Column, *also: str
) -> DataFrame:
    """One row per given row: its key, whether it `is_new` or `is_held`, and a reason if it contradicts an earlier one.

    Args:
        given: the rows.
        held: the table's rows.
        key: the columns that identify a row.
        content: the columns that must be the same in all rows of one key.
        differs: says in words that a different row with this key exists.
        also: further columns to return.
    """
    slim = given.select("at", "file", "line", *key, *also, differs.alias("differs"), _digest(content).alias("content"))
    first = slim.groupBy(*key).agg(F.min_by(F.struct("at", "file", "line", "content"), "at").alias("first"))
    accepted = F.coalesce("held", "first.content")
    # The first row is named also if the table has it by now: rows ingested again are rejected for the same reason.
    place = F.when(F.col("first.content") == accepted, F.concat(F.lit(" ("), place_of("first"), F.lit(")")))
    reason = F.when(F.col("content") != accepted, F.concat("differs", F.coalesce(place, F.lit(" in the table"))))
    is_new = (F.col("at") == F.col("first.at")) & F.col("held").isNull()
    joined = _with_held(slim.join(first, list(key)), first.select(*key), held, content).withColumn("reason", reason)
    is_held = ~is_new & F.col("reason").isNull()
    return joined.select("at", *key, *also, "reason", is_new.alias("is_new"), is_held.alias("is_held"))


def _with_held(rows: DataFrame, keys: DataFrame, held: Newest, content: tuple[str, ...]) -> DataFrame:
    """The rows with `held`: the digest of the table's row with the same key, NULL if there is none."""
    if held.is_empty:
        return rows.withColumn("held", F.lit(None).cast("string"))
    asked_for = held.df.join(keys, keys.columns, "left_semi")
    known = asked_for.groupBy(*keys.columns).agg(F.min(_digest(content)).alias("held"))
    return rows.join(known, keys.columns, "left")


def _checked_labels(labels: DataFrame, held: Newest, known: Known) -> DataFrame:
    """As `_checked`; a reason also if the comparison is not known or its number of answers does not fit the label."""
    differs = F.concat(F.lit("label by "), "labeler", F.lit(": a different label already exists"))
    checked = _checked(labels, held, LABEL_KEY, LABEL_CONTENT, differs, *LABEL_CONTENT)
    letter = F.ascii("verdict") - F.lit(ord("A"))
    unfit = (
        unknown()
        .when(
            F.col("scores").isNotNull() & (F.size("scores") != F.col("answers")),
            F.lit("scores: not as many as the comparison has answers"),
        )
        .when(
            (F.col("verdict") != "tie") & (letter >= F.col("answers")),
            F.lit("verdict: the comparison has fewer answers"),
        )
        .when(F.col("verdict").isNotNull() & (F.col("answers") == 1), F.lit("verdict: one answer has only a score"))
    )
    placed = known.about(checked).withColumn("reason", F.coalesce("reason", unfit))
    is_new = F.col("is_new") & F.col("reason").isNull()
    return placed.select("at", "reason", is_new.alias("is_new"), "is_held")


def _counts() -> dict[str, Column]:
    """Counts of checked rows: those to append, those already in the table, those rejected."""
    return {
        "new": F.count_if("is_new"),
        "held": F.count_if("is_held"),
        "wrong": F.count_if(F.col("reason").isNotNull()),
    }


def _part(rows: DataFrame, checked: Kept) -> Part:
    fresh = rows.join(checked.rows.where("is_new").select("at"), "at", "left_semi").drop(*POSITION)
    return Part(fresh, checked.counts["new"], checked.counts["held"])


def _digest(content: tuple[str, ...]) -> Column:
    return F.sha2(F.to_json(F.struct(*content)), 256)
