"""The ids of a prompt that fits a row, with answers cut where it would not."""

from __future__ import annotations

from typing import Literal

from judgelake.judges import Prompt
from judgelake.training.encoding import TokenEncoder
from judgelake.training.shown import Asking, Shown

OverLong = Literal["trim", "leave_out"]


def fitted_ids(
    asking: Asking, shown: Shown, prompt: Prompt, encoder: TokenEncoder, budget: int, over_long: OverLong
) -> tuple[list[int], bool] | str:
    """The ids of a prompt within a budget and whether answers were cut for it, or how many tokens do not fit.

    Args:
        asking: how the judge is asked.
        shown: the example.
        prompt: its whole prompt.
        encoder: makes the ids.
        budget: tokens that the prompt may have.
        over_long: trim: answers are cut to one common length, with the mark of the judge job; leave_out: none are.
    """
    ids = encoder.ids(prompt)
    if len(ids) <= budget:
        return ids, False
    shorter = None
    if over_long == "trim" and budget > 0:
        shorter = asking.fitted(shown, budget, lambda other: len(encoder.ids(other)))
    if shorter is None:
        return f"the prompt has {len(ids)} tokens, and {max(budget, 0)} fit"
    return encoder.ids(shorter), True
