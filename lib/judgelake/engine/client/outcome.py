"""What an HTTP status other than 200 means: a row's failure, a reason to ask again, or the end of the task."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from judgelake.comparisons import Failure, Status
from judgelake.engine.call import Endpoint
from judgelake.engine.errors import EngineRefused

# vLLM names the field that was too long; OpenAI gives a code; older servers only say it in words.
OVERFLOW_PARAMS = ("input_tokens", "input_text")
OVERFLOW_CODES = ("context_length_exceeded",)
OVERFLOW_WORDS = re.compile(r"maximum (context|model) length|longer than the maximum|context.length.exceeded", re.I)
AGAIN_STATUSES = (425, 429, 500, 502, 503, 504)
# The statuses that speak of the request's content. Others of the 400s (402 no credit, 407 the proxy, 409) say
# nothing of the row: it deserves another attempt in a later run.
INPUT_STATUSES = (400, 422)
# Of the server or of a proxy before it, which may allow fewer bytes than the model has tokens for. No other request
# need fail for it.
TOO_LARGE = 413
MESSAGE_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Again:
    """The call may go better later: after `wait_s`, where the server named a time."""

    reason: str
    wait_s: float | None = None


def is_transient(status: int) -> bool:
    """Whether a side question (the models, a label's tokens) may be answered later; 501 says that it never will."""
    return status in (408, 425, 429) or (status >= 500 and status != 501)


def outcome_of(
    status: int, text: str, retry_after: float | None, endpoint: Endpoint, *, has_answered: bool
) -> Failure | Again:
    """What a call that was not answered with 200 comes to.

    Args:
        status: the HTTP status; 404 is the caller's to explain.
        text: the body, read for its message only.
        retry_after: seconds the server asked to wait.
        endpoint: where it came from; its key is masked in every message.
        has_answered: whether this key was ever answered. A firewall gives 403 to a single prompt, so from then on
            it is that row's failure.

    Raises:
        EngineRefused: the key is wrong or may not use the model.
    """
    message, param, code = _error_of(text)
    said = f"HTTP {status}: {shown(message, endpoint)}"
    if status == 401 or (status == 403 and not has_answered):
        raise EngineRefused(_wrong_key(said, endpoint))
    if status == 403:
        return Failure(Status.REFUSED, said)
    if status == 408:
        return Failure(Status.TIMEOUT, said)
    if status in AGAIN_STATUSES:
        return Again(said, retry_after)
    if status >= 500:
        return Failure(Status.ENGINE_ERROR, said)
    if status < 400:
        return Failure(Status.ENGINE_ERROR, f"{said} (a redirect or an empty answer; is engine.url right?)")
    if param in OVERFLOW_PARAMS or code in OVERFLOW_CODES or (status == 400 and _tells_of_overflow(message)):
        return Failure(Status.CONTEXT_OVERFLOW, said)
    if status == TOO_LARGE:
        return Failure(Status.CONTEXT_OVERFLOW, f"the server refuses a request of this size ({said})")
    return Failure(Status.INVALID_INPUT if status in INPUT_STATUSES else Status.ENGINE_ERROR, said)


def shown(text: str, endpoint: Endpoint, characters: int = MESSAGE_CHARACTERS) -> str:
    """The start of a server's text on one line, for a message: a server may quote the key it was sent."""
    # Before the cut, which would leave a part of a key that no search finds.
    masked = text.replace(endpoint.api_key, "<key>") if endpoint.api_key else text
    line = " ".join(masked.encode("utf-8", "replace").decode("utf-8").split())
    return line[:characters] or "no message"


def _tells_of_overflow(message: str) -> bool:
    # Only the start: a server may quote the prompt further on, which may speak of lengths itself.
    return OVERFLOW_WORDS.search(message[:MESSAGE_CHARACTERS]) is not None


def _error_of(text: str) -> tuple[str, Any, Any]:
    """Message, parameter and code of an OpenAI error, or the plain text."""
    try:
        data = json.loads(text)
    except ValueError:
        return text, None, None
    error = data.get("error", data) if isinstance(data, dict) else data
    if not isinstance(error, dict):
        return str(error), None, None
    message = error.get("message") or error.get("detail") or text
    return str(message), error.get("param"), error.get("code")


def _wrong_key(said: str, endpoint: Endpoint) -> str:
    where = f"the key in {endpoint.key_name}" if endpoint.key_name else "a call without a key"
    mend = "Put a valid key there" if endpoint.key_name else "Name its variable in engine.api_key_env"
    return f"{endpoint.base_url} refused {where} ({said}). {mend}."
