"""A request to an engine, its reply, and the protocol of whatever answers requests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

from judgelake.api import failure_of_thinking_alone
from judgelake.comparisons import Failure
from judgelake.engine.keys import JUDGE, Keys
from judgelake.judges import Decoding, Prompt


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an OpenAI-compatible API listens: `base_url` up to and including /v1, over a Unix socket if `uds` is set.

    A server behind a Unix socket is the executor's own: if it dies, the task fails and its retry starts it again.
    `key_name` says where the key came from, and `keys` what the job's config calls the model, for messages.
    """

    base_url: str
    uds: str | None
    api_key: str | None = field(repr=False)
    model: str
    key_name: str | None = None
    keys: Keys = JUDGE


@dataclass(frozen=True, slots=True)
class Ask:
    """One call. `choices` constrain the whole output; `labels` are those whose log-probabilities are wanted.

    `labels` are read at the first output token, or by a decision endpoint if it `decides`: then the prompt's two
    messages are what is judged and the question. `cost_bytes` is what the call uses of a window's bytes. `repeat`
    counts the repeats of one request from 0: it is added to the seed of a judge that samples. `ids` are the prompt's
    token ids, sent in place of its text where the server takes them; None sends the text.
    """

    prompt: Prompt
    decoding: Decoding
    choices: tuple[str, ...] | None = None
    labels: tuple[str, ...] | None = None
    cost_bytes: int = 0
    repeat: int = 0
    decides: bool = False
    ids: Sequence[int] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Sending:
    """How a client may send the ids of prompts.

    `text` and `ids` are a first prompt and what the model's tokenizer makes of its text: a server that makes other ids
    of it is sent texts. `opened` is the mark of the thinking that the chat template opens before the answer.
    `splits_thinking` means that the server is expected to take thinking out of the answer to a chat, which it does not
    do where ids are sent.
    """

    text: Prompt
    ids: tuple[int, ...]
    opened: str | None = None
    splits_thinking: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. Counts of tokens are None if the server does not report them, `label_logprobs` if not requested.

    A label for which the server returned no log-probability is missing from `label_logprobs`; of `bounded_labels` it
    is an upper bound. `text` holds no `thinking` that the server returned separately. Not `is_mass_known`: the
    log-probabilities are those among the labels alone, so that nothing is known of other tokens. `sent_ids` says that
    the prompt went as token ids, not as text.
    """

    text: str
    finish_reason: str | None
    prompt_tokens: int | None
    cached_tokens: int | None
    output_tokens: int | None
    label_logprobs: dict[str, float] | None
    latency_ms: float
    thinking: str = ""
    bounded_labels: tuple[str, ...] = ()
    is_mass_known: bool = True
    sent_ids: bool = False

    def without_answer(self) -> Failure | None:
        """Why there is only thinking and no answer to read; None if there is an answer, or no thinking either."""
        return failure_of_thinking_alone(self.text, self.thinking, self.finish_reason)


class Asker(Protocol):
    """Whatever answers requests: `Client`, or the caller's own object."""

    async def ask(self, ask: Ask) -> Reply | Failure:
        """The reply, or why there is none; an exception means that no further request is possible."""
        ...


AskerFactory = Callable[[], AbstractAsyncContextManager[Asker]]
"""Opens an asker inside the event loop that will use it."""
