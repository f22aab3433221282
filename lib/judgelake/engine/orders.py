"""What a supervisor is told to do."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Orders:
    """What to run, for whom, and when to end it. Travels through a pipe: the environment may hold a hub's token."""

    command: list[str]
    environment: dict[str, str]
    socket: str
    note: str
    log: str
    use: str
    owner_pid: int
    owner_started: float
    start_timeout_s: float
    idle_stop_s: float
    stall_stop_s: float

    def to_json(self) -> str:
        """For the supervisor's stdin."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Orders:
        """What `to_json` wrote."""
        data: dict[str, Any] = json.loads(text)
        return cls(**data)
