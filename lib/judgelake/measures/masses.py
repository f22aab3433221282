"""How much of the probability a judge's labels have, where labels decide by their probability."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import product

import numpy as np

from judgelake.measures.figure import Figure
from judgelake.measures.statistics.interval import Replicates, ratio
from judgelake.measures.table import SEPARATOR, Table

MASS_BOUNDS = (0.5, 0.9, 0.99)
"""Where one band of masses ends and the next, which holds the bound itself, begins."""
MASS_BANDS = ("below_50", "from_50", "from_90", "from_99", "unknown")
KEPT, DROPPED = "kept", "dropped"
MASS_OUTCOMES = tuple(map(SEPARATOR.join, product(MASS_BANDS, (KEPT, DROPPED))))
NO_LABELS = "no judgment was by the probability of labels"


def figures(table: Table) -> Iterator[Figure]:
    """The shares of judgments in each band of masses, and of those without a verdict because the mass was too low.

    The bands add up to 1. `n` and `asked` are the number of judgments: the last one of each request, whatever its
    status. A judgment without a known mass, such as a failed call, an import or one of an older version, is unknown.

    Args:
        table: outcomes are a band of `MASS_BANDS`, and whether the mass was the reason of a failure, joined by
            `SEPARATOR`.
    """
    everything = _sum(table, MASS_OUTCOMES)
    n = int(everything[0])
    figure = partial(Figure, n=n, asked=n, trials=float(n), reason=NO_LABELS, base=everything)
    for band in MASS_BANDS:
        counts = _sum(table, (SEPARATOR.join((band, KEPT)), SEPARATOR.join((band, DROPPED))))
        yield figure(f"label_mass_{band}", ratio(counts, everything))
    dropped = _sum(table, (SEPARATOR.join((band, DROPPED)) for band in MASS_BANDS))
    yield figure("dropped_for_label_mass", ratio(dropped, everything))


def _sum(table: Table, outcomes: Iterator[str] | tuple[str, ...]) -> Replicates:
    replicates = next((len(count) for count in table.counts.values()), 1)
    nothing = np.zeros(replicates)
    total: Replicates = np.sum([table.counts.get(outcome, nothing) for outcome in outcomes], axis=0)
    return total
