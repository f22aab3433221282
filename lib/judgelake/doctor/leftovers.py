"""Finds engines that outlived the run that started them and still use memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import psutil

from judgelake.doctor.finding import Finding, ok, warning

SERVER_MODULE = "vllm.entrypoints.openai.api_server"


def check_leftovers() -> Finding:
    """Check for vLLM processes of judgelake whose supervisor no longer runs."""
    left = [process for process in psutil.process_iter() if _is_left_over(process)]
    if not left:
        return ok("left-over engines", "none")
    pids = " ".join(str(process.pid) for process in left)
    memory = sum(_memory(process) for process in left) / 1024**3
    return warning("left-over engines", f"{len(left)} processes use {memory:.1f} GiB", f"End them: kill {pids}")


def is_left_over(command: Sequence[str], commands_above: Iterable[Sequence[str]]) -> bool:
    """Whether a process with this command line and these parents is an engine without a supervisor.

    A server of ours listens on a Unix socket under a supervisor. A worker names itself "VLLM::..." and belongs to
    a server, ours or another user's.
    """
    above = " ".join(word for words in commands_above for word in words)
    if SERVER_MODULE in command and "--uds" in command:
        return "judgelake" not in above
    if command and command[0].startswith("VLLM::"):
        return "vllm" not in above.lower()
    return False


def _is_left_over(process: psutil.Process) -> bool:
    try:
        command = process.cmdline()
        if SERVER_MODULE not in command and not (command and command[0].startswith("VLLM::")):
            return False
        return is_left_over(command, [parent.cmdline() for parent in process.parents()])
    except psutil.Error:
        return False


def _memory(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0
