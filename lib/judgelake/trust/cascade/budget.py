"""Thresholds by what may be spent; they need no labels and promise nothing of the verdicts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

HALVINGS = 40
"""Steps of the search for a share, to far below one comparison."""


def by_share(reliability: NDArray[np.float64], shares: Sequence[float]) -> tuple[float, ...]:
    """Thresholds at which these shares of all comparisons go on, and no more; the last stage decides all it can.

    Comparisons without a verdict go on whatever the threshold, so that more go on than wanted if there are many.

    Args:
        reliability: shape (stages, comparisons), nan without a verdict.
        shares: for each stage but the last.

    Raises:
        ValueError: not one share from 0 to 1 for each stage but the last, or no comparison.
    """
    stages, comparisons = reliability.shape
    if len(shares) != stages - 1 or not all(0 <= share <= 1 for share in shares):
        raise ValueError(f"shares must be {stages - 1} numbers from 0 to 1, one for each stage but the last.")
    if not comparisons:
        raise ValueError("there is no comparison, so no share of them can be chosen.")
    found: list[float] = []
    left = np.ones(comparisons, dtype=np.bool_)
    for stage, share in enumerate(shares):
        own = reliability[stage]
        found.append(_lowest(own[left], int(share * comparisons + 1e-9)))
        left &= ~(own >= found[-1])
    return (*found, -np.inf)


def by_cost(reliability: NDArray[np.float64], costs: Sequence[float], budget: float) -> tuple[float, ...]:
    """The thresholds at which a comparison costs at most `budget` on average; each stage passes on the same share.

    If too many comparisons have no verdict, they cost more: then nothing else is passed on.

    Args:
        reliability: shape (stages, comparisons), nan without a verdict.
        costs: of one comparison at each stage, in any unit: tokens, money, seconds.
        budget: in the same unit, for a comparison of the whole cascade.

    Raises:
        ValueError: not one cost for each stage, or the first stage alone costs more than the budget.
    """
    stages = len(reliability)
    if len(costs) != stages:
        raise ValueError(f"costs must be {stages} numbers, one for each stage, not {len(costs)}.")
    if costs[0] > budget:
        raise ValueError(f"the first stage costs {costs[0]:g} a comparison, more than the budget of {budget:g}.")
    low, high = 0.0, 1.0
    if _spent(reliability, by_share(reliability, _powers(high, stages)), costs) <= budget:
        low = high
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        fits = _spent(reliability, by_share(reliability, _powers(middle, stages)), costs) <= budget
        low, high = (middle, high) if fits else (low, middle)
    return by_share(reliability, _powers(low, stages))


def asked(reliability: NDArray[np.float64], thresholds: Sequence[float]) -> NDArray[np.float64]:
    """The share of the comparisons that each stage is asked; none of a stage that decides nothing (threshold inf)."""
    decides = reliability >= np.asarray(thresholds, dtype=np.float64)[:, None]
    left = np.cumprod(~decides, axis=0).mean(axis=1)
    return np.where(np.isposinf(thresholds), 0.0, np.concatenate(([1.0], left[:-1])))


def _spent(reliability: NDArray[np.float64], thresholds: Sequence[float], costs: Sequence[float]) -> float:
    return float(asked(reliability, thresholds) @ np.asarray(costs, dtype=np.float64))


def _powers(share: float, stages: int) -> list[float]:
    return [share**stage for stage in range(1, stages)]


def _lowest(own: NDArray[np.float64], most: int) -> float:
    """The highest number that at most `most` of the others are below, or -inf if more have no verdict."""
    known = np.sort(own[~np.isnan(own)])
    below = most - (len(own) - len(known))
    if below < 0:
        return -np.inf
    return float(known[below]) if below < len(known) else np.inf
