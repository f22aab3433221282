"""Work on Spark in threads of the driver."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Made = TypeVar("Made")


def submitted(
    spark: SparkSession, pool: ThreadPoolExecutor, work: Callable[..., Made], *arguments: Any
) -> Future[Made]:
    """Start work on Spark in a thread, with the job group and the tags of the caller's.

    Without them, cancelling a notebook's command would not cancel the queries of its threads.
    """
    from pyspark.util import inheritable_thread_target

    return pool.submit(inheritable_thread_target(spark)(work), *arguments)


def tag_jobs(spark: SparkSession, tag: str) -> None:
    """Mark what this thread starts on Spark, so that any thread can cancel it with `cancel_jobs`."""
    if _is_classic(spark):
        spark.sparkContext.addJobTag(tag)
    else:
        spark.addTag(tag)


def cancel_jobs(spark: SparkSession, tag: str) -> None:
    """Cancel what threads with this tag are running on Spark now; it does nothing to what they start later."""
    if _is_classic(spark):
        spark.sparkContext.cancelJobsWithTag(tag)
    else:
        spark.interruptTag(tag)


def _is_classic(spark: SparkSession) -> bool:
    """Whether `interruptTag` knows only the tags of its own thread, as without Spark Connect.

    Source: `SparkSession.managedJobTags` in Spark 4.2's sql/core, a thread's own map.
    """
    from pyspark.sql import SparkSession

    return isinstance(spark, SparkSession)
