"""What the reader chooses: how the verdicts of two orders become one, and what a failed judgment counts as."""

from __future__ import annotations

from enum import StrEnum


class SwapRule(StrEnum):
    """How the verdicts of the two orders become one; chosen at evaluation, stored with every number."""

    FIRST = "first"
    """The original order (AB) only, as JudgeLM and most papers report agreement."""
    SECOND = "second"
    """The reversed order (BA) only."""
    STRICT = "strict"
    """Two different verdicts count as no verdict: the judge abstains."""
    TIE = "tie"
    """Two different verdicts are a tie."""
    FOLLOW_FIRST = "follow_first"
    """PandaLM: the same place chosen in both orders is a tie, else the original order counts."""
    MEAN = "mean"
    """Each order counts one half: the mean of both orders, so that a preference for a place cancels out."""
    MARGIN = "margin"
    """The mean of both orders' log-odds decides."""
    CENTRED = "centred"
    """The log-odds of one order, without what the judge adds to the place shown first (its position offset).

    Intervals of its figures take the offset as known; it has its own, in `position_offset`.
    """
    AVERAGE = "average"
    """The verdict of the scores averaged over both orders."""
    BOTH_RIGHT = "both_right"
    """Auto-J and LLMBar: right only if both orders give the label; gives agreement but no class figures."""


SCORED = (SwapRule.MARGIN, SwapRule.CENTRED, SwapRule.AVERAGE)
"""Rules whose one verdict is computed from what the judge gave in the two orders besides its verdicts."""


class FailureRule(StrEnum):
    """What a judgment without a verdict counts as."""

    LEFT_OUT = "left_out"
    """Nothing; the coverage says how many."""
    TIE = "tie"
    """A tie, as in the original code of JudgeLM and PandaLM. Only to reproduce published numbers."""
    WRONG = "wrong"
    """A wrong verdict of no class, as in LLMBar and Auto-J. Only to reproduce published numbers."""
