"""A run's progress on the driver's terminal."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from judgelake.asking.progress import Tally

PLAIN_LINE_SECONDS = 10.0


class Rates(ProgressColumn):
    """Requests and tokens per second, and failures, of the whole run so far."""

    def __init__(self, tally: Tally, started: float) -> None:
        super().__init__()
        self._tally, self._started = tally, started

    def render(self, task: Task) -> Text:
        """The column's text."""
        return Text(rates(self._tally, time.monotonic() - self._started))


def rates(tally: Tally, seconds: float) -> str:
    """One phrase on speed and failures: "4.1 requests/s, 2,310 tokens/s, 3 failed"."""
    seconds = max(seconds, 1e-9)
    tokens = (tally.prompt_tokens + tally.output_tokens) / seconds
    return f"{tally.done / seconds:,.1f} requests/s, {tokens:,.0f} tokens/s, {tally.failed:,} failed"


class Board:
    """Shows a run's progress: a bar on a terminal, a plain line every ten seconds elsewhere."""

    def __init__(self, console: Console, tally: Tally, total: int, is_stopping: Callable[[], bool] = bool) -> None:
        self._console, self._tally, self._total, self._is_stopping = console, tally, total, is_stopping
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._show, name="judgelake-board", daemon=True)
        self._started = time.monotonic()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _show(self) -> None:
        if self._console.is_terminal:
            self._show_bar()
        else:
            self._show_lines()

    def _show_bar(self) -> None:
        columns = (
            TextColumn("[progress.description]{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:,.0f} of {task.total:,.0f}"),
            Rates(self._tally, self._started),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=self._console) as bar:
            task = bar.add_task(self._stage(), total=self._total)
            while not self._stop.wait(0.5):
                bar.update(task, completed=min(self._tally.finished, self._total), description=self._stage())
            bar.update(task, completed=min(self._tally.finished, self._total), description=self._stage())

    def _show_lines(self) -> None:
        while not self._stop.wait(PLAIN_LINE_SECONDS):
            seconds = time.monotonic() - self._started
            done = self._tally.finished
            # A chunk that is retried after its engine died is reported again.
            left = (
                f", {max(0, self._total - done) * seconds / done:,.0f} s left"
                if done and not self._is_stopping()
                else ""
            )
            line = f"{self._stage()}: {done:,} of {self._total:,} requests, {rates(self._tally, seconds)}{left}"
            self._console.print(line, highlight=False, soft_wrap=True)

    def _stage(self) -> str:
        if self._is_stopping():
            return "stopping"
        return "asking" if self._tally.finished else "waiting for the model"
