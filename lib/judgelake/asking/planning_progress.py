"""What planning is doing: a line as it begins and, where it takes long, further ones with the step and the time."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self

from rich.console import Console

FIRST_SECONDS = 5.0
LINE_SECONDS = 10.0


class PlanningProgress:
    """Shows that planning goes on: how many rows are done is known to no one before all of them are.

    Args:
        console: where the lines go; on a terminal they are the same.
        step: what is done first, for example "reading what is judged".
    """

    def __init__(self, console: Console, step: str) -> None:
        self._console, self._step = console, step
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._show, name="judgelake-planning", daemon=True)
        self._started = time.monotonic()

    def __enter__(self) -> Self:
        self._say("Planning ...")
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def goes_on_with(self, step: str) -> None:
        """From now on another step is done, for example "writing the plan"."""
        self._step = step

    def _show(self) -> None:
        wait = FIRST_SECONDS
        while not self._ended.wait(wait):
            self._say(f"planning: {self._step}, {time.monotonic() - self._started:,.0f} s so far")
            wait = LINE_SECONDS

    def _say(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)
