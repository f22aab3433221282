"""Counting a prompt's tokens, and cutting answers equally if the prompt does not fit the judge's context."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from judgelake.comparisons import Comparison, Failure, Message, Status
from judgelake.engine import (
    Encoder,
    ShippedTokenizer,
    UnsafeTokenizerError,
    downloaded_tokenizer_folder,
    load_tokenizer,
    ship_tokenizer,
    token_ids,
)
from judgelake.engine import tokenizer_folder as engine_folder
from judgelake.errors import UserError, in_one_line
from judgelake.jobs.judge.resolve import Judge
from judgelake.judges import Prompt, control_pattern, neutralised, render_orders, trimmed

# What a chat template may add around the messages; only used to skip counting, so a generous value is safe.
TEMPLATE_TOKENS = 256
# What a decision endpoint adds: at most 26 options with their letters, and a line that asks for one.
OPTIONS_TOKENS = 256

CountTokens = Callable[[Prompt], int]


@dataclass(frozen=True, slots=True)
class Fitted:
    """A prompt that is asked, and whether answers were cut for it."""

    prompt: Prompt
    trimmed: bool = False


@dataclass(frozen=True, slots=True)
class Trimming:
    """Cuts answers where a prompt is longer than the judge's context minus the tokens for the output.

    Picklable, with the judge's tokenizer in it: every machine cuts alike, whatever models and caches it has.
    """

    judge: Judge
    tokenizer: ShippedTokenizer

    def fitted(self, prompt: Prompt, comparison: Comparison, order: str) -> Fitted | Failure:
        """The prompt of a comparison in an order if it fits, else with all answers cut to one common length.

        A token is at least one byte, so only a prompt with more bytes than the budget is counted.

        Returns:
            `Failure` with the status context_overflow if the prompt does not fit even with the shortest answers.

        Raises:
            UserError: the tokenizer cannot be loaded here, or the model's chat template does not accept the prompt.
        """
        budget = token_budget(self.judge)
        if prompt.bytes + TEMPLATE_TOKENS <= budget:
            return Fitted(prompt)
        count = _counter(self.judge, _loaded(self.judge, self.tokenizer.load))
        tokens = count(prompt)
        if tokens <= budget:
            return Fitted(prompt)
        best = trimmed(comparison, budget, lambda shorter: rendered(self.judge, shorter, order), count)
        if best is None:
            return Failure(Status.CONTEXT_OVERFLOW, f"the prompt has {tokens} tokens, but only {budget} fit")
        return Fitted(best, trimmed=True)


def trimming_of(judge: Judge) -> Trimming:
    """What cuts this judge's prompts; its tokenizer is looked for on this machine, then on Hugging Face.

    Raises:
        UserError: the tokenizer cannot be had, or its chat template does not accept the judge's messages: nothing may
            be asked, since prompts that are too long would go untrimmed.
    """
    folder = tokenizer_folder(judge) or _downloaded(judge)
    tokenizer = _loaded(judge, lambda: load_tokenizer(folder))
    count = _counter(judge, tokenizer)
    if judge.is_served and not _takes_chats_of(judge, count):
        raise UserError(
            f"overflow: trim needs the chat template that the server uses, but that of {judge.model!r} here does not "
            f"accept the messages of judge {judge.spec.name!r}, mode {judge.mode!r}. {_remedy(judge)}"
        )
    return Trimming(judge, ship_tokenizer(folder))


def _downloaded(judge: Judge) -> Path:
    # Only a name with its owner: servers give models short names that others have on Hugging Face.
    why = "it is not the name of a model on Hugging Face"
    if "/" in judge.model or not judge.is_served:
        try:
            return downloaded_tokenizer_folder(judge.model, judge.revision)
        except Exception as error:  # huggingface_hub and its network raise many kinds
            why = in_one_line(error)
    raise UserError(
        f"overflow: trim needs the tokenizer of the model {judge.model!r}, which is not on this machine and cannot be "
        f"downloaded: {why}. {_remedy(judge)}"
    )


def _remedy(judge: Judge) -> str:
    if judge.is_served:
        return (
            "Serve the model under its name on Hugging Face and set judge.model to it, or set overflow: fail, with "
            "which the server decides what is too long."
        )
    return "Set judge.model to a folder or to a name on Hugging Face that this machine can reach, or overflow: fail."


def token_budget(judge: Judge) -> int:
    """Tokens that a prompt may have: the judge's context minus what is reserved for the output."""
    return judge.context_length - judge.decoding.max_tokens


