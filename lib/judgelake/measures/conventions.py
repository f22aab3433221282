"""What a reader chooses: how the verdicts of two orders become one, and what a failed judgment counts as."""

from __future__ import annotations

from enum import StrEnum


class SwapRule(StrEnum):
    """How the verdicts of the two orders become one; chosen when reading, written with every number."""

    FIRST = "first"
    """The own order (AB) only, as JudgeLM and most papers report agreement."""
    SECOND = "second"
    """The reversed order (BA) only."""
    STRICT = "strict"
    """Two different verdicts are none: the judge abstains."""
    TIE = "tie"
    """Two different verdicts are a tie."""
    FOLLOW_FIRST = "follow_first"
    """PandaLM: the same place named in both orders is a tie, else the own order counts."""
    AVERAGE = "average"
    """The verdict of the scores averaged over both orders."""
    BOTH_RIGHT = "both_right"
    """Auto-J and LLMBar: right only where both orders give the label; gives agreement and no class figures."""


class FailureRule(StrEnum):
    """What a judgment without a verdict counts as."""

    LEFT_OUT = "left_out"
    """Nothing; the coverage tells how many."""
    TIE = "tie"
    """A tie, as in the original code of JudgeLM and PandaLM. Only to reproduce published numbers."""
    WRONG = "wrong"
    """A wrong verdict of no class, as in LLMBar and Auto-J. Only to reproduce published numbers."""
