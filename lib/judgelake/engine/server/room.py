"""Room for a new engine: one engine at a time on a GPU, and one on the CPU for each owner."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import filelock

from judgelake.engine.errors import StartFailed
from judgelake.engine.server.environment import BOUND_CORES, bound_cores
from judgelake.engine.server.gpus import in_order, wait_until_free
from judgelake.engine.server.lease import without_users
from judgelake.engine.server.processes import ProcessId, pid_space
from judgelake.engine.server.state import EngineFiles, Note, end_engine, read_note

LOOK_EVERY_S = 0.2
# A supervisor ends a start that takes too long by itself; it gets this much extra time to do so.
MARGIN_S = 60.0
# Starts of a host that follow one another: so many may come before this one.
MOST_STARTS_BEFORE = 16
CPU = "cpu"


@dataclass(frozen=True, slots=True)
class Claim:
    """What a new engine needs to itself.

    Attributes:
        files: those of the new engine.
        owner: the process that will own it.
        gpus: addresses of its GPUs; empty on a CPU.
        start_timeout_s: seconds to wait for engines that are in use, and then for a start.
        starts_alone: no other such engine of this host may start at the same time.
    """

    files: EngineFiles
    owner: ProcessId
    gpus: tuple[str, ...]
    start_timeout_s: float
    starts_alone: bool

    @property
    def patience_s(self) -> float:
        """How long another task may take to start an engine on these devices."""
        starts = 2 + (MOST_STARTS_BEFORE if self.starts_alone else 0)
        return starts * (self.start_timeout_s + MARGIN_S)


@contextmanager
def devices_locked(claim: Claim) -> Iterator[None]:
    """Let one task of the owner at a time look for an engine on these devices, start one, or end one.

    Raises:
        StartFailed: other tasks have held a device for too long.
    """
    owner = f"{claim.owner.pid}-{claim.owner.started:.2f}"
    # Always in this order: two sets that overlap would otherwise wait for each other.
    names = [f"{owner}-{re.sub(r'[^A-Za-z0-9-]', '_', gpu)}" for gpu in in_order(claim.gpus) or (CPU,)]
    with ExitStack() as held:
        for name in names:
            _acquire(held, claim.files.folder / f"{name}.lock", claim)
        yield


@contextmanager
def start_turn(claim: Claim) -> Iterator[None]:
    """Wait until no other engine of this host starts, if this one must start alone.

    vLLM looks for free ports, and a CPU engine for free memory, some time before it takes them.
    """
    with ExitStack() as held:
        if claim.starts_alone:
            _acquire(held, claim.files.folder / "starts.lock", claim)
        yield


def _acquire(held: ExitStack, path: Path, claim: Claim) -> None:
    try:
        held.enter_context(filelock.FileLock(path, timeout=claim.patience_s))
    except filelock.Timeout as error:
        raise StartFailed(
            f"Other tasks have been starting engines on {_named(claim.gpus)} for too long; see the logs in "
            f"{str(claim.files.folder)!r}, or raise engine.start_timeout_s."
        ) from error


def make_room(claim: Claim) -> None:
    """End the other engines on these devices, once no task uses them, and wait until their memory is free.

    The caller holds the locks of the devices. Engines of this owner and of dead ones are ended; one of another living
    owner ends by itself after its idle_stop_s.

    Raises:
        StartFailed: an engine was in use for longer than `start_timeout_s`.
    """
    deadline = time.monotonic() + claim.start_timeout_s
    was_taken = False
    while (found := next(_in_the_way(claim), None)) is not None:
        was_taken = True
        if _ended(*found, claim):
            continue
        if time.monotonic() > deadline:
            raise _still_in_use(found[1], claim)
        time.sleep(LOOK_EVERY_S)
    if was_taken and claim.gpus:
        wait_until_free(claim.gpus)


def _in_the_way(claim: Claim) -> Iterator[tuple[EngineFiles, Note]]:
    folder = claim.files.folder
    for path in sorted(folder.glob("*.json")):
        note = read_note(path)
        if note is None or path.stem == claim.files.key or note.pid_space != pid_space():
            continue
        is_here = bool(set(note.gpus) & set(claim.gpus))
        if not note.gpus and not claim.gpus:
            is_here = note.owner == claim.owner or note.owner.process() is None
        is_over = note.phase == "ended" and note.supervisor.process() is None
        if is_here and not is_over:
            yield EngineFiles(folder, path.stem), note


def _ended(files: EngineFiles, note: Note, claim: Claim) -> bool:
    """Whether the engine was ended: not while tasks use it, and not if it belongs to another living owner."""
    if note.owner.process() is None or note.phase == "ended":
        end_engine(files, note)
        return True
    if note.owner != claim.owner:
        return False
    with without_users(files.users) as is_free:
        if is_free:
            end_engine(files, note)
    return is_free


def _still_in_use(note: Note, claim: Claim) -> StartFailed:
    place = _named(tuple(gpu for gpu in claim.gpus if gpu in note.gpus))
    waited = f"for engine.start_timeout_s ({claim.start_timeout_s:g} s)"
    if note.owner == claim.owner:
        return StartFailed(
            f"{place} stayed in use by calls to the model {note.model!r} {waited}. Run the judges one after another, "
            "or give them different GPUs."
        )
    return StartFailed(
        f"{place} stayed in use by an engine of process {note.owner.pid}, another executor or application of this "
        f"host, {waited}. Give each executor its own GPUs (spark.executor.resource.gpu.amount), or end the other one."
    )


def cores_taken(claim: Claim) -> frozenset[int]:
    """The cores to which the other CPU engines of this host are bound."""
    others = (read_note(path) for path in claim.files.folder.glob("*.json") if path.stem != claim.files.key)
    running = (note for note in others if note is not None and note.supervisor.process() is not None)
    settings = (str(note.settings.get("env", {}).get(BOUND_CORES, "")) for note in running)
    return frozenset(core for setting in settings for core in bound_cores(setting))


def _named(gpus: tuple[str, ...]) -> str:
    return f"GPU {', '.join(gpus)}" if gpus else "the CPU"
