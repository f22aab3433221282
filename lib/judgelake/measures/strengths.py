"""Strengths of models from the games between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components
from scipy.special import expit

from judgelake.measures.statistics.blocks import replicate_blocks
from judgelake.measures.statistics.interval import Replicates

PRIOR_WINS = 0.5
"""The prior: wins and losses of every model, half of each, against one opponent of middling strength.

Without it a model that never lost has no finite strength. In simulated arenas of 3 to 20 models with 8 to 200 games
each, half a win also takes away most of the outward bias of the likelihood's maximum: the strengths of the best come
out at most 0.05 from the truth, where their standard error is 0.1 to 0.4. Half a win is what Firth 1993 ("Bias
reduction of maximum likelihood estimates") adds in the case of one rate.
"""
# Newton's error is squared at every step: after a step of this size the rest is below the precision of a float64.
LAST_STEP = 1e-8
# Each damped step gains about 0.7 in log-strength at the far end, so this reaches odds beyond any table of counts.
MOST_STEPS = 200


@dataclass(frozen=True, slots=True)
class Strengths:
    """Strengths on the log scale: P(i is better than j) = 1 / (1 + exp(strength j - strength i)).

    The mean over the models of a group is zero. Models of different groups are on one scale only by the prior, which
    takes all groups as equally strong.
    """

    values: Replicates
    """Shape (models, 1 + buckets); nan for a model without a game in the data."""
    group: NDArray[np.int64]
    """The number of each model's group: those that a chain of games connects."""
    least_variance: NDArray[np.float64]
    """Variances and covariances that the likelihood gives for groups of which some part has never lost to the rest, or
    never won from it; zero for others, shape (models, models).

    There the jackknife is far too sure: leaving out one of 80 wins changes next to nothing, whatever the strength.
    """


def bradley_terry(wins: NDArray[np.float64]) -> Strengths:
    """Strengths at the maximum of the likelihood with the prior `PRIOR_WINS`, a tie being half a win for both.

    Source: Bradley and Terry 1952, "Rank analysis of incomplete block designs"; Hunter 2004, "MM algorithms for
    generalized Bradley-Terry models" (when the maximum exists). Fitted by damped Newton steps.

    Args:
        wins: `wins[i, j]` is how often model i was better than model j, shape (models, models, 1 + buckets).
    """
    data = wins[:, :, 0]
    models = len(data)
    values, least_variance = np.full((models, wins.shape[2]), np.nan), np.zeros((models, models))
    groups, group = connected_components(data > 0, directed=False) if models else (0, np.empty(0, dtype=np.int64))
    for number in range(groups):
        members = np.flatnonzero(group == number)
        # A model without a game is a group by itself.
        if len(members) > 1:
            joined = _with_prior(wins[np.ix_(members, members)])
            strengths = _fitted(joined)
            values[members] = strengths - strengths.mean(axis=0)
            if _has_open_part(data[np.ix_(members, members)]):
                least_variance[np.ix_(members, members)] = _centred_variance(joined[:, :, 0], strengths[:, 0])
    return Strengths(values, group, least_variance)


def _with_prior(wins: NDArray[np.float64]) -> NDArray[np.float64]:
    """With the opponent that stands for the prior as the last model."""
    joined = np.pad(wins, ((0, 1), (0, 1), (0, 0)))
    joined[:-1, -1] = joined[-1, :-1] = PRIOR_WINS
    return joined


def _has_open_part(data: NDArray[np.float64]) -> bool:
    """Whether some part has never lost to the rest: no chain of wins leads from any model to any other.

    Source: Ford 1957, "Solution of a ranking problem from binary comparisons".
    """
    return bool(connected_components(data > 0, directed=True, connection="strong")[0] > 1)


def _centred_variance(joined: NDArray[np.float64], strengths: NDArray[np.float64]) -> NDArray[np.float64]:
    """Variances and covariances by the information at these strengths, relative to their mean."""
    with_last = np.append(strengths, 0.0)
    apart = with_last[:, None] - with_last
    weights = (joined + joined.T) * expit(apart) * expit(-apart)
    information = np.diag(weights.sum(axis=1)) - weights
    centring = np.eye(len(strengths)) - 1 / len(strengths)
    found: NDArray[np.float64] = centring @ np.linalg.inv(information[:-1, :-1]) @ centring
    return found


def _fitted(joined: NDArray[np.float64]) -> Replicates:
    """Strengths of all models but the last, relative to it."""
    by_column = joined.transpose(2, 0, 1)
    blocks = replicate_blocks(len(joined) ** 2, len(by_column))
    found = np.concatenate([_fit(by_column[block]) for block in blocks]).T
    strengths: Replicates = found[:-1] - found[-1]
    return strengths


def _fit(wins: NDArray[np.float64]) -> NDArray[np.float64]:
    """Strengths, shape (replicates, models), of wins (replicates, models, models); nan without convergence.

    The last model is the prior's opponent. Among very many games rounding errors decide its place, but not the
    differences between the others: these are what must converge.

    A step is shortened by log(1 + reach) / reach, reach being the largest change between two models: with that rule the
    likelihood always rises (Sun and Tran-Dinh 2019, "Generalized self-concordant functions", for the logistic loss).
    """
    played = wins + wins.transpose(0, 2, 1)
    strengths = np.zeros(wins.shape[:2])
    for _ in range(MOST_STEPS):
        apart = strengths[:, :, None] - strengths[:, None, :]
        weights = played * expit(apart) * expit(-apart)
        # Strengths are determined only up to a constant; adding the same number everywhere keeps each step's mean zero.
        curvature = weights.mean(axis=(1, 2))[:, None, None] - weights
        np.einsum("rii->ri", curvature)[...] += weights.sum(axis=2)
        slope = (wins - played * expit(apart)).sum(axis=2)
        step = np.linalg.solve(curvature, slope[:, :, None])[:, :, 0]
        reach = np.maximum(np.ptp(step, axis=1), np.finfo(float).tiny)
        strengths += step * (np.log1p(reach) / reach)[:, None]
        last = np.ptp(step[:, :-1], axis=1)
        if last.max() <= LAST_STEP:
            return strengths
    strengths[last > LAST_STEP] = np.nan
    return strengths
