"""What a training leaves: the model, its adapter, and what it said to the prompts of the validation."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from judgelake.comparisons import Reading
from judgelake.trainer.model import merged, save_adapter, save_model, saved_dtype
from judgelake.trainer.predictions import write_predictions
from judgelake.trainer.prompts import LabelledPrompt
from judgelake.trainer.run_record import MERGED_FLIPS, RunFolder, TrainingRun
from judgelake.trainer.validation import Answer, Judging

Asked = tuple[Judging, Sequence[LabelledPrompt]]
"""How prompts are asked, and which."""


def save_result(
    model: Any, folder: RunFolder, run: TrainingRun, validation: Asked | None, tests: Mapping[str, Asked]
) -> None:
    """Save the trained model, with LoRA its adapter and the base merged with it; the model appears last.

    With a validation, its last answers are written down too, and how many verdicts the merging has changed: the merged
    weights are rounded to the base's format, the adapter's output is not. So are the answers to each test.
    """
    final = model
    said = None if validation is None else _said(model, *validation)
    if run.recipe.lora is not None:
        save_adapter(model, folder.adapter)
        final = merged(run, folder.adapter).to(device=model.device, dtype=saved_dtype(run))
        if validation is not None and said is not None:
            after = _said(final, *validation)
            flips = sum(one.verdict != other.verdict for one, other in zip(said, after, strict=True)) / len(said)
            _add_event(folder, {MERGED_FLIPS: flips})
            said = after
    if validation is not None and said is not None:
        write_predictions(folder.predictions, _lines(validation[1], said))
    for name, (judging, prompts) in tests.items():
        write_predictions(folder.answers(name), _lines(prompts, _said(final, judging, prompts)))
    save_model(final, run, folder.model)


class _Said:
    """A model's answer to a prompt, and what it is read as."""

    def __init__(self, answer: Answer, judging: Judging) -> None:
        self.answer, reading = answer, judging.read(answer)
        self.verdict = reading.verdict if isinstance(reading, Reading) else None
        self.failure = None if isinstance(reading, Reading) else f"{reading.status.value}: {reading.reason}"


def _said(model: Any, judging: Judging, prompts: Sequence[LabelledPrompt]) -> list[_Said]:
    return [_Said(answer, judging) for answer in judging.answers(model, prompts)]


def _lines(prompts: Sequence[LabelledPrompt], said: Sequence[_Said]) -> list[dict[str, Any]]:
    return [
        {
            "example_id": prompt.comparison_id,
            "order": prompt.order,
            "label": prompt.label,
            "shown_verdict": one.verdict,
            "failure": one.failure,
            "text": one.answer.text,
            "label_logprobs": one.answer.label_logprobs,
        }
        for prompt, one in zip(prompts, said, strict=True)
    ]


def _add_event(folder: RunFolder, figures: dict[str, float]) -> None:
    lines = folder.events.read_text("utf-8").splitlines()
    step = json.loads(lines[-1])["step"] if lines else 0
    with folder.events.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"step": step, "time": time.time(), **figures}) + "\n")
