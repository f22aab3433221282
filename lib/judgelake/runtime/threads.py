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
