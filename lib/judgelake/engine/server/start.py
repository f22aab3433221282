"""Finds or starts the vLLM server of this executor and GPU set."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field, replace
from math import prod
from pathlib import Path
from typing import Any

from judgelake.engine.call import Endpoint
from judgelake.engine.errors import StartRefused
from judgelake.engine.model.folder import local_model
from judgelake.engine.model.identity import check_model
from judgelake.engine.server.adapters import check_adapter, put_on
from judgelake.engine.server.command import SOCKET_OPTION, Launch, is_cpu_build, server_command, settings_of
from judgelake.engine.server.diagnosis import start_failure
from judgelake.engine.server.environment import server_environment
from judgelake.engine.server.gpus import in_order, smallest_memory
from judgelake.engine.server.key import engine_key
from judgelake.engine.server.lease import Lease
from judgelake.engine.server.options import by_option_name
from judgelake.engine.server.parallel import SIZES, attention_heads, parallel_options, weight_bytes
from judgelake.engine.server.probe import is_answering
from judgelake.engine.server.processes import ProcessId, kill_all, members_of_group, pid_space
from judgelake.engine.server.room import (
    LOOK_EVERY_S,
    MARGIN_S,
    Claim,
    cores_taken,
    devices_locked,
    make_room,
    start_turn,
)
from judgelake.engine.server.sequences import question
from judgelake.engine.server.state import EngineFiles, Note, Orders, end_engine, private_folder, read_note
from judgelake.engine.tokenizer import cached_tokenizer_folder
from judgelake.errors import RunError, UserError

BASE_URL = "http://localhost/v1"
# A supervisor that has not written its note within this time never will.
FIRST_NOTE_S = 60.0
LOGS_KEPT_S = 7 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Started:
    """A server that answers. `start_s` is how long it took to start, also for callers who found it running.

    `settings` are those it was started with, see `settings_of`. While the `lease` lasts, no other judge ends the
    server: whoever asks releases it at the end.
    """

    endpoint: Endpoint
    version: str
    start_s: float
    log_path: str
    was_running: bool
    settings: dict[str, Any]
    lease: Lease = field(repr=False, compare=False)


def ensure_engine(wanted: Launch) -> Started:
    """The server of this owner, GPU set and configuration; the first caller starts it, the others wait for it.

    Before a start the owner's other engines on these GPUs end, once no task uses them; on a CPU an owner has one. The
    launch's adapter is loaded into the server if the server does not have it yet.

    Raises:
        UserError: no such model or adapter, or another one than the driver's, an option or adapter that vLLM does not
            accept, not enough memory, vLLM not installed.
        RunError: it did not start, for a reason the user cannot fix, or its GPUs stayed in use by another engine.
    """
    _check_files(wanted)
    launch = replace(
        wanted, model=str(local_model(wanted.model, keys=wanted.keys) or wanted.model), gpus=in_order(wanted.gpus)
    )
    try:
        owner = ProcessId.of(launch.owner_pid)
    except ProcessLookupError as error:
        raise RunError(f"The process {launch.owner_pid}, which should own the engine, no longer exists.") from error
    files = EngineFiles(private_folder(launch.engine.folder), engine_key(launch, owner))
    launch = spread(launch)
    claim = Claim(files, owner, launch.gpus, launch.engine.start_timeout_s, _starts_alone(launch))
    asked_at = time.time()
    with devices_locked(claim):
        note = read_note(files.note)
        if note is not None and _failed_since(asked_at, note, files):
            raise start_failure(launch.model, files.log, note.reason, note.exit_code, launch.keys)
        was_running = note is not None and _is_alive(note, files)
        if not was_running:
            if note is not None:
                end_engine(files, note)
            make_room(claim)
        files.use.touch()
        lease = Lease(files.users)
        try:
            ready = _wait_until_ready(files, launch) if was_running else _started(launch, claim)
            if launch.adapter is not None:
                put_on(launch.adapter, str(files.socket), launch.engine.start_timeout_s, launch.keys)
        except BaseException:
            lease.release()
            raise
    endpoint = Endpoint(BASE_URL, str(files.socket), None, launch.served_name, keys=launch.keys)
    return Started(endpoint, ready.version, ready.start_s, str(files.log), was_running, ready.settings, lease)


def spread(launch: Launch) -> Launch:
    """The same launch with the parallel sizes that its options leave open.

    Raises:
        UserError: the sizes in the options do not use exactly the launch's GPUs.
    """
    if not launch.gpus:
        return launch
    folder = local_model(launch.model) or cached_tokenizer_folder(launch.model, launch.revision)
    sizes = parallel_options(
        launch.engine.options,
        len(launch.gpus),
        is_of_task=launch.gpus_of == "task",
        weights=weight_bytes(folder),
        memory=smallest_memory(launch.gpus),
        heads=attention_heads(folder),
    )
    options = {**launch.engine.options, **sizes}
    return replace(launch, engine=launch.engine.model_copy(update={"options": options}))


def _starts_alone(launch: Launch) -> bool:
    """Whether the start races with others of this host: several processes for ports, CPU engines for memory."""
    options = by_option_name(launch.engine.options)
    return not launch.gpus or prod(int(options.get(name) or 1) for name in SIZES) > 1


def _failed_since(asked_at: float, note: Note, files: EngineFiles) -> bool:
    """Whether a start failed while we waited for it; a start of our own would fail the same way, a minute later."""
    return note.phase == "ended" and not note.version and files.note.stat().st_mtime > asked_at


def _is_alive(note: Note, files: EngineFiles) -> bool:
    """Whether the server starts or answers; one that no longer answers is killed."""
    if note.phase == "ended" or note.supervisor.process() is None:
        return False
    if note.phase == "starting" or is_answering(str(files.socket)):
        return True
    if note.group is not None:
        # Asked to end, it would not answer either.
        kill_all(members_of_group(note.group), 0.5)
    return False


def _started(launch: Launch, claim: Claim) -> Note:
    with start_turn(claim):
        _start(_orders(launch, claim), claim.files, launch)
        ready = _wait_until_ready(claim.files, launch)
    try:
        # They may have been exchanged while the server was loading them.
        _check_model(launch)
    except StartRefused:
        end_engine(claim.files, ready)
        raise
    return ready


def _check_files(launch: Launch) -> None:
    """Refuse a model or adapter on this host that is not the driver's, see `check_model`."""
    _check_model(launch)
    if launch.adapter is not None:
        check_adapter(launch.adapter, launch.keys)


