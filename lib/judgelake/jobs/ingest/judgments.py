"""Imported judgments: which are new, which the table already has, which fit no comparison; and their one append."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from judgelake.comparisons import IMPORTED
from judgelake.errors import RunError
from judgelake.jobs.ingest.staged import POSITION, Known, Wrong, at, kept, place_of, unknown
from judgelake.lake import Newest, app_ids, append_once, read_newest

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

# What identifies one request: a judge gives one answer to it.
REQUEST = ("judge_fingerprint", "comparison_id", "shown_order", "repeat")
# With file statistics on run_id, the search for imported judgments skips the files of judgelake's own runs.
RUN_PREFIX = "import-"
RUN_CHARACTERS = 16
# Derived from the other columns, so a rejected row need not show them.
DERIVED = ("judgment_id", "judge_fingerprint", "status", "margin")


@dataclass(frozen=True, slots=True)
class Imported:
    """Judgments to append, how many, how many the table already has, and those rejected (file, line, reason, raw).

    `run_id` identifies what was read: the same judgments give the same one. `content` identifies the new ones of them.
    """

    rows: DataFrame
    new: int
    held: int
    run_id: str
    content: str
    rejected: list[DataFrame]


def settle_judgments(rows: DataFrame, folder: Path, known: Known, judgments: Newest) -> Imported:
    """Compare the staged judgments with their comparisons, with each other and with the table.

    The first answer to a request is accepted. A later one of the same files with other content is rejected, and the
    reason names the first. A different answer in the table is not a contradiction: a judge that ran again may
    answer differently, and the latest counts.

    Args:
        rows: staged rows, without those whose comparison was rejected.
        folder: where intermediate results are kept.
        known: the comparisons they may refer to.
        judgments: the judgments table as it is.
    """
    judged = rows.select("seq", "file", "line", F.posexplode("judgments").alias("place", "judgment"))
    judged = judged.select(at("place"), "file", "line", "judgment.*")
    # The sum of the ids' hashes identifies the set, in whatever order the rows come.
    number = F.xxhash64("judgment_id").cast("decimal(38,0)")
    checked = kept(
        _checked(judged, known, judgments),
        folder / "checked_judgments",
        new=F.count_if("is_new"),
        held=F.count_if(~F.col("is_new") & F.col("reason").isNull()),
        wrong=F.count_if(F.col("reason").isNotNull()),
        read=F.sum(number),
        content=F.sum(F.when(F.col("is_new"), number)),
    )
    counts = checked.counts
    fresh = checked.rows.where("is_new").select("at", "question_id")
    raw = judged.drop(*DERIVED)
    return Imported(
        rows=judged.join(fresh, "at").drop(*POSITION),
        new=counts["new"],
        held=counts["held"],
        run_id=RUN_PREFIX + _hash(counts["read"])[:RUN_CHARACTERS],
        content=str(counts["content"]),
        rejected=Wrong.of(checked).of_rows(raw),
    )


def append_judgments(imported: Imported, table: str) -> int:
    """Append what is new in one commit; returns how many.

    Raises:
        RunError: the judgments were appended but are missing from the table.
    """
    if not imported.new:
        return 0
    rows = imported.rows.withColumns(
        {
            "run_id": F.lit(imported.run_id),
            "attempt": F.lit(1),
            "engine": F.lit(IMPORTED),
            "judged_at": F.current_timestamp(),
        }
    )
    # The new judgments are part of the app id: from the files alone it would be the same again once a comparison that
    # was missing the first time has been added.
    for app_id in app_ids(_hash(imported.run_id, imported.content)):
        append_once(rows, table, app_id, writer=imported.run_id)
        judgments = read_newest(rows.sparkSession, table).df
        held = judgments.where(F.col("run_id").startswith(RUN_PREFIX)).select("judgment_id")
        if rows.select("judgment_id").join(held, "judgment_id", "left_anti").isEmpty():
            return imported.new
    raise RunError(
        f"The imported judgments were appended to {table}, but some of them are no longer there. Find out what deletes "
        "rows from that table, and ingest the same files again."
    )


def _checked(judged: DataFrame, known: Known, judgments: Newest) -> DataFrame:
    """One row per judgment: its id, its comparison's question, whether it `is_new`, and why it is rejected, or NULL."""
    shown, answers = F.col("shown_order"), F.col("answers")
    unfit = unknown().when(
        F.length(shown) != answers,
        F.concat(F.lit("shown_order: "), shown, F.lit(", but the comparison has "), answers, F.lit(" answers")),
    )
    slim = judged.select("at", "file", "line", "judgment_id", "judge", *REQUEST)
    placed = known.about(slim).withColumn("unfit", unfit)
    first = (
        placed.where("unfit IS NULL")
        .groupBy(*REQUEST)
        .agg(F.min_by(F.struct("at", "file", "line", "judgment_id"), "at").alias("first"))
    )
    differs = F.col("first.judgment_id") != F.col("judgment_id")
    reason = F.coalesce(
        "unfit",
        F.when(
            differs,
            F.concat(
                F.lit("judgment by "),
                "judge",
                F.lit(": a different judgment already exists ("),
                place_of("first"),
                F.lit(")"),
            ),
        ),
    )
    is_new = F.col("unfit").isNull() & ~differs & (F.col("at") == F.col("first.at")) & F.col("is_held").isNull()
    joined = _marked(placed.join(first, list(REQUEST), "left"), judgments)
    return joined.select(
        "at", "judgment_id", "question_id", reason.alias("reason"), F.coalesce(is_new, F.lit(False)).alias("is_new")
    )


def _marked(rows: DataFrame, judgments: Newest) -> DataFrame:
    """The rows with `is_held`: true where the table already has the judgment from an import, else NULL."""
    if judgments.is_empty:
        return rows.withColumn("is_held", F.lit(None).cast("boolean"))
    imports = judgments.df.where(F.col("run_id").startswith(RUN_PREFIX))
    held = imports.select("judgment_id").distinct().withColumn("is_held", F.lit(True))
    return rows.join(held, "judgment_id", "left")


def _hash(*parts: object) -> str:
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()
