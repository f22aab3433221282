"""Finds or starts the vLLM server of this executor and GPU set."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import filelock

from judgelake.config import fingerprint
from judgelake.engine.call import Endpoint
from judgelake.engine.config import Engine
from judgelake.engine.model.folder import local_model
from judgelake.engine.model.identity import check_model
from judgelake.engine.model.layout import ADAPTER
from judgelake.engine.server.command import Launch, is_cpu_build, server_command
from judgelake.engine.server.diagnosis import start_failure
from judgelake.engine.server.environment import server_environment
from judgelake.engine.server.options import answer_changing
from judgelake.engine.server.processes import ProcessId
from judgelake.engine.server.state import (
    KEY_CHARACTERS,
    EngineFiles,
    Note,
    Orders,
    end_engine,
    private_folder,
    read_note,
)
from judgelake.errors import RunError, UserError

BASE_URL = "http://localhost/v1"
LOOK_EVERY_S = 0.2
# The supervisor itself ends a start that takes too long; it gets this much extra time to do so.
MARGIN_S = 60.0
# A supervisor that has not written its note within this time never will.
FIRST_NOTE_S = 60.0
LOGS_KEPT_S = 7 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Started:
    """A server that answers. `start_s` is how long it took to start, also for callers who found it running.

    `settings` are those it was started with, see `settings_of_command`.
    """

    endpoint: Endpoint
    version: str
    start_s: float
    log_path: str
    was_running: bool
    settings: dict[str, Any]


def ensure_engine(wanted: Launch) -> Started:
    """The server of this owner, GPU set and configuration; the first caller starts it, the others wait for it.

    Raises:
        UserError: no such model, or another one than the driver's, an option vLLM does not accept, not enough memory,
            vLLM not installed.
        RunError: it did not start, for a reason the user cannot fix.
    """
    if wanted.identity is not None:
        check_model(wanted.model, wanted.revision, wanted.identity)
    if wanted.adapter is not None and wanted.adapter.identity is not None:
        check_model(wanted.adapter.path, None, wanted.adapter.identity, ADAPTER)
    launch = replace(wanted, model=str(local_model(wanted.model) or wanted.model))
    try:
        owner = ProcessId.of(launch.owner_pid)
    except ProcessLookupError as error:
        raise RunError(f"The process {launch.owner_pid}, which should own the engine, no longer exists.") from error
    files = EngineFiles(private_folder(launch.engine.folder), _key(launch, owner))
    asked_at = time.time()
    with _locked(files, launch.engine):
        note = read_note(files.note)
        if note is not None and _failed_since(asked_at, note, files):
            raise start_failure(launch.model, files.log, note.reason, note.exit_code)
        was_running = note is not None and note.phase != "ended" and note.supervisor.process() is not None
        if note is not None and not was_running:
            end_engine(files, note)
        files.use.touch()
        if not was_running:
            _start(_orders(launch, owner, files), files, launch.model)
        ready = _wait_until_ready(files, launch)
    endpoint = Endpoint(base_url=BASE_URL, uds=str(files.socket), api_key=None, model=launch.served_name)
    return Started(endpoint, ready.version, ready.start_s, str(files.log), was_running, ready.settings)


def _key(launch: Launch, owner: ProcessId) -> str:
    """The name of a server's files: a different owner, GPU set or configuration means a different server."""
    content = launch.engine.model_dump(mode="json")
    content |= {"model": launch.model, "revision": launch.revision, "context_length": launch.context_length}
    # A folder whose files have changed since the running server was started.
    content |= {"identity": launch.identity, "adapter": None if launch.adapter is None else asdict(launch.adapter)}
    # A file named by an option may have changed since the running server was started.
    content |= {"answer_changing": answer_changing(launch.engine.options)}
    content |= {"gpus": list(launch.gpus), "cores": launch.cores, "owner": [owner.pid, owner.started]}
    return fingerprint(content)[:KEY_CHARACTERS]


def _failed_since(asked_at: float, note: Note, files: EngineFiles) -> bool:
    """Whether a start failed while we waited for it; a start of our own would fail the same way, a minute later."""
    return note.phase == "ended" and not note.version and files.note.stat().st_mtime > asked_at


