"""Rows for a classification or regression head: the prompt alone, and a class or a score to learn."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from judgelake.comparisons import TIE
from judgelake.judges import JudgeSpec
from judgelake.training.choices import Rates, choice
from judgelake.training.encoding import TokenEncoder
from judgelake.training.example import Example, Judged, label_of
from judgelake.training.fitting import Fit, OverLong, asked
from judgelake.training.row import LeftOut, Row
from judgelake.training.shown import Asking

Head = Literal["generation", "classification", "regression"]
"""What a model ends in: tokens of its vocabulary, the three classes of two answers, or one number."""
CLASSES = ("A", "B", TIE)
"""The classes of two answers, by their number: the first, the second, neither."""
# Half of the step between two scores of most judges: what is nearer to 0 than to 1 is no preference.
TIE_BAND = 0.5


def class_target(judged: Judged, answers: int) -> int | None:
    """The number of the class of two answers; None if there is no verdict, or there are not two answers."""
    label = label_of(judged, answers)
    return CLASSES.index(label) if answers == 2 and label in CLASSES else None


def score_target(judged: Judged, answers: int) -> float | None:
    """The score of a single answer, or by how much the first of two is better; None if there are no such scores."""
    if judged.scores is None or len(judged.scores) != answers or answers > 2:
        return None
    return judged.scores[0] if answers == 1 else judged.scores[0] - judged.scores[1]


def verdict_of_head(values: list[float]) -> str:
    """The verdict on two answers, in the order shown, that a head's output means.

    Args:
        values: three logits, of which the largest counts (the first of equal ones), or by how much the first answer is
            better, of which less than `TIE_BAND` is a tie.
    """
    if len(values) == len(CLASSES):
        return CLASSES[max(range(len(values)), key=values.__getitem__)]
    (difference,) = values
    if abs(difference) < TIE_BAND:
        return TIE
    return "A" if difference > 0 else "B"


@dataclass(frozen=True)
class HeadRowMaker:
    """Makes rows of prompts for a model with a head; the arguments are those of `RowMaker`.

    No end token follows: a decoder's head reads the last token of the prompt, which transformers finds as the last one
    that is not `pad_token`. A prompt that ends with that very token therefore gives no row.
    """

    spec: JudgeSpec
    mode: str
    head: Head
    encoder: TokenEncoder
    max_tokens: int
    pad_token: int
    over_long: OverLong = "trim"
    reference_mode: str | None = None
    rates: Rates = field(default_factory=Rates)
    neutralises: bool = False

    @cached_property
    def asking(self) -> Asking:
        """How the judge is asked."""
        return Asking(self.spec, self.mode, self.reference_mode, self.neutralises)

    def row(self, example: Example, epoch: int, seed: int) -> Row | LeftOut:
        """The row of an example in an epoch with its `head_target`, or why there is none."""
        found = asked(self.asking, example, choice(example.example_id, epoch, seed, self.rates), epoch)
        if isinstance(found, LeftOut):
            return found
        learned = class_target if self.head == "classification" else score_target
        judged, answers = found.shown.judged, len(found.shown.comparison.answers)
        target = None if judged is None else learned(judged, answers)
        if target is None:
            what = "class" if self.head == "classification" else "score"
            reason = f"the example has no {what} of {answers} answers as it is shown"
            return LeftOut(example.example_id, epoch, "no_target", reason)
        return found.row(Fit(self.encoder, self.max_tokens, self.over_long), (), 0, float(target))

    def rows(self, example: Example, epoch: int, seed: int) -> tuple[Row | LeftOut, ...]:
        """The one row of an example in an epoch."""
        return (self.row(example, epoch, seed),)

    def problem(self, row: Row) -> str | None:
        """Why a row may not be trained on; None if it may."""
        if row.head_target is None or not row.input_ids:
            return "the row has no prompt, or nothing to learn"
        if row.input_ids[-1] == self.pad_token:
            return f"the prompt ends with the padding token {self.pad_token}, so that the head would read another one"
        return None if len(row.input_ids) <= self.max_tokens else f"the row has {len(row.input_ids)} tokens"
