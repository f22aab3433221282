"""A sign of life while a run works: whoever cleans up can tell its plan from that of a driver that was killed."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING

from judgelake.lake import renew_plan
from judgelake.runtime import shown_error, submitted

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# A small part of the time after which a plan counts as abandoned: many may fail, or wait for a free slot.
RENEW_EVERY_S = 3600.0


@contextmanager
def kept_alive(spark: SparkSession, plans: str, plan_id: str, every_s: float = RENEW_EVERY_S) -> Iterator[None]:
    """Context in which a run's plan is renewed again and again, so that `drop_stale_plans` leaves it alone.

    Nothing renews it any more once the driver is gone, however it ended.
    """
    has_ended = Event()

    def renew() -> None:
        while not has_ended.wait(every_s):
            try:
                renew_plan(spark, plans, plan_id)
            except Exception as error:  # of storage or cluster: the next one may succeed, and the run goes on
                logging.getLogger(__name__).warning("could not renew plan %s: %s", plan_id, shown_error(error))

    # Leaving the pool waits for its thread: renewed later, a plan that was dropped would come back.
    with ThreadPoolExecutor(1, thread_name_prefix="judgelake-heartbeat") as pool:
        submitted(spark, pool, renew)
        try:
            yield
        finally:
            has_ended.set()
