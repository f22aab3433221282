"""Imported judgments: which are new, which are held, which fit no comparison; and their one append."""

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

# What one request is: a judge says one thing to it.
REQUEST = ("judge_fingerprint", "comparison_id", "shown_order", "repeat")
# File statistics on run_id keep the search for imported judgments from reading those of our own runs.
RUN_PREFIX = "import-"
RUN_CHARACTERS = 16
# Follow from the others, so a rejected row need not tell them.
DERIVED = ("judgment_id", "judge_fingerprint", "status", "margin")


@dataclass(frozen=True, slots=True)
class Imported:
    """Judgments to append, how many, how many were held already, and those refused (file, line, reason, raw).

    `run_id` names what was read: the same judgments give the same one. `content` names what is new of them.
    """

    rows: DataFrame
    new: int
    held: int
    run_id: str
    content: str
    rejected: list[DataFrame]


def settle_judgments(rows: DataFrame, folder: Path, known: Known, judgments: Newest) -> Imported:
    """Hold the staged judgments against their comparisons, each other and the table.

    The first answer to a request is taken, and a later one of the same files that says something else is
    rejected and names it. What the table holds is no contradiction: a judge that ran again may say something
    else, and the latest counts.

    Args:
        rows: staged rows, without those whose comparison was refused.
        folder: where what is found out is kept.
        known: the comparisons they may be about.
        judgments: the judgments table as it is.
    """
    said = rows.select("seq", "file", "line", F.posexplode("judgments").alias("place", "judgment"))
    said = said.select(at("place"), "file", "line", "judgment.*")
    # Summed, the ids' hashes stand for the set, in whatever order the rows come.
    number = F.xxhash64("judgment_id").cast("decimal(38,0)")
    checked = kept(
        _checked(said, known, judgments),
        folder / "checked_judgments",
        new=F.count_if("is_new"),
        held=F.count_if(~F.col("is_new") & F.col("reason").isNull()),
        wrong=F.count_if(F.col("reason").isNotNull()),
        read=F.sum(number),
        content=F.sum(F.when(F.col("is_new"), number)),
    )
    counts = checked.counts
    fresh = checked.rows.where("is_new").select("at", "question_id")
    told = said.drop(*DERIVED)
    return Imported(
        rows=said.join(fresh, "at").drop(*POSITION),
        new=counts["new"],
        held=counts["held"],
        run_id=RUN_PREFIX + _hash(counts["read"])[:RUN_CHARACTERS],
        content=str(counts["content"]),
        rejected=Wrong.of(checked).of_rows(told),
    )


def append_judgments(imported: Imported, table: str) -> int:
    """Append what is new in one commit; returns how many.

    Raises:
        RunError: the judgments were appended, and are not in the table.
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
    # What is new is part of its id: the files alone would name the same one again when a comparison that was missing
    # the first time has come.
    for app_id in app_ids(_hash(imported.run_id, imported.content)):
        append_once(rows, table, app_id, writer=imported.run_id)
        judgments = read_newest(rows.sparkSession, table).df
        held = judgments.where(F.col("run_id").startswith(RUN_PREFIX)).select("judgment_id")
        if rows.select("judgment_id").join(held, "judgment_id", "left_anti").isEmpty():
            return imported.new
    raise RunError(
        f"The imported judgments were appended to {table} and some of them are not there any more. Find out what takes "
        "rows out of that table, and ingest the same files again."
    )


def _checked(said: DataFrame, known: Known, judgments: Newest) -> DataFrame:
    """One row a judgment: its id, its comparison's question, whether it `is_new`, and a reason where it is refused."""
    shown, answers = F.col("shown_order"), F.col("answers")
    unfit = unknown().when(
        F.length(shown) != answers,
        F.concat(F.lit("shown_order: "), shown, F.lit(", but the comparison has "), answers, F.lit(" answers")),
    )
    slim = said.select("at", "file", "line", "judgment_id", "judge", *REQUEST)
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
            F.concat(F.lit("the judgment of "), "judge", F.lit(": stands with other content in "), place_of("first")),
        ),
    )
    is_new = F.col("unfit").isNull() & ~differs & (F.col("at") == F.col("first.at")) & F.col("is_held").isNull()
    joined = _marked(placed.join(first, list(REQUEST), "left"), judgments)
    return joined.select(
        "at", "judgment_id", "question_id", reason.alias("reason"), F.coalesce(is_new, F.lit(False)).alias("is_new")
    )


def _marked(rows: DataFrame, judgments: Newest) -> DataFrame:
    """The rows with `is_held`: true where the table has the judgment by an import, else NULL."""
    if judgments.is_empty:
        return rows.withColumn("is_held", F.lit(None).cast("boolean"))
    imports = judgments.df.where(F.col("run_id").startswith(RUN_PREFIX))
    held = imports.select("judgment_id").distinct().withColumn("is_held", F.lit(True))
    return rows.join(held, "judgment_id", "left")


def _hash(*parts: object) -> str:
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()
