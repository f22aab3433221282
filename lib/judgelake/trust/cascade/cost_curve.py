"""What a cascade decides, how often it agrees with the labels, and what it costs, for many thresholds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from judgelake.trust.cascade.budget import asked, by_share
from judgelake.trust.cascade.labelled import Labelled, decided_at

MOST_POINTS = 500
"""Combinations of thresholds on a curve; the more stages, the coarser the shares of each."""
FINEST = 20
"""Steps of a share from 0 to 1, 5 % each; the standard error of a share of a few hundred labels is not much less."""
ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class Point:
    """A cascade with certain thresholds on labelled comparisons; a share is of all of them unless it says otherwise."""

    thresholds: tuple[float, ...]
    coverage: tuple[float, ...]
    """The share that each stage decides; what is missing to 1 is undecided."""
    calls: tuple[float, ...]
    """The share that each stage is asked."""
    agreements: tuple[float | None, ...]
    """The share of each stage's decided comparisons in which the verdict is the label; None where it decides none."""
    agreement: float | None
    """The same of all that is decided."""
    right: float
    """The share that is decided as the label says: an undecided comparison counts as not right."""
    cost: float
    """Of a comparison on average, in the unit of the costs."""

    @property
    def decided(self) -> float:
        """The share that any stage decides."""
        return sum(self.coverage)


def evaluated(labelled: Labelled, thresholds: Sequence[float], costs: Sequence[float]) -> Point:
    """The cascade with these thresholds.

    Args:
        labelled: at least one comparison.
        thresholds: one for each stage.
        costs: of one comparison at each stage.
    """
    at = decided_at(labelled.reliability, thresholds)
    decided = np.array([(at == stage).sum() for stage in range(labelled.stages)])
    right = np.array([labelled.right[stage, at == stage].sum() for stage in range(labelled.stages)])
    calls = asked(labelled.reliability, thresholds)
    return Point(
        thresholds=tuple(map(float, thresholds)),
        coverage=tuple(float(one) / labelled.comparisons for one in decided),
        calls=tuple(map(float, calls)),
        agreements=tuple(_share(of, n) for of, n in zip(right, decided, strict=True)),
        agreement=_share(right.sum(), decided.sum()),
        right=float(right.sum()) / labelled.comparisons,
        cost=float(calls @ np.asarray(costs, dtype=np.float64)),
    )


def curve(labelled: Labelled, costs: Sequence[float]) -> tuple[Point, ...]:
    """Cascades that decide all they can, for shares from none to all that each stage passes on; cheapest first.

    The last stage decides all that it has a verdict on. Each combination of thresholds is there once.

    Args:
        labelled: at least one comparison.
        costs: of one comparison at each stage.
    """
    thresholds = dict.fromkeys(by_share(labelled.reliability, shares) for shares in _shares(labelled.stages))
    points = (evaluated(labelled, one, costs) for one in thresholds)
    return tuple(sorted(points, key=lambda point: (point.cost, -point.right)))


def frontier(points: Iterable[Point]) -> tuple[Point, ...]:
    """The points that no other one beats: cheaper ones are less often right. Cheapest first."""
    best: list[Point] = []
    for point in sorted(points, key=lambda point: (point.cost, -point.right)):
        if not best or point.right > best[-1].right + ROUNDING:
            best.append(point)
    return tuple(best)


def reaching(points: Iterable[Point], labelled: Labelled) -> Point | None:
    """The point with the fewest calls of the last judge that is right as often as that judge alone; None if none is.

    Chosen on the labels that it is shown for, so for few labels it looks better than it is.

    Args:
        points: of `curve`.
        labelled: the comparisons of the curve.
    """
    verdict = ~np.isnan(labelled.reliability[-1])
    alone = float((labelled.right[-1] & verdict).mean())
    reached = (point for point in points if point.right >= alone - ROUNDING)
    return min(reached, key=lambda point: (point.calls[-1], point.cost), default=None)


def _shares(stages: int) -> Iterator[tuple[float, ...]]:
    """Shares of all comparisons that go on from each stage but the last, from combinations of what each passes on."""
    if stages == 1:
        yield ()
        return
    steps = max(2, min(FINEST, int(MOST_POINTS ** (1 / (stages - 1))) - 1))
    for passed in product(np.linspace(0, 1, steps + 1), repeat=stages - 1):
        yield tuple(float(share) for share in np.cumprod(passed))


def _share(count: np.integer, of: np.integer) -> float | None:
    return float(count) / float(of) if of else None
