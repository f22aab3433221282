"""Execute a plan: chunks in flight, progress, giving up early, stopping cleanly."""

from __future__ import annotations

import random
import time
import warnings
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from judgelake.asking.chunk import ChunkWriter
from judgelake.asking.config import Asking
from judgelake.asking.connected import ConnectedTasks
from judgelake.asking.first_outcomes import all_fail_alike
from judgelake.asking.journal import Journal, recover
from judgelake.asking.pending import WORTH_ANOTHER_ATTEMPT
from judgelake.asking.plan import Chunk
from judgelake.asking.progress import Tally
from judgelake.asking.stopping import WAKE_SECONDS, Stopping, have_stopped, wait_for_answers
from judgelake.asking.task import AskingTask
from judgelake.asking.task_error import our_error
from judgelake.asking.transient import is_of_spark, is_transient
from judgelake.comparisons import Status
from judgelake.engine import EngineGone, StartFailed, StartRefused
from judgelake.errors import RunError
from judgelake.runtime import cause_of, submitted, tag_jobs

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# Of many hosts one may have a broken GPU or disk: the chunk's next try may run elsewhere.
TRIES_A_CHUNK = 3
# Answers are in the journal, so that another try of an append costs little.
TRIES_OF_STORAGE = 5
PAUSE_SECONDS = 2.0
# If so many chunks in a row cannot be appended, the first of a run or later ones, the others would fail too.
FIRST_CHUNKS, LATER_CHUNKS = 3, 10
OF_ONE_HOST = (EngineGone, StartFailed, StartRefused)


@dataclass(frozen=True, slots=True)
class _Try:
    """A chunk that is to be asked and appended, not before a time of the monotonic clock."""

    chunk: Chunk
    number: int = 1
    not_before: float = 0.0


