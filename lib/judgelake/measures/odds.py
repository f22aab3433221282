"""The verdict by margin on two answers: what the judge's log-probabilities say over both orders together.

A judge that favours a place adds the same to the log-odds of whichever answer stands there. Towards A this is added in
one order and subtracted in the other, so the mean of both orders is free of it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from judgelake.comparisons import TIE


def log_odds(logprobs: Mapping[str, float] | None) -> float | None:
    """Log-odds of A over B, in nats: the log-probability of A less that of B; a tie's plays no part.

    Args:
        logprobs: log-probability of each verdict, by its letter in the comparison's original order.

    Returns:
        None if one of the two is not known, or is infinite: then it is no measure of how much is preferred.
    """
    if logprobs is None or "A" not in logprobs or "B" not in logprobs:
        return None
    odds = logprobs["A"] - logprobs["B"]
    return odds if math.isfinite(odds) else None


def mean_log_odds(own: float | None, reversed_: float | None) -> float | None:
    """The mean of both orders' log-odds, each in the original order's letters; None unless both are known."""
    return None if own is None or reversed_ is None else (own + reversed_) / 2


def verdict_of_log_odds(odds: float | None, tie_margin: float = 0.0) -> str | None:
    """A or B, whichever the log-odds prefer, and a tie within `tie_margin` nats of none; None if they are not known."""
    if odds is None:
        return None
    if abs(odds) <= tie_margin:
        return TIE
    return "A" if odds > 0 else "B"
