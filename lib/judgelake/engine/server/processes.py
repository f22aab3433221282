"""Identifies processes reliably: a pid alone may have been reused for another process."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil

# Start times are read from the same counter, so only the rounding of a float differs.
SAME_START_S = 0.05


@dataclass(frozen=True, slots=True)
class ProcessId:
    """A process by pid and start time (seconds since the epoch)."""

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> ProcessId:
        """The process that has this pid now.

        Raises:
            ProcessLookupError: there is no such process.
        """
        try:
            return cls(pid, psutil.Process(pid).create_time())
        except psutil.NoSuchProcess as error:
            raise ProcessLookupError(f"no process {pid}") from error

    def process(self) -> psutil.Process | None:
        """The process, if it still runs and is not a zombie; else None."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < SAME_START_S
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None


@cache
def pid_space() -> str:
    """Where pids mean the same as here: this start of the machine and this container; empty where it cannot be told.

    Containers and hosts may share a folder, and in another's eyes our processes do not exist.
    """
    with suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    return ""


def with_descendants(roots: Iterable[psutil.Process]) -> list[psutil.Process]:
    """The processes and all their children, grandchildren, ..."""
    by_pid: dict[int, psutil.Process] = {}
    for root in roots:
        try:
            for process in (root, *root.children(recursive=True)):
                by_pid[process.pid] = process
        except psutil.NoSuchProcess:
            continue
    return list(by_pid.values())


def members_of_group(group: int) -> list[psutil.Process]:
    """The running processes of a process group."""
    members = []
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                members.append(process)
        except (ProcessLookupError, PermissionError, psutil.NoSuchProcess):
            continue
    return members


def kill_all(processes: list[psutil.Process], grace_s: float) -> list[psutil.Process]:
    """Terminate all, kill those left after `grace_s`; returns those still running, which should be none."""
    for process in processes:
        _signal(process, hard=False)
    _, alive = psutil.wait_procs(processes, timeout=grace_s)
    for process in alive:
        _signal(process, hard=True)
    _, alive = psutil.wait_procs(alive, timeout=10)
    return list(alive)


def _signal(process: psutil.Process, *, hard: bool) -> None:
    try:
        if hard:
            process.kill()
        else:
            process.terminate()
    except psutil.NoSuchProcess:
        pass


def owner_of_this_worker() -> int:
    """The process that owns this worker's engine: the nearest Java process above a Spark worker, else the parent."""
    for process in psutil.Process().parents():
        try:
            if "java" in process.name().lower():
                return process.pid
        except psutil.NoSuchProcess:
            continue
    return os.getppid()


def owner_of_this_driver() -> int | None:
    """The Java process that owns the engines of a local session: started by this driver, or above it.

    None where there is none: then all executors run on other machines and end their engines themselves.
    """
    for process in (*psutil.Process().children(recursive=True), *psutil.Process().parents()):
        try:
            if "java" in process.name().lower():
                return process.pid
        except psutil.NoSuchProcess:
            continue
    return None


def cores_of_executor(owner_pid: int) -> int:
    """The cores that Spark gave to an executor, by its command line; all of the machine for a local session."""
    try:
        words = psutil.Process(owner_pid).cmdline()
        return max(1, int(words[words.index("--cores") + 1]))
    except (psutil.Error, ValueError, IndexError):
        return os.cpu_count() or 1