def rendered(judge: Judge, comparison: Comparison, order: str) -> Prompt | Failure:
    """As `rendered_orders`, for one order."""
    prompts = rendered_orders(judge, comparison, (order,))
    return prompts if isinstance(prompts, Failure) else prompts[0]


def rendered_orders(judge: Judge, comparison: Comparison, orders: Sequence[str]) -> list[Prompt] | Failure:
    """The whole prompt of a comparison with its answers shown in each of the orders, or why it cannot be judged.

    Raises:
        UserError: the judge's template cannot be rendered for the comparison.
    """
    prompts = render_orders(judge.spec, judge.mode, comparison, orders, judge.reference)
    if isinstance(prompts, Failure) or not judge.neutralises:
        return prompts
    pattern = control_pattern(judge.spec, judge.mode)
    return [neutralised(prompt, pattern) for prompt in prompts]


def token_counter(judge: Judge) -> CountTokens | None:
    """A function that counts a prompt's tokens as the server will; None if there is no tokenizer on this machine.

    Only for estimates: which requests a job makes must not depend on what a machine has.

    Raises:
        UserError: the tokenizer of a model that we start ourselves cannot be loaded.
    """
    folder = tokenizer_folder(judge)
    try:
        tokenizer = None if folder is None else _tokenizer(folder)
    except Exception as error:  # any error from a broken file, or from the code that comes with a model
        if judge.is_served:
            return None
        raise _unusable(judge, error) from error
    if tokenizer is None:
        return None
    count = _counter(judge, tokenizer)
    return count if not judge.is_served or _takes_chats_of(judge, count) else None


def _tokenizer(folder: Path) -> Any:
    try:
        return load_tokenizer(folder)
    except (OSError, ValueError):
        return None


def _loaded(judge: Judge, load: Callable[[], Any]) -> Any:
    """The tokenizer that overflow: trim cannot do without."""
    try:
        tokenizer = load()
    except Exception as error:  # as above
        raise _unusable(judge, error) from error
    if tokenizer is None:
        raise UserError("overflow: trim needs the package transformers on the driver and on every executor.")
    return tokenizer


def _unusable(judge: Judge, error: Exception) -> UserError:
    return UserError(
        f"The tokenizer of the model {judge.model!r} (judge {judge.spec.name!r}, mode {judge.mode!r}) cannot be "
        f"loaded: {in_one_line(error)}. Fix the model's folder, or set judge.model to another."
    )


def _counter(judge: Judge, tokenizer: Any) -> CountTokens:
    counted = counter_with(tokenizer, judge.model, judge.chat_template)
    decides = judge.spec.mode(judge.mode).verdict_from == "decision"

    def count(prompt: Prompt) -> int:
        return counted(prompt.as_one_message) + OPTIONS_TOKENS if decides else counted(prompt)

    return count


def _takes_chats_of(judge: Judge, count: CountTokens) -> bool:
    """Whether the template here accepts the judge's messages; a server already running may have another one."""
    messages = tuple(Message(message.role, "?") for message in judge.spec.mode(judge.mode).messages)
    try:
        count(Prompt(messages=messages) if messages else Prompt(text="?"))
    except UserError:
        return False
    return True


def tokenizer_folder(judge: Judge) -> Path | None:
    """Where the model's tokenizer is on this machine; None if it is not here."""
    return engine_folder(str(judge.weights.folder or judge.model), judge.revision, is_served=judge.is_served)


@lru_cache(maxsize=4)
def counter_with(tokenizer: Any, model: str, chat_template: str | None) -> CountTokens:
    """A function that counts a prompt's tokens; for its arguments and errors see `judgelake.engine.token_ids`.

    Control strings in the material count as the text that they are sent as, where the tokenizer can do that: several
    tokens each, so that a prompt which just fits as text may not.
    """
    try:
        encoder = Encoder(tokenizer, model, chat_template)
    except UnsafeTokenizerError:
        return lambda prompt: len(token_ids(tokenizer, prompt, model, chat_template))
    return lambda prompt: len(encoder.ids(prompt))
