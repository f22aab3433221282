"""Prompts as token ids: whether a server may be sent them, and what it then leaves to the client."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from judgelake.comparisons import Failure
from judgelake.engine.call import Ask, Reply, Sending
from judgelake.engine.client.body import CONTINUED, OF_THE_TEMPLATE
from judgelake.engine.config import Engine
from judgelake.judges import Prompt, without_thinking

Tokenize = Callable[[dict[str, Any]], Awaitable[list[int] | Failure | None]]

# Fields that mean the same to vLLM's two APIs (0.32). Others, such as reasoning_effort, only its chats know.
OF_BOTH_APIS = frozenset(
    (
        *("frequency_penalty", "presence_penalty", "logit_bias", "top_k", "min_p", "length_penalty", "bad_words"),
        *("stop_token_ids", "include_stop_str_in_output", "ignore_eos", "min_tokens", "allowed_token_ids"),
        *("skip_special_tokens", "spaces_between_special_tokens", "repetition_detection", "thinking_token_budget"),
        *("priority", "cache_salt", "vllm_xargs", "user", "request_id", "session_id"),
    )
)


def field_of_texts(engine: Engine) -> str | None:
    """A field of `engine.body` that may mean another thing with token ids, so that none are sent; None if none may."""
    return next((name for name in sorted(engine.body) if name not in OF_BOTH_APIS.union(OF_THE_TEMPLATE)), None)


class SentIds:
    """Decides for one server whether ids are sent: if it makes the same ids of a first prompt as the tokenizer here."""

    def __init__(self, sending: Sending | None, tokenize: Tokenize) -> None:
        """The server is asked when a first request has ids."""
        self._sending = sending
        self._tokenize = tokenize
        self._check: asyncio.Task[bool | Failure] | None = None

    async def of(self, ask: Ask, *, is_vllm: bool) -> Ask | Failure:
        """The request as it is sent: without its ids, unless the server takes them; a failed check is tried again."""
        if ask.ids is None or self._sending is None or not is_vllm:
            return replace(ask, ids=None)
        if self._check is None:
            self._check = asyncio.create_task(self._are_equal(self._sending))
        check = self._check
        is_equal = await asyncio.shield(check)
        if isinstance(is_equal, Failure):
            self._check = None if self._check is check else self._check
            return is_equal
        return ask if is_equal else replace(ask, ids=None)

    def more_fields(self, ask: Ask) -> dict[str, Any]:
        """What a request needs so that the answer shows the thinking, whose marks may be special tokens."""
        return {"skip_special_tokens": False} if self._splits(ask) else {}

    def read(self, reply: Reply, ask: Ask) -> Reply:
        """The reply with its thinking apart, as the server would have given it for a chat."""
        if not self._splits(ask) or self._sending is None:
            return reply
        whole = (self._sending.opened or "") + reply.text
        answer = without_thinking(whole)
        if answer is None:
            return replace(reply, text="", thinking=reply.text)
        return reply if answer == whole else replace(reply, text=answer, thinking=whole.removesuffix(answer))

    def cancel(self) -> None:
        """End the check."""
        if self._check is not None:
            self._check.cancel()

    def _splits(self, ask: Ask) -> bool:
        is_chat = ask.prompt.messages is not None
        return is_chat and ask.ids is not None and self._sending is not None and self._sending.splits_thinking

    async def _are_equal(self, sending: Sending) -> bool | Failure:
        ids = await self._tokenize(_body(sending.text))
        return ids if isinstance(ids, Failure) else ids == list(sending.ids)


def _body(prompt: Prompt) -> dict[str, Any]:
    if prompt.messages is None:
        return {"prompt": prompt.text}
    return {"messages": prompt.to_record(), **(CONTINUED if prompt.is_continued else {"add_generation_prompt": True})}
