"""How a run stops: the wish to, and what becomes of the chunks that are in flight then."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from judgelake.asking.connected import ConnectedTasks
from judgelake.asking.plan import Chunk
from judgelake.runtime import cancel_jobs

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# How often the driver wakes up to notice a signal while chunks are in flight.
WAKE_SECONDS = 0.5
# A cancelled task notices within seconds; one that hangs in foreign code never does.
MOST_STOP_SECONDS = 60.0
# Tasks look every second whether they are to end, then write at most 16 MiB. One whose engine starts does not look.
MOST_TASK_SECONDS = 5.0
# A task that was not told to end notices that it is cancelled when it passes on its next results.
UNTOLD_TASK_SECONDS = 2.0


@dataclass(slots=True)
class Stopping:
    """A request to stop, followed between two steps of a run.

    A KeyboardInterrupt during a call to Spark breaks the connection to it, and then the judgments so far can be
    neither counted nor recorded.
    """

    is_wished: bool = False
    is_heeded: bool = False

    def wish(self) -> None:
        """Request a stop; it is immediate if no run checks for it, or if it was requested before.

        Raises:
            KeyboardInterrupt: as above.
        """
        at_once = self.is_wished or not self.is_heeded
        self.is_wished = True
        if at_once:
            raise KeyboardInterrupt


def have_stopped(
    spark: SparkSession, tag: str, tasks: ConnectedTasks, in_flight: Mapping[Future[Any], Chunk], run_id: str
) -> bool:
    """Stop chunks; False if some of them did not stop in time, which a warning names.

    Their tasks write down what they were answered and end; what is left then is cancelled. Spark ends the process of a
    cancelled task after two seconds, so all that such a task has not written would be lost.

    Args:
        spark: the session.
        tag: of the jobs of the chunks.
        tasks: of the run; no more of its chunks may be started.
        in_flight: the chunks, by what ends with each.
        run_id: for the warning.
    """
    tasks.tell_to_end()
    tasks.wait_until_ended(MOST_TASK_SECONDS)
    left = set(in_flight)
    deadline = time.monotonic() + MOST_STOP_SECONDS
    while left and time.monotonic() < deadline:
        # Again and again: a chunk is several Spark jobs, and between two of them there is none to cancel.
        with suppress(Exception):  # a broken connection to Spark must not hide why the run ends
            cancel_jobs(spark, tag)
        _, left = wait(left, timeout=WAKE_SECONDS)
    if left:
        names = ", ".join(str(in_flight[future].number) for future in left)
        warnings.warn(
            f"Chunk {names} of run {run_id} did not stop within {MOST_STOP_SECONDS:g} s of being cancelled: its Spark "
            "job ends with the session. What it still appends counts in the next run.",
            stacklevel=3,
        )
    return not left


def wait_for_answers(tasks: ConnectedTasks) -> None:
    """Wait until cancelled tasks have written down what they were answered, for a few seconds at most."""
    if tasks.told:
        tasks.wait_until_ended(MOST_TASK_SECONDS)
    else:
        time.sleep(UNTOLD_TASK_SECONDS)
