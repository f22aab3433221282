"""A small process that starts before vLLM and outlives it: it starts one server and ends it, whatever happens.

`python -m judgelake.engine.server.supervisor` reads its orders as JSON from stdin. It runs in a session of its own, and
ends the server when its owner no longer exists, when no more requests come, when no token is generated although
requests wait, and on SIGTERM; it also cleans up when the server ends by itself. If the supervisor is killed, the
guard (a shell that waits on a pipe) kills the server.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

import psutil

from judgelake.engine.server.probe import Progress, get, read_progress
from judgelake.engine.server.processes import ProcessId, kill_all, members_of_group, with_descendants
from judgelake.engine.server.sequences import RECORDED, answer, asked, given_sequences
from judgelake.engine.server.state import Note, Orders

LOOK_EVERY_S = 0.5
METRICS_EVERY_S = 5.0
METRICS_TIMEOUT_S = 10.0
GRACE_S = 5.0
PR_SET_CHILD_SUBREAPER = 36
# Ends when the supervisor ends, for whatever reason: then the pipe closes. It kills the server's group, then what else
# is in the session that the supervisor leads (the fourth field after a process's name): a child of vLLM may have a
# group of its own. Written for every sh: dash does not know `kill -KILL -- -1`.
GUARD = """
read -r line
kill -9 "-$1"
for file in /proc/[0-9]*/stat; do
  read -r fields <"$file" || continue
  process=${file#/proc/}
  server=$1 session=$2
  set -- ${fields##*) }
  if [ "$4" = "$session" ]; then kill -9 "${process%/stat}"; fi
  set -- "$server" "$session"
done
"""


class Watch:
    """Watches a running server and decides when it must end."""

    def __init__(self, orders: Orders) -> None:
        """Start all timers now."""
        self._orders = orders
        self._started = self._looked = self._busy = time.monotonic()
        self._every_s = min(METRICS_EVERY_S, orders.idle_stop_s / 4, orders.stall_stop_s / 4)
        self._counted: dict[str, float] = {}
        self._moved: dict[str, float] = {}
        self._used: float | None = None

    def reason_to_end(self) -> str | None:
        """Why the server must end now, or None; queries the server at most every few seconds."""
        now = time.monotonic()
        if now - self._looked < self._every_s:
            return None
        self._looked = now
        progress = read_progress(get(self._orders.socket, "/metrics", METRICS_TIMEOUT_S))
        return self.judge(progress, _modified(self._orders.use), time.monotonic())

    def judge(self, progress: dict[str, Progress] | None, used: float | None, now: float) -> str | None:
        """Why the server must end, by what it reports.

        Args:
            progress: of each of its engines: one may hang while the others compute. None: no metrics; a server that
                hangs makes no progress either.
            used: when a task last connected, in any unit.
            now: seconds on any clock.
        """
        is_waiting = progress is None
        for engine, found in (progress or {}).items():
            if found.counted != self._counted.get(engine):
                self._counted[engine], self._moved[engine], self._busy = found.counted, now, now
            if found.unfinished > 0:
                is_waiting = True
            else:
                self._moved[engine] = now
        if is_waiting or used != self._used:
            self._used, self._busy = used, now
        if now - min(self._moved.values(), default=self._started) >= self._orders.stall_stop_s:
            return f"no token in {self._orders.stall_stop_s:g} s although requests wait"
        if now - self._busy >= self._orders.idle_stop_s:
            return f"no request in {self._orders.idle_stop_s:g} s"
        return None


def _modified(path: str) -> float | None:
    try:
        return os.stat(path).st_mtime
    except OSError:
        return None


class Supervisor:
    """Starts one server, watches it, and ends it with everything it started."""

    def __init__(self, orders: Orders) -> None:
        """Write the note before anything is started, so that nothing runs without a record."""
        self._orders = orders
        self._owner = ProcessId(orders.owner_pid, orders.owner_started)
        self._note = Note(
            "starting",
            self._owner,
            ProcessId.of(os.getpid()),
            settings=orders.settings,
            model=orders.model,
            gpus=orders.gpus,
        )
        self._write()
        self._must_end = False
        self._asked: subprocess.Popen[str] | None = None
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    def run(self) -> None:
        """Run until the server must end, or has ended."""
        started = time.monotonic()
        Path(self._orders.socket).unlink(missing_ok=True)
        server = subprocess.Popen(
            self._orders.command,
            env=self._orders.environment,
            stdin=subprocess.DEVNULL,
            # A group of its own, so that one signal reaches the server and every child, but not us.
            process_group=0,
        )
        try:
            guard = subprocess.Popen(
                ["/bin/sh", "-c", GUARD, "judgelake-guard", str(server.pid), str(os.getpid())],
                stdin=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            self._note = self._note.with_changes(group=server.pid)
            self._write()
            if self._orders.question is not None:
                self._asked = asked(self._orders.question, self._orders.environment)
            reason = self._watch(server, started)
        except BaseException as error:
            reason = f"the supervisor failed ({type(error).__name__}: {error})"
            raise
        finally:
            self._end(server, reason)
        guard.kill()
        guard.wait()

    def _watch(self, server: subprocess.Popen[bytes], started: float) -> str:
        watch: Watch | None = None
        while True:
            time.sleep(LOOK_EVERY_S if watch else LOOK_EVERY_S / 2)
            if self._must_end:
                return "asked to end by a signal"
            if server.poll() is not None:
                return f"the server ended by itself (exit code {server.returncode})"
            if self._owner.process() is None:
                return f"its owner, process {self._owner.pid}, no longer exists"
            if watch is None:
                if get(self._orders.socket, "/health", 2.0) is not None:
                    watch = Watch(self._orders)
                    self._is_ready(time.monotonic() - started)
                elif time.monotonic() - started >= self._orders.start_timeout_s:
                    return f"not ready within engine.start_timeout_s ({self._orders.start_timeout_s:g} s)"
                continue
            reason = watch.reason_to_end()
            if reason is not None:
                return reason

    def _is_ready(self, start_s: float) -> None:
        try:
            version = str(json.loads(get(self._orders.socket, "/version", 10.0) or "{}").get("version", "unknown"))
        except ValueError:
            version = "unknown"
        settings = {**self._note.settings, **self._sequences()}
        self._note = self._note.with_changes(
            phase="ready", version=version, start_s=round(start_s, 2), settings=settings
        )
        self._write()
        self._say(f"ready after {start_s:.1f} s, vLLM {version}")

    def _sequences(self) -> dict[str, int]:
        """The server's max-num-seqs, by the name under which it is recorded; nothing if it is not found."""
        given = given_sequences(self._orders.settings.get("options", {}))
        found = answer(self._asked) if given is None and self._asked is not None else given
        if found is None:
            self._say("the server's max-num-seqs could not be found")
        return {} if found is None else {RECORDED: found}

    def _end(self, server: subprocess.Popen[bytes], reason: str) -> None:
        """End the whole process group and every descendant: vLLM's engine core outlives a killed server."""
        exit_code = server.poll()
        self._note = self._note.with_changes(phase="ended", reason=reason, exit_code=exit_code)
        self._write()
        self._say(f"ending the server: {reason}")
        family = with_descendants([psutil.Process()])
        ours = [process for process in family if process.pid != os.getpid() and not _is_guard(process)]
        known = {process.pid for process in ours}
        ours += [process for process in members_of_group(server.pid) if process.pid not in known]
        left = kill_all(ours, GRACE_S if self._owner.process() else 1.0)
        server.wait()
        Path(self._orders.socket).unlink(missing_ok=True)
        self._say(f"could not end {[process.pid for process in left]}" if left else "everything it started has ended")

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._must_end = True

    def _write(self) -> None:
        self._note.write(Path(self._orders.note))

    def _say(self, line: str) -> None:
        print(f"judgelake supervisor: {line}", flush=True)


def _is_guard(process: psutil.Process) -> bool:
    try:
        return "judgelake-guard" in process.cmdline()
    except psutil.NoSuchProcess:
        return False


def _adopt_orphans() -> None:
    """Become the parent of the server's orphans, so that they can be found; only possible on Linux."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def main() -> None:
    """Read the orders and run."""
    orders = Orders.from_json(sys.stdin.read())
    _adopt_orphans()
    Supervisor(orders).run()


if __name__ == "__main__":
    main()