@dataclass(slots=True)
class Running:
    """One current run: what is in flight, and the results so far."""

    spark: SparkSession
    writer: ChunkWriter
    asking: AskingTask
    limits: Asking
    stopping: Stopping
    tally: Tally
    """What the tasks have reported."""
    work: int
    """Requests of the whole job, answered before or to be asked now."""
    in_flight: Callable[[], int]
    """How many chunks may be in flight now."""
    journal: Journal | None = None
    """Where tasks keep their answers until their chunk is in the table."""
    tasks: ConnectedTasks = field(default_factory=ConnectedTasks)
    """Those that can be told to end."""
    statuses: Counter[str] = field(default_factory=Counter)
    """Results of the finished chunks in the table, by status."""
    set_aside: dict[int, str] = field(default_factory=dict)
    """Chunks that could not be appended, by number, and why not."""
    failed_in_a_row: int = 0
    """Chunks set aside since one was appended."""
    is_ending: bool = False
    """Nothing more may be started."""

    def carry_out(self, chunks: Sequence[Chunk]) -> None:
        """Write all chunks, a few at a time.

        A chunk that cannot be appended costs the others nothing: it is tried again if the cause may pass, else set
        aside. On any other error, and on a stop, those in flight end, and a stop appends what they were answered.

        Raises:
            RunError: too many calls failed, the first all failed with one status, the engine died repeatedly, or some
                chunks could not be appended.
            UserError: the engine rejected the model, key, address or options.
            KeyboardInterrupt: a stop was requested.
        """
        waiting = deque(map(_Try, chunks))
        in_flight: dict[Future[Counter[str]], _Try] = {}
        tag = f"judgelake-{self.asking.run_id}"
        # Threads are made as they are needed.
        pool = ThreadPoolExecutor(max(1, len(chunks)), thread_name_prefix="judgelake-chunk")
        has_stopped = True
        try:
            while in_flight or waiting:
                while len(in_flight) < self.in_flight() and (one := _ready(waiting)) is not None:
                    in_flight[submitted(self.spark, pool, self._write, one.chunk, tag)] = one
                if self.stopping.is_wished:
                    raise KeyboardInterrupt
                self._give_up_if_all_fail_alike()
                if not in_flight:
                    time.sleep(WAKE_SECONDS)
                done, _ = wait(in_flight, timeout=WAKE_SECONDS, return_when=FIRST_COMPLETED)
                for future in done:
                    if (again := self._ended(future, in_flight.pop(future))) is not None:
                        waiting.appendleft(again)
        except BaseException as error:
            has_stopped = False  # also if a second signal ends the next line
            self.is_ending = True
            chunks_in_flight = {future: one.chunk for future, one in in_flight.items()}
            has_stopped = have_stopped(self.spark, tag, self.tasks, chunks_in_flight, self.asking.run_id)
            if has_stopped and isinstance(error, KeyboardInterrupt):
                self._keep(chunks)
            raise
        finally:
            pool.shutdown(wait=has_stopped)
        if self.set_aside:
            raise self._not_appended()
        self._fail_without_any_answer(chunks)

    def _ended(self, future: Future[Counter[str]], tried: _Try) -> _Try | None:
        """Count what a chunk came to; its next try if it failed and may not fail again.

        Raises:
            BaseException: why the whole run must end.
        """
        error = future.exception()
        if error is None:
            self.statuses += future.result()
            self.failed_in_a_row = 0
            self._give_up_if_too_many_failed()
            return None
        ours = our_error(error)
        if tried.number < TRIES_A_CHUNK and self._may_work_elsewhere(ours):
            return _Try(tried.chunk, tried.number + 1)
        if ours is not None or not is_of_spark(error):
            raise (ours or error) from (error if ours else None)
        if tried.number < TRIES_OF_STORAGE and is_transient(error):
            pause = PAUSE_SECONDS * 2**tried.number * random.uniform(0.5, 1)
            return _Try(tried.chunk, tried.number + 1, time.monotonic() + pause)
        self.set_aside[tried.chunk.number] = cause_of(error)
        self.failed_in_a_row += 1
        if self.failed_in_a_row >= (LATER_CHUNKS if self.statuses else FIRST_CHUNKS):
            raise self._not_appended() from error
        return None

    def _not_appended(self) -> RunError:
        """The error of a run of which some chunks are not in the table."""
        (number, cause), *others = self.set_aside.items()
        more = f" and {len(others):,} more" if others else ""
        kept = (
            "their requests are asked again"
            if self.journal is None
            else f"their answers are kept in {self.journal.address} and appended then"
        )
        return RunError(
            f"Chunk {number}{more} could not be written to {self.writer.target.table}: {cause.rstrip('.')}. Fix the "
            f"cause and run again: {kept}."
        )

    def _keep(self, chunks: Sequence[Chunk]) -> None:
        """Append what is in the journal of chunks that were stopped; what cannot be appended is for the next run."""
        if self.journal is None:
            return
        wait_for_answers(self.tasks)
        app_ids = {chunk.app_id for chunk in chunks if chunk.number not in self.set_aside}
        target, run_id = self.writer.target, self.asking.run_id
        try:
            recover(
                self.spark,
                self.journal,
                target.table,
                app_ids=app_ids,
                of_journal=target.of_this_model,
                writer=run_id,
                tries=1,
            )
        except Exception as error:
            warnings.warn(
                f"What the stopped tasks have answered is kept in {self.journal.address} for the next run, but could "
                f"not be appended now: {cause_of(error)}",
                stacklevel=2,
            )

    def _write(self, chunk: Chunk, tag: str) -> Counter[str]:
        if self.is_ending or self.stopping.is_wished:
            raise KeyboardInterrupt
        tag_jobs(self.spark, tag)
        # Once something was answered, a partition of difficult rows is not a misconfiguration.
        give_up_after = None if self.statuses["ok"] else self.asking.give_up_after
        return self.writer.write(chunk, replace(self.asking, give_up_after=give_up_after))

    def _may_work_elsewhere(self, error: BaseException | None) -> bool:
        """Whether an engine failed its tasks while others, or itself before, have answered requests of this run.

        If none ever answered, the cause is likely to be the same everywhere.
        """
        has_answers = bool(self.statuses[Status.OK.value] or self.tally.statuses[Status.OK.value])
        return has_answers and isinstance(error, OF_ONE_HOST)

    def _give_up_if_all_fail_alike(self) -> None:
        """Stop a run whose first outcomes, over all tasks, are failures of one kind.

        A task stops itself before it writes anything, but only when it has that many outcomes of its own.
        """
        most = self.asking.give_up_after
        if most is not None and (status := self.tally.all_failed_with(most)) is not None:
            raise all_fail_alike(min(most, self.tally.done), status, self.tally.last_failure)

    def _fail_without_any_answer(self, chunks: Sequence[Chunk]) -> None:
        """Fail a run in which the model answered nothing; its rows are stored.

        In a job that is nearly done only if some calls failed and some requests were new: a few that fail again, after
        a run in which others were answered, or a few prompts that are too long, do not fail every later run of the job.
        """
        found = {Status(name): count for name, count in self.statuses.items() if count}
        # Of fewer than planned another driver has answered the rest.
        is_whole = self.statuses.total() >= sum(chunk.requests for chunk in chunks)
        if not found or not is_whole or not all(status.is_without_answer for status in found):
            return
        has_failed_calls = any(status.is_worth_another_attempt for status in found)
        is_nearly_done = self.asking.give_up_after is None
        if is_nearly_done and not (has_failed_calls and any(chunk.has_new for chunk in chunks)):
            return
        counts = ", ".join(f"{count:,} {status}" for status, count in found.items())
        reason = f", one because: {self.tally.last_failure}" if self.tally.last_failure else ""
        raise RunError(
            f"The model answered no request of this run: {counts}{reason}. The rows say why (column error). Fix the "
            "cause and run again: failed calls are asked again, up to asking.max_attempts."
        )

    def _give_up_if_too_many_failed(self) -> None:
        failed = sum(self.statuses[name] for name in WORTH_ANOTHER_ATTEMPT)
        # Of all the job's work: if earlier runs have answered nearly all, only the few failed ones are asked again.
        if self.work and failed / self.work > self.limits.max_failed_share:
            raise RunError(
                f"{failed:,} of {self.work:,} requests ended in engine_error or timeout "
                f"({failed / self.work:.1%}; asking.max_failed_share allows {self.limits.max_failed_share:.1%}). "
                "Their rows say why (column error): fix the engine and run again; only these are asked again."
            )


def _ready(waiting: deque[_Try]) -> _Try | None:
    """The first that may be tried now, taken out; None if there is none."""
    now = time.monotonic()
    one = next((one for one in waiting if one.not_before <= now), None)
    if one is not None:
        waiting.remove(one)
    return one


def in_order_of_run(chunks: Sequence[Chunk], run_id: str) -> list[Chunk]:
    """The chunks, shuffled by the run's id, so that two drivers on the same work share it and overlap late."""
    return random.Random(run_id).sample(chunks, len(chunks))
