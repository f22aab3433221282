"""The line on which the rows of a chunk lie: their prompts' bytes end to end, the question with most bytes first.

A chunk is cut into tasks by it. It is made when a plan is made: a query over a chunk costs seconds, and a run has many.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyspark.sql import Window
from pyspark.sql import functions as F

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame


@dataclass(frozen=True, slots=True)
class Line:
    """The bytes of a chunk's prompts, and of its heaviest question's."""

    bytes: int
    heaviest: int


def bytes_of_row() -> Column:
    """Of the prompts of a row; one that is empty or is not asked counts as one byte, so that nothing weighs nothing."""
    return F.aggregate(
        "requests",
        F.lit(0).cast("bigint"),
        lambda sum_, one: sum_ + F.greatest(F.coalesce(one["prompt_bytes"], F.lit(1)), F.lit(1)),
    )


def on_a_line(rows: DataFrame) -> DataFrame:
    """The rows with `question_bytes` and `line_end`, for each chunk; all rows of a chunk are in one partition."""
    of_question = Window.partitionBy("chunk", "question_key")
    # All rows of a question are peers, so all get its end.
    so_far = Window.partitionBy("chunk").orderBy(F.desc("question_bytes"), "question_key")
    weighed = rows.withColumn("row_bytes", bytes_of_row())
    weighed = weighed.withColumn("question_bytes", F.sum("row_bytes").over(of_question))
    return weighed.withColumn("line_end", F.sum("row_bytes").over(so_far)).drop("row_bytes")


def on_a_line_here(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """As `on_a_line`, for the rows of one chunk in memory."""
    kept = [dict(row) for row in rows]
    weights: Counter[int] = Counter()
    for row in kept:
        weights[row["question_key"]] += sum(max(1, one["prompt_bytes"] or 1) for one in row["requests"])
    heavy_first = sorted(weights, key=lambda key: (-weights[key], key))
    ends = dict(zip(heavy_first, itertools.accumulate(weights[key] for key in heavy_first), strict=True))
    return [
        {**row, "question_bytes": weights[row["question_key"]], "line_end": ends[row["question_key"]]} for row in kept
    ]
