"""A model judges labelled comparisons in the middle of its training: real prompts, greedy decoding, the real parser."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import GenerationConfig, StoppingCriteria, StoppingCriteriaList

from judgelake.comparisons import Failure, Reading, Status
from judgelake.judges import Decoding, JudgeSpec, parse
from judgelake.trainer.agreement import figures
from judgelake.trainer.batch import padded
from judgelake.trainer.last_layer import float32_head, takes_columns
from judgelake.trainer.passes import by_all_processes, longest_first, not_learning
from judgelake.trainer.prompts import LabelledPrompt
from judgelake.training import verdict_of_head

ANSWERS = 2
# A stop text begins in the last tokens; more need not be looked at after each.
TAIL_TOKENS = 16


@dataclass(frozen=True, slots=True)
class Answer:
    """A model's answer, as an engine returns it."""

    text: str = ""
    finish_reason: str = "stop"
    label_logprobs: dict[str, float] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Judging:
    """A judge's mode with what decodes its answers.

    `ends` are the tokens at which an answer ends, `pad` fills up shorter prompts, `label_ids` gives each label's token
    in a mode that decides by them.
    """

    tokenizer: Any
    judge: JudgeSpec
    mode: str
    ends: Sequence[int]
    pad: int
    label_ids: dict[str, int]
    prompts_at_once: int

    def figures(self, model: Any, prompts: Sequence[LabelledPrompt]) -> dict[str, float]:
        """The figures of `agreement.figures`, of prompts that the processes share among them."""
        readings = by_all_processes(prompts, lambda mine: self.readings(model, mine))
        return figures(prompts, readings)

    def readings(self, model: Any, prompts: Sequence[LabelledPrompt]) -> list[Reading | Failure]:
        """What the judge says to each prompt, in the order shown; leaves the model as it was."""
        return [self.read(answer) for answer in self.answers(model, prompts)]

    def answers(self, model: Any, prompts: Sequence[LabelledPrompt]) -> list[Answer]:
        """The model's answer to each prompt; leaves the model as it was."""
        with not_learning(model):
            return self._answers(model, [prompt.input_ids for prompt in prompts])

    def read(self, answer: Answer) -> Reading | Failure:
        """What an answer says, by the judge's parser."""
        return parse(
            self.judge,
            self.mode,
            answer.text,
            answers=ANSWERS,
            finish_reason=answer.finish_reason,
            label_logprobs=answer.label_logprobs,
        )

    def _answers(self, model: Any, prompts: Sequence[tuple[int, ...]]) -> list[Answer]:
        answers = [Answer()] * len(prompts)
        for batch in longest_first([len(prompt) for prompt in prompts], self.prompts_at_once):
            for place, answer in zip(batch, self._at_once(model, [prompts[place] for place in batch]), strict=True):
                answers[place] = answer
        return answers

    def _at_once(self, model: Any, prompts: Sequence[tuple[int, ...]]) -> Iterator[Answer]:
        ids, mask = self._padded(prompts, model.device)
        decides = self.judge.mode(self.mode).labels_decide
        return (self._labels if decides else self._texts)(model, ids, mask)

    def _padded(self, prompts: Sequence[tuple[int, ...]], device: Any) -> tuple[torch.Tensor, torch.Tensor]:
        """Prompts padded on the left, so that all end where the answers begin."""
        longest = max(map(len, prompts))
        ids = torch.full((len(prompts), longest), self.pad)
        mask = torch.zeros_like(ids)
        for row, prompt in enumerate(prompts):
            ids[row, longest - len(prompt) :] = torch.tensor(prompt)
            mask[row, longest - len(prompt) :] = 1
        return ids.to(device), mask.to(device)

    def _labels(self, model: Any, ids: torch.Tensor, mask: torch.Tensor) -> Iterator[Answer]:
        positions = (mask.cumsum(1) - 1).clamp(min=0)
        wanted = {"logits_to_keep": 1} if takes_columns(model) else {}
        with float32_head(model):
            outputs = model(input_ids=ids, attention_mask=mask, position_ids=positions, use_cache=False, **wanted)
        for row in outputs.logits[:, -1].float().log_softmax(-1):
            yield Answer(label_logprobs={label: row[token].item() for label, token in self.label_ids.items()})

    def _texts(self, model: Any, ids: torch.Tensor, mask: torch.Tensor) -> Iterator[Answer]:
        decoding = self.judge.decoding_of(self.mode)
        greedy = GenerationConfig(
            do_sample=False,
            max_new_tokens=decoding.max_tokens,
            repetition_penalty=decoding.repetition_penalty,
            eos_token_id=list(self.ends),
            pad_token_id=self.pad,
            use_cache=True,
        )
        stops = [_StopTexts(self.tokenizer, decoding.stop, ids.shape[1])] if decoding.stop else []
        made = model.generate(
            input_ids=ids,
            attention_mask=mask,
            generation_config=greedy,
            stopping_criteria=StoppingCriteriaList(stops),
        )
        for tokens in made[:, ids.shape[1] :].tolist():
            yield self._answer(tokens, decoding)

    def _answer(self, tokens: list[int], decoding: Decoding) -> Answer:
        end = next((place for place, token in enumerate(tokens) if token in self.ends), None)
        text = self.tokenizer.decode(tokens[:end], skip_special_tokens=True)
        found = [place for stop in decoding.stop if (place := text.find(stop)) >= 0]
        if found:
            return Answer(text[: min(found)])
        return Answer(text, "length" if end is None else "stop")


@dataclass(frozen=True, slots=True, eq=False)
class HeadJudging(Judging):
    """Reads a head's own output: the largest class, or the sign of the score's difference."""

    def read(self, answer: Answer) -> Reading | Failure:
        """The verdict of the numbers that an answer lists."""
        values = json.loads(answer.text)
        if not all(map(math.isfinite, values)):
            return Failure(Status.UNPARSEABLE, f"the head's output is not a number: {answer.text}")
        return Reading(verdict=verdict_of_head(values))

    def _at_once(self, model: Any, prompts: Sequence[tuple[int, ...]]) -> Iterator[Answer]:
        # On the right: models with absolute positions count from the first column.
        ids, mask = padded(prompts, self.pad)
        logits = model(input_ids=ids.to(model.device), attention_mask=mask.to(model.device)).logits
        for row in logits.float().tolist():
            yield Answer(json.dumps(row))


class _StopTexts(StoppingCriteria):  # type: ignore[misc]  # transformers has no types
    """Ends each answer that holds a stop text."""

    def __init__(self, tokenizer: Any, stops: Sequence[str], prompt_tokens: int) -> None:
        self._tokenizer, self._stops, self._start = tokenizer, stops, prompt_tokens

    def __call__(self, input_ids: torch.Tensor, scores: Any, **_: Any) -> torch.Tensor:
        begin = max(self._start, input_ids.shape[1] - TAIL_TOKENS)
        texts = self._tokenizer.batch_decode(input_ids[:, begin:].tolist(), skip_special_tokens=True)
        done = [any(stop in text for stop in self._stops) for text in texts]
        return torch.tensor(done, device=input_ids.device)
