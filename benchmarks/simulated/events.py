"""A run, one event after another: chunks are prepared, their tasks take slots, engines serve, commits wait."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from simulated.cluster import GPUS_A_NODE, ChunkWork, Cluster, Outcome
from simulated.engine import Rates, Work, concurrency, full_speed_seconds, loads_of
from simulated.gpu import Gpu, Running


class Simulation:
    """One run. Tasks of the chunk that was started first run first, as in Spark's FIFO pool."""

    def __init__(self, cluster: Cluster, chunks: Sequence[ChunkWork], in_flight: int) -> None:
        """Nothing has begun.

        Args:
            cluster: where it runs.
            chunks: in the order of the run.
            in_flight: chunks that are prepared, asked or committed at the same time.
        """
        self._cluster, self._chunks, self._in_flight = cluster, chunks, in_flight
        self._rng = np.random.default_rng(cluster.seed)
        self._events: list[tuple[float, int, Callable[[float], None]]] = []
        self._count = 0
        self._waiting: list[tuple[int, int, Work | None]] = []
        self._to_prepare: deque[int] = deque()
        self._preparing = 0
        self._open = [len(chunk.tasks) for chunk in chunks]
        self._tasks_begun, self._started = 0, 0
        self._lose_at = sum(self._open) // 2 if cluster.loses_a_node and cluster.gpus > GPUS_A_NODE else -1
        self._log_free_s = 0.0
        self._engines = [Gpu(self._rates_of(gpu)) for gpu in range(cluster.gpus)]
        # One slot of each engine, then the next of each: the first tasks are spread.
        self._free = deque(gpu for _ in range(cluster.tasks_a_gpu) for gpu in range(cluster.gpus))
        self.outcome = Outcome()

    def run(self) -> Outcome:
        """All chunks, until the last is committed."""
        for _ in range(min(self._in_flight, len(self._chunks))):
            self._start_chunk(0.0)
        while self._events:
            now, _, happen = heapq.heappop(self._events)
            happen(now)
        return self.outcome

    def _rates_of(self, gpu: int) -> Rates:
        every = self._cluster.slow_every
        return self._cluster.rates.slowed(2.0) if every and gpu % every == every - 1 else self._cluster.rates

    def _noise(self) -> float:
        spread = self._cluster.noise
        return float(self._rng.lognormal(-(spread**2) / 2, spread)) if spread else 1.0

    def _at(self, time: float, happen: Callable[[float], None]) -> None:
        self._count += 1
        heapq.heappush(self._events, (time, self._count, happen))

    def _start_chunk(self, now: float) -> None:
        if self._started == len(self._chunks):
            return
        chunk = self._started
        self._started += 1
        self.outcome.longest_prepared = max(self.outcome.longest_prepared, self._started - self.outcome.commits)
        if self._cluster.preparers is None:
            self._wait(chunk, None)
            self._dispatch(now)
        else:
            self._to_prepare.append(chunk)
            self._prepare_next(now)

    def _prepare_next(self, now: float) -> None:
        assert self._cluster.preparers is not None
        if self._to_prepare and self._preparing < self._cluster.preparers:
            self._preparing += 1
            chunk = self._to_prepare.popleft()
            seconds = self._chunks[chunk].prepare_s * self._noise()
            self._at(now + seconds, partial(self._prepared_apart, chunk))

    def _prepared_apart(self, chunk: int, now: float) -> None:
        self._preparing -= 1
        self._prepare_next(now)
        self._prepared(now, chunk)

    def _prepared(self, now: float, chunk: int) -> None:
        if not self._chunks[chunk].tasks:
            self._committed(now)
            return
        for work in self._chunks[chunk].tasks:
            self._wait(chunk, work)
        self._dispatch(now)

    def _wait(self, chunk: int, work: Work | None) -> None:
        self._count += 1
        heapq.heappush(self._waiting, (chunk, self._count, work))

    def _dispatch(self, now: float) -> None:
        """Give waiting tasks to free slots; a preparation (no work) takes a slot but no engine."""
        while self._waiting and self._free:
            gpu = self._free.popleft()
            chunk, _, work = heapq.heappop(self._waiting)
            if work is None:
                seconds = self._chunks[chunk].prepare_s * self._noise()
                self._at(now + seconds, partial(self._prepared_here, chunk, gpu))
            else:
                self._begin(now, gpu, chunk, work)

    def _prepared_here(self, chunk: int, gpu: int, now: float) -> None:
        if not self._engines[gpu].is_lost:
            self._free.append(gpu)
        self._prepared(now, chunk)

    def _begin(self, now: float, gpu: int, chunk: int, work: Work) -> None:
        engine, cluster = self._engines[gpu], self._cluster
        if engine.ready_s is None:
            engine.ready_s = now + cluster.start_s * self._noise()
            engine.at_s = engine.ready_s
        self._advance(gpu, now)
        noise = self._noise()
        loads = tuple(
            replace(load, seconds_a_step=load.seconds_a_step * noise)
            for load in loads_of(engine.rates, work, cluster.window, cluster.tasks_a_gpu)
        )
        since = max(now, engine.ready_s)
        if not engine.running:
            self.outcome.changes.append((since, 1))
        engine.running.append(Running(chunk, work, loads, loads[0].steps, since))
        self.outcome.first_request_s = min(self.outcome.first_request_s, since)
        self.outcome.full_speed_s += full_speed_seconds(cluster.rates, work, cluster.window, cluster.tasks_a_gpu)
        self._plan(gpu)
        self._tasks_begun += 1
        if self._tasks_begun == self._lose_at:
            self._at(now, partial(self._lose, gpu // GPUS_A_NODE))

    def _plan(self, gpu: int) -> None:
        engine = self._engines[gpu]
        engine.version += 1
        version = engine.version
        if engine.running:
            self._at(engine.next_s(), partial(self._engine_event, gpu, version))

    def _engine_event(self, gpu: int, version: int, now: float) -> None:
        if self._engines[gpu].version != version:
            return
        self._advance(gpu, now)
        self._plan(gpu)
        self._dispatch(now)

    def _advance(self, gpu: int, now: float) -> None:
        engine = self._engines[gpu]
        had = bool(engine.running)
        before = engine.at_s
        through = engine.advance(now)
        if had:
            self.outcome.engine_seconds += engine.at_s - before
        if had and not engine.running:
            self.outcome.changes.append((engine.at_s, -1))
        for task in through:
            self.outcome.slot_seconds += now - task.since
            self.outcome.end_s = max(self.outcome.end_s, now)
            self._free.append(gpu)
            self._task_ended(now, task.chunk)

    def _task_ended(self, now: float, chunk: int) -> None:
        self._open[chunk] -= 1
        if self._open[chunk]:
            return
        cluster = self._cluster
        begin = max(now, self._log_free_s)
        self._log_free_s = begin + cluster.commit_s + cluster.file_s * self.outcome.files
        self.outcome.files += len(self._chunks[chunk].tasks)
        self._at(self._log_free_s + cluster.recount_s, self._committed)

    def _committed(self, now: float) -> None:
        self.outcome.commits += 1
        self._start_chunk(now)

    def _lose(self, node: int, now: float) -> None:
        """The node's tasks go back to the queue with what is not yet in the journal, and its slots come back later."""
        gpus = range(node * GPUS_A_NODE, min((node + 1) * GPUS_A_NODE, self._cluster.gpus))
        for gpu in gpus:
            self._advance(gpu, now)
            engine = self._engines[gpu]
            if engine.running:
                self.outcome.changes.append((max(now, engine.at_s), -1))
            for task in engine.running:
                self.outcome.slot_seconds += max(0.0, now - task.since)
                self._wait(task.chunk, self._rest_of(engine, task))
            engine.running, engine.is_lost, engine.ready_s = [], True, None
            self._plan(gpu)
        self._free = deque(gpu for gpu in self._free if gpu not in gpus)
        self._at(now + self._cluster.replace_s, partial(self._replaced, gpus))
        self._dispatch(now)

    def _rest_of(self, engine: Gpu, task: Running) -> Work:
        whole = loads_of(engine.rates, task.work, self._cluster.window, self._cluster.tasks_a_gpu)
        left = task.left + sum(load.steps for load in task.loads[1:])
        in_flight = concurrency(engine.rates, task.work, self._cluster.window, self._cluster.tasks_a_gpu)
        share = min(1.0, left / sum(load.steps for load in whole) + in_flight / max(1.0, task.work.requests))
        self.outcome.asked_again += min(in_flight, task.work.requests)
        self.outcome.full_speed_s -= share * full_speed_seconds(
            self._cluster.rates, task.work, self._cluster.window, self._cluster.tasks_a_gpu
        )
        work = task.work
        return replace(work, requests=work.requests * share, prompt_tokens=work.prompt_tokens * share)

    def _replaced(self, gpus: range, now: float) -> None:
        for gpu in gpus:
            self._engines[gpu].is_lost = False
            self._free.extend([gpu] * self._cluster.tasks_a_gpu)
        self._dispatch(now)
