"""Conversations, in ShareGPT's layout or OpenAI's: up to the last user turn; the reply to it is a reference answer.

Sources: huggingface.co/datasets/anon8231489123/ShareGPT_Vicuna_unfiltered ("conversations" of "from" and "value");
OpenAI's fine-tuning files and many sets on Hugging Face ("messages" of "role" and "content").
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from judgelake.comparisons import placed
from judgelake.sources import messages_of, turns_of

KEYS = ("conversations", "conversation", "messages")


def record_of(value: Mapping[str, Any]) -> dict[str, Any] | str:
    """The record of a seed, or why there is none.

    A conversation that begins with a reply, as pieces of long ones do, lacks the question of that reply and is no seed.
    """
    key = next((key for key in KEYS if value.get(key) is not None), None)
    if key is None:
        return f"{' or '.join(KEYS)}: missing"
    turns = turns_of(value[key])
    if isinstance(turns, str):
        return placed(key, turns)
    roles = [turn.role for turn in turns]
    if next((role for role in roles if role != "system"), None) == "assistant":
        return f"{key}: it begins with a reply, to a question that is not there"
    if "user" not in roles:
        return f"{key}: it has no turn of the user"
    last = len(roles) - 1 - roles[::-1].index("user")
    reply = turns[last + 1].content if last + 1 < len(turns) and roles[last + 1] == "assistant" else None
    return {"messages": messages_of(turns[: last + 1]), "reference": reply or None}
