"""An error in a server's JSON, in whichever of the common shapes: its words, its codes, and the field it names.

Shapes, and who writes them: {"error": {message, type, param, code}} OpenAI, vLLM, llama.cpp, Ollama, LiteLLM;
{"type": "error", "error": {...}} Anthropic; [{"error": {code, message, status}}] Gemini; {"object": "error", message,
code} SGLang and old vLLM; {"error": text, "error_type"} Text Generation Inference; {"detail": text or [{loc, msg}]}
FastAPI; {"error": {..., "innererror": {code}}} Azure; {"error": {..., "metadata": {raw, reasons}}} OpenRouter;
{"error_code", "message"} Databricks; {"base_resp": {status_code, status_msg}} MiniMax; {"errors": [...]} gateways.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

CODE_KEYS = ("code", "type", "status", "error_type", "error_code", "reason", "__type")
MESSAGE_KEYS = ("message", "msg", "detail", "error_message", "status_msg", "Message", "error")
INNER_KEYS = ("error", "innererror", "inner_error", "provider_specific_fields", "metadata", "base_resp")
# Errors are wrapped by gateways; nobody wraps more often than this.
DEEPEST = 8
MOST_ERRORS = 5
FLAGGED_INPUT = "flagged_input"


@dataclass(frozen=True, slots=True)
class ServerError:
    """What a server says went wrong; `codes` are its codes, types and states in lower case, outermost first."""

    message: str
    codes: tuple[str, ...] = ()
    param: str | None = None

    @property
    def http_status(self) -> int | None:
        """The status that the error itself gives as a code, from 400 to 599; None if it gives none."""
        numbers = (int(code) for code in self.codes if code.isascii() and code.isdigit() and len(code) == 3)
        return next((number for number in numbers if 400 <= number <= 599), None)


def error_of_text(text: str) -> ServerError:
    """The error in a body; a body that is not JSON is its own message."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return ServerError(text)
    return error_of(data) or ServerError(text)


def error_in_answer(data: Mapping[str, Any]) -> ServerError | None:
    """The error in an answer with HTTP status 200; None if it is an ordinary answer.

    The error may be beside the choices, in the first of them, or in their place.
    """
    choices = data.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    for place in (data, first):
        if isinstance(place, Mapping) and place.get("error"):
            return error_of({"error": place["error"]})
    if first is not None or data.get("answers"):
        return None
    state = data.get("base_resp")
    if isinstance(state, Mapping) and state.get("status_code"):
        return ServerError(str(state.get("status_msg") or ""), (f"minimax_{state['status_code']}",))
    feedback = data.get("promptFeedback") or data.get("prompt_feedback")
    if isinstance(feedback, Mapping) and (why := feedback.get("blockReason") or feedback.get("block_reason")):
        return ServerError(f"the prompt was blocked ({why})", (FLAGGED_INPUT,))
    return error_of(data)


def error_of(data: Any) -> ServerError | None:
    """The error that JSON describes; None if there is no text in it."""
    parts = list(_parts(data, DEEPEST))
    messages = [message for part in parts if (message := _message(part))]
    codes = [code for part in parts for code in _codes(part)]
    param = next((param for part in parts if (param := _param(part))), None)
    # A wrapper's message may quote the whole inner error, or only say that there was one.
    said: list[str] = []
    for message in messages:
        if not any(message in other for other in said):
            said.append(message)
    message = ": ".join(said) or ", ".join(dict.fromkeys(codes))
    return ServerError(message, tuple(dict.fromkeys(codes)), param) if message else None


def _parts(data: Any, depth: int) -> Iterator[dict[str, Any]]:
    """The objects that describe one error, from the outside to the inside."""
    if depth == 0:
        return
    if isinstance(data, list):
        for item in data[:MOST_ERRORS]:
            yield from _parts(item, depth - 1)
    if not isinstance(data, dict):
        return
    yield data
    inside = [data.get(key) for key in INNER_KEYS]
    inside += [data[key] for key in ("detail", "errors") if isinstance(data.get(key), list | dict)]
    # Gateways put the JSON of the server behind them into a text.
    inside += [_decoded(data.get(key)) for key in ("raw", *MESSAGE_KEYS)]
    for item in inside:
        yield from _parts(item, depth - 1)


def _decoded(text: Any) -> Any:
    if not isinstance(text, str) or not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _param(part: Mapping[str, Any]) -> str | None:
    """The field that a part names; FastAPI gives its place in the request: ["body", "user"]."""
    where = part.get("loc")
    if isinstance(where, list) and len(where) > 1:
        return ".".join(map(str, where[1:]))
    return part["param"] if isinstance(part.get("param"), str) else None


def _message(part: Mapping[str, Any]) -> str | None:
    for key in MESSAGE_KEYS:
        text = part.get(key)
        if isinstance(text, str) and text.strip() and _decoded(text) is None:
            where = part.get("loc")
            # A field error of FastAPI: {"loc": ["body", "top_p"], "msg": "Extra inputs are not permitted"}
            place = ".".join(map(str, where[1:])) if isinstance(where, list) else ""
            return f"{place}: {text}" if place else text
    raw = part.get("raw")
    return raw if isinstance(raw, str) and _decoded(raw) is None else None


def _codes(part: Mapping[str, Any]) -> Iterator[str]:
    for key in CODE_KEYS:
        value = part.get(key)
        # 0 means success where a server always gives a code.
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip() not in ("", "0"):
            yield str(value).strip().lower()
    if part.get(FLAGGED_INPUT) is not None:
        yield FLAGGED_INPUT
