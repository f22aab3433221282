"""How the bounds of a whole run are divided among the chunks and tasks that can run at the same time."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from judgelake.asking.chunk import LEAST_REQUESTS_A_TASK, SLOTS_A_CHUNK, TASKS_A_SLOT, slots_of_a_chunk
from judgelake.asking.config import Asking
from judgelake.asking.plan import Chunk
from judgelake.asking.window import WINDOW_OF_A_SERVER
from judgelake.engine import Engine

# With two tasks a slot, chunks for all slots have twice as many tasks as slots, so that others always wait while one is
# prepared or appended; of as many tasks as slots 77 % were busy, of one and a half times as many 97 (simulate.py).
SPARE_CHUNKS = 1
LEAST_IN_FLIGHT = 3


@dataclass(frozen=True, slots=True)
class Share:
    """What the chunks and tasks of a run may do.

    `tasks` are those of one chunk, `window_requests` and `requests_per_second` those of one task; `slots` are the
    tasks that the cluster runs at the same time. `window_requests` None: what the task's engine allows, see `Window`.
    """

    slots: int
    chunks_in_flight: int
    tasks: int
    window_requests: int | None
    requests_per_second: float | None
    may_grow: bool = False
    """Nothing bounds the tasks of the run, so there may be more of them when the cluster has more slots."""
    is_chosen: bool = False
    """The config says how many chunks are in flight, so it is the same for any number of slots."""

    def in_flight_at(self, slots: int) -> int:
        """The chunks in flight when the cluster has come to so many slots."""
        return chunks_for(slots) if self.may_grow and not self.is_chosen else self.chunks_in_flight


def share_of(engine: Engine, limits: Asking, slots: int, chunks: Sequence[Chunk]) -> Share:
    """The share of each chunk and task in the bounds of the run.

    If the engine has a bound, chunks in flight times tasks of a chunk times requests of a task never exceed
    `max_in_flight`, and the rates of so many tasks sum to `requests_per_second`, however many slots the cluster has or
    gains later. As many tasks are made as can run at once, so that little of the bound is left unused. It does not hold
    for copies of a task, which Spark only makes with spark.speculation, nor for a second driver, which has a bound of
    its own.
    """
    tasks = limits.partitions or TASKS_A_SLOT * slots_of_a_chunk(slots, len(chunks))
    window = limits.window_requests or (WINDOW_OF_A_SERVER if engine.url is not None else None)
    if engine.max_in_flight is None and engine.requests_per_second is None:
        in_flight = limits.chunks_in_flight or chunks_for(slots)
        is_chosen = limits.chunks_in_flight is not None
        return Share(slots, in_flight, tasks, window, None, limits.partitions is None, is_chosen)
    most = engine.max_in_flight or sys.maxsize
    in_flight = max(1, min(limits.chunks_in_flight or chunks_for(slots), slots, most, len(chunks)))
    largest = max((chunk.to_ask for chunk in chunks), default=0)
    of_a_chunk = min(limits.partitions or slots, slots // in_flight, math.ceil(largest / LEAST_REQUESTS_A_TASK))
    tasks = max(1, min(of_a_chunk, most // in_flight))
    rate = engine.requests_per_second
    return Share(
        slots=slots,
        chunks_in_flight=in_flight,
        tasks=tasks,
        window_requests=None if window is None else max(1, min(window, most // (in_flight * tasks))),
        requests_per_second=None if rate is None else rate / (in_flight * tasks),
    )


def chunks_for(slots: int) -> int:
    """Chunks in flight that keep so many slots busy, although each uses at most `SLOTS_A_CHUNK` of them."""
    return max(min(LEAST_IN_FLIGHT, slots + 1), math.ceil(slots / SLOTS_A_CHUNK) + SPARE_CHUNKS)
