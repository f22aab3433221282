"""Progress of a run: tasks report to the driver what they have done, and the driver shows it."""

from __future__ import annotations

import itertools
import json
import queue
import secrets
import socket
import socketserver
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from judgelake.asking.connected import END, ConnectedTasks
from judgelake.asking.report_line import ASKED, MOST_BYTES, report_of
from judgelake.comparisons import Status

CONNECT_SECONDS = 2.0
# The answers to a task's question, of one byte.
YES, NO = b"y", b"n"
# They concern only the one prompt, not the set-up; and they arrive long before any verdict.
SAY_NOTHING_OF_THE_SET_UP = (Status.CONTEXT_OVERFLOW, Status.REFUSED)


@dataclass(frozen=True, slots=True)
class Reporter:
    """Where tasks report to; with `host` None nothing is reported (executors cannot reach the driver)."""

    host: str | None = None
    port: int = 0
    token: str = ""


@dataclass(frozen=True, slots=True)
class EngineNote:
    """What is known about one engine: reported by a task for its executor's, by the driver for a given server.

    `start_s` is 0 if it was already running, None if it was not started by judgelake. `settings` are its version,
    options and environment, as far as they are known.
    """

    start_s: float | None
    devices: int
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Tally:
    """What tasks have reported so far; guarded by its lock, because the board and the server's threads share it."""

    statuses: Counter[str] = field(default_factory=Counter)
    known: int = 0
    """Results of requests that were not asked."""
    prompt_tokens: int = 0
    output_tokens: int = 0
    engines: dict[str, EngineNote] = field(default_factory=dict)
    expected: int | None = None
    """Results that the tasks of the run will report; None if that is not known, or all of them failed before."""
    last_failure: str | None = None
    """The reason of a failure that was reported lately."""
    journal_off: str | None = None
    """Why a task could not write down its answers; None if all could."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, message: dict[str, Any]) -> None:
        """Add one task's report."""
        with self.lock:
            self.statuses.update(message.get("statuses", {}))
            self.known += message.get("known", 0)
            self.prompt_tokens += message.get("prompt_tokens", 0)
            self.output_tokens += message.get("output_tokens", 0)
            self.last_failure = message.get("reason") or self.last_failure
            self.journal_off = message.get("journal_off") or self.journal_off
            for key, note in message.get("engines", {}).items():
                self.engines.setdefault(key, EngineNote(**note))

    def all_failed_with(self, least: int) -> str | None:
        """The status of all outcomes so far, if they are failures of one kind and enough of them; else None.

        Enough are `least`, or all of the run if they are failed calls, which are asked again anyway, or prompts that
        are too long: if all are, the server's context is too short.
        """
        with self.lock:
            counts = {Status(name): count for name, count in self.statuses.items() if count}
            is_whole = self.expected is not None and self.statuses.total() + self.known >= self.expected
        seen = {status: count for status, count in counts.items() if status not in SAY_NOTHING_OF_THE_SET_UP}
        status, count = next(iter((seen or counts).items()), (Status.OK, 0))
        if len(seen or counts) != 1 or status is Status.OK:
            return None
        is_enough = bool(seen) and count >= least
        is_of_the_server = status.is_worth_another_attempt or status is Status.CONTEXT_OVERFLOW
        return status.value if is_enough or (is_whole and is_of_the_server) else None

    @property
    def done(self) -> int:
        """Results of requests that were asked, whatever their status."""
        return self.statuses.total()

    @property
    def finished(self) -> int:
        """All results, also of requests that were not asked."""
        return self.done + self.known

    @property
    def engine_start_s(self) -> float | None:
        """Seconds the slowest engine took to start; 0 if all were already running, None if judgelake started none."""
        return max((note.start_s for note in self.engines.values() if note.start_s is not None), default=None)

    @property
    def devices(self) -> int:
        """Devices (GPUs, or one CPU per server) held by engines that judgelake started; 0 if it started none."""
        return sum(note.devices for note in self.engines.values())

    @property
    def engine_settings(self) -> str | None:
        """The distinct settings of the engines, as a JSON list; None if none are known."""
        settings = {json.dumps(note.settings, sort_keys=True) for note in self.engines.values() if note.settings}
        return f"[{', '.join(sorted(settings))}]" if settings else None

    @property
    def failed(self) -> int:
        """Those of them without an answer."""
        return self.done - self.statuses["ok"]


class ProgressSender:
    """A task's connection to the driver. Progress is optional: a lost connection never fails a task."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._socket: socket.socket | None = None
        self._answers: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._is_to_end = threading.Event()

    def __enter__(self) -> Self:
        if self._reporter.host is not None:
            try:
                address = (self._reporter.host, self._reporter.port)
                self._socket = socket.create_connection(address, timeout=CONNECT_SECONDS)
            except OSError:
                return self
            # The driver only speaks to whoever has shown that it is a task.
            self.send({})
            listening = threading.Thread(target=self._listen, args=(self._socket,), name="judgelake-told", daemon=True)
            listening.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._socket is not None:
            with suppress(OSError):
                # Closing alone would not wake the thread that listens.
                self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()

    def is_told_to_end(self) -> bool:
        """Whether the run stops: the task is to write down what it was answered, and end."""
        return self._is_to_end.is_set()

    def send(self, message: dict[str, Any]) -> None:
        """Report to the driver; does nothing if it cannot be reached."""
        if self._socket is None:
            return
        try:
            self._socket.sendall(json.dumps({"token": self._reporter.token, **message}).encode() + b"\n")
        except OSError:
            self._socket.close()
            self._socket = None

    def all_fail_alike(self, least: int) -> bool | None:
        """Whether the outcomes of all tasks so far are failures of one kind and at least so many.

        None if the driver cannot be asked.
        """
        self.send({ASKED: least})
        try:
            answer = b"" if self._socket is None else self._answers.get(timeout=CONNECT_SECONDS)
        except queue.Empty:
            return None
        return answer == YES if answer else None

    def _listen(self, connection: socket.socket | None) -> None:
        """Take what the driver says, byte by byte, until the connection ends; then an empty answer."""
        said = None
        while connection is not None and said != b"":
            try:
                said = connection.recv(1)
            except TimeoutError:
                continue
            except OSError:
                said = b""
            if said == END:
                self._is_to_end.set()
            else:
                self._answers.put(said)


class _Server(socketserver.ThreadingTCPServer):
    """A thread for each task; thousands of tasks may begin in the same moment."""

    daemon_threads = True
    request_queue_size = 1024


class ProgressServer:
    """Listens on the driver for the reports of this run's tasks and adds them to a tally.

    A report carries a secret of the run: whoever reads the tables knows the run's id, and could end the run with it.
    """

    def __init__(self, host: str | None) -> None:
        self.tally = Tally()
        self.tasks = ConnectedTasks()
        self._token = secrets.token_hex(16)
        self._server: _Server | None = None
        self.reporter = Reporter()
        if host is None:
            return
        try:
            self._server = _Server((host, 0), self._handler())
        except OSError:
            return
        self.reporter = Reporter(host, self._server.server_address[1], self._token)
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
                if (first := self._report()) is None:
                    return
                with server.tasks.connected(self.connection):
                    for message in itertools.chain([first], iter(self._report, None)):
                        server.tally.add(message)
                        if ASKED in message:
                            self.wfile.write(YES if server.tally.all_failed_with(message[ASKED]) else NO)

            def _report(self) -> dict[str, Any] | None:
                return report_of(self.rfile.readline(MOST_BYTES), server._token)

        return Handler
