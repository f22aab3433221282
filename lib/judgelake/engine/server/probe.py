"""Queries a server over its Unix socket: plain requests, and what /metrics reports about its progress.

For processes that must stay small: the supervisor and processes that wait for a start.
"""

from __future__ import annotations

import http.client
import json
import re
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

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


@dataclass(frozen=True, slots=True)
class Answer:
    """A response with any status."""

    status: int
    text: str


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
    answer = _answer(path, "GET", target, None, timeout_s)
    return answer.text if answer is not None and answer.status == 200 else None


def post(path: str, target: str, body: Mapping[str, Any], timeout_s: float) -> Answer | None:
    """The response to a body that is sent as JSON; None for none in time."""
    return _answer(path, "POST", target, json.dumps(body), timeout_s)


def _answer(path: str, method: str, target: str, body: str | None, timeout_s: float) -> Answer | None:
    connection = _UnixConnection(path, timeout_s)
    headers = {} if body is None else {"Content-Type": "application/json"}
    try:
        connection.request(method, target, body, headers)
        response = connection.getresponse()
        return Answer(response.status, response.read().decode("utf-8", "replace"))
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
