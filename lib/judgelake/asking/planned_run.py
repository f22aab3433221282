"""A run whose plan is made: its bounds shared out, all its chunks asked, its progress shown."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console

from judgelake.asking.amounts import Amounts, profile_of
from judgelake.asking.board import Board
from judgelake.asking.chunk import ChunkWriter
from judgelake.asking.executor import notes_on_server
from judgelake.asking.heartbeat import kept_alive
from judgelake.asking.inquiry import AskedModel, Interpreter
from judgelake.asking.journal import Journal
from judgelake.asking.pending import Work
from judgelake.asking.plan import Plan
from judgelake.asking.progress import ProgressServer
from judgelake.asking.run import Running, in_order_of_run
from judgelake.asking.share import Share, share_of
from judgelake.asking.slot_count import SlotCount
from judgelake.asking.slots import counted_again, slots_of
from judgelake.asking.stopping import Stopping
from judgelake.asking.task import AskingTask
from judgelake.asking.window import window_of
from judgelake.config import Tables
from judgelake.engine import AskerFactory, Endpoint, Engine
from judgelake.lake import OtherWriters

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """Asks what is planned; what it asks, of whom, and what the answers mean are the job's."""

    spark: SparkSession
    tables: Tables
    work: Work
    plan: Plan
    interpreter: Interpreter
    model: AskedModel
    engine: Engine
    server: ProgressServer
    amounts: Amounts
    asker: AskerFactory | None = None
    endpoint: Endpoint | None = None
    journal: Journal | None = None

    def carry_out(self, stopping: Stopping, console: Console) -> None:
        """Ask all chunks and append their results; raises as `Running.carry_out` does."""
        plan, tally = self.plan, self.server.tally
        tally.engines |= notes_on_server(self.endpoint)
        if any(chunk.has_new for chunk in plan.chunks):
            # What only fails again is stored even if it all fails alike, so that asking.max_attempts bounds it.
            tally.expected = plan.requests
        try:
            with Board(console, tally, plan.requests, lambda: stopping.is_wished):
                share = share_of(self.engine, self.work.limits, slots_of(self.spark, self.amounts), plan.chunks)
                running = self._running(share, stopping)
                with kept_alive(self.spark, self.tables.plans, plan.plan_id) if plan.is_stored else nullcontext():
                    running.carry_out(in_order_of_run(plan.chunks, plan.plan_id))
        finally:
            if self.journal is not None and tally.journal_off is not None:
                line = f"A task could not keep its answers in {self.journal.address}: {tally.journal_off}"
                console.print(line, markup=False, highlight=False, soft_wrap=True)

    def _running(self, share: Share, stopping: Stopping) -> Running:
        plan, target, limits = self.plan, self.work.target, self.work.limits
        others = OtherWriters(self.spark, target.table, plan.results_version, writer=plan.plan_id)
        may_grow = share.may_grow and len(plan.chunks) > share.chunks_in_flight
        slots = SlotCount(share.slots, counted_again(self.spark, self.amounts) if may_grow else None)
        tasks = None if share.may_grow else share.tasks
        writer = ChunkWriter(self.spark, plan, target, others, slots, tasks, profile_of(self.amounts), self.journal)
        task = self._task(share)

        def in_flight() -> int:
            return share.in_flight_at(slots.last)

        work, server = plan.requests + plan.skipped, self.server
        return Running(
            self.spark, writer, task, limits, stopping, server.tally, work, in_flight, self.journal, server.tasks
        )

    def _task(self, share: Share) -> AskingTask:
        limits = self.work.limits
        return AskingTask(
            requester=self.work.requester,
            interpreter=self.interpreter,
            model=self.model,
            engine=self.engine.model_copy(update={"requests_per_second": share.requests_per_second}),
            run_id=self.plan.plan_id,
            window=window_of(limits, self.engine, self.amounts, share.slots, share.window_requests),
            # If most is already answered, the set-up works, and the rest may just be difficult.
            give_up_after=limits.give_up_after if self.plan.skipped < self.plan.requests else None,
            progress=self.server.reporter,
            asker=self.asker,
            endpoint=self.endpoint,
        )
