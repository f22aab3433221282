"""Which token stands for a label right after the prompt, as the server's own tokenizer has it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from judgelake.comparisons import Failure
from judgelake.engine.call import Ask

Tokenize = Callable[[dict[str, Any]], Awaitable[list[int] | Failure | None]]
"""Token ids of a /tokenize body; None where the server cannot tell, a failure where it cannot tell just now."""

# The tokens of a label depend on the text right before it, never on text further back than this.
TAIL_CHARACTERS = 32


class LabelTokens:
    """The tokens of the labels a client was asked for, each looked up once and shared by all calls that wait for it."""

    def __init__(self, tokenize: Tokenize) -> None:
        """Nothing is asked before the first `of`."""
        self._tokenize = tokenize
        self._tasks: dict[Any, asyncio.Task[dict[str, int] | Failure | None]] = {}

    async def of(self, ask: Ask) -> dict[str, int] | Failure | None:
        """As `label_token_ids`; a failure is forgotten, so that a later call tries again."""
        key = label_key(ask)
        if key not in self._tasks:
            self._tasks[key] = asyncio.create_task(label_token_ids(ask, self._tokenize))
        task = self._tasks[key]
        found = await asyncio.shield(task)
        if isinstance(found, Failure) and self._tasks.get(key) is task:
            del self._tasks[key]
        return found

    def cancel(self) -> None:
        """Stop looking."""
        for task in self._tasks.values():
            task.cancel()


def label_key(ask: Ask) -> tuple[str | None, tuple[str, ...]]:
    """What the label's tokens depend on: the labels, and the end of a completion prompt (a chat's is its template)."""
    text = ask.prompt.text
    return (None if text is None else text[-TAIL_CHARACTERS:], ask.labels or ())


async def label_token_ids(ask: Ask, tokenize: Tokenize) -> dict[str, int] | Failure | None:
    """The first token of each label when it follows this prompt; None where the server has no /tokenize.

    A failure of any of its questions is the whole's: a map with a label missing would be taken for the truth.

    A label whose first token another label shares ("1" and "10") cannot be told from it in one token and is
    left out, so that its log-probability is missing rather than another's.
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
    # The label merges with the prompt's last token, or the template puts something before it.
    alone = await tokenize({"prompt": label, "add_special_tokens": False})
    if isinstance(alone, Failure):
        return alone
    return alone[0] if alone else None


def _prompt(ask: Ask, label: str | None = None) -> dict[str, Any]:
    if ask.prompt.text is not None:
        return {"prompt": ask.prompt.text[-TAIL_CHARACTERS:] + (label or "")}
    # The words of the messages do not matter: the label follows the template's own text. Their roles may.
    messages = [{"role": item.role, "content": "?"} for item in ask.prompt.messages or ()]
    if label is None:
        return {"messages": messages, "add_generation_prompt": True}
    return {
        "messages": [*messages, {"role": "assistant", "content": label}],
        "add_generation_prompt": False,
        "continue_final_message": True,
    }
