"""Stand-ins for `submitted` and for a session, so that work in threads needs no Spark."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any


def submitted_without_spark(spark: Any, pool: ThreadPoolExecutor, *work: Callable[..., Any]) -> Future[Any]:
    """As `judgelake.runtime.submitted`, whatever stands in for the session."""
    return pool.submit(*work)


class SessionWithoutSpark:
    """A session whose jobs, if there are any, do not notice that they are cancelled; its own SparkContext."""

    @property
    def sparkContext(self) -> Any:  # noqa: N802  # Spark's name
        return self

    def addJobTag(self, tag: str) -> None:  # noqa: N802  # Spark's name
        """Ignored."""

    def cancelJobsWithTag(self, tag: str) -> None:  # noqa: N802  # Spark's name
        """Ignored."""
