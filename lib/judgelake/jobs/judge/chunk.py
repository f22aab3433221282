"""One chunk of a plan: read its requests, ask them in cache order, append their judgments once."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from judgelake.errors import RunError
from judgelake.jobs.judge.asking_order import in_asking_order
from judgelake.jobs.judge.plan import Chunk, Plan
from judgelake.jobs.judge.task import AskingTask
from judgelake.lake import JUDGMENT, OtherWriters, app_ids, append_once, read_newest

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession
    from pyspark.sql.types import StructField, StructType

# A task with fewer requests than this cannot keep an engine's batch full by itself.
LEAST_REQUESTS_A_TASK = 32
# More tasks than slots run in waves, and between two waves the engine drains. A wave of this many windows is long
# enough for that not to matter; 400 requests of 8 tokens in four tasks on two slots took 1.25 times the steps.
WINDOWS_A_WAVE = 4
# More than one, so that a slot whose task is short has another.
TASKS_A_SLOT = 2
# Another driver's rows have the time at which they were judged; its commit may come a chunk's duration later.
LONGEST_CHUNK = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ChunkWriter:
    """Asks and appends the chunks of one plan."""

    spark: SparkSession
    plan: Plan
    judgments_table: str
    others: OtherWriters
    """Who else appends to that table since the plan was made."""
    slots: int
    """Tasks that the cluster runs at the same time."""
    tasks: int
    """Tasks into which a full chunk is split."""
    slots_now: Callable[[], int] | None = None
    """Counts the slots again before each chunk, and with them the tasks; None: both stay."""

    def write(self, chunk: Chunk, asking: AskingTask) -> Counter[str]:
        """Ask the remaining requests of the chunk and append its judgments in one commit.

        Requests that another driver has judged since the plan was made are left out, and a chunk that another
        driver has appended under the same `app_id` is not appended again.

        Returns:
            The judgments of this run in the table, by status, without those of other drivers.

        Raises:
            RunError: the judgments were appended but are missing from the table, or the plan is.
        """
        for name in app_ids(chunk.app_id):
            self._append(chunk, asking, name)
            written = self._written(chunk, asking)
            if written.total() >= chunk.requests:
                return written
            # Of a plan that is gone nothing is missing either.
            self._check_planned(chunk)
            if not self._misses_some(chunk, asking):
                return written
            if written:
                break
        raise RunError(
            f"The judgments of chunk {chunk.number} were appended to {self.judgments_table}, but some of them are no "
            "longer there. Find out what deletes rows from that table during a run, and run again: "
            "the missing ones are asked again."
        )

    def _append(self, chunk: Chunk, asking: AskingTask, app_id: str) -> None:
        rows = self._left(chunk, asking)
        asked = in_asking_order(rows.where("status IS NULL"), self._tasks(chunk, asking))
        # In the tasks' column order: Spark reads their rows by position, and users may have added columns anywhere.
        columns = self.spark.read.table(self.judgments_table).select(*JUDGMENT.names).schema
        judged = asked.mapInArrow(asking, columns)
        known = _not_asked(rows.where("status IS NOT NULL"), asking, columns)
        append_once(judged.unionByName(known), self.judgments_table, app_id, writer=asking.run_id)

    def _written(self, chunk: Chunk, asking: AskingTask) -> Counter[str]:
        rows = read_newest(self.spark, self.judgments_table).df.where(
            (F.col("run_id") == asking.run_id) & (F.col("chunk") == chunk.number)
        )
        # A row too many must not stand in for one that is missing.
        once = rows.dropDuplicates(["judgment_id"]).groupBy("status").count()
        return Counter({row["status"]: row["count"] for row in once.collect()})

    def _check_planned(self, chunk: Chunk) -> None:
        left = self._planned(chunk).select("judgment_id").distinct().count()
        if left < chunk.requests:
            raise RunError(
                f"The plan of this run was deleted while it worked: of the {chunk.requests:,} requests of chunk "
                f"{chunk.number}, {left:,} are left in the plans table. All judgments so far are kept: find out what "
                "deletes from that table, and run again."
            )

    def _misses_some(self, chunk: Chunk, asking: AskingTask) -> bool:
        """Whether a request of the chunk has no judgment in the table, from any driver."""
        judgments = read_newest(self.spark, self.judgments_table).df
        judged = judgments.where(F.col("judge_fingerprint") == asking.judge.fingerprint)
        wanted = self._planned(chunk).select("judgment_id", "attempt")
        return not wanted.join(judged, ["judgment_id", "attempt"], "left_anti").isEmpty()

    def _planned(self, chunk: Chunk) -> DataFrame:
        return self.plan.rows.where(F.col("chunk") == chunk.number)

    def _left(self, chunk: Chunk, asking: AskingTask) -> DataFrame:
        rows = self._planned(chunk)
        if not self.others.have_added():
            return rows
        # Read at an explicit version: a plain read of the table that the same query appends to would be part of
        # its transaction, and Delta would reject the commit if another chunk was appended meanwhile.
        # With file statistics on run_id and judged_at, the files written by this run are not read.
        judgments = read_newest(self.spark, self.judgments_table).df
        others = judgments.where(
            (F.col("judge_fingerprint") == asking.judge.fingerprint)
            & (F.col("run_id") != asking.run_id)
            & (F.col("judged_at") >= F.lit(self.plan.made_at - LONGEST_CHUNK))
        )
        return rows.join(others.select("judgment_id", "attempt"), ["judgment_id", "attempt"], "left_anti")

    def _tasks(self, chunk: Chunk, asking: AskingTask) -> int:
        """One wave of tasks for a small chunk, all tasks for a chunk that keeps several waves busy."""
        slots, tasks = self.slots, self.tasks
        if self.slots_now is not None:
            slots = self.slots_now()
            tasks = TASKS_A_SLOT * slots
        return tasks_of_chunk(chunk.to_ask, slots, tasks, asking.window_requests)


def tasks_of_chunk(to_ask: int, slots: int, tasks: int, window_requests: int) -> int:
    """Into how many tasks a chunk is split, of at most `tasks`; see `ChunkWriter._tasks`."""
    one_wave = min(slots, tasks, math.ceil(to_ask / LEAST_REQUESTS_A_TASK))
    waves = min(tasks, to_ask // (WINDOWS_A_WAVE * window_requests))
    return max(1, one_wave, waves)


def _not_asked(rows: DataFrame, asking: AskingTask, columns: StructType) -> DataFrame:
    """Judgments of the requests whose status is known without asking: invalid, or too long."""
    known = {
        **{name: F.lit(value) for name, value in asking.of_the_run().items()},
        "error": F.col("reason"),
        "judged_at": F.current_timestamp(),
    }
    have = set(rows.columns)

    def column(field: StructField) -> Column:
        value = known.get(field.name, F.col(field.name) if field.name in have else F.lit(None))
        return value.cast(field.dataType).alias(field.name)

    return rows.select(*map(column, columns.fields)).dropDuplicates(["judgment_id"])
