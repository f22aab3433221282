"""Whether a prompt fits the judge's context, and cutting answers equally where it does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from judgelake.judges import Answer, Comparison, Failure, Prompt, Status, render
from judgelake.judging.judge import Judge

# What a chat template may add around the messages; only used to skip counting, so generous is safe.
TEMPLATE_TOKENS = 256
CUT_MARK = " [... cut: answer longer than the judge can read]"

CountTokens = Callable[[Prompt], int]


@dataclass(frozen=True, slots=True)
class Fitted:
    """A prompt that fits (or whose length only the server can tell), and whether answers were cut for it."""

    prompt: Prompt
    trimmed: bool = False


def render_fitting(judge: Judge, comparison: Comparison, order: str, overflow: str) -> Fitted | Failure:
    """Render one request and hold it against the context, minus the tokens kept for the output.

    A token is at least one byte, so only a prompt with more bytes than the budget is counted. Where the
    judge's tokenizer is not at hand the prompt passes, and the server's own refusal becomes the row's status.

    Args:
        judge: the judge asked.
        comparison: what is judged.
        order: letters of the answers in the order shown.
        overflow: "fail", or "trim" to cut all answers to one common length that fits.
    """
    prompt = render(judge.spec, judge.mode, comparison, order, judge.reference)
    if isinstance(prompt, Failure):
        return prompt
    budget = judge.context_length - judge.decoding.max_tokens
    if prompt.bytes + TEMPLATE_TOKENS <= budget:
        return Fitted(prompt)
    count = token_counter(judge.model, judge.revision)
    if count is None:
        return Fitted(prompt)
    tokens = count(prompt)
    if tokens <= budget:
        return Fitted(prompt)
    overflowing = Failure(Status.CONTEXT_OVERFLOW, f"prompt of {tokens} tokens, {budget} fit")
    return _trim(judge, comparison, order, budget, count) or overflowing if overflow == "trim" else overflowing


def _trim(judge: Judge, comparison: Comparison, order: str, budget: int, count: CountTokens) -> Fitted | None:
    """The prompt with every answer cut to the greatest common length that fits; None when none does."""
    # A token rarely stands for more than 16 characters, so a longer cut could not fit anyway.
    longest = max(len(text) for answer in comparison.answers for text in (answer.turns or (answer.text or "",)))
    fits, too_long = -1, min(longest, budget * 16) + 1
    best: Prompt | None = None
    while too_long - fits > 1:
        length = (fits + too_long) // 2
        prompt = render(judge.spec, judge.mode, cut_answers(comparison, length), order, judge.reference)
        if isinstance(prompt, Failure):
            return None
        if count(prompt) <= budget:
            fits, best = length, prompt
        else:
            too_long = length
    return None if best is None else Fitted(best, trimmed=True)


def cut_answers(comparison: Comparison, length: int) -> Comparison:
    """The comparison with every answer (every turn of it) of at most `length` characters, cuts marked."""

    def cut(text: str) -> str:
        return text if len(text) <= length else text[:length] + CUT_MARK

    def shortened(answer: Answer) -> Answer:
        turns = None if answer.turns is None else tuple(cut(turn) for turn in answer.turns)
        return replace(answer, text=None if answer.text is None else cut(answer.text), turns=turns)

    return replace(comparison, answers=tuple(shortened(answer) for answer in comparison.answers))


@lru_cache(maxsize=4)
def token_counter(model: str, revision: str | None) -> CountTokens | None:
    """A function that counts a prompt's tokens as the server will see them; None without a tokenizer here.

    Only a local model folder, or a model already in the local cache, is read: a planner on thousands of
    tasks must not download.
    """
    if not _is_at_hand(model, revision):
        return None
    try:
        from transformers import AutoTokenizer  # heavy: only loaded when a prompt is long
    except ImportError:
        return None
    try:
        tokenizer: Any = AutoTokenizer.from_pretrained(model, revision=revision, local_files_only=True)
    except (OSError, ValueError):
        return None
    return lambda prompt: _count(tokenizer, prompt)


def _is_at_hand(model: str, revision: str | None) -> bool:
    """Whether the model's tokenizer can lie on this machine; spares the seconds of transformers' import if not."""
    if Path(model).is_dir():
        return True
    try:
        from huggingface_hub import try_to_load_from_cache
    except ImportError:
        return False
    try:
        return isinstance(try_to_load_from_cache(model, "tokenizer_config.json", revision=revision), str)
    except ValueError:  # no name a hub could know
        return False


def _count(tokenizer: Any, prompt: Prompt) -> int:
    if prompt.messages is None:
        return len(tokenizer(prompt.text)["input_ids"])
    messages = [{"role": message.role, "content": message.content} for message in prompt.messages]
    return len(tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=True)["input_ids"])
