"""One chunk of a plan: make its requests, ask them in cache order, append their results once."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from judgelake.asking.asking_order import in_asking_order
from judgelake.asking.inquiry import Target
from judgelake.asking.journal import Journal, TaskJournal, journal_rows
from judgelake.asking.plan import Chunk, Plan, requests_of_plan, rest_of
from judgelake.asking.slot_count import SlotCount
from judgelake.asking.task import AskingTask
from judgelake.errors import RunError
from judgelake.lake import PLANNED, OtherWriters, app_ids, append_once, read_newest, without

if TYPE_CHECKING:
    from pyspark.resource import ResourceProfile
    from pyspark.sql import DataFrame, SparkSession

# A task with fewer requests than this cannot keep an engine's batch full by itself.
LEAST_REQUESTS_A_TASK = 32
# More tasks than slots run in waves, and between two waves the engine drains. A wave of this many windows is long
# enough for that not to matter; 400 requests of 8 tokens in four tasks on two slots took 1.25 times the steps.
WINDOWS_A_WAVE = 4
# More than one, so that a slot whose task is short has another.
TASKS_A_SLOT = 2
# A chunk is asked by a few engines, and many chunks at the same time: commits and losses stay small. With half as
# many a billion pairs on 512 GPUs end 15 to 22 minutes later, as tasks are twice as long (benchmarks/simulate.py).
SLOTS_A_CHUNK = 16
# Another driver's rows have the time at which they were answered; its commit may come a chunk's duration later.
LONGEST_CHUNK = timedelta(days=1)
ASKED = without(PLANNED, "plan_id", "chunk").names
# How often results of one chunk may be missing after some were appended: by other drivers, or because they are deleted.
MOST_LOSSES = 3


@dataclass(frozen=True, slots=True)
class ChunkWriter:
    """Asks and appends the chunks of one plan."""

    spark: SparkSession
    plan: Plan
    target: Target
    others: OtherWriters
    """Who else appends to the target's table since the plan was made."""
    slots: SlotCount
    """Tasks that the cluster runs at the same time."""
    tasks: int | None = None
    """Tasks into which a full chunk is split; None: by the slots, counted again before each chunk."""
    profile: ResourceProfile | None = None
    """Of the stage that asks; None: that of all stages."""
    journal: Journal | None = None
    """Where tasks keep their answers until the chunk is in the table."""

    def write(self, chunk: Chunk, asking: AskingTask) -> Counter[str]:
        """Ask the remaining requests of the chunk and append its results in one commit.

        Requests that another driver has answered since the plan was made are left out, and a chunk that another
        driver has appended under the same `app_id` is not appended again. Answers of an earlier try, of this driver or
        another one, are taken from the journal. If only a part of the chunk is in the table then, the rest is appended
        under the app id that every driver gives to just this rest.

        Returns:
            The results of this run in the table, by status, without those of other drivers.

        Raises:
            RunError: the results were appended but are missing from the table, or the plan is.
        """
        names, content, missing, losses = app_ids(chunk.app_id), chunk.app_id, None, 0
        while (name := next(names, None)) is not None and losses < MOST_LOSSES:
            self._append(chunk, asking, name, missing)
            written = self._written(chunk, asking)
            # Of a plan that is gone nothing is missing either.
            missing = None if written.total() >= chunk.requests else self._checked_missing(chunk)
            if missing is None or missing.isEmpty():
                if self.journal is not None:
                    self.journal.discard(chunk.app_id)
                return written
            losses += bool(written)
            rest = rest_of(self.plan, self.target.fingerprint, missing)
            if rest.app_id != content:
                names, content = app_ids(rest.app_id), rest.app_id
        raise RunError(
            f"The results of chunk {chunk.number} were appended to {self.target.table}, but some of them are no "
            "longer there. Find out what deletes rows from that table during a run, and run again: "
            "the missing ones are asked again."
        )

    def _append(self, chunk: Chunk, asking: AskingTask, app_id: str, missing: DataFrame | None) -> None:
        """Append the results of the requests of the chunk, or of those that are missing, in one commit."""
        planned = self._planned(chunk)
        if missing is None:
            left = self._left(planned, asking)
        else:
            left = self._alone(planned).join(missing, self._keys, "left_semi")
        # In the tasks' column order: Spark reads their rows by position, and users may have added columns anywhere.
        columns = self.spark.read.table(self.target.table).select(*self.target.schema.names).schema
        kept = None if self.journal is None else journal_rows(self.spark, self.journal, chunk.app_id)
        if kept is not None:
            wanted = self._alone(left)
            left = wanted.join(kept, self._keys, "left_anti")
            kept = kept.join(wanted, self._keys, "left_semi").select(*self.target.schema.names)
        asked = in_asking_order(left.select(*ASKED), self._tasks(chunk, asking), chunk.line)
        journal = None if self.journal is None else TaskJournal(self.journal, chunk.app_id)
        task = replace(asking, chunk=chunk.number, journal=journal)
        results = asked.mapInArrow(task, columns, profile=self.profile)
        if kept is not None:
            # The files of the journal are read for each use, and one that cannot be read is left out.
            results = results.unionByName(kept).dropDuplicates(self._keys)
        append_once(results, self.target.table, app_id, writer=asking.run_id)

    def _written(self, chunk: Chunk, asking: AskingTask) -> Counter[str]:
        rows = read_newest(self.spark, self.target.table).df.where(
            (F.col("run_id") == asking.run_id) & (F.col("chunk") == chunk.number)
        )
        return counted_once(rows, self.target.key)

    def _checked_missing(self, chunk: Chunk) -> DataFrame:
        """The chunk's requests that have no result in the table, from any driver.

        Raises:
            RunError: the plan is not there any more.
        """
        wanted = requests_of_plan(self._planned(chunk))
        wanted = wanted.withColumn(self.target.key, F.col("request_id"))
        left = wanted.select(*self._keys).distinct().count()
        if left < chunk.requests:
            raise RunError(
                f"The plan of this run was deleted while it worked: of the {chunk.requests:,} requests of chunk "
                f"{chunk.number}, {left:,} are left in the plans table. All results so far are kept: find out what "
                "deletes from that table, and run again."
            )
        results = self.target.of_this_model(read_newest(self.spark, self.target.table).df)
        return wanted.join(results.select(*self._keys), self._keys, "left_anti")

    def _planned(self, chunk: Chunk) -> DataFrame:
        return self.plan.rows.where(F.col("chunk") == chunk.number)

    def _alone(self, rows: DataFrame) -> DataFrame:
        """Rows of a plan once for each request, with its keys, to be joined with what is known of requests."""
        alone = rows.withColumn("one", F.explode("requests")).withColumn("requests", F.array("one"))
        return alone.withColumns({self.target.key: F.col("one.request_id"), "attempt": F.col("one.attempt")})

    @property
    def _keys(self) -> list[str]:
        return [self.target.key, "attempt"]

    def _left(self, planned: DataFrame, asking: AskingTask) -> DataFrame:
        if not self.others.have_added():
            return planned
        # Read at an explicit version: a plain read of the table that the same query appends to would be part of
        # its transaction, and Delta would reject the commit if another chunk was appended meanwhile.
        # With file statistics on run_id and the time, the files written by this run are not read.
        results = self.target.of_this_model(read_newest(self.spark, self.target.table).df)
        is_late = F.col(self.target.time_column) >= F.lit(self.plan.made_at - LONGEST_CHUNK)
        others = results.where((F.col("run_id") != asking.run_id) & is_late)
        return self._alone(planned).join(others.select(*self._keys), self._keys, "left_anti")

    def _tasks(self, chunk: Chunk, asking: AskingTask) -> int:
        """One wave of tasks for a small chunk, all tasks for a chunk that keeps several waves busy."""
        slots = slots_of_a_chunk(self.slots.now(), len(self.plan.chunks))
        tasks = self.tasks or TASKS_A_SLOT * slots
        return tasks_of_chunk(chunk.to_ask, slots, tasks, asking.window.expected)


def counted_once(rows: DataFrame, key: str) -> Counter[str]:
    """How many of the rows, each key once, have which status: a row too many does not stand in for a missing one."""
    # One shuffle to one task, which a chunk's rows are few enough for, not two of many tasks, which cost several jobs.
    # Not `coalesce`: large compacted files, of which statistics leave out none, would then be read by one task too.
    in_one = rows.select(key, "status").repartition(1)
    counts = in_one.dropDuplicates([key]).groupBy("status").count()
    return Counter({row["status"]: row["count"] for row in counts.collect()})


def slots_of_a_chunk(slots: int, chunks: int) -> int:
    """Slots that ask one of so many chunks: a few, unless the run has too few chunks for all slots."""
    return min(slots, max(SLOTS_A_CHUNK, math.ceil(slots / max(1, chunks))))


def tasks_of_chunk(to_ask: int, slots: int, tasks: int, window_requests: int) -> int:
    """Into how many tasks a chunk is split, of at most `tasks`; see `ChunkWriter._tasks`."""
    one_wave = min(slots, tasks, math.ceil(to_ask / LEAST_REQUESTS_A_TASK))
    waves = min(tasks, to_ask // (WINDOWS_A_WAVE * window_requests))
    return max(1, one_wave, waves)
