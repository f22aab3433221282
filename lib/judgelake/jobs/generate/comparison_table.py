"""The comparisons that teachers and people judge: the generated ones, or those of another table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from judgelake.errors import UserError
from judgelake.jobs.generate.config import GenerateJob
from judgelake.lake import COMPARISON, read_newest

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

ONLY_GENERATED = ("question_group", "licence")
"""Columns that the table of generated comparisons has and others need not."""


def name_of_comparisons(job: GenerateJob) -> str:
    """The name of their table."""
    return job.examples.table or job.tables.generated_comparisons


def comparisons_of(spark: SparkSession, job: GenerateJob) -> DataFrame:
    """The comparisons as they are now; what only generated ones have is NULL in others.

    Raises:
        UserError: there is no such table.
    """
    name = name_of_comparisons(job)
    if not spark.catalog.tableExists(name):
        raise UserError(
            f"There is no table {name!r}: run the step comparisons, or set examples.table to a table of comparisons."
        )
    rows = read_newest(spark, name).df
    more = [
        F.col(column) if column in rows.columns else F.lit(None).cast("string").alias(column)
        for column in ONLY_GENERATED
    ]
    return rows.select(*COMPARISON.names, *more)
