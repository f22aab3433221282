"""Signals that end a command: a clean stop of what it asks."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from judgelake.asking.stopping import Stopping


@contextmanager
def stopping_on_signals() -> Iterator[Stopping]:
    """Turn SIGTERM into the same clean stop as Ctrl-C, and keep Spark's own handler from taking over."""
    stopping = Stopping()
    if threading.current_thread() is not threading.main_thread():
        # Python accepts handlers in the main thread only; a platform that runs commands in another has its own stop.
        yield stopping
        return

    def stop(signum: int, frame: Any) -> None:
        stopping.wish()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
