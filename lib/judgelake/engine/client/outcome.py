"""What an HTTP status other than 200 means: a row's failure, a reason to ask again, or the end of the task."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from judgelake.comparisons import Failure, Status
from judgelake.engine.call import Endpoint
from judgelake.engine.errors import EngineRefused

# vLLM names the field that was too long; OpenAI gives a code; older servers only describe it in the message.
OVERFLOW_PARAMS = ("input_tokens", "input_text")
OVERFLOW_CODES = ("context_length_exceeded",)
OVERFLOW_WORDS = re.compile(r"maximum (context|model) length|longer than the maximum|context.length.exceeded", re.I)
AGAIN_STATUSES = (425, 429, 500, 502, 503, 504)
# The statuses that concern the request's content. Other 4xx statuses (402 no credit, 407 the proxy, 409) say
# nothing about the row: a later run tries it again.
INPUT_STATUSES = (400, 422)
# From the server or a proxy in front of it, which may allow fewer bytes than the model has tokens for. Other requests
# need not fail.
TOO_LARGE = 413
MESSAGE_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Again:
    """The call may succeed later: after `wait_s`, if the server gave a time."""

    reason: str
    wait_s: float | None = None


def is_transient(status: int) -> bool:
    """Whether an auxiliary request (the models, a label's tokens) may succeed later; 501 means that it never will."""
    return status in (408, 425, 429) or (status >= 500 and status != 501)


def outcome_of(
    status: int, text: str, retry_after: float | None, endpoint: Endpoint, *, has_answered: bool
) -> Failure | Again:
    """The result of a call that was not answered with status 200.

    Args:
        status: the HTTP status; 404 is handled by the caller.
        text: the body, used only for its message.
        retry_after: seconds the server asked to wait.
        endpoint: where it came from; its key is masked in every message.
        has_answered: whether a call with this key ever succeeded. A firewall may return 403 for a single prompt, so
            after a success it counts as that row's failure.

    Raises:
        EngineRefused: the key is wrong or may not use the model.
    """
    message, param, code = _error_of(text)
    description = f"HTTP {status}: {shown(message, endpoint)}"
    if status == 401 or (status == 403 and not has_answered):
        raise EngineRefused(_wrong_key(description, endpoint))
    if status == 403:
        return Failure(Status.REFUSED, description)
    if status == 408:
        return Failure(Status.TIMEOUT, description)
    if status in AGAIN_STATUSES:
        return Again(description, retry_after)
    if status >= 500:
        return Failure(Status.ENGINE_ERROR, description)
    if status < 400:
        return Failure(Status.ENGINE_ERROR, f"{description} (a redirect or an empty answer; is engine.url right?)")
    if param in OVERFLOW_PARAMS or code in OVERFLOW_CODES or (status == 400 and _reports_overflow(message)):
        return Failure(Status.CONTEXT_OVERFLOW, description)
    if status == TOO_LARGE:
        return Failure(Status.CONTEXT_OVERFLOW, f"the server refuses a request of this size ({description})")
    return Failure(Status.INVALID_INPUT if status in INPUT_STATUSES else Status.ENGINE_ERROR, description)


def shown(text: str, endpoint: Endpoint, characters: int = MESSAGE_CHARACTERS) -> str:
    """The start of a server's text on one line, for a message: a server may quote the key it was sent."""
    # Before cutting the text, which could leave a part of the key that this search would not find.
    masked = text.replace(endpoint.api_key, "<key>") if endpoint.api_key else text
    line = " ".join(masked.encode("utf-8", "replace").decode("utf-8").split())
    return line[:characters] or "no message"


def _reports_overflow(message: str) -> bool:
    # Only the start: further on a server may quote the prompt, which may itself mention lengths.
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


def _wrong_key(description: str, endpoint: Endpoint) -> str:
    where = f"the key in {endpoint.key_name}" if endpoint.key_name else "a call without a key"
    remedy = "Put a valid key there" if endpoint.key_name else "Name its variable in engine.api_key_env"
    return f"{endpoint.base_url} refused {where} ({description}). {remedy}."
