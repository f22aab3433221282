"""The models under judgment, ranked by what one judge or the labels say of their answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components
from scipy.special import expit
from scipy.stats import rankdata

from judgelake.measures.figure import Figure
from judgelake.measures.scores import NOTHING_JUDGED, ROUNDING
from judgelake.measures.statistics.blocks import replicate_blocks, with_fewer_buckets
from judgelake.measures.statistics.interval import Replicates, ratio
from judgelake.measures.table import LEAST_BUCKETS, MOST_COUNTS, SEPARATOR, Table

FIRST, SECOND, TIE = "first", "second", "tie"

APART = "no chain of comparisons connects it with the leaderboard's models, so there is no common scale"
NOT_FINITE = "no chain of wins leads from it to the leaderboard's models and back, so its strength is not finite"
NO_GROUP = "no chain of wins leads from any model to another and back, so no strength is finite"
FEW_MODELS = "fewer than two models have a place on both leaderboards"
ALL_LEVEL = "all models have the same strength on one of the leaderboards"

# Added to the wins of both models of every compared pair, only where leaving out the bucket of a rare win leaves the
# likelihood without a maximum. Without it exactly the widest intervals would be missing. Half a win is what
# Firth 1993 ("Bias reduction of maximum likelihood estimates") adds for two models, and the usual continuity
# correction (Haldane 1956). The figure in the data itself never depends on it.
PSEUDO_WINS = 0.5
# Newton's error is squared at every step: after a step of this size the rest is below the precision of a float64.
LAST_STEP = 1e-8
# Each damped step gains about 0.7 in log-strength at the far end, so this reaches odds beyond any table of counts.
MOST_STEPS = 200


@dataclass(frozen=True, slots=True)
class Games:
    """Comparisons between models, sorted by name.

    `wins[i, j]` is how often model i was better than model j, a tie being half a win for both: shape
    (models, models, 1 + buckets), the diagonal 0. `asked` counts all comparisons of each model, also without a verdict.
    """

    models: tuple[str, ...]
    wins: NDArray[np.float64]
    asked: tuple[int, ...]

    @property
    def played(self) -> Replicates:
        """Comparisons of each model that have a verdict: shape (models, replicates)."""
        with_verdict: Replicates = self.wins.sum(axis=1) + self.wins.sum(axis=0)
        return with_verdict


@dataclass(frozen=True, slots=True)
class RankCorrelation:
    """How alike two leaderboards rank the models on both; `reason` says why the data give no number."""

    spearman: Replicates | None
    kendall_tau_b: Replicates | None
    models: int
    reason: str | None = None


def count_games(table: Table) -> Games:
    """The games of one table of the family "models".

    Outcomes are (model_1, model_2, verdict): `FIRST` if model_1 is better, `SECOND` or `TIE`. Any other verdict was
    asked for but not given. With more than 100 models some buckets are merged, to save memory and time.
    """
    names = [outcome.split(SEPARATOR) for outcome in table.counts]
    models = tuple(sorted({model for game in names for model in game[:2]}))
    most = max(LEAST_BUCKETS, MOST_COUNTS // max(1, len(models) ** 2))
    games = [with_fewer_buckets(counts, most) for counts in table.counts.values()]
    wins, asked = np.zeros((len(models), len(models), max(map(len, games), default=1))), np.zeros(len(models))
    for (model_1, model_2, verdict), counts in zip(names, games, strict=True):
        one, two = models.index(model_1), models.index(model_2)
        wins[one, two] += counts * {FIRST: 1.0, TIE: 0.5}.get(verdict, 0.0)
        wins[two, one] += counts * {SECOND: 1.0, TIE: 0.5}.get(verdict, 0.0)
        asked[[one, two]] += counts[0]
    return Games(models, wins, tuple(map(int, asked)))


def win_rates(games: Games) -> Replicates:
    """(Wins + half the ties) / comparisons of each model, over all its opponents: shape (models, replicates)."""
    return ratio(games.wins.sum(axis=1), games.played)


def bradley_terry(games: Games) -> Replicates:
    """Strength of each model on the log scale: P(i is better than j) = 1 / (1 + exp(strength j - strength i)).

    Maximum likelihood, a tie being half a win for both; the mean over the models is zero. It exists for a group of
    models in which each subset has won against, or tied with, the rest (`leaderboard_group`); the others are nan. Their
    strengths would be infinite: the strengths of the group are the limit of a fit to all.

    Source: Bradley and Terry 1952, "Rank analysis of incomplete block designs"; Hunter 2004, "MM algorithms for
    generalized Bradley-Terry models" (when the maximum exists). Fitted by damped Newton steps.

    Returns:
        Shape (models, 1 + buckets). The group is that of all data, also when a bucket is left out (see `PSEUDO_WINS`).
    """
    group = leaderboard_group(games)
    if not len(group):
        return np.full((len(games.models), games.wins.shape[2]), np.nan)
    wins = games.wins[np.ix_(group, group)].transpose(2, 0, 1)
    fitted = [_fit(_with_a_maximum(wins[block], wins[0])) for block in replicate_blocks(len(group) ** 2, len(wins))]
    found = np.full((len(games.models), sum(map(len, fitted))), np.nan)
    found[group] = np.concatenate(fitted).T
    return found


def leaderboard_group(games: Games) -> NDArray[np.int64]:
    """The largest group of models with finite strengths on one scale, as places in `games.models`; may be empty.

    In such a group every model is connected with every other by a chain of wins or ties, in both directions (Ford 1957,
    "Solution of a ranking problem from binary comparisons"). Of groups of equal size the one with more comparisons is
    taken. Only one group has strengths, since those of two groups cannot be compared.
    """
    data = games.wins[:, :, 0]
    if not len(data):
        return np.array([], dtype=np.int64)
    _, of_model = connected_components(data > 0, directed=True, connection="strong")
    groups = [np.flatnonzero(of_model == group) for group in np.unique(of_model)]
    largest = max(groups, key=lambda group: (len(group), data[np.ix_(group, group)].sum(), -group[0]))
    return largest if len(largest) > 1 else largest[:0]


def figures(table: Table) -> Iterator[Figure]:
    """Win rate and Bradley-Terry strength of each model of one table of the family "models"; subject is the model."""
    games = count_games(table)
    rates, strengths, missing = win_rates(games), bradley_terry(games), _why_without_strength(games)
    for place, model in enumerate(games.models):
        n, asked = int(games.played[place, 0]), games.asked[place]
        of_model = partial(Figure, n=n, asked=asked, subject=model, base=games.played[place])
        yield of_model("win_rate", rates[place], reason=NOTHING_JUDGED)
        yield of_model("bradley_terry", strengths[place], reason=missing[place])


def game_figures(table: Table) -> Iterator[Figure]:
    """How often each of two models won: subjects "a > b", "b > a" and "a = b" (ties); the value is a count."""
    won = {FIRST: "{0} > {1}", SECOND: "{1} > {0}", TIE: "{0} = {1}"}
    for outcome, counts in sorted(table.counts.items()):
        model_1, model_2, verdict = outcome.split(SEPARATOR)
        if verdict in won:
            yield Figure("games", counts, int(counts[0]), subject=won[verdict].format(model_1, model_2), base=counts)


def model_strengths(table: Table) -> dict[str, Replicates]:
    """Bradley-Terry strengths of the models that have one, for `rank_correlation`."""
    games = count_games(table)
    strengths = bradley_terry(games)
    return {model: row for model, row in zip(games.models, strengths, strict=True) if np.isfinite(row[0])}


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
    ranks = (rankdata(board, axis=0) - (len(models) + 1) / 2 for board in (board_a, board_b))
    one, two = np.triu_indices(len(models), 1)
    orders = (np.sign(board[one] - board[two]) for board in (board_a, board_b))
    return RankCorrelation(_cosine(*ranks), _cosine(*orders), len(models), ALL_LEVEL if is_level else None)


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


def _why_without_strength(games: Games) -> list[str]:
    group = leaderboard_group(games)
    if not len(group):
        return [NO_GROUP if played else NOTHING_JUDGED for played in games.played[:, 0]]
    _, joined = connected_components(games.wins[:, :, 0] > 0, directed=False)
    return [NOT_FINITE if part == joined[group[0]] else APART for part in joined]


def _with_a_maximum(wins: NDArray[np.float64], data: NDArray[np.float64]) -> NDArray[np.float64]:
    """`PSEUDO_WINS` added for each pair compared in the data, in replicates that lack a chain between two models."""
    models = len(data)
    reached = ((wins > 0) | np.eye(models, dtype=bool)).astype(np.float32)
    for _ in range(models.bit_length()):
        reached = (reached @ reached > 0).astype(np.float32)
    lacks_a_chain = ~reached.astype(bool).all(axis=(1, 2))
    added: NDArray[np.float64] = np.where(lacks_a_chain[:, None, None], PSEUDO_WINS * (data + data.T > 0), 0)
    return wins + added


def _fit(wins: NDArray[np.float64]) -> NDArray[np.float64]:
    """Strengths, shape (replicates, models), of wins (replicates, models, models); nan without convergence.

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
        if reach.max() <= LAST_STEP:
            return strengths
    strengths[reach > LAST_STEP] = np.nan
    return strengths
