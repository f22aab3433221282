"""How alike two leaderboards rank the models that are on both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from judgelake.measures.figure import Figure
from judgelake.measures.scores import ROUNDING
from judgelake.measures.statistics.interval import Replicates, ratio

FEW_MODELS = "fewer than two models have a place on both leaderboards"
ALL_LEVEL = "all models have the same strength on one of the leaderboards"


@dataclass(frozen=True, slots=True)
class RankCorrelation:
    """How alike two leaderboards rank the models on both; `reason` says why the data give no number."""

    spearman: Replicates | None
    kendall_tau_b: Replicates | None
    models: int
    reason: str | None = None


def rank_correlation(
    strengths_a: Mapping[str, Replicates | float], strengths_b: Mapping[str, Replicates | float]
) -> RankCorrelation:
    """Spearman's and Kendall's tau-b between two leaderboards, over the models that have a strength on both.

    Equal strengths share a rank; strengths that differ by a rounding error are equal. Source:
    scipy.stats.spearmanr and kendalltau.

    Args:
        strengths_a: model to its strength (or any figure to rank by), one number or one per replicate.
        strengths_b: the same, with the same replicates.
    """
    boards = [{model: np.atleast_1d(row) for model, row in board.items()} for board in (strengths_a, strengths_b)]
    models = [model for model in boards[0] if all(np.isfinite(board.get(model, [np.nan])[0]) for board in boards)]
    if len(models) < 2:
        return RankCorrelation(None, None, len(models), FEW_MODELS)
    shortest = min(len(board[model]) for board in boards for model in models)
    board_a, board_b = (
        np.round(np.stack([board[model][:shortest] for model in models]) / ROUNDING) for board in boards
    )
    is_level = not np.ptp(board_a[:, 0]) or not np.ptp(board_b[:, 0])
    orders = [np.sign(board[:, None] - board) for board in (board_a, board_b)]
    # A centred rank is half of how many more models are weaker than stronger.
    ranks = (order.sum(axis=1) / 2 for order in orders)
    pairs = np.triu_indices(len(models), 1)
    return RankCorrelation(
        _cosine(*ranks), _cosine(*(order[pairs] for order in orders)), len(models), ALL_LEVEL if is_level else None
    )


def rank_figures(correlation: RankCorrelation, subject: str) -> Iterator[Figure]:
    """The two correlations as figures; `subject` is the other leaderboard, `n` the models on both."""
    for metric, found in (
        ("leaderboard_spearman", correlation.spearman),
        ("leaderboard_kendall_tau_b", correlation.kendall_tau_b),
    ):
        yield Figure(metric, found, correlation.models, subject=subject, reason=correlation.reason)


def _cosine(x: NDArray[np.float64], y: NDArray[np.float64]) -> Replicates:
    """sum(x y) / sqrt(sum(x^2) sum(y^2)): Spearman's of centred ranks, Kendall's tau-b of the orders of all pairs."""
    spread = np.sqrt((x**2).sum(axis=0) * (y**2).sum(axis=0))
    return np.clip(ratio((x * y).sum(axis=0), spread), -1, 1)
