"""A cluster of GPUs with its delays and faults, what a chunk is to it, and what a run on it took."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from simulated.engine import Rates, Work

GPUS_A_NODE = 8


@dataclass(frozen=True, slots=True)
class Cluster:
    """GPUs, and what goes wrong on them. Times are in seconds."""

    gpus: int
    rates: Rates
    tasks_a_gpu: int = 2
    window: int = 256
    start_s: float = 120.0
    """Until an engine serves; spread by `noise` like everything."""
    noise: float = 0.15
    """Spread of a lognormal factor on each task's work and each start; 0: none."""
    slow_every: int = 64
    """One GPU of so many takes twice as long; 0: none."""
    loses_a_node: bool = True
    """Whether the executors of one node are lost when half of the tasks have begun."""
    replace_s: float = 600.0
    """Until a lost node is back."""
    preparers: int | None = None
    """Chunks that are prepared at the same time on slots of their own; None: in the slots of the asking tasks."""
    commit_s: float = 2.0
    """A commit to the Delta log; one after another."""
    file_s: float = 10e-6
    """How much longer it takes for each file in the table."""
    recount_s: float = 3.0
    seed: int = 0

    @property
    def slots(self) -> int:
        """Tasks at the same time."""
        return self.gpus * self.tasks_a_gpu


@dataclass(frozen=True, slots=True)
class ChunkWork:
    """What a chunk is to the cluster: seconds until its tasks can run, and the tasks."""

    prepare_s: float
    tasks: tuple[Work, ...]


@dataclass(slots=True)
class Outcome:
    """What a simulated run took."""

    first_request_s: float = math.inf
    end_s: float = 0.0
    slot_seconds: float = 0.0
    """Of slots with an asking task whose engine serves."""
    engine_seconds: float = 0.0
    """Of engines with at least one such task."""
    full_speed_s: float = 0.0
    """Engine seconds that the same requests take if every engine is always full."""
    commits: int = 0
    files: int = 0
    asked_again: float = 0.0
    """Requests of lost tasks that were in flight."""
    longest_prepared: int = 0
    """Most chunks at the same time that were started and not yet committed."""
    changes: list[tuple[float, int]] = field(default_factory=list)
    """When an engine began (1) or ceased (-1) to have a task."""

    @property
    def wall_s(self) -> float:
        """From the first request to the last answer."""
        return self.end_s - self.first_request_s

    def tail_s(self, engines: int, share: float = 0.95) -> float:
        """From the last time at which that share of the engines was busy to the end; all of it if never."""
        busy, last = 0, self.first_request_s
        for time, change in sorted(self.changes, key=lambda one: (one[0], -one[1])):
            if busy >= share * engines:
                last = time
            busy += change
        return self.end_s - last
