"""Rows for a classification or regression head: the prompt alone, and a class or a score to learn."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from judgelake.comparisons import TIE, Failure
from judgelake.judges import JudgeSpec
from judgelake.training.choices import Rates, choice
from judgelake.training.encoding import TokenEncoder
from judgelake.training.example import Example, Judged, label_of
from judgelake.training.fitting import OverLong, fitted_ids
from judgelake.training.row import LeftOut, Row
from judgelake.training.shown import Asking

Head = Literal["class", "score"]
CLASSES = ("A", "B", TIE)
"""The classes of two answers, by their number: the first, the second, neither."""


def class_target(judged: Judged, answers: int) -> int | None:
    """The number of the class of two answers; None if there is no verdict, or there are not two answers."""
    label = label_of(judged, answers)
    return CLASSES.index(label) if answers == 2 and label in CLASSES else None


def score_target(judged: Judged, answers: int) -> float | None:
    """The score of a single answer, or by how much the first of two is better; None if there are no such scores."""
    if judged.scores is None or len(judged.scores) != answers or answers > 2:
        return None
    return judged.scores[0] if answers == 1 else judged.scores[0] - judged.scores[1]


@dataclass(frozen=True)
class HeadRowMaker:
    """Makes rows of prompts for a model with a head; the arguments are those of `RowMaker`.

    No end token follows: a decoder's head reads the last token of the prompt.
    """

    spec: JudgeSpec
    mode: str
    head: Head
    encoder: TokenEncoder
    max_tokens: int
    over_long: OverLong = "trim"
    reference_mode: str | None = None
    rates: Rates = field(default_factory=Rates)
    neutralises: bool = False

    def row(self, example: Example, epoch: int, seed: int) -> Row | LeftOut:
        """The row of an example in an epoch with its `head_target`, or why there is none."""
        asking = Asking(self.spec, self.mode, self.reference_mode, self.neutralises)
        shown = asking.shown(example, choice(example.example_id, epoch, seed, self.rates))
        prompt = asking.prompt(shown.comparison, shown.choice)
        if isinstance(prompt, Failure):
            return LeftOut(example.example_id, epoch, "no_prompt", prompt.reason)
        learned = class_target if self.head == "class" else score_target
        target = None if shown.judged is None else learned(shown.judged, len(shown.comparison.answers))
        if target is None:
            reason = f"the example has no {self.head} of {len(shown.comparison.answers)} answers as it is shown"
            return LeftOut(example.example_id, epoch, "no_target", reason)
        fitted = fitted_ids(asking, shown, prompt, self.encoder, self.max_tokens, self.over_long)
        if isinstance(fitted, str):
            return LeftOut(example.example_id, epoch, "too_long", fitted)
        ids, was_cut = fitted
        return Row(
            example_id=example.example_id,
            epoch=epoch,
            swapped=shown.choice.swapped,
            with_reference=shown.choice.with_reference,
            input_ids=tuple(ids),
            target_from=len(ids),
            trimmed=was_cut,
            head_target=float(target),
        )
