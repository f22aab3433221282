"""The verdicts of a comparison of two answers by the swap rules of the evaluation, once these are known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from judgelake.jobs.evaluate.config import EvaluateJob
from judgelake.jobs.evaluate.observations.observation import SAID
from judgelake.jobs.evaluate.verdicts import NOT_ASKED
from judgelake.measures import SCORED
from judgelake.measures.families import VERDICTS, headline_verdicts

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

OF_ORDERS = ("said", "said_reversed")
"""The columns of the headline's verdicts; the second is there only if its rule counts each order one half."""
NAMED = {"said": "verdict", "said_reversed": "verdict_reversed"}
"""The columns with the names of those verdicts."""


def judged_rows(rows: DataFrame, job: EvaluateJob) -> DataFrame:
    """The rows of `pair_rows` with the verdicts by the headline's rule.

    `verdict` is "none" or "wrong" if the rule gives none, "not_asked" if it was not asked, and `said` its index in
    `SAID`. Under the rule MEAN they are those of the original order, and `verdict_reversed` and `said_reversed` those
    of the reversed one.
    """
    tables = headline_verdicts(job.headline, job.failure_rule)
    own, reversed_ = F.col("own"), F.col("reversed")
    if job.headline in SCORED:
        own, reversed_ = F.col(job.headline.value), F.lit(NOT_ASKED)
    said = {
        name: F.element_at(F.array(*(F.lit(SAID.index(one)) for one in table)), own * len(VERDICTS) + reversed_ + 1)
        for name, table in zip(OF_ORDERS, tables, strict=False)
    }
    return rows.withColumns(said).withColumns({NAMED[name]: named(name, SAID) for name in said})


def said_in(rows: DataFrame) -> tuple[str, ...]:
    """The columns of `judged_rows` whose verdicts are observed."""
    return tuple(name for name in OF_ORDERS if name in rows.columns)


def by_verdict(rows: DataFrame) -> DataFrame:
    """One row per verdict that counts, as `said`, with its `place` among those of its comparison and judge."""
    said = said_in(rows)
    if len(said) == 1:
        return rows.withColumn("place", F.lit(0))
    return rows.select("*", F.posexplode(F.array(*said)).alias("place", "one")).withColumn("said", F.col("one"))


def named(place: Column | str, names: Sequence[str]) -> Column:
    """The name at an index, by one table lookup: comparing texts row by row would cost far more."""
    found = F.col(place) if isinstance(place, str) else place
    return F.element_at(F.array(*map(F.lit, names)), found + 1)
