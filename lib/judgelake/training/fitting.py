"""An example as it is asked: shown, rendered, and with answers cut where a row would be too long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from judgelake.comparisons import Failure
from judgelake.judges import Prompt, shortest
from judgelake.training.choices import Choice
from judgelake.training.encoding import TokenEncoder
from judgelake.training.example import Example
from judgelake.training.row import LeftOut, Row
from judgelake.training.shown import Asking, Shown

OverLong = Literal["trim", "leave_out"]


@dataclass(frozen=True, slots=True)
class Fit:
    """How a prompt is made to fit: `over_long` trim cuts answers to one common length, with the judge job's mark."""

    encoder: TokenEncoder
    max_tokens: int
    """Of a row: prompt and target together."""
    over_long: OverLong


@dataclass(frozen=True, slots=True)
class Asked:
    """An example with the prompt in which it is asked in an epoch."""

    asking: Asking
    example: Example
    epoch: int
    shown: Shown
    prompt: Prompt

    def row(self, fit: Fit, target_ids: Sequence[int], room: int, head_target: float | None = None) -> Row | LeftOut:
        """The row with a target; the prompt leaves room for so many tokens."""
        ids = fit.encoder.ids(self.prompt)
        was_cut = len(ids) > fit.max_tokens - room
        if was_cut:
            cut = self._cut(fit, fit.max_tokens - room)
            if cut is None:
                return self._too_long(fit, len(ids), room)
            ids = cut
        return Row(
            example_id=self.example.example_id,
            epoch=self.epoch,
            swapped=self.shown.choice.swapped,
            with_reference=self.shown.choice.with_reference,
            input_ids=(*ids, *target_ids),
            target_from=len(ids),
            trimmed=was_cut,
            head_target=head_target,
        )

    def _cut(self, fit: Fit, budget: int) -> list[int] | None:
        if fit.over_long != "trim" or budget <= 0:
            return None
        shorter = self.asking.fitted(self.shown, budget, lambda other: len(fit.encoder.ids(other)))
        return None if shorter is None else fit.encoder.ids(shorter)

    def _too_long(self, fit: Fit, tokens: int, room: int) -> LeftOut:
        budget = max(fit.max_tokens - room, 0)
        beside = f" beside a target of {room}" if room else ""
        reason = f"the prompt has {tokens} tokens, and {budget} fit{beside}: a row may have {fit.max_tokens}"
        needed = tokens + room
        if fit.over_long == "trim":
            least = self.asking.prompt(shortest(self.shown.comparison), self.shown.choice)
            needed = needed if isinstance(least, Failure) else len(fit.encoder.ids(least)) + room
        return LeftOut(self.example.example_id, self.epoch, "too_long", reason, needed)


def asked(asking: Asking, example: Example, wanted: Choice, epoch: int) -> Asked | LeftOut:
    """The example as far as it can be shown as wanted, with its prompt; or why it cannot be asked."""
    shown = asking.shown(example, wanted)
    prompt = asking.prompt(shown.comparison, shown.choice)
    if isinstance(prompt, Failure):
        return LeftOut(example.example_id, epoch, "no_prompt", prompt.reason)
    return Asked(asking, example, epoch, shown, prompt)