@contextlib.contextmanager
def _locked(files: EngineFiles, engine: Engine) -> Iterator[None]:
    """Protects the note: whoever holds the lock decides whether a server must be started."""
    try:
        with filelock.FileLock(files.lock, timeout=engine.start_timeout_s + MARGIN_S):
            yield
    except filelock.Timeout as error:
        raise RunError(f"Another task has been starting this engine for too long; see its log {files.log}.") from error


def _orders(launch: Launch, owner: ProcessId, files: EngineFiles) -> Orders:
    is_cpu = not launch.gpus and is_cpu_build()
    return Orders(
        command=server_command(launch, files.socket, is_cpu=is_cpu),
        environment=server_environment(launch, files.folder / "pycache", is_cpu=is_cpu),
        socket=str(files.socket),
        note=str(files.note),
        log=str(files.log),
        use=str(files.use),
        owner_pid=owner.pid,
        owner_started=owner.started,
        start_timeout_s=launch.engine.start_timeout_s,
        idle_stop_s=launch.engine.idle_stop_s,
        stall_stop_s=launch.engine.stall_stop_s,
    )


def _start(orders: Orders, files: EngineFiles, model: str) -> None:
    """Start the supervisor in a session of its own, so that signals to this process and its end do not reach it."""
    package = Path(__file__).resolve().parents[3]
    # Our own package may be on the path only because Spark put it there, as a zip.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(package), os.environ.get("PYTHONPATH")]))
    _forget_old_logs(files.folder)
    with files.log.open("wb") as log:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "judgelake.engine.server.supervisor"],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=files.folder,
            start_new_session=True,
        )
        assert supervisor.stdin is not None
        with contextlib.suppress(BrokenPipeError), supervisor.stdin:
            supervisor.stdin.write(orders.to_json().encode())
    deadline = time.monotonic() + FIRST_NOTE_S
    while read_note(files.note) is None:
        if supervisor.poll() is not None or time.monotonic() > deadline:
            supervisor.kill()
            raise start_failure(model, files.log, "its supervisor did not start", supervisor.poll())
        time.sleep(LOOK_EVERY_S)
    # It outlives this process; without this line, subprocess would warn that nobody waited for it.
    supervisor.returncode = 0


def _forget_old_logs(folder: Path) -> None:
    oldest = time.time() - LOGS_KEPT_S
    for path in (*folder.glob("*.log"), *folder.glob("*.use")):
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < oldest and not path.with_suffix(".json").exists():
                path.unlink()


def _wait_until_ready(files: EngineFiles, launch: Launch) -> Note:
    timeout_s = launch.engine.start_timeout_s
    deadline = time.monotonic() + timeout_s + MARGIN_S
    while True:
        note = read_note(files.note)
        if note is not None and note.phase == "ready":
            return note
        if note is None or note.phase == "ended" or note.supervisor.process() is None:
            reason = note.reason if note is not None else ""
            exit_code = note.exit_code if note is not None else None
            raise start_failure(launch.model, files.log, reason or "its supervisor no longer runs", exit_code)
        if time.monotonic() > deadline:
            end_engine(files, note)
            raise RunError(f"vLLM was not ready within {timeout_s:g} s; see its log {files.log}.")
        time.sleep(LOOK_EVERY_S)


def stop_engines(owner_pid: int | None, folder: str | None = None) -> int:
    """End every engine on this machine whose owner is this one or no longer exists; returns how many were running.

    Args:
        owner_pid: process whose engines to end; None for only those of dead owners.
        folder: `engine.folder` of the job; None for the default.
    """
    try:
        place = private_folder(folder)
    except UserError:
        return 0
    ended = 0
    for path in place.glob("*.json"):
        note = read_note(path)
        if note is None:
            continue
        if note.owner.pid == owner_pid or note.owner.process() is None:
            ended += note.phase != "ended" and note.supervisor.process() is not None
            end_engine(EngineFiles(place, path.stem), note)
    return ended
