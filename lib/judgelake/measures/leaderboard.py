"""The models under judgment, ranked by what one judge or the labels say of their answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from math import ceil

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from judgelake.measures.figure import Figure
from judgelake.measures.scores import NOTHING_JUDGED, ROUNDING
from judgelake.measures.statistics.blocks import with_fewer_buckets
from judgelake.measures.statistics.interval import CONFIDENCE, ONE_QUESTION, UNDEFINED, Estimate, Replicates, ratio
from judgelake.measures.strengths import Strengths, bradley_terry
from judgelake.measures.table import LEAST_BUCKETS, MOST_COUNTS, SEPARATOR, Table

FIRST, SECOND, TIE = "first", "second", "tie"

APART = (
    "no chain of comparisons connects it with most of the models: its place among them rests on the assumption that "
    "both groups are equally strong"
)


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


def count_games(table: Table) -> Games:
    """The games of one table of the family "models".

    Outcomes are (model_1, model_2, verdict), and any further parts: `FIRST` if model_1 is better, `SECOND` or `TIE`.
    Any other verdict was asked for but not given. With more than 100 models some buckets are merged, to save memory and
    time.
    """
    names = [outcome.split(SEPARATOR) for outcome in table.counts]
    models = tuple(sorted({model for game in names for model in game[:2]}))
    most = max(LEAST_BUCKETS, MOST_COUNTS // max(1, len(models) ** 2))
    games = [with_fewer_buckets(counts, most) for counts in table.counts.values()]
    wins, asked = np.zeros((len(models), len(models), max(map(len, games), default=1))), np.zeros(len(models))
    for (model_1, model_2, verdict, *_), counts in zip(names, games, strict=True):
        one, two = models.index(model_1), models.index(model_2)
        wins[one, two] += counts * {FIRST: 1.0, TIE: 0.5}.get(verdict, 0.0)
        wins[two, one] += counts * {SECOND: 1.0, TIE: 0.5}.get(verdict, 0.0)
        asked[[one, two]] += counts[0]
    return Games(models, wins, tuple(map(int, asked)))


def win_rates(games: Games) -> Replicates:
    """(Wins + half the ties) / comparisons of each model, over all its opponents: shape (models, replicates)."""
    return ratio(games.wins.sum(axis=1), games.played)


def figures(table: Table) -> Iterator[Figure]:
    """Win rate, Bradley-Terry strength and rank of each model of one table of the family "models".

    The subject is the model. A model of a smaller group than that with most models has a strength and a rank, but its
    strength has no interval.
    """
    games = count_games(table)
    rates, strengths = win_rates(games), bradley_terry(games.wins)
    ranks, largest = rank_estimates(games, strengths), _largest_group(games, strengths)
    for place, model in enumerate(games.models):
        n, asked = int(games.played[place, 0]), games.asked[place]
        of_model = partial(Figure, n=n, asked=asked, subject=model, base=games.played[place])
        yield of_model("win_rate", rates[place], reason=NOTHING_JUDGED)
        value = strengths.values[place]
        is_apart = strengths.group[place] != largest and np.isfinite(value[0])
        yield of_model(
            "bradley_terry",
            value,
            least_error=float(np.sqrt(max(0.0, strengths.least_variance[place, place]))),
            given=Estimate(float(value[0]), reason=APART) if is_apart else None,
            reason=None if n else NOTHING_JUDGED,
        )
        yield of_model("rank", None, given=ranks[place])


def rank_estimates(games: Games, strengths: Strengths) -> list[Estimate]:
    """The rank of each model by strength, 1 for the strongest, and between which ranks it truly may be.

    Equal strengths share a rank. The interval goes from 1 + the number of models that are significantly stronger to the
    number of models that are not significantly weaker. A difference in strength is significant if it excludes zero at
    the level 0.05 / (number of opponents), so that in 95 of 100 evaluations a model's rank is within. Between models of
    different groups no difference is.

    Source: Bonferroni's inequality on the differences of one model with all others, with a jackknife error from the
    same buckets for each; Mohamad, van Zwet and Goeman 2019, "Simultaneous confidence intervals for ranks", for the
    step from differences to ranks.
    """
    values = np.round(strengths.values[:, 0] / ROUNDING)
    is_stronger = values[:, None] > values
    is_known = np.isfinite(values)
    is_significant = is_stronger & (_differences_in_errors(games, strengths) > 1)
    made = []
    for place, known in enumerate(is_known):
        if not known:
            made.append(Estimate(None, reason=UNDEFINED if games.played[place, 0] else NOTHING_JUDGED))
            continue
        rank = 1.0 + int(is_stronger[:, place].sum())
        if games.wins.shape[2] <= 2:
            made.append(Estimate(rank, reason=ONE_QUESTION))
            continue
        stronger, weaker = int(is_significant[:, place].sum()), int(is_significant[place].sum())
        made.append(Estimate(rank, 1.0 + stronger, float(is_known.sum() - weaker)))
    return made


def _differences_in_errors(games: Games, strengths: Strengths) -> NDArray[np.float64]:
    """Size of the difference of every two strengths: above 1 it is significant; zero between groups."""
    is_alike = strengths.group[:, None] == strengths.group
    opponents = is_alike.sum(axis=1, keepdims=True) - 1
    within = games.played[:, :1] - games.played[:, 1:]
    effective = ratio(games.played[:, 0] ** 2, (within**2).sum(axis=1))
    degrees = np.maximum(1, np.nan_to_num(np.minimum(effective[:, None], effective)) - 1)
    errors = -stdtrit(degrees, (1 - CONFIDENCE) / 2 / np.maximum(1, opponents))
    moved = strengths.values[:, 1:] - strengths.values[:, :1]
    buckets = max(1, moved.shape[1])
    variance = (buckets - 1) / buckets * moved @ moved.T
    reach = errors * np.sqrt(np.maximum(_of_differences(variance), _of_differences(strengths.least_variance)))
    apart = np.abs(strengths.values[:, :1] - strengths.values[:, 0])
    return np.where(is_alike, np.nan_to_num(ratio(apart, reach)), 0.0)


def _of_differences(variance: NDArray[np.float64]) -> NDArray[np.float64]:
    """The variances of all differences, from the variances and covariances."""
    own = np.diag(variance)
    return own[:, None] + own - 2 * variance


def _largest_group(games: Games, strengths: Strengths) -> int:
    """The group with the most models; of these the one with the most comparisons."""
    groups = range(strengths.group.max(initial=-1) + 1)
    played = games.played[:, 0]
    size = [((strengths.group == one).sum(), played[strengths.group == one].sum(), -one) for one in groups]
    return max(groups, key=lambda one: size[one], default=0)


def game_figures(table: Table) -> Iterator[Figure]:
    """How often each of two models won: subjects "a > b", "b > a" and "a = b" (ties); the value is a count."""
    won = {FIRST: "{0} > {1}", SECOND: "{1} > {0}", TIE: "{0} = {1}"}
    games: dict[tuple[str, ...], NDArray[np.float64]] = {}
    for outcome, counts in table.counts.items():
        game = tuple(outcome.split(SEPARATOR)[:3])
        games[game] = games[game] + counts if game in games else counts
    for (model_1, model_2, verdict), counts in sorted(games.items()):
        if verdict in won:
            yield Figure("games", counts, ceil(counts[0]), subject=won[verdict].format(model_1, model_2), base=counts)
