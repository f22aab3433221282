"""How many tasks the cluster runs at the same time, counted again while a run goes on: executors come and go."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

# Executors take longer than this to start.
COUNT_EVERY_S = 10.0


@dataclass(slots=True)
class SlotCount:
    """The slots as they were last seen; shared by the threads of a run."""

    last: int
    again: Callable[[], int] | None = None
    """Counts them; None: they stay as they are."""
    counted_at: float = field(default_factory=time.monotonic)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def now(self) -> int:
        """The slots of a moment ago, counted again if that is long ago."""
        with self._lock:
            if self.again is not None and time.monotonic() - self.counted_at >= COUNT_EVERY_S:
                self.last = self.again()
                self.counted_at = time.monotonic()
            return self.last
