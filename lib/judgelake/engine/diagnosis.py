"""Why a server did not start, from the last lines of its log."""

from __future__ import annotations

import re
from pathlib import Path

from judgelake.errors import RunError, UserError

TAIL_BYTES = 64 * 1024
LINES_SHOWN = 3
LINE_CHARACTERS = 300
# vLLM's loggers and processes put their names before each line.
PREFIX = re.compile(r"^(\(\w+[^)]*\)\s*)*(?:[A-Z]+ \d\d-\d\d [\d:]+ \[[^\]]*\]\s*)?")
CAUSE = re.compile(
    r"^(?:[\w.]*(?:Error|Exception|Interrupt)\b.*|.*\berror: .*|.*judgelake supervisor: (?:not ready|ending).*)$"
)
# The wrapper's own message, which names no cause.
WRAPPER = re.compile(r"(See (root cause|stack trace) above|Engine core initialization failed)(?!.*: -9)")

USER_MISTAKES = (
    (re.compile(r"unrecognized arguments|invalid \w+ value|api_server\.py: error|expected one argument"),
     "Correct engine.options"),
    (re.compile(r"validation errors? for|ValueError"), "Correct engine.options, judge.model or judge.context_length"),
    (re.compile(r"is not a valid model identifier|RepositoryNotFound|LocalEntryNotFound|offline mode|"
                r"couldn't connect to|gated repo|does not appear to have a file|No such file"),
     "Set judge.model to a folder in Hugging Face format, or to a hub name this machine can reach"),
    (re.compile(r"out of memory|OutOfMemory|No available memory|Free memory on device|memory allocat|MemoryError|"
                r"KV cache is needed|not enough.*memory|core proc.*: -9"),
     "Free memory, or lower engine.options (max-model-len, gpu-memory-utilization) or VLLM_CPU_KVCACHE_SPACE"),
    (re.compile(r"No CUDA|CUDA driver|no NVIDIA|Device string must not be empty|infer device type"),
     "Install judgelake[cpu] on machines without a GPU, or check the GPU's driver"),
)  # fmt: skip
KILLED = -9


def start_failure(model: str, log: Path, reason: str, exit_code: int | None) -> UserError | RunError:
    """The error for a start that failed: the cause the log names, and where the whole of it is."""
    lines = causes(tail(log))
    cause = " | ".join(lines) if lines else reason
    if exit_code is None:
        # It was ended, so what its log ends with is no cause.
        cause, lines = reason, []
    said = f"vLLM did not start with the model {model!r}: {cause} (whole log: {log})."
    if exit_code == KILLED:
        return UserError(f"{said} It was killed, most likely for lack of memory: free some, or use a smaller model.")
    for pattern, mend in USER_MISTAKES:
        if any(pattern.search(line) for line in lines):
            return UserError(f"{said} {mend}.")
    return RunError(said)


def tail(log: Path) -> str:
    """The last part of a log; empty where there is none."""
    try:
        with log.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - TAIL_BYTES))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""


def causes(text: str) -> list[str]:
    """The last few different lines that name an error, in the log's order; the very last lines where none does."""
    lines = [PREFIX.sub("", line).strip() for line in text.splitlines()]
    lines = [line[:LINE_CHARACTERS] for line in lines if line and not line.startswith("judgelake supervisor")]
    named = [line for line in lines if CAUSE.match(line) and not WRAPPER.search(line)]
    return list(dict.fromkeys(named or lines))[-LINES_SHOWN:]
