"""The processes of a cluster test: each is known by the test's folder, and none may outlive the test."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import psutil

GRACE_S = 20.0


def processes_of(folder: Path) -> list[psutil.Process]:
    """All processes that name the folder in their command, environment or working folder, without this one."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and str(folder) in _said_of(process):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return [process for process in found if _runs(process)]


def _said_of(process: psutil.Process) -> str:
    return "\n".join([*process.cmdline(), *process.environ().values(), process.cwd()])


def _runs(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def left_over(folder: Path, but: set[int], wait_s: float = 60.0) -> list[str]:
    """The processes of the folder, except those of these ids, that still run after some seconds, as text."""
    end = time.monotonic() + wait_s
    while left := [process for process in processes_of(folder) if process.pid not in but]:
        if time.monotonic() > end:
            return [_shown(process) for process in left]
        time.sleep(0.2)
    return []


def _shown(process: psutil.Process) -> str:
    try:
        return f"{process.pid}: {' '.join(process.cmdline())[:200]}"
    except psutil.NoSuchProcess:
        return f"{process.pid}: has just ended"


def end_group(process: subprocess.Popen[str] | subprocess.Popen[bytes], number: int = signal.SIGTERM) -> None:
    """End a process that was started in a session of its own, with its group; by force if it takes too long."""
    for signum in (number, signal.SIGKILL):
        try:
            os.killpg(process.pid, signum)
        except ProcessLookupError:
            break
        try:
            process.wait(GRACE_S)
            break
        except subprocess.TimeoutExpired:
            continue
    process.wait()
