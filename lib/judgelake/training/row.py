"""A tokenised training row, and why an example gave none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Cause = Literal[
    "too_long",
    "no_prompt",
    "no_target",
    "ambiguous_reasons",
    "not_read_back",
    "no_soft_target",
    "no_supervised_token",
    "cut_target",
]
"""Why an example gave no row, or why its row may not be trained on.

too_long: it does not fit, even with the shortest answers. no_prompt: the judge cannot be asked. no_target: the judge's
format cannot say the label. ambiguous_reasons: the answers are swapped, and a word of the reasons may name one of them
or something else. not_read_back: the judge's own parser reads the target otherwise. no_soft_target: nobody knows the
distribution. no_supervised_token: nothing is learned. cut_target: it does not end with the end token.
"""


@dataclass(frozen=True, slots=True)
class SoftTarget:
    """A distribution over label tokens to learn at one place: the loss there is cross entropy against it.

    `position` is the index of the label token in the row's `input_ids`: the logits at `position - 1` are its
    prediction. `probabilities` sum to 1 and are in the order of `token_ids`.
    """

    position: int
    token_ids: tuple[int, ...]
    probabilities: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """An example as tokens: the prompt, and from `target_from` on the judgment and the end token, all supervised."""

    example_id: str
    epoch: int
    swapped: bool
    with_reference: bool
    input_ids: tuple[int, ...]
    target_from: int
    soft: SoftTarget | None = None
    trimmed: bool = False
    """Whether answers were cut to fit."""
    head_target: float | None = None
    """What a classification or regression head learns; then no token is supervised."""
    rejected_ids: tuple[int, ...] | None = None
    """Tokens of a judgment behind the same prompt, with the end token, that the target is to be preferred to."""

    @property
    def targets(self) -> tuple[tuple[int, ...], ...]:
        """What is behind the prompt: the target, and the judgment to reject if there is one."""
        rejected = () if self.rejected_ids is None else (self.rejected_ids,)
        return (self.input_ids[self.target_from :], *rejected)

    @property
    def sequences(self) -> tuple[tuple[int, ...], ...]:
        """The prompt with each of the targets, as a model computes them."""
        prompt = self.input_ids[: self.target_from]
        return (self.input_ids, *((*prompt, *target) for target in self.targets[1:]))


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Why an example gave no row in an epoch: counted by `cause`, and never silently."""

    example_id: str
    epoch: int
    cause: Cause
    reason: str
    needed: int | None = None
    """Of one that is too long: the least max_tokens with which it would give a row."""
