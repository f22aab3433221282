"""How much one task keeps in flight: what the config says, or its share of what its engine computes at once."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from judgelake.asking.amounts import Amounts
from judgelake.asking.config import Asking
from judgelake.engine import Engine, copies, given_sequences

# An engine whose tasks have just as many requests in flight as it computes has none waiting when one ends: 1.09 times
# the steps (benchmarks/README.md). With twice as many it had always some.
WINDOWS_AN_ENGINE = 2
# The last tasks of a run have an engine to themselves: a share of a very small part would leave it idle.
LEAST_WINDOW = 64
# vLLM 0.32's own choices for a server (EngineArgs.get_batch_defaults): from 70 GiB of a GPU on, and for less.
MOST_SEQUENCES = 1024
FEWEST_SEQUENCES = 256
# A server that is not ours does not say what it computes at once.
WINDOW_OF_A_SERVER = 256
BYTES_A_REQUEST = 256 * 1024
LEAST_BYTES = LEAST_WINDOW * BYTES_A_REQUEST
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class OwnEngine:
    """An engine of this executor, as the window of a task sees it.

    Attributes:
        sequences: what it computes at the same time; None if not known.
        gpus: how many it has.
        is_of_task: they are those that Spark gave to the task; else those of the executor or of the machine.
        cores: of the executor.
    """

    sequences: int | None
    gpus: int
    is_of_task: bool
    cores: int


@dataclass(frozen=True, slots=True)
class Window:
    """What each task of a run may have in flight.

    Attributes:
        requests: of one task, whatever its engine; None: its share, see `requests_at`.
        bytes: of one task's prompts; None: `BYTES_A_REQUEST` for each of its requests.
        amounts: of the asking stage.
        slots: tasks of the whole session at the same time, if it is local; else None.
        expected: requests of one task, as far as the driver knows before an engine runs.
    """

    requests: int | None = None
    bytes: int | None = None
    amounts: Amounts = field(default_factory=Amounts)
    slots: int | None = None
    expected: int = WINDOW_OF_A_SERVER

    def requests_at(self, engine: OwnEngine | None) -> int:
        """The requests of a task that asks this engine; None: a server or object that is given."""
        if self.requests is not None:
            return self.requests
        if engine is None:
            return WINDOW_OF_A_SERVER
        return share(engine.sequences or FEWEST_SEQUENCES, self._tasks_at(engine))

    def bytes_at(self, engine: OwnEngine | None) -> int:
        """The bytes of the prompts of those requests."""
        return max(LEAST_BYTES, self.requests_at(engine) * BYTES_A_REQUEST) if self.bytes is None else self.bytes

    def _tasks_at(self, engine: OwnEngine) -> int:
        """The most tasks that use it at the same time. A session on one machine may have fewer slots than cores."""
        most = self.amounts.tasks_at_once(engine.cores, self.amounts.gpus_an_executor or engine.gpus)
        if engine.is_of_task:
            most = min(most, self.amounts.tasks_a_gpu_set)
        return most if self.slots is None else min(most, self.slots)


def share(sequences: int, tasks: int) -> int:
    """The window of each of so many tasks that ask an engine of so many sequences."""
    return max(LEAST_WINDOW, math.ceil(WINDOWS_AN_ENGINE * sequences / tasks))


def window_of(asking: Asking, engine: Engine, amounts: Amounts, slots: int, requests: int | None) -> Window:
    """The window of the tasks of a run.

    Args:
        asking: what the config says.
        engine: of the job.
        amounts: of the asking stage.
        slots: tasks that the session runs at the same time.
        requests: a bound for each task that is decided already, see `share_of`.
    """
    of_session = slots if amounts.is_local else None
    size = None if asking.window_mib is None else asking.window_mib * MIB
    expected = requests or _expected(engine, amounts, of_session)
    return Window(requests, size, amounts, of_session, expected)


def _expected(engine: Engine, amounts: Amounts, slots: int | None) -> int:
    """The share of a task before an engine has said what it computes; rather too large, since it makes longer waves."""
    of_a_copy = given_sequences(engine.options) or (MOST_SEQUENCES if amounts.gpus_an_executor else FEWEST_SEQUENCES)
    if amounts.gpus_a_task:
        tasks = amounts.tasks_a_gpu_set
    else:
        tasks = slots or amounts.tasks_at_once(amounts.cores_an_executor or 1, 0)
    return share(of_a_copy * copies(engine.options), tasks)
