"""What a cascade promises, as sentences to quote."""

from __future__ import annotations

from collections.abc import Sequence

from judgelake.trust.cascade.cost_curve import Point
from judgelake.trust.cascade.risk import StageChoice


def promise(
    names: Sequence[str], choices: Sequence[StageChoice], point: Point, alpha: float, delta: float, whom: str = "people"
) -> str:
    """The promise, and what of the comparisons it covers.

    Args:
        names: of the judges.
        choices: of `by_risk`.
        point: the cascade with these thresholds, on all labelled comparisons.
        alpha: the largest share of verdicts that may disagree with the labels.
        delta: the probability with which the promise may be broken.
        whom: whose labels they are.
    """
    certainty, labels = _percent(1 - delta), choices[0].reached
    basis = f"{labels:,} labelled comparison{'s' if labels > 1 else ''}, one of each question"
    if not point.decided:
        reasons = "; ".join(f"{name} {choice.reason}" for name, choice in zip(names, choices, strict=True))
        return (
            f"Nothing can be promised with {basis}: no verdicts could be shown to disagree with {whom} in at most "
            f"{_percent(alpha)}, with {certainty} certainty ({reasons}). Label more, or raise alpha or delta."
        )
    by_stage = ", ".join(f"{name} {_percent(share)}" for name, share in zip(names, point.coverage, strict=True))
    return (
        f"With {certainty} certainty at most {_percent(alpha)} of this cascade's verdicts disagree with {whom}, and so "
        f"at most {_percent(alpha)} of each stage's. It decides {_percent(point.decided)} of the comparisons "
        f"({by_stage}) and leaves {_percent(max(0.0, 1 - point.decided))} undecided. The thresholds were chosen on "
        f"{basis}; this holds for comparisons drawn as these were, and for these judges as they are."
    )


def _percent(share: float) -> str:
    # A certainty below 1 must not be rounded to 100 %.
    said = (f"{100 * share:.{digits}g}" for digits in range(3, 18))
    return f"{next((one for one in said if one != '100' or share >= 1), '100')} %"
