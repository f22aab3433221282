"""Queries a server over its Unix socket: a plain GET, and what /metrics reports about its progress.

For processes that must stay small: the supervisor and processes that wait for a start.
"""

from __future__ import annotations

import http.client
import re
import socket
from contextlib import suppress
from dataclasses import dataclass

UNFINISHED = ("vllm:num_requests_running", "vllm:num_requests_waiting")
COUNTED = (
    "vllm:prompt_tokens_total",
    "vllm:generation_tokens_total",
    # Long prompts are computed in chunks; before their first token only this counter shows it.
    "vllm:iteration_tokens_total_sum",
    "vllm:request_success_total",
)

ENGINE_LABEL = re.compile(r'[{,]engine="([^"]*)"')
PROBE_TRIES = 3
PROBE_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Progress:
    """Number of unfinished requests, and a sum of counters that grows whenever the engine computes."""

    unfinished: float
    counted: float


def read_progress(text: str | None) -> dict[str, Progress] | None:
    """The progress in a Prometheus text, by engine: data parallel runs several; None where there is no text."""
    if text is None:
        return None
    sums: dict[str, dict[str, float]] = {}
    for line in text.splitlines():
        name = line.partition("{")[0].partition(" ")[0]
        if name in UNFINISHED or name in COUNTED:
            engine = ENGINE_LABEL.search(line)
            of_engine = sums.setdefault(engine[1] if engine else "", dict.fromkeys((*UNFINISHED, *COUNTED), 0.0))
            with suppress(ValueError):
                of_engine[name] += float(line.rpartition(" ")[2])
    return {
        engine: Progress(sum(of[name] for name in UNFINISHED), sum(of[name] for name in COUNTED))
        for engine, of in sums.items()
    }


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout_s: float) -> None:
        super().__init__("localhost", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def is_answering(path: str) -> bool:
    """Whether a server still answers, however busy its engine is.

    /health is answered by vLLM's API process alone, and with 503 once the engine under it has died. With thousands of
    calls in flight that process may take seconds; an engine that hangs under it is the supervisor's to notice.
    """
    return any(get(path, "/health", PROBE_TIMEOUT_S) is not None for _ in range(PROBE_TRIES))


def get(path: str, target: str, timeout_s: float) -> str | None:
    """The body of a response with status 200; None for any other response, or none in time."""
    connection = _UnixConnection(path, timeout_s)
    try:
        connection.request("GET", target)
        response = connection.getresponse()
        body = response.read().decode("utf-8", "replace")
        return body if response.status == 200 else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
