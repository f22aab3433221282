"""Why a server did not start, from the last lines of its log."""

from __future__ import annotations

import re
from pathlib import Path

from judgelake.engine.errors import StartFailed, StartRefused
from judgelake.engine.keys import JUDGE, Keys

TAIL_BYTES = 64 * 1024
LINES_SHOWN = 3
LINE_CHARACTERS = 300
# vLLM's loggers and processes put their names before each line.
PREFIX = re.compile(r"^(\(\w+[^)]*\)\s*)*(?:[A-Z]+ \d\d-\d\d [\d:]+ \[[^\]]*\]\s*)?")
CAUSE = re.compile(r"^(?:[\w.]*(?:Error|Exception|Interrupt)\b.*|Value error, .*|.*\berror: .*)$")
# Lines that only refer to another line for the cause.
WRAPPER = re.compile(
    r"See (?:root cause|stack trace) above(?!.*: -9)|check the stack trace above|validation errors? for|"
    r"Engine core initialization failed(?!.*: -9)"
)

# The first pattern that matches one of the causes counts.
USER_MISTAKES = (
    (
        (
            r"out of memory|OutOfMemory|No available memory|Free memory on device|memory allocat|MemoryError|"
            r"KV cache is needed|requested memory|core proc.*: -9"
        ),
        "Free memory, or lower engine.options (max-model-len, gpu-memory-utilization) or VLLM_CPU_KVCACHE_SPACE",
    ),
    (
        (
            r"is not a valid model identifier|RepositoryNotFound|LocalEntryNotFound|offline mode|couldn't connect to|"
            r"gated repo|does not appear to have a file|No such file"
        ),
        "Set {keys.model} to a folder in Hugging Face format, or a Hugging Face name this machine can reach",
    ),
    (
        r"No CUDA|CUDA driver|no NVIDIA|Device string must not be empty|infer device type",
        "Install judgelake[cpu] on machines without a GPU, or check the GPU's driver",
    ),
    (
        r"only supported for an unquantized lm_head",
        "Set engine.options to {{hf-overrides.head_dtype: model}}, which computes probabilities in the model's format",
    ),
    (r"unrecognized arguments|invalid \w+ value|api_server\.py: error|expected one argument", "Correct engine.options"),
    (r"Value error, |ValueError", "Correct engine.options, {keys.model} or {keys.context_length}"),
)
KILLED = -9


def start_failure(
    model: str, log: Path, reason: str, exit_code: int | None, keys: Keys = JUDGE
) -> StartRefused | StartFailed:
    """The error for a start that failed: the cause that the log names, and the path of the whole log.

    What to do about it names the keys of the job's config.
    """
    lines = causes(tail(log))
    cause = " | ".join(lines) if lines else reason
    if exit_code is None:
        # It was ended from outside, so the last lines of its log are not the cause.
        cause, lines = reason, []
    message = f"vLLM did not start with the model {model!r}: {cause} (whole log: {log})."
    if exit_code == KILLED:
        return StartRefused(
            f"{message} It was killed, most likely for lack of memory: free some, or use a smaller model."
        )
    for pattern, remedy in USER_MISTAKES:
        if any(re.search(pattern, line) for line in lines):
            return StartRefused(f"{message} {remedy.format(keys=keys)}.")
    return StartFailed(message)


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
    """The last few distinct lines that name an error, in the log's order; the very last lines if none does."""
    lines = [PREFIX.sub("", line).strip() for line in text.splitlines()]
    lines = [line[:LINE_CHARACTERS] for line in lines if line and not line.startswith("judgelake supervisor")]
    named = [line for line in lines if CAUSE.match(line) and not WRAPPER.search(line)]
    return list(dict.fromkeys(named or lines))[-LINES_SHOWN:]
