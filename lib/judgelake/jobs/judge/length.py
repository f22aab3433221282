"""Whether a prompt fits the judge's context, and cutting answers equally if it does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from judgelake.comparisons import Answer, Comparison, Failure, Message, Status
from judgelake.engine import cached_tokenizer_folder, load_tokenizer, token_ids
from judgelake.engine import tokenizer_folder as engine_folder
from judgelake.errors import UserError, in_one_line
from judgelake.jobs.judge.resolve import Judge
from judgelake.judges import Prompt, render

# What a chat template may add around the messages; only used to skip counting, so a generous value is safe.
TEMPLATE_TOKENS = 256
# What a decision endpoint adds: at most 26 options with their letters, and a line that asks for one.
OPTIONS_TOKENS = 256
CUT_MARK = " [... cut: answer longer than the judge can read]"
# At least 51 characters of a cut answer are kept.
LEAST_CUT = 100

CountTokens = Callable[[Prompt], int]


@dataclass(frozen=True, slots=True)
class Fitted:
    """A prompt that fits (or whose length only the server knows), and whether answers were cut for it."""

    prompt: Prompt
    trimmed: bool = False


class Fitting:
    """Renders requests of one judge and compares their length with its context minus the tokens for the output.

    One instance serves a whole task: it looks for the tokenizer at the first prompt that needs it, and never again.
    """

    def __init__(self, judge: Judge, overflow: str) -> None:
        """Overflow is "fail", or "trim" to cut all answers to one common length that fits."""
        self._judge, self._overflow = judge, overflow
        self._budget = judge.context_length - judge.decoding.max_tokens

    @cached_property
    def _count(self) -> CountTokens | None:
        return token_counter(self._judge)

    def render(self, comparison: Comparison, order: str) -> Fitted | Failure:
        """The prompt of a comparison with its answers shown in `order`, or why it cannot be asked.

        A token is at least one byte, so only a prompt with more bytes than the budget is counted. If the
        judge's tokenizer is not available, the prompt passes, and the server's rejection becomes the row's status.

        Raises:
            UserError: the model's chat template does not accept the prompt.
        """
        prompt = self._rendered(comparison, order)
        if isinstance(prompt, Failure):
            return prompt
        if prompt.bytes + TEMPLATE_TOKENS <= self._budget or self._count is None:
            return Fitted(prompt)
        tokens = self._count(prompt)
        if tokens <= self._budget:
            return Fitted(prompt)
        overflowing = Failure(Status.CONTEXT_OVERFLOW, f"the prompt has {tokens} tokens, but only {self._budget} fit")
        if self._overflow != "trim":
            return overflowing
        return self._trimmed(comparison, order, self._count) or overflowing

    def _rendered(self, comparison: Comparison, order: str) -> Prompt | Failure:
        return render(self._judge.spec, self._judge.mode, comparison, order, self._judge.reference)

    def _trimmed(self, comparison: Comparison, order: str, count: CountTokens) -> Fitted | None:
        """The prompt with every answer cut to the greatest common length that fits; None if no length fits."""
        # A token rarely has more than 16 characters, so a longer cut could not fit anyway.
        longest = max(len(text) for answer in comparison.answers for text in (answer.turns or (answer.text or "",)))
        # So that some text of a cut answer is left to be judged next to the mark.
        fits, too_long = LEAST_CUT - 1, min(longest, self._budget * 16) + 1
        best: Prompt | None = None
        while too_long - fits > 1:
            length = (fits + too_long) // 2
            prompt = self._rendered(cut_answers(comparison, length), order)
            if isinstance(prompt, Failure):
                return None
            if count(prompt) <= self._budget:
                fits, best = length, prompt
            else:
                too_long = length
        return None if best is None else Fitted(best, trimmed=True)


def cut_answers(comparison: Comparison, length: int) -> Comparison:
    """The comparison with every answer (each of its turns) cut to `length` characters, including the mark of a cut."""

    def cut(text: str) -> str:
        return text if len(text) <= length else text[: length - len(CUT_MARK)] + CUT_MARK

    def shortened(answer: Answer) -> Answer:
        turns = None if answer.turns is None else tuple(cut(turn) for turn in answer.turns)
        return replace(answer, text=None if answer.text is None else cut(answer.text), turns=turns)

    return replace(comparison, answers=tuple(shortened(answer) for answer in comparison.answers))


def token_counter(judge: Judge) -> CountTokens | None:
    """A function that counts a prompt's tokens as the server will; None if there is no tokenizer here.

    Only a local model folder, or a model already in the local cache, is read: a planner on thousands of
    tasks must not download.
    """
    folder = tokenizer_folder(judge)
    try:
        tokenizer = None if folder is None else _tokenizer(folder)
    except Exception as error:  # any error from a broken file, or from the code that comes with a model
        if judge.is_served:
            return None
        raise UserError(
            f"The tokenizer of the model {judge.model!r} (judge {judge.spec.name!r}, mode {judge.mode!r}) in {folder} "
            f"cannot be loaded: {in_one_line(error)}. Fix the model's folder, or set judge.model to another."
        ) from error
    if tokenizer is None:
        return None
    counted = counter_with(tokenizer, judge.model, judge.chat_template)
    decides = judge.spec.mode(judge.mode).verdict_from == "decision"

    def count(prompt: Prompt) -> int:
        return counted(prompt.as_one_message) + OPTIONS_TOKENS if decides else counted(prompt)

    return count if not judge.is_served or _takes_chats_of(judge, count) else None


def _takes_chats_of(judge: Judge, count: CountTokens) -> bool:
    """Whether the template here accepts the judge's messages; a server already running may have another one."""
    messages = tuple(Message(message.role, "?") for message in judge.spec.mode(judge.mode).messages)
    try:
        count(Prompt(messages=messages) if messages else Prompt(text="?"))
    except UserError:
        return False
    return True


def tokenizer_folder(judge: Judge) -> Path | None:
    """Where the model's tokenizer is on this machine; a folder that only happens to match a served name is ignored."""
    find = cached_tokenizer_folder if judge.is_served else engine_folder
    return find(str(judge.weights.folder or judge.model), judge.revision)


def _tokenizer(folder: Path) -> Any:
    try:
        return load_tokenizer(folder)
    except (OSError, ValueError):
        return None


def counter_with(tokenizer: Any, model: str, chat_template: str | None) -> CountTokens:
    """A function that counts a prompt's tokens; for its arguments and errors see `judgelake.engine.token_ids`."""
    return lambda prompt: len(token_ids(tokenizer, prompt, model, chat_template))
