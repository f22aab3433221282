"""Conversations as message lists, in the spellings of published files, and as answers to the same user turns."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from judgelake.comparisons import kind_of, placed, text

# OpenAI's and Hugging Face's names, and those of ShareGPT ("from", "value").
ROLES = {
    "user": "user",
    "human": "user",
    "prompter": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "bot": "assistant",
    "model": "assistant",
    "system": "system",
    "developer": "system",
}


@dataclass(frozen=True, slots=True)
class Turn:
    """One message; `role` is user, assistant or system."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Answered:
    """Answers to the same user turns, as in judgelake's JSONL: `messages`, and per answer its `text` or `turns`."""

    messages: list[dict[str, Any]]
    answers: list[dict[str, Any]]


def turns_of(value: Any) -> list[Turn] | str:
    """The messages of a list, or of its JSON as text, or what is wrong with it.

    A message has `role` and `content`, or ShareGPT's `from` and `value`; content may be text or a list of parts, of
    which only text can be judged. Keys other than these are ignored.
    """
    items = _list_in(value)
    if isinstance(items, str):
        return items
    turns = []
    for place, item in enumerate(items):
        turn = _turn(item)
        if isinstance(turn, str):
            return placed(f"[{place}]", turn)
        turns.append(turn)
    return turns or "a list of 0, expected messages"


def messages_of(turns: Sequence[Turn]) -> list[dict[str, Any]]:
    """Turns as the messages of judgelake's JSONL."""
    return [{"role": turn.role, "content": turn.content} for turn in turns]


def answered(conversations: Sequence[Sequence[Turn]]) -> Answered | str:
    """Whole conversations as answers to the same user turns, or why they are not.

    If the answers differ only at the end, everything before is what the judge is told, and an answer is its last
    text. If they differ before, as when two models talked to one user, an answer is all of its turns.
    """
    for turns in conversations:
        if not turns or turns[-1].role != "assistant":
            return "the last message is not the assistant's, so there is no answer to judge"
    asked = [[turn for turn in turns if turn.role != "assistant"] for turns in conversations]
    if any(other != asked[0] for other in asked):
        return "the user's turns differ"
    if all(list(turns[:-1]) == list(conversations[0][:-1]) for turns in conversations):
        answers: list[dict[str, Any]] = [{"text": turns[-1].content} for turns in conversations]
        return Answered(messages_of(conversations[0][:-1]), answers)
    users = sum(turn.role == "user" for turn in asked[0])
    replies = [[turn.content for turn in turns if turn.role == "assistant"] for turns in conversations]
    if any(len(said) != users for said in replies):
        return "user and assistant do not alternate"
    return Answered(messages_of(asked[0]), [{"turns": said} for said in replies])


def first_turns(turns: Sequence[Turn], users: int) -> list[Turn]:
    """The conversation up to the answer to that many user turns; the whole one if it has no more."""
    kept, seen = [], 0
    for turn in turns:
        seen += turn.role == "user"
        if seen > users:
            break
        kept.append(turn)
    return kept


def _list_in(value: Any) -> list[Any] | str:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return "text, expected a list of messages"
    return value if isinstance(value, list) else f"{kind_of(value)}, expected a list of messages"


def _turn(item: Any) -> Turn | str:
    if not isinstance(item, Mapping):
        return f"{kind_of(item)}, expected a message"
    role = item.get("role", item.get("from"))
    if not isinstance(role, str) or role.lower() not in ROLES:
        return f".role: {kind_of(role)}, expected user, assistant or system"
    content = _content(item.get("content", item.get("value")))
    return content if isinstance(content, str) else Turn(ROLES[role.lower()], content[0])


def _content(value: Any) -> tuple[str] | str:
    """The text in a tuple of one, or what is wrong with it."""
    if isinstance(value, list):
        parts = []
        for place, part in enumerate(value):
            kind = part.get("type", "text") if isinstance(part, Mapping) else None
            if kind not in ("text", "input_text", "output_text"):
                return f".content[{place}]: {kind_of(kind)}, but judges see only text"
            parts.append(part.get("text"))
    else:
        parts = [value]
    problem = next((problem for part in parts if (problem := text(part)) is not None), None)
    return ("\n".join(parts),) if problem is None else f".content: {problem}"
