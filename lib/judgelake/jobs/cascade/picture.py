"""The cost curve as a picture: how often a cascade is right, by what a comparison costs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from judgelake.errors import RunError
from judgelake.jobs.cascade.choosing import Chosen

CURVE, CHOSEN, LAST = "#4477aa", "#ee6677", "#777777"


def write_picture(chosen: Chosen, path: str) -> Path:
    """Save the plot; returns where.

    Raises:
        RunError: the path cannot be written.
    """
    place = Path(path).resolve()
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        picture_of(chosen).savefig(place, dpi=150)
    except OSError as error:
        raise RunError(f"Cannot write {str(place)!r}: {error.strerror}. Set picture to a writable path.") from error
    return place


def picture_of(chosen: Chosen) -> Any:
    """All thresholds as dots, the best as a line, the chosen ones, and the last judge alone; a matplotlib figure."""
    from matplotlib.figure import Figure  # seconds to import

    picture = Figure(figsize=(6.4, 4.4), layout="constrained")
    axes = picture.subplots()
    evidence = chosen.evidence
    axes.plot([point.cost for point in chosen.curve], [100 * point.right for point in chosen.curve], ".", color=CURVE)
    best = chosen.best
    axes.plot([point.cost for point in best], [100 * point.right for point in best], color=CURVE, label="cost curve")
    alone = 100 * float(evidence.labelled.right[-1].mean())
    axes.axhline(alone, color=LAST, linestyle="--", label=f"{evidence.judges[-1].judge} alone")
    point = chosen.point
    if point.agreement is not None:
        label = f"chosen: of the {100 * point.decided:.0f} % decided"
        axes.plot([point.cost], [100 * point.agreement], "o", color=CHOSEN, label=label)
    axes.set(
        xlabel=f"average cost of a comparison ({evidence.cost_unit})",
        ylabel="right, % of the comparisons",
        title=f"{' > '.join(judge.judge for judge in evidence.judges)}, {evidence.labelled.comparisons:,} labels",
    )
    axes.grid(color="#dddddd")
    axes.legend(loc="lower right")
    return picture
