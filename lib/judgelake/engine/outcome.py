"""What an HTTP status other than 200 means: a row's failure, a reason to ask again, or the end of the task."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from judgelake.engine.ask import Endpoint
from judgelake.engine.errors import EngineRefused
from judgelake.judges import Failure, Status

# vLLM names the field that was too long; OpenAI gives a code; older servers only say it in words.
OVERFLOW_PARAMS = ("input_tokens", "input_text")
OVERFLOW_CODES = ("context_length_exceeded",)
OVERFLOW_WORDS = re.compile(r"maximum (context|model) length|longer than the maximum|context.length.exceeded", re.I)
AGAIN_STATUSES = (425, 429, 500, 502, 503, 504)
MESSAGE_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Again:
    """The call may go better later: after `wait_s`, where the server named a time."""

    reason: str
    wait_s: float | None = None


def outcome_of(status: int, text: str, retry_after: float | None, endpoint: Endpoint) -> Failure | Again:
    """What a call that was not answered with 200 comes to.

    Raises:
        EngineRefused: the key is wrong or may not use the model. 404 is the caller's to explain.
    """
    message, param, code = _error_of(text)
    said = f"HTTP {status}: {message}"
    if status in (401, 403):
        raise EngineRefused(_wrong_key(status, message, endpoint))
    if status == 408:
        return Failure(Status.TIMEOUT, said)
    if status in AGAIN_STATUSES:
        return Again(said, retry_after)
    if status >= 500:
        return Failure(Status.ENGINE_ERROR, said)
    if status < 400:
        return Failure(Status.ENGINE_ERROR, f"{said} (a redirect or an empty answer; is engine.url right?)")
    if param in OVERFLOW_PARAMS or code in OVERFLOW_CODES or (status == 400 and OVERFLOW_WORDS.search(message)):
        return Failure(Status.CONTEXT_OVERFLOW, said)
    return Failure(Status.INVALID_INPUT, said)


def _error_of(text: str) -> tuple[str, Any, Any]:
    """Message, parameter and code of an OpenAI error, or the plain text."""
    try:
        data = json.loads(text)
    except ValueError:
        return _short(text), None, None
    error = data.get("error", data) if isinstance(data, dict) else data
    if not isinstance(error, dict):
        return _short(str(error)), None, None
    message = error.get("message") or error.get("detail") or text
    return _short(str(message)), error.get("param"), error.get("code")


def _short(text: str) -> str:
    line = " ".join(text.encode("utf-8", "replace").decode("utf-8").split())
    return line[:MESSAGE_CHARACTERS] or "no message"


def _wrong_key(status: int, message: str, endpoint: Endpoint) -> str:
    where = f"the key in {endpoint.key_name}" if endpoint.key_name else "a call without a key"
    # A server may quote the key it was sent; it must not reach a log.
    if endpoint.api_key:
        message = message.replace(endpoint.api_key, "<key>")
    mend = "Put a valid key there" if endpoint.key_name else "Name its variable in engine.api_key_env"
    return f"{endpoint.base_url} refused {where} (HTTP {status}: {message}). {mend}."
