"""How far a run is: tasks tell the driver what they have done, the driver shows it."""

from __future__ import annotations

import json
import socket
import socketserver
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

CONNECT_SECONDS = 2.0
PLAIN_LINE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Reporter:
    """Where tasks report to; `host` None reports to nobody (a driver that executors cannot reach)."""

    host: str | None = None
    port: int = 0
    token: str = ""


@dataclass(frozen=True, slots=True)
class EngineNote:
    """What a task says of the engine on its executor; `start_s` is 0 where it found it running."""

    start_s: float
    devices: int


@dataclass(slots=True)
class Tally:
    """What tasks have reported so far; guarded by its lock, for the board and the server's threads share it."""

    statuses: Counter[str] = field(default_factory=Counter)
    prompt_tokens: int = 0
    output_tokens: int = 0
    engines: dict[str, EngineNote] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, message: dict[str, Any]) -> None:
        """Take in one task's report."""
        with self.lock:
            self.statuses.update(message.get("statuses", {}))
            self.prompt_tokens += message.get("prompt_tokens", 0)
            self.output_tokens += message.get("output_tokens", 0)
            for key, note in message.get("engines", {}).items():
                self.engines.setdefault(key, EngineNote(**note))

    @property
    def done(self) -> int:
        """Judgments reported, whatever their status."""
        return self.statuses.total()

    @property
    def engine_start_s(self) -> float | None:
        """Seconds the slowest engine took to start; 0 when all ran already, None when none of ours was used."""
        return max((note.start_s for note in self.engines.values()), default=None)

    @property
    def devices(self) -> int:
        """Devices (GPUs, or one CPU a server) that our engines hold; 0 when none of ours was used."""
        return sum(note.devices for note in self.engines.values())

    @property
    def failed(self) -> int:
        """Judgments reported without a verdict."""
        return self.done - self.statuses["ok"]


class ProgressSender:
    """A task's line to the driver. Progress is a courtesy: a lost line never fails a task."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._socket: socket.socket | None = None

    def __enter__(self) -> Self:
        if self._reporter.host is not None:
            try:
                address = (self._reporter.host, self._reporter.port)
                self._socket = socket.create_connection(address, timeout=CONNECT_SECONDS)
            except OSError:
                self._socket = None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._socket is not None:
            self._socket.close()

    def send(self, message: dict[str, Any]) -> None:
        """Tell the driver; silent where it cannot be reached."""
        if self._socket is None:
            return
        try:
            self._socket.sendall(json.dumps({"token": self._reporter.token, **message}).encode() + b"\n")
        except OSError:
            self._socket.close()
            self._socket = None


class ProgressServer:
    """Listens on the driver for the reports of this run's tasks and adds them to a tally."""

    def __init__(self, host: str | None, token: str) -> None:
        self.tally = Tally()
        self._token = token
        self._server: socketserver.ThreadingTCPServer | None = None
        self.reporter = Reporter()
        if host is None:
            return
        try:
            self._server = socketserver.ThreadingTCPServer((host, 0), self._handler(), bind_and_activate=True)
        except OSError:
            return
        self._server.daemon_threads = True
        self.reporter = Reporter(host, self._server.server_address[1], token)
        threading.Thread(target=self._server.serve_forever, name="judgelake-progress", daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def _handler(self) -> type[socketserver.StreamRequestHandler]:
        server = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                for line in self.rfile:
                    try:
                        message = json.loads(line)
                    except ValueError:
                        return
                    if not isinstance(message, dict) or message.get("token") != server._token:
                        return
                    server.tally.add(message)

        return Handler


class Rates(ProgressColumn):
    """Requests and tokens a second, and failures, of the whole run so far."""

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
    """Shows a run's progress while it lasts: a bar on a terminal, a plain line every ten seconds elsewhere."""

    def __init__(self, console: Console, tally: Tally, total: int) -> None:
        self._console, self._tally, self._total = console, tally, total
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
                bar.update(task, completed=min(self._tally.done, self._total), description=self._stage())
            bar.update(task, completed=min(self._tally.done, self._total), description=self._stage())

    def _show_lines(self) -> None:
        while not self._stop.wait(PLAIN_LINE_SECONDS):
            seconds = time.monotonic() - self._started
            done = self._tally.done
            left = f", {(self._total - done) * seconds / done:,.0f} s left" if done else ""
            line = f"{self._stage()}: {done:,} of {self._total:,} requests, {rates(self._tally, seconds)}{left}"
            self._console.print(line, highlight=False, soft_wrap=True)

    def _stage(self) -> str:
        return "judging" if self._tally.done else "waiting for the judge"
