"""A picture of each judge: its reliability diagram, and the share of wrong verdicts by how many are kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from judgelake.errors import RunError
from judgelake.jobs.trust.judge_trust import JudgeTrust
from judgelake.trust import BEFORE, risk_by_coverage

# Below this share the curve is the verdict of a few comparisons.
LEAST_COVERAGE = 0.05


def written(folder: Path, judges: Sequence[JudgeTrust], hashed: int | None) -> tuple[Path, ...]:
    """Write the pictures of the judges that have labelled verdicts; returns their paths.

    Raises:
        RunError: one cannot be written.
    """
    found = []
    for one in judges:
        if one.chosen is None:
            continue
        stem = "".join(sign if sign.isalnum() or sign in "-_." else "-" for sign in one.judge.name)
        path = folder / f"{stem}-{one.judge.fingerprint[:8]}.png"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _picture(one, hashed).savefig(path, dpi=120)
        except OSError as error:
            raise RunError(
                f"Cannot write {str(path)!r}: {error.strerror}. Set pictures to a writable path, or to null."
            ) from error
        found.append(path.resolve())
    return tuple(found)


def _picture(one: JudgeTrust, hashed: int | None) -> Any:
    from matplotlib.figure import Figure  # seconds to import

    picture = Figure(figsize=(9, 4))
    diagram, curve = picture.subplots(1, 2)
    _diagram(diagram, one, hashed)
    _curve(curve, one)
    # A judge's name may contain what matplotlib takes as a formula.
    picture.suptitle(one.judge.name, parse_math=False)
    picture.tight_layout()
    return picture


def _diagram(axes: Any, one: JudgeTrust, hashed: int | None) -> None:
    axes.plot([0, 1], [0, 1], color="grey", linewidth=0.8)
    shown = [] if one.uncalibrated is None else [(BEFORE, one.uncalibrated)]
    shown += [(fitted.method.value, fitted.probabilities) for fitted in one.fitted]
    for label, probabilities in shown:
        bins = [of for of in one.bins(probabilities, hashed) if of.agreement.value is not None]
        values = np.array([of.agreement.value for of in bins])
        ends = [(of.agreement.low, of.agreement.high) for of in bins]
        below = [value - (low if low is not None else value) for value, (low, _) in zip(values, ends, strict=True)]
        above = [(high if high is not None else value) - value for value, (_, high) in zip(values, ends, strict=True)]
        axes.errorbar([of.probability for of in bins], values, yerr=[below, above], fmt="o-", label=label, capsize=2)
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel=f"probability, from {one.indicator}", ylabel="share that is right")
    if shown:
        axes.legend()


def _curve(axes: Any, one: JudgeTrust) -> None:
    for name, labelled in one.labelled.items():
        if len(labelled.right):
            risk = risk_by_coverage(labelled.values, labelled.right)
            coverage = np.arange(1, len(risk) + 1) / len(risk)
            kept = coverage >= LEAST_COVERAGE
            axes.plot(coverage[kept], risk[kept], label=name)
    axes.set(xlim=(0, 1), ylim=(0, None), xlabel="share of verdicts kept", ylabel="share of these that is wrong")
    axes.legend()
