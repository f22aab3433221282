"""One GPU: its engine, and the tasks that share it, between two events."""

from __future__ import annotations

from dataclasses import dataclass, field

from simulated.engine import Load, Rates, Work

# Below this many steps a part of a task is through: sums of floats do not end at 0.
NO_STEPS = 1e-6


@dataclass(slots=True)
class Running:
    """A task on an engine."""

    chunk: int
    work: Work
    loads: tuple[Load, ...]
    left: float
    since: float


@dataclass(slots=True)
class Gpu:
    """An engine and the tasks on it, which make steps together. An event planned for another `version` is void."""

    rates: Rates
    ready_s: float | None = None
    at_s: float = 0.0
    version: int = 0
    is_lost: bool = False
    running: list[Running] = field(default_factory=list)

    def step_s(self) -> float:
        """Of a step with what all tasks have in it now."""
        return self.rates.step_s + sum(task.loads[0].seconds_a_step for task in self.running)

    def next_s(self) -> float:
        """When the first of its tasks is through with a part."""
        return self.at_s + min(task.left for task in self.running) * self.step_s()

    def advance(self, now: float) -> list[Running]:
        """Let all tasks make their steps until now; returns those that are through."""
        if self.running and now > self.at_s:
            steps = (now - self.at_s) / self.step_s()
            for task in self.running:
                task.left -= steps
        self.at_s = max(self.at_s, now)
        through = []
        for task in self.running:
            while task.loads and task.left <= NO_STEPS:
                task.loads = task.loads[1:]
                task.left = task.loads[0].steps if task.loads else 0.0
            if not task.loads:
                through.append(task)
        self.running = [task for task in self.running if task.loads]
        return through
