"""In a task: write down the answers as they come."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc

from judgelake.asking.journal.files import Journal
from judgelake.errors import in_one_line
from judgelake.stores import store_errors

logger = logging.getLogger(__name__)

# What a killed executor loses. A chunk of ten minutes makes 30 files a task.
SECONDS_A_FILE = 20.0
# Long answers: so that a file is written, and read again, in a moment and in one piece.
BYTES_A_FILE = 16 * 1024 * 1024
# How often it is looked whether it is time to write, since the next answer may come much later.
LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class TaskName:
    """One attempt of a task; what it writes is told from what others write by its name.

    Attributes:
        token: of the Spark job, new for each.
        partition: of the job's rows; the same in all attempts of a task.
        attempt: unique in the Spark application.
    """

    token: str
    partition: int = 0
    attempt: int = 0

    def __str__(self) -> str:
        return f"{self.of_partition}{self.attempt}"

    @property
    def of_partition(self) -> str:
        """How the names of all attempts with the same rows begin."""
        return f"{self.token}-{self.partition:06}-"


def task_name(token: str) -> TaskName:
    """The attempt that runs in this process."""
    from pyspark import TaskContext

    context = TaskContext.get()
    return TaskName(token) if context is None else TaskName(token, context.partitionId(), context.taskAttemptId())


class JournalWriter:
    """Writes the answers of one attempt of a task to the journal, a file every few seconds.

    A context manager: within it a thread writes what is due though nothing comes, and what is held is written at the
    end, however the task ends. A place that cannot be written never fails the task: then no more is written, and
    `why_off` says why.
    """

    def __init__(
        self,
        journal: Journal,
        app_id: str,
        task: TaskName,
        *,
        seconds_a_file: float = SECONDS_A_FILE,
        bytes_a_file: int = BYTES_A_FILE,
        clock: Callable[[], float] = time.monotonic,
        is_urgent: Callable[[], bool] = bool,
    ) -> None:
        """Writes nothing yet.

        Args:
            journal: where.
            app_id: of the chunk.
            task: who writes.
            seconds_a_file: after which time answers are written.
            bytes_a_file: so many are written at once.
            clock: gives the time in seconds.
            is_urgent: whether the task may be ended at any moment, so that every answer is written at once.
        """
        self.why_off: str | None = None
        self._journal, self._app_id, self._task = journal, app_id, task
        self._seconds, self._bytes, self._clock = seconds_a_file, bytes_a_file, clock
        self._is_urgent = is_urgent
        self._held: list[pa.RecordBatch] = []
        self._held_bytes = 0
        self._files = 0
        self._last = clock()
        self._lock = threading.Lock()
        self._has_ended = threading.Event()

    def __enter__(self) -> Self:
        threading.Thread(target=self._write_in_time, name="judgelake-journal", daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._has_ended.set()
        with self._lock:
            self._write()

    def take(self, rows: pa.RecordBatch) -> None:
        """Hold the rows that were answered, and write a file if it is time."""
        if self.why_off is not None:
            return
        answered = rows.filter(pc.is_valid(rows.column(self._journal.answer)))
        with self._lock:
            if answered.num_rows:
                self._held.append(answered)
                self._held_bytes += answered.nbytes
            self._write_if_due()

    def _write_in_time(self) -> None:
        while not self._has_ended.wait(LOOK_SECONDS):
            with self._lock:
                if self._held:
                    self._write_if_due()

    def _write_if_due(self) -> None:
        is_full = self._held_bytes >= self._bytes
        if is_full or self._clock() - self._last >= self._seconds or self._is_urgent():
            self._write()

    def _write(self) -> None:
        held, self._held, self._held_bytes = self._held, [], 0
        if held and self.why_off is None:
            try:
                table = pa.Table.from_batches(held, self._journal.schema)
                self._journal.write(self._app_id, f"{self._task}-{self._files:05}", table)
            except store_errors() as error:
                self.why_off = in_one_line(error)
                logger.warning(
                    "this task writes no more answers to %s, so those that come would be lost with it: %s",
                    self._journal.address,
                    self.why_off,
                )
        self._files += 1
        self._last = self._clock()


@dataclass(frozen=True, slots=True)
class TaskJournal:
    """What a task needs to write down its answers, and to find those of its earlier attempts; picklable.

    Attributes:
        journal: where.
        app_id: of the task's chunk.
        token: of the Spark job.
    """

    journal: Journal
    app_id: str
    token: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
