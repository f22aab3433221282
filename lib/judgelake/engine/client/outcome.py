"""What an error of a server means: a row's own failure, a failed call, a reason to ask again, or the task's end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from judgelake.api import TOO_LARGE, ServerError, complaint_of, complaint_of_codes, error_of_text, final_status_of
from judgelake.comparisons import Failure, Status
from judgelake.engine.call import Endpoint
from judgelake.engine.errors import EngineRefused

# 520 to 524 are a gateway's for a server that does not answer; 529 is Anthropic's for an overloaded one.
AGAIN_STATUSES = (425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529)
MESSAGE_CHARACTERS = 300
# What an error inside an answer with status 200 would have been, where its code is a word.
STATUS_OF_CODE = {
    "rate_limit_exceeded": 429,
    "rate_limit_error": 429,
    "too_many_requests": 429,
    "resource_exhausted": 429,
    "minimax_1002": 429,
    "overloaded_error": 503,
    "overloaded": 503,
    "unavailable": 503,
    "service_unavailable": 503,
    "server_error": 500,
    "internal_server_error": 500,
    "internal_error": 500,
    "internalservererror": 500,
    "api_error": 500,
    "internal": 500,
    "timeout": 504,
    "timeout_error": 504,
    "deadline_exceeded": 504,
    "authentication_error": 401,
    "invalid_api_key": 401,
    "unauthenticated": 401,
    "minimax_1004": 401,
    "permission_error": 403,
    "permission_denied": 403,
}
BAD_REQUEST = 400


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

    Only what is said of this prompt (see `complaints`) ends the row. Every other 4xx is a failed call: it may be about
    a setting, which all rows share.

    Args:
        status: the HTTP status; 404 before any answer is handled by the caller.
        text: the body: its words, and the codes in it.
        retry_after: seconds the server asked to wait.
        endpoint: where it came from; its key is masked in every message.
        has_answered: whether a call with this key ever succeeded: then a 403 is not about the key.

    Raises:
        EngineRefused: the key is wrong or may not use the model.
    """
    error = error_of_text(text)
    description = f"HTTP {status}: {shown(error.message, endpoint)}"
    return _outcome(status, error, description, retry_after, endpoint, has_answered=has_answered)


def outcome_of_answer(error: ServerError, endpoint: Endpoint, *, has_answered: bool) -> Failure | Again:
    """The result of a call that was answered with status 200 and an error: by the error's own code.

    Raises:
        EngineRefused: as `outcome_of`.
    """
    named = (STATUS_OF_CODE[code] for code in error.codes if code in STATUS_OF_CODE)
    status = error.http_status or next(named, BAD_REQUEST)
    description = f"HTTP 200 with an error: {shown(error.message, endpoint)}"
    return _outcome(status, error, description, None, endpoint, has_answered=has_answered)


def _outcome(
    status: int,
    error: ServerError,
    description: str,
    retry_after: float | None,
    endpoint: Endpoint,
    *,
    has_answered: bool,
) -> Failure | Again:
    if status == 401:
        raise EngineRefused(_wrong_key(description, endpoint))
    if status == 403:
        return _forbidden(error, description, endpoint, has_answered=has_answered)
    if status == 408:
        return Failure(Status.TIMEOUT, description)
    if status in (425, 429):
        return Again(description, retry_after)
    if status < 400:
        return Failure(Status.ENGINE_ERROR, f"{description} (a redirect or an empty answer; is engine.url right?)")
    final = final_status_of(error, status)
    if final is not None:
        is_of_its_size = status == TOO_LARGE and complaint_of(error) is None
        return Failure(
            final, f"the server refuses a request of this size ({description})" if is_of_its_size else description
        )
    if status in AGAIN_STATUSES:
        return Again(description, retry_after)
    return Failure(Status.ENGINE_ERROR, description)


def _forbidden(error: ServerError, description: str, endpoint: Endpoint, *, has_answered: bool) -> Failure:
    """Moderation and firewalls return 403 for a single prompt, others for a key that may not use the model.

    Words about a prompt are believed after an answer. Before any, a firewall that blocks all of our calls may use the
    same ones, so they are a failed call: if all calls fail so, the run stops, and else the row is asked again.
    """
    complaint = complaint_of(error)
    is_of_the_prompt = complaint is not None and complaint.is_final
    if complaint is not None and is_of_the_prompt and (has_answered or complaint_of_codes(error) is complaint):
        return Failure(complaint.status, description)
    if not has_answered and not is_of_the_prompt:
        raise EngineRefused(_wrong_key(description, endpoint))
    return Failure(Status.ENGINE_ERROR, description)


def unknown_path(endpoint: Endpoint, path: str, names: Sequence[str], text: str) -> str:
    """What is said of a 404 before any answer, with the server's own words and the names of its models.

    Args:
        endpoint: where it came from.
        path: the path below /v1.
        names: the models that the server lists.
        text: the body.
    """
    url, model = endpoint.base_url, endpoint.model
    reason = f"(HTTP 404: {shown(error_of_text(text).message, endpoint)})"
    if model in names:
        return f"{url}/{path} refuses the model {model!r}, which it lists {reason}. Set {endpoint.keys.model}."
    if names:
        listed = shown(", ".join(names), endpoint)
        return f"{url} has no model {model!r}; it has {listed} {reason}. Set {endpoint.keys.model}."
    return (
        f"{url}/{path} does not exist {reason}. Give engine.url up to and including /v1; "
        f"the requested model is {model!r}."
    )


def shown(text: str, endpoint: Endpoint, characters: int = MESSAGE_CHARACTERS) -> str:
    """The start of a server's text on one line, for a message: a server may quote the key it was sent."""
    # Before cutting the text, which could leave a part of the key that this search would not find.
    masked = text.replace(endpoint.api_key, "<key>") if endpoint.api_key else text
    line = " ".join(masked.encode("utf-8", "replace").decode("utf-8").split())
    return line[:characters] or "no message"


def _wrong_key(description: str, endpoint: Endpoint) -> str:
    where = f"the key in {endpoint.key_name}" if endpoint.key_name else "a call without a key"
    remedy = "Put a valid key there" if endpoint.key_name else "Name its variable in engine.api_key_env"
    return f"{endpoint.base_url} refused {where} ({description}). {remedy}."
