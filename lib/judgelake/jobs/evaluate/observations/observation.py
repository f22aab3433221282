"""One observation as a column, and rows of several as input of `count_cells`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import product
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from judgelake.measures.families import (
    CLASSES,
    COMPARISONS,
    LONGEST_RATIO,
    MASS_OUTCOMES,
    NO_VOTES,
    OFFSET_OUTCOMES,
    SEPARATOR,
    STEPS_A_DOUBLING,
    VERDICTS,
    WHOLE,
)

if TYPE_CHECKING:
    from pyspark.sql import Column

OBSERVATION = ("bucket", "question_key", "group", "code", "outcome", "slices", "n")
LABELS = (*CLASSES, NO_VOTES)
"""The values of a label that is at most one vote, by its index `label_place`."""
SAID = (*CLASSES, "none", "wrong", "not_asked")
"""The values of a verdict by the headline's swap rule, by its index `said`."""
BINS = tuple(
    str(step / STEPS_A_DOUBLING)
    for step in range(-LONGEST_RATIO * STEPS_A_DOUBLING, LONGEST_RATIO * STEPS_A_DOUBLING + 1)
)
"""Ratios of lengths, by the index of their bin."""


def _spelled(*parts: Sequence[str]) -> tuple[str, ...]:
    return tuple(map(SEPARATOR.join, product(*parts)))


VOCABULARIES: dict[str, tuple[str, ...]] = {
    "offsets": OFFSET_OUTCOMES,
    "masses": MASS_OUTCOMES,
    "orders": _spelled(VERDICTS, VERDICTS),
    "pairs": _spelled(CLASSES, VERDICTS, VERDICTS),
    "scored_pairs": _spelled(CLASSES, VERDICTS),
    "lengths": _spelled(LABELS, SAID, BINS),
    "judge_pairs": _spelled(LABELS, SAID, SAID),
}
"""The meanings of the codes of a family's outcomes. Numbers are grouped and shuffled faster than texts; an outcome with
votes, models, scores or labelers may be any text and has no code."""


def coded(*parts: tuple[Column, Sequence[str]]) -> Column:
    """The code of an outcome, from each part's index and its possible values."""
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
    """One observation as a struct, NULL where it does not count.

    Args:
        group: its number among `Groups`.
        outcome: its code (`coded`), or the parts of its text; a NULL part would be skipped in the text, so `when` must
            be false there.
        slices: the numbers of its slices; None: only the whole.
        n: how often it counts, or a whole number to sum, of either sign; 0: not at all; None: once.
        when: where it counts; None: everywhere.
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
    for condition in (when, None if n is None else n != 0):
        made = made if condition is None else F.when(condition, made)
    return made


def comparison_observed(group: Column, slices: Column | None = None, when: Column | None = None) -> Column:
    """The observation of a comparison as a whole, where each answer or vote of it is an observation itself."""
    return observed(group, [F.lit(COMPARISONS)], slices, when=when)


def exploded(rows: DataFrame, observations: Column) -> DataFrame:
    """The observations of each row, an array of `observed`, as separate rows for `count_cells`."""
    return _rows_of(rows, F.explode(F.array_compact(observations)))


def each_exploded(rows: DataFrame, observations: Sequence[Column], *, in_one_pass: bool) -> DataFrame:
    """The same for a list of `observed`, in one pass over the rows or in one pass for each.

    One pass each takes an eighth less time for millions of rows in memory: no arrays of structs are made, and each
    pass has a smaller hash table. For few rows it is longer to plan.
    """
    if in_one_pass:
        return exploded(rows, F.array(*observations))
    return reduce(DataFrame.unionByName, (_rows_of(rows, one).where("group IS NOT NULL") for one in observations))


def _rows_of(rows: DataFrame, observation: Column) -> DataFrame:
    one = rows.select("bucket", "question_key", observation.alias("o"))
    return one.select("bucket", "question_key", "o.*").select(*OBSERVATION)
