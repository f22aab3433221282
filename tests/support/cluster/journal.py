"""What the pretended engines of a cluster test have written down, and how busy they were."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class EngineLife:
    """One engine; times in seconds since the epoch."""

    pid: int
    outcome: str
    """start, or why it did not: refused (its GPU was taken) or broken."""
    devices: tuple[str, ...]
    model: str
    options: tuple[str, ...]
    spans: tuple[tuple[float, float], ...]
    """Begin and finish of each request that finished."""
    most_in_flight: int
    begun: int
    was_killed: bool
    """By a prompt."""


@dataclass(frozen=True, slots=True)
class Journal:
    """The engines of one test, in the order of their start."""

    lives: tuple[EngineLife, ...]

    @property
    def started(self) -> list[EngineLife]:
        """The engines that had their GPUs."""
        return [life for life in self.lives if life.outcome == "start"]

    @property
    def finished(self) -> int:
        """Requests that were answered, by all engines."""
        return sum(len(life.spans) for life in self.started)

    @property
    def refused(self) -> list[EngineLife]:
        """Engines whose GPU another one had."""
        return [life for life in self.lives if life.outcome == "refused"]

    def per_devices(self) -> Counter[tuple[str, ...]]:
        """How many engines have started on each set of GPUs."""
        return Counter(life.devices for life in self.started)

    def requests(self) -> Counter[tuple[str, ...]]:
        """How many requests each set of GPUs has finished."""
        counts: Counter[tuple[str, ...]] = Counter()
        for life in self.started:
            counts[life.devices] += len(life.spans)
        return counts

    def busy_share(self, engines: int, sequences: int, since: float = 0.0) -> float:
        """The share of all sequences of so many engines that computed, between the first and the last request.

        An engine that was never started counts as one that computed nothing.

        Args:
            engines: how many the cluster could run.
            sequences: of each engine.
            since: requests that began earlier are left out.
        """
        spans = [span for life in self.started for span in life.spans if span[0] >= since]
        first, last = min(begin for begin, _ in spans), max(finish for _, finish in spans)
        return sum(finish - begin for begin, finish in spans) / ((last - first) * engines * sequences)


def read_journal(folder: Path) -> Journal:
    """The journal of all engines that have written into the folder."""
    lives = [_life(lines) for path in folder.glob("*.jsonl") if (lines := _lines(path))]
    return Journal(tuple(life for _, life in sorted(lives, key=lambda pair: pair[0])))


def _lines(path: Path) -> list[dict[str, Any]]:
    # The last line of an engine that is running may be half written.
    whole = path.read_text("utf-8").rpartition("\n")[0]
    return [json.loads(line) for line in whole.splitlines()]


def _life(lines: Sequence[dict[str, Any]]) -> tuple[float, EngineLife]:
    about = lines[0]
    begun = {line["request"]: line for line in lines if line["what"] == "begin"}
    finished = [line for line in lines if line["what"] == "finish"]
    return about["at"], EngineLife(
        pid=about["pid"],
        outcome=about["what"],
        devices=tuple(about["devices"]),
        model=about["model"],
        options=tuple(about["options"]),
        spans=tuple((begun[line["request"]]["at"], line["at"]) for line in finished),
        most_in_flight=max((line["in_flight"] for line in begun.values()), default=0),
        begun=len(begun),
        was_killed=any(line["what"] == "killed" for line in lines),
    )
