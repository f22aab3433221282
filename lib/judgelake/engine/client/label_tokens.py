"""The first token of each label directly after the prompt, by the server's own tokenizer."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from judgelake.comparisons import Failure
from judgelake.engine.call import Ask
from judgelake.engine.client.body import CONTINUED

Tokenize = Callable[[dict[str, Any]], Awaitable[list[int] | Failure | None]]
"""Token ids of a /tokenize body; None if the server has no /tokenize, a failure if it cannot answer at the moment."""

# The tokens of a label depend on the text directly before it, never on text further back than this.
TAIL_CHARACTERS = 32


class LabelTokens:
    """The tokens of the labels a client needs, each looked up once and shared by all calls that wait for it."""

    def __init__(self, tokenize: Tokenize) -> None:
        """No request is sent before the first `of`."""
        self._tokenize = tokenize
        self._tasks: dict[Any, asyncio.Task[dict[str, int] | Failure | None]] = {}

    async def of(self, ask: Ask) -> dict[str, int] | Failure | None:
        """Like `label_token_ids`; a failure is not kept, so that a later call tries again."""
        key = label_key(ask)
        if key not in self._tasks:
            self._tasks[key] = asyncio.create_task(label_token_ids(ask, self._tokenize))
        task = self._tasks[key]
        token_ids = await asyncio.shield(task)
        if isinstance(token_ids, Failure) and self._tasks.get(key) is task:
            del self._tasks[key]
        return token_ids

    def cancel(self) -> None:
        """Cancel all lookups."""
        for task in self._tasks.values():
            task.cancel()


def label_key(ask: Ask) -> tuple[str | None, tuple[str, ...]]:
    """What the labels' tokens depend on: the labels and the end of what precedes them (of a chat its template's)."""
    text = _begun(ask) if ask.prompt.is_continued else ask.prompt.text
    return (None if text is None else text[-TAIL_CHARACTERS:], ask.labels or ())


async def label_token_ids(ask: Ask, tokenize: Tokenize) -> dict[str, int] | Failure | None:
    """The first token of each label directly after this prompt; None if the server has no /tokenize.

    If any of its requests fails, all of it fails: a map with a label missing would be taken as complete.

    Labels with the same first token ("1" and "10") cannot be distinguished by one token and are left out, so that
    their log-probability is missing rather than wrong.
    """
    labels = ask.labels or ()
    before = await tokenize(_prompt(ask))
    if before is None or isinstance(before, Failure):
        return before
    first: dict[str, int] = {}
    for label in labels:
        token = await _first_token(ask, label, before, tokenize)
        if isinstance(token, Failure):
            return token
        if token is not None:
            first[label] = token
    shared = Counter(first.values())
    return {label: token for label, token in first.items() if shared[token] == 1}


async def _first_token(ask: Ask, label: str, before: Sequence[int], tokenize: Tokenize) -> int | Failure | None:
    together = await tokenize(_prompt(ask, label))
    if isinstance(together, Failure):
        return together
    if together is not None and len(together) > len(before) and list(together[: len(before)]) == list(before):
        return together[len(before)]
    # The label merges with the prompt's last token, or the template inserts text before it.
    alone = await tokenize({"prompt": label, "add_special_tokens": False})
    if isinstance(alone, Failure):
        return alone
    return alone[0] if alone else None


def _prompt(ask: Ask, label: str | None = None) -> dict[str, Any]:
    if ask.prompt.text is not None:
        return {"prompt": ask.prompt.text[-TAIL_CHARACTERS:] + (label or "")}
    # The content of the messages does not matter: the label follows the template's own text. Their roles may matter.
    messages = [{"role": item.role, "content": "?"} for item in ask.prompt.messages or ()]
    if ask.prompt.is_continued:
        begun = {"role": "assistant", "content": _begun(ask)[-TAIL_CHARACTERS:] + (label or "")}
        return {"messages": [*messages[:-1], begun], **CONTINUED}
    if label is None:
        return {"messages": messages, "add_generation_prompt": True}
    return {"messages": [*messages, {"role": "assistant", "content": label}], **CONTINUED}


def _begun(ask: Ask) -> str:
    """The beginning of the answer that the model continues."""
    return (ask.prompt.messages or ())[-1].content
