"""What the judge said of a pair, in either order and by margin over both, and how often each agrees with the label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from judgelake.measures.families import CLASSES, VERDICTS, LogOdds

SHOWN_AB, SHOWN_BA, BY_MARGIN = "shown A, B", "shown B, A", "by margin"


@dataclass(frozen=True, slots=True)
class Said:
    """One judgment, in the letters of the pair's original order; log-odds are those of A over B, in nats.

    `status` says why there is no verdict; None if the pair was not asked in this order.
    """

    verdict: str | None = None
    status: str | None = None
    log_odds: float | None = None


@dataclass(frozen=True, slots=True)
class JudgedPair:
    """A question with two answers: its label, and what was said in the original and in the reversed order."""

    question: str
    label: str | None
    own: Said
    reversed: Said

    @property
    def log_odds(self) -> float | None:
        """The mean log-odds of both orders; None unless those of both are known."""
        own, reversed_ = self.own.log_odds, self.reversed.log_odds
        return None if own is None or reversed_ is None else (own + reversed_) / 2

    @property
    def by_margin(self) -> str | None:
        """The verdict of the evaluation's swap rule margin; None if it gives none."""
        orders = (self.own, self.reversed)
        odds = (np.array([np.nan if said.log_odds is None else said.log_odds]) for said in orders)
        asked = (np.array([said.status is not None]) for said in orders)
        (code,) = LogOdds(*odds, *asked).margin()
        return VERDICTS[code] if VERDICTS[code] in CLASSES else None


def agreement_text(pairs: Sequence[JudgedPair]) -> str:
    """How many verdicts agree with the label, in one line; what has no verdict at all is left out."""
    said = {
        SHOWN_AB: [(pair.own.verdict, pair.label) for pair in pairs],
        SHOWN_BA: [(pair.reversed.verdict, pair.label) for pair in pairs],
        BY_MARGIN: [(pair.by_margin, pair.label) for pair in pairs],
    }
    known = {name: [one == label for one, label in both if one and label] for name, both in said.items()}
    counts = [f"{sum(agreeing)} of {len(agreeing)} {name}" for name, agreeing in known.items() if agreeing]
    return f"Verdicts that agree with the label: {'; '.join(counts) or 'none'}."
