"""The results of an ablation as a picture: a panel for each measure and way of asking, a line for each cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from judgelake.jobs.ablate.results import Result

TITLES = {
    "agreement": "agreement with the labels",
    "consistency": "same verdict in both orders",
    "position_bias": "position bias, first minus second",
}
SHOWN = {"ignore": "without references", "use": "with references"}
OF_THE_BASELINE, OF_OTHERS = "#ee6677", "#4477aa"


def picture_of(results: Sequence[Result], baseline: str) -> Any:
    """Values with their intervals; a matplotlib figure."""
    from matplotlib.figure import Figure  # seconds to import

    cells, ways = (list(dict.fromkeys(getattr(one, name) for one in results)) for name in ("cell", "shown"))
    height = 1.2 + 0.4 * len(cells)
    picture = Figure(figsize=(4 * len(TITLES), height * len(ways)), layout="constrained")
    panels = picture.subplots(len(ways), len(TITLES), squeeze=False, sharey=True)
    found = {(one.shown, one.measure, one.cell): one.value for one in results}
    for row, way in zip(panels, ways, strict=True):
        for axes, (measure, title) in zip(row, TITLES.items(), strict=True):
            axes.set(title=f"{title}\n{SHOWN[way]}", yticks=range(len(cells)), yticklabels=cells)
            axes.grid(axis="x", color="#dddddd")
            axes.invert_yaxis()
            for place, cell in enumerate(cells):
                colour = OF_THE_BASELINE if cell == baseline else OF_OTHERS
                _draw(axes, place, found[way, measure, cell], colour)
    return picture


def _draw(axes: Any, place: int, value: Any, colour: str) -> None:
    if value.value is None:
        return
    if value.low is not None:
        axes.plot([value.low, value.high], [place, place], color=colour, linewidth=2)
    axes.plot([value.value], [place], "o", color=colour)
