"""A sign of life while a run works: whoever cleans up can tell its plan from that of a driver that was killed."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from threading import Event
from typing import TYPE_CHECKING

from judgelake.asking.stopping import MOST_STOP_SECONDS, WAKE_SECONDS
from judgelake.lake import renew_plan
from judgelake.runtime import cancel_jobs, shown_error, submitted, tag_jobs

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# A small part of the time after which a plan counts as abandoned: many may fail, or wait for a free slot.
RENEW_EVERY_S = 3600.0

logger = logging.getLogger(__name__)


@contextmanager
def kept_alive(spark: SparkSession, plans: str, plan_id: str, every_s: float = RENEW_EVERY_S) -> Iterator[None]:
    """Context in which a run's plan is renewed again and again, so that `drop_stale_plans` leaves it alone.

    Nothing renews it any more once the driver is gone, however it ended.
    """
    has_ended = Event()
    tag = f"judgelake-heartbeat-{plan_id}"

    def renew() -> None:
        tag_jobs(spark, tag)
        while not has_ended.wait(every_s):
            try:
                renew_plan(spark, plans, plan_id)
            except Exception as error:  # of storage or cluster: the next one may succeed, and the run goes on
                if not has_ended.is_set():
                    logger.warning("could not renew plan %s: %s", plan_id, shown_error(error))

    pool = ThreadPoolExecutor(1, thread_name_prefix="judgelake-heartbeat")
    renewing = submitted(spark, pool, renew)
    try:
        yield
    finally:
        has_ended.set()
        pool.shutdown(wait=False)
        # Renewed later, a plan that was dropped would come back.
        if not _has_stopped(spark, renewing, tag):
            logger.warning("renewing plan %s did not stop; jobs/tables.py maintain removes what it leaves", plan_id)


def _has_stopped(spark: SparkSession, renewing: Future[None], tag: str) -> bool:
    """Wait for the thread, and interrupt a renewal that takes long: tasks that hang may leave it no slot."""
    deadline = time.monotonic() + MOST_STOP_SECONDS
    while not wait([renewing], timeout=WAKE_SECONDS).done and time.monotonic() < deadline:
        with suppress(Exception):  # a broken connection to Spark must not hide why the run ends
            cancel_jobs(spark, tag)
    return renewing.done()
