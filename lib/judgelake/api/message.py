"""The message in a server's answer: its text, its thinking, and its refusal, in whichever form they come.

Forms: content as text; as a list of parts, of which Mistral's are {"type": "thinking", "thinking": [...]} and
{"type": "text", "text"}, Databricks' {"type": "reasoning", "summary": [...]}, and OpenAI's {"type": "output_text"} and
{"type": "refusal"}; thinking beside it as `reasoning_content` (DeepSeek, SGLang, llama.cpp) or `reasoning` (vLLM,
OpenRouter, Ollama, Groq).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from judgelake.api.finish_reasons import Ending, ending_of
from judgelake.comparisons import Failure, Status

CUT_WHILE_THINKING = "cut off while thinking"
TEXT_PARTS = ("text", "output_text")
BESIDE = frozenset(("reasoning_content", "reasoning", "refusal"))
THINKING_PARTS = ("thinking", "reasoning", "reasoning_content", "redacted_thinking", "summary_text")


@dataclass(frozen=True, slots=True)
class Said:
    """What a message says; `thinking` and `refusal` are empty if there are none."""

    text: str
    thinking: str = ""
    refusal: str = ""


def said_in(choice: Mapping[str, Any]) -> Said:
    """What a choice of an answer says.

    Only text is the answer: thinking is kept apart, and never stands in for it.

    Raises:
        KeyError, TypeError: it is not a choice, or has a part that is neither text, thinking nor refusal.
    """
    if "message" not in choice:
        return Said(_text(choice["text"]))
    message = choice["message"]
    # Beside thinking or a refusal some servers leave the content out.
    content = message["content"] if not BESIDE.intersection(message) else message.get("content")
    beside = message.get("reasoning_content") or message.get("reasoning")
    thinking = beside if isinstance(beside, str) else ""
    refusal = message.get("refusal")
    said = _said_in_parts(content) if isinstance(content, list) else Said("" if content is None else _text(content))
    return Said(
        said.text,
        "\n".join(part for part in (thinking, said.thinking) if part),
        refusal if isinstance(refusal, str) and refusal.strip() else said.refusal,
    )


def failure_of_thinking_alone(text: str, thinking: str, finish_reason: str | None) -> Failure | None:
    """Why there is only thinking and no answer to read; None if there is an answer, or no thinking either."""
    if text.strip() or not thinking:
        return None
    if ending_of(finish_reason) is Ending.CUT:
        return Failure(Status.TRUNCATED, CUT_WHILE_THINKING)
    # Where a server takes a whole output for thinking, its settings are wrong, so the row is asked again.
    return Failure(Status.ENGINE_ERROR, "the server returned thinking and no answer; look at its reasoning parser")


def _said_in_parts(parts: Iterable[Any]) -> Said:
    texts: dict[str, list[str]] = {"text": [], "thinking": [], "refusal": []}
    for part in parts:
        kind, text = ("text", part) if isinstance(part, str) else _kind_and_text(part)
        texts[kind].append(text)
    return Said("".join(texts["text"]), "\n".join(texts["thinking"]), "".join(texts["refusal"]))


def _kind_and_text(part: Mapping[str, Any]) -> tuple[str, str]:
    kind = part.get("type", "text")
    if kind in TEXT_PARTS:
        return "text", _text(part["text"])
    if kind in THINKING_PARTS:
        inside = next((part[key] for key in ("thinking", "reasoning", "summary", "text") if part.get(key)), "")
        return "thinking", inside if isinstance(inside, str) else "\n".join(map(_inner, inside))
    if kind == "refusal":
        return "refusal", _text(part["refusal"])
    raise TypeError("the content has a part that is neither text nor thinking")


def _inner(part: Any) -> str:
    text = part.get("text") if isinstance(part, dict) else part
    return text if isinstance(text, str) else ""


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("the text is not a string")
    return value
