"""Work on Spark in threads of the driver."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from judgelake.runtime.limits import is_connect

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
    """Mark what this thread starts on Spark from now on, so that any thread can cancel it with `cancel_jobs`."""
    # Without Spark Connect a session knows only the tags of the thread that asks: `interruptTag` of another thread
    # finds nothing. Source: `SparkSession.managedJobTags` in sql/core of Spark 4.2.
    if is_connect(spark):
        spark.addTag(tag)
    else:
        spark.sparkContext.addJobTag(tag)


def cancel_jobs(spark: SparkSession, tag: str) -> None:
    """Cancel what threads with this tag are running on Spark now; what they start later is not cancelled."""
    if is_connect(spark):
        spark.interruptTag(tag)
    else:
        spark.sparkContext.cancelJobsWithTag(tag)
