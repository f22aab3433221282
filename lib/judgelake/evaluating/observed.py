"""One observation as a column, and rows of several as what `count_cells` counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from judgelake.evaluation import SEPARATOR, WHOLE

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

OBSERVATION = ("question_key", "group", "outcome", "slices", "n")


def observed(
    group: Column,
    parts: Sequence[Column],
    slices: Column | None = None,
    n: Column | None = None,
    when: Column | None = None,
) -> Column:
    """One observation as a struct, NULL where it does not stand.

    Args:
        group: its number among `Groups`.
        parts: of its outcome; a NULL would leave its place out, so that `when` must not hold there.
        slices: the numbers of its slices; None: it is in none but the whole.
        n: how often it counts, and it does not stand where that is 0; None: once.
        when: where it stands; None: everywhere.
    """
    made = F.struct(
        group.alias("group"),
        (parts[0] if len(parts) == 1 else F.concat_ws(SEPARATOR, *parts)).alias("outcome"),
        (F.array(F.lit(WHOLE)) if slices is None else slices).alias("slices"),
        (F.lit(1) if n is None else n.cast("int")).alias("n"),
    )
    for condition in (when, None if n is None else n > 0):
        made = made if condition is None else F.when(condition, made)
    return made


def exploded(rows: DataFrame, observations: Column) -> DataFrame:
    """The observations of each row, an array of `observed`, one below the other, as `count_cells` takes them."""
    stand = F.explode(F.array_compact(observations)).alias("o")
    return rows.select("question_key", stand).select("question_key", "o.*").select(*OBSERVATION)
