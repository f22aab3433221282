"""The judgments of two answers beside their labels, read once for all that is made of them."""

from __future__ import annotations

from collections.abc import Callable, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from judgelake.errors import UserError
from judgelake.jobs.evaluate.config import EvaluateJob
from judgelake.jobs.evaluate.features import SliceNames, Survey, bucket_column, features_of, survey
from judgelake.jobs.evaluate.headline import Surveyed, surveyed
from judgelake.jobs.evaluate.inputs import Chosen, Inputs, inputs_of
from judgelake.jobs.evaluate.observations.pairs import pair_rows
from judgelake.lake import create_tables
from judgelake.runtime import freed, kept_in_memory, submitted

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# Judges times slices; each gives about 80 rows, which the driver holds.
MOST_TABLES = 20_000


@dataclass(frozen=True, slots=True)
class PairsRead:
    """What is known before a swap rule is chosen; `features` and `pairs` are kept in memory."""

    inputs: Inputs
    known: Survey
    features: DataFrame
    """One row per comparison, with the bucket of its question; see `features_of`."""
    pairs: DataFrame
    """One row per comparison of two answers and judge; see `pair_rows`."""
    surveyed: Surveyed


def read_pairs(
    spark: SparkSession,
    job: EvaluateJob,
    chosen: Chosen,
    needed: Set[str],
    in_memory: tuple[ExitStack, ExitStack],
    say: Callable[[str], None] = lambda line: None,
    *,
    has_masses: bool = False,
) -> PairsRead:
    """Read the chosen rows; also creates missing tables.

    Args:
        spark: a session with Delta.
        job: what is compared with what.
        chosen: the rows.
        needed: the tables that are to exist afterwards.
        in_memory: free the features, and the pairs.
        say: gets progress messages.
        has_masses: whether the pairs are to have the probability of all labels in each order.

    Raises:
        UserError: there is no comparison or no judgment, it is not clear which labels count, or there are too many
            judges for so many slices.
    """
    of_features, of_pairs = in_memory
    features = kept_in_memory(features_of(chosen.comparisons, job.slices.by))
    of_features.callback(freed, features)
    known, inputs = _read(spark, chosen, features, job, needed)
    total = sum(judge.judgments for judge in inputs.judges)
    say(f"judgments: {total:,}; judges: {len(inputs.judges)}; labelers: {len(inputs.labelers)}")
    refuse_too_many(inputs, known.slices)
    bucketed = features.withColumn("bucket", bucket_column(known.buckets))
    pairs = kept_in_memory(pair_rows(inputs, bucketed, known.slices, job, has_masses=has_masses))
    of_pairs.callback(freed, pairs)
    return PairsRead(inputs, known, bucketed, pairs, surveyed(pairs, job, inputs.judges))


def _read(
    spark: SparkSession, chosen: Chosen, features: DataFrame, job: EvaluateJob, needed: Set[str]
) -> tuple[Survey, Inputs]:
    # Side by side, since Spark plans a query on one core.
    with ThreadPoolExecutor(1) as surveyor:
        surveying = submitted(spark, surveyor, survey, features, job.slices, job.buckets)
        inputs = inputs_of(chosen, job)
        create_tables(spark, job.tables, needed)
    known = surveying.result()
    if not known.comparisons:
        matching = f" that matches where {job.where!r}" if job.where else ""
        raise UserError(f"There is no comparison{matching} in {job.tables.comparisons!r}, so nothing can be evaluated.")
    return known, inputs


def refuse_too_many(inputs: Inputs, slices: SliceNames) -> None:
    """Refuse what would give more rows than a driver can hold.

    Raises:
        UserError: there are too many judges for so many slices.
    """
    tables = len(inputs.judges) * len(slices.numbers)
    if tables > MOST_TABLES:
        raise UserError(
            f"{len(inputs.judges):,} judges in {len(slices.numbers):,} slices are {tables:,} tables of figures; the "
            f"limit is {MOST_TABLES:,}: lower slices.most, name fewer dimensions in slices.by, or choose judges with "
            "judgments_where."
        )
