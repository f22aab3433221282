"""The planner's choices for a run: chunks, their order, their tasks, and how many are in flight."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from judgelake.asking.chunk import SLOTS_A_CHUNK, TASKS_A_SLOT, slots_of_a_chunk, tasks_of_chunk
from judgelake.asking.line import Line
from judgelake.asking.plan import Chunk
from judgelake.asking.run import in_order_of_run
from judgelake.asking.share import share_of
from judgelake.config import load_config
from judgelake.jobs.judge import JudgeJob
from judgelake.jobs.judge.orders import orders_a_comparison
from simulated.cluster import ChunkWork, Cluster
from simulated.cuts import Cut, even_cut
from simulated.engine import Work
from simulated.workload import Layout

# English text in tokens of a Llama model.
BYTES_A_TOKEN = 4.0


@dataclass(frozen=True, slots=True)
class Shape:
    """Of a request: mean prompt and answer, and how much of a prompt its neighbours of the same question share.

    The judge's own text, the same in all prompts, is in `shared_tokens` too.
    """

    prompt_bytes: float = 2_400.0
    shared_tokens: float = 150.0
    output_tokens: float = 128.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What the planner made of a table: into how many chunks, in which order, with how many tasks each."""

    chunks: tuple[Chunk, ...]
    """In the order of the run, without empty ones."""
    in_flight: int
    tasks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Narrow:
    """Other shares than the planner's: so many slots ask a chunk, in so many tasks each."""

    slots_a_chunk: int = SLOTS_A_CHUNK
    tasks_a_slot: int = TASKS_A_SLOT
    chunks: int | None = None
    """Chunks in flight; None: as many as have `slots_a_chunk` slots, and one more."""

    def in_flight(self, slots: int) -> int:
        """Chunks at the same time; of their tasks, `tasks_a_slot` times the slots, the others wait for a free one."""
        return self.chunks or math.ceil(slots / self.slots_a_chunk) + 1

    def tasks(self, to_ask: int, slots: int, window: int) -> int:
        """Tasks of a chunk: in waves only if each keeps its engine busy for a while."""
        most = min(slots, self.slots_a_chunk)
        return tasks_of_chunk(to_ask, most, most * self.tasks_a_slot, window)


def default_job() -> JudgeJob:
    """The job with the defaults of the project."""
    return load_config(JudgeJob, None, ["judge.name=judgelm"])


def requests_a_pair(job: JudgeJob) -> int:
    """Requests of a comparison, over its orders and repeats."""
    return round(orders_a_comparison(job.order) * job.order.repeats)


def plan_of(layout: Layout, job: JudgeJob, cluster: Cluster, shape: Shape, narrow: Narrow | None) -> Plan:
    """The plan of a run over a table, with the planner's own functions; `narrow` None: with its shares too."""
    chunks = [
        _chunk(layout, number, int(requests), shape.prompt_bytes)
        for number, requests in enumerate(layout.requests.tolist())
        if requests
    ]
    ordered = tuple(in_order_of_run(chunks, "simulated"))
    slots, window = cluster.slots, cluster.window
    if narrow is not None:
        tasks = tuple(narrow.tasks(chunk.to_ask, slots, window) for chunk in ordered)
        return Plan(ordered, narrow.in_flight(slots), tasks)
    share = share_of(job.engine, job.asking, slots, ordered)
    of_chunk = slots_of_a_chunk(slots, len(ordered))
    tasks = tuple(tasks_of_chunk(chunk.to_ask, of_chunk, share.tasks, window) for chunk in ordered)
    return Plan(ordered, share.chunks_in_flight, tasks)


def _chunk(layout: Layout, number: int, requests: int, prompt_bytes: float) -> Chunk:
    """A chunk whose prompts are all of the mean length."""
    heaviest = int(layout.of_chunk(number).max() * prompt_bytes)
    size = int(requests * prompt_bytes)
    return Chunk(number, requests, requests, size, app_id=str(number), has_new=True, line=Line(size, heaviest))


def sampled(plan: Plan, most: int, seed: int) -> list[int]:
    """Places in the plan of the chunks whose cut is computed; the others repeat one of these."""
    count = min(most, len(plan.chunks))
    return sorted(np.random.default_rng(seed).choice(len(plan.chunks), count, replace=False).tolist())


def chunk_works(
    plan: Plan, layout: Layout, shape: Shape, cuts: Sequence[Cut], prepare_s: Callable[[int], float], first: int
) -> list[ChunkWork]:
    """The first chunks as work for the cluster, each cut like one of `cuts` that has as many tasks."""
    by_tasks: dict[int, list[Cut]] = {}
    for cut in cuts:
        by_tasks.setdefault(len(cut.requests), []).append(cut)
    works = []
    for place, (chunk, tasks) in enumerate(zip(plan.chunks[:first], plan.tasks, strict=False)):
        alike = by_tasks.get(tasks) or [even_cut(layout.of_chunk(chunk.number), tasks)]
        cut = alike[place % len(alike)]
        works.append(ChunkWork(prepare_s(chunk.requests), tuple(tasks_work(chunk, cut, shape))))
    return works


def tasks_work(chunk: Chunk, cut: Cut, shape: Shape) -> list[Work]:
    """What each task of a chunk asks; a prefix is computed once for each question of a task."""
    works = []
    for requests, size, questions in zip(cut.requests, cut.bytes, cut.questions, strict=True):
        count = chunk.to_ask * float(requests)
        if not count:
            continue
        tokens = chunk.prompt_bytes * float(size) / BYTES_A_TOKEN
        saved = min(0.9 * tokens, max(0.0, count - float(questions)) * shape.shared_tokens)
        context = tokens / count + shape.output_tokens / 2
        works.append(Work(count, tokens - saved, context, shape.output_tokens))
    return works
