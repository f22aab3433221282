"""What is asked of an engine, what it replies, and what can be asked."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

from judgelake.comparisons import Failure
from judgelake.judges import Decoding, Prompt


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an OpenAI-compatible server listens: `base_url` up to and with /v1, over a Unix socket where `uds` is set.

    A server behind a Unix socket is the executor's own: when it is dead the task fails and starts it anew.
    `key_name` says where the key came from, for messages.
    """

    base_url: str
    uds: str | None
    api_key: str | None = field(repr=False)
    model: str
    key_name: str | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """One call. `choices` constrain the whole output; `labels` are wanted with their log-probabilities.

    `labels` are read at the first output token. `cost_bytes` is what the call counts for in a window. `repeat` counts
    the repeats of one request from 0: it is added to the seed of a judge that draws.
    """

    prompt: Prompt
    decoding: Decoding
    choices: tuple[str, ...] | None = None
    labels: tuple[str, ...] | None = None
    cost_bytes: int = 0
    repeat: int = 0


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. `cached_tokens` is None where the server does not tell, `label_logprobs` where none were asked.

    A label the server gave no log-probability for is missing from `label_logprobs`.
    """

    text: str
    finish_reason: str | None
    prompt_tokens: int
    cached_tokens: int | None
    output_tokens: int
    label_logprobs: dict[str, float] | None
    latency_ms: float


class Asker(Protocol):
    """Whatever answers requests: `Client`, or a caller's own."""

    async def ask(self, ask: Ask) -> Reply | Failure:
        """The reply, or why there is none; an exception means that nothing can be asked any more."""
        ...


AskerFactory = Callable[[], AbstractAsyncContextManager[Asker]]
"""Opens an asker inside the event loop that will use it."""
