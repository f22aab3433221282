"""One observation as a column, and rows of several as what `count_cells` counts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from judgelake.measures.families import (
    CLASSES,
    COMPARISONS,
    LONGEST_RATIO,
    NO_VOTES,
    SEPARATOR,
    STEPS_A_DOUBLING,
    VERDICTS,
    WHOLE,
)

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

OBSERVATION = ("bucket", "question_key", "group", "code", "outcome", "slices", "n")
LABELS = (*CLASSES, NO_VOTES)
"""A label that is one vote at most, by its place `label_place`."""
SAID = (*CLASSES, "none", "wrong", "not_asked")
"""A verdict by the headline's swap rule, by its place `said`."""
BINS = tuple(
    str(step / STEPS_A_DOUBLING)
    for step in range(-LONGEST_RATIO * STEPS_A_DOUBLING, LONGEST_RATIO * STEPS_A_DOUBLING + 1)
)
"""Ratios of lengths, by the place of their bin."""


def _spelled(*parts: Sequence[str]) -> tuple[str, ...]:
    return tuple(map(SEPARATOR.join, product(*parts)))


VOCABULARIES: dict[str, tuple[str, ...]] = {
    "orders": _spelled(VERDICTS, VERDICTS),
    "pairs": _spelled(CLASSES, VERDICTS, VERDICTS, VERDICTS),
    "lengths": _spelled(LABELS, SAID, BINS),
    "judge_pairs": _spelled(LABELS, SAID, SAID),
}
"""What the codes of a family's outcomes stand for. Numbers are grouped and shuffled faster than texts; an outcome with
votes, models, scores or labelers in it may be any text, and has no code."""


def coded(*parts: tuple[Column, Sequence[str]]) -> Column:
    """The code of an outcome: of each part its place, and all that it might be."""
    code, *others = parts
    found = code[0]
    for place, names in others:
        found = found * len(names) + place
    return found.cast("int")


def observed(
    group: Column,
    outcome: Column | list[Column],
    slices: Column | None = None,
    n: Column | None = None,
    when: Column | None = None,
) -> Column:
    """One observation as a struct, NULL where it does not stand.

    Args:
        group: its number among `Groups`.
        outcome: its code (`coded`), or the parts of its text; a NULL part would leave its place out, so that `when`
            must not hold there.
        slices: the numbers of its slices; None: it is in none but the whole.
        n: how often it counts, and it does not stand where that is 0; None: once.
        when: where it stands; None: everywhere.
    """
    code, text = F.lit(None), F.lit(None)
    if isinstance(outcome, list):
        text = outcome[0] if len(outcome) == 1 else F.concat_ws(SEPARATOR, *outcome)
    else:
        code = outcome
    made = F.struct(
        group.alias("group"),
        code.cast("int").alias("code"),
        text.cast("string").alias("outcome"),
        (F.array(F.lit(WHOLE)) if slices is None else slices).alias("slices"),
        (F.lit(1) if n is None else n.cast("int")).alias("n"),
    )
    for condition in (when, None if n is None else n > 0):
        made = made if condition is None else F.when(condition, made)
    return made


def comparison_observed(group: Column, slices: Column | None = None, when: Column | None = None) -> Column:
    """The observation of a comparison as one, where each answer or vote of it is one of its own."""
    return observed(group, [F.lit(COMPARISONS)], slices, when=when)


def exploded(rows: DataFrame, observations: Column) -> DataFrame:
    """The observations of each row, an array of `observed`, one below the other, as `count_cells` takes them."""
    stand = F.explode(F.array_compact(observations)).alias("o")
    return rows.select("bucket", "question_key", stand).select("bucket", "question_key", "o.*").select(*OBSERVATION)