def _check_model(launch: Launch) -> None:
    if launch.identity is not None:
        check_model(launch.model, launch.revision, launch.identity, keys=launch.keys)


def _orders(launch: Launch, claim: Claim) -> Orders:
    files, owner = claim.files, claim.owner
    is_cpu = not launch.gpus and is_cpu_build()
    command = server_command(launch, files.socket, is_cpu=is_cpu)
    taken = cores_taken(claim) if is_cpu else frozenset()
    environment = server_environment(launch, files.folder / "pycache", is_cpu=is_cpu, taken=taken)
    settings = settings_of(command, environment, launch)
    return Orders(
        command=command,
        environment=environment,
        socket=str(files.socket),
        note=str(files.note),
        log=str(files.log),
        use=str(files.use),
        owner_pid=owner.pid,
        owner_started=owner.started,
        start_timeout_s=launch.engine.start_timeout_s,
        idle_stop_s=launch.engine.idle_stop_s,
        stall_stop_s=launch.engine.stall_stop_s,
        model=launch.model,
        gpus=list(launch.gpus),
        settings=settings,
        question=question(command, settings["options"], SOCKET_OPTION),
    )


def _start(orders: Orders, files: EngineFiles, launch: Launch) -> None:
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
            reason = "its supervisor did not start"
            raise start_failure(launch.model, files.log, reason, supervisor.poll(), launch.keys)
        time.sleep(LOOK_EVERY_S)
    # It outlives this process; without this line, subprocess would warn that nobody waited for it.
    supervisor.returncode = 0


def _forget_old_logs(folder: Path) -> None:
    oldest = time.time() - LOGS_KEPT_S
    for path in (path for ending in ("log", "use", "users", "lock") for path in folder.glob(f"*.{ending}")):
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
            reason = reason or "its supervisor no longer runs"
            raise start_failure(launch.model, files.log, reason, exit_code, launch.keys)
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
        if note is None or note.pid_space != pid_space():
            continue
        if note.owner.pid == owner_pid or note.owner.process() is None:
            ended += note.phase != "ended" and note.supervisor.process() is not None
            end_engine(EngineFiles(place, path.stem), note)
    return ended
