"""The instrument itself, on simulated judges whose faults are known: does it find what is there, and only that?

Most tests look at hundreds of simulated evaluations at once; in what share of them something must happen is a promise
of the method, and how far chance may carry the share from it follows from the binomial distribution. The data are
strongly clustered: a comparison mostly takes its random numbers from its question.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache, partial

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from scipy import stats
from simulation import EACH, Judge, Simulation, World, both_say

from judgelake.measures.both_orders import figures as order_figures
from judgelake.measures.conventions import FailureRule, SwapRule
from judgelake.measures.figure import Figure
from judgelake.measures.judge_pairs import figures as figures_of_two_judges
from judgelake.measures.length import figures as length_figures
from judgelake.measures.own_family import figures as self_preference_figures
from judgelake.measures.own_family import matched_trials
from judgelake.measures.pairwise import agreement
from judgelake.measures.rules import PairCounts, combined
from judgelake.measures.statistics.interval import CONFIDENCE, POWER, Estimate, jackknife_error, wilson
from judgelake.measures.table import Buckets, Table, table_of

WORLD = World(questions=200, comparisons=5, clustering=0.7)
LONGER_IS_BETTER = replace(WORLD, longer_is_better=0.3)
OWN_IS_BETTER = replace(WORLD, own_is_better=0.3)

# The order matters to it in one comparison of five, but it leans to neither place.
FAIR = Judge(accuracy=0.7, favours_first=0.1, favours_second=0.1, fails=0.05)
LEANS_FIRST = replace(FAIR, favours_first=0.25, favours_second=0.05)
LIKES_LENGTH = replace(FAIR, favours_longer=0.2)
LIKES_ITS_OWN = replace(FAIR, favours_own=0.2)
WORSE, BETTER = Judge(accuracy=0.65, fails=0.05), Judge(accuracy=0.75, fails=0.05)


def agreement_figure(table: Table) -> Iterable[Figure]:
    found = combined(PairCounts.of(table), SwapRule.FIRST, FailureRule.LEFT_OUT)
    n, asked = int(found.judged[0]), int(found.asked[0])
    yield Figure("agreement", agreement(found), n, asked, base=found.judged)


def judge_pair_figures(table: Table) -> Iterable[Figure]:
    return figures_of_two_judges(table, "other")


FAMILIES: dict[str, Callable[[Table], Iterable[Figure]]] = {
    "pairs": agreement_figure,
    "orders": partial(order_figures, failure_rule=FailureRule.LEFT_OUT),
    "lengths": length_figures,
    "own_family": self_preference_figures,
    "judge_pairs": judge_pair_figures,
}


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """One metric in each of many simulated evaluations."""

    estimates: list[Estimate]
    coverage: float

    def share_holding(self, truth: float) -> float:
        """Share of the intervals that hold the truth."""
        return float(np.mean((self.low <= truth) & (truth <= self.high)))

    @property
    def low(self) -> NDArray[np.float64]:
        return np.array([one.low for one in self.estimates])

    @property
    def high(self) -> NDArray[np.float64]:
        return np.array([one.high for one in self.estimates])

    @property
    def share_found(self) -> float:
        """Share of the evaluations that find the effect not to be 0."""
        return float(np.mean((self.low > 0) | (self.high < 0)))


# Tests of one simulation stand side by side; all of them kept would take a gigabyte.
@lru_cache(maxsize=2)
def simulated_tables(
    family: str, world: World, judges: tuple[Judge, ...], seed: int, buckets: Buckets = EACH
) -> list[Table]:
    return getattr(Simulation(world, seed), family)(*judges).tables(buckets)


def simulated(family: str, metric: str, world: World, *judges: Judge, repeats: int, seed: int = 0) -> Found:
    estimates, coverage = [], 0.0
    for table in simulated_tables(family, replace(world, repeats=repeats), judges, seed):
        figure = next(figure for figure in FAMILIES[family](table) if figure.metric == metric)
        estimates.append(figure.estimate(table.questions, table.hashed))
        coverage += (figure.coverage or 0.0) / repeats
    return Found(estimates, coverage)


def keeps(promise: float, share: float, repeats: int) -> bool:
    """Whether the share is among the likeliest 99.9 % of outcomes of a promise that is kept exactly."""
    low, high = stats.binom.interval(0.999, repeats, promise)
    return bool(low <= round(share * repeats) <= high)


JOINT = both_say(BETTER, WORSE, WORLD)
BY_CHANCE = float(JOINT.sum(axis=0) @ JOINT.sum(axis=1))
ALIKE = float(np.trace(JOINT))
OWN_SHARE = LIKES_ITS_OWN.win_share(WORLD.own_named, WORLD.tied, LIKES_ITS_OWN.favours_own)
LONGER_SHARE = LIKES_LENGTH.win_share(WORLD.longer_named, WORLD.tied, LIKES_LENGTH.favours_longer)

PLANTED = [
    ("pairs", "agreement", WORLD, (LEANS_FIRST,), LEANS_FIRST.agreement(WORLD)),
    ("pairs", "agreement", LONGER_IS_BETTER, (LIKES_LENGTH,), LIKES_LENGTH.agreement(LONGER_IS_BETTER)),
    ("orders", "consistency", WORLD, (LEANS_FIRST,), 1 - 0.25 - 0.05),
    ("orders", "bias_first", WORLD, (LEANS_FIRST,), 0.25),
    ("orders", "bias_second", WORLD, (LEANS_FIRST,), 0.05),
    ("orders", "position_bias", WORLD, (LEANS_FIRST,), 0.25 - 0.05),
    ("lengths", "longer_win_share", WORLD, (LIKES_LENGTH,), LONGER_SHARE),
    ("lengths", "longer_win_share_of_labels", WORLD, (LIKES_LENGTH,), 0.5),
    ("lengths", "length_bias", WORLD, (LIKES_LENGTH,), LONGER_SHARE - 0.5),
    ("lengths", "length_slope", WORLD, (LIKES_LENGTH,), LIKES_LENGTH.length_slope(WORLD)),
    ("lengths", "length_slope", LONGER_IS_BETTER, (LIKES_LENGTH,), LIKES_LENGTH.length_slope(LONGER_IS_BETTER)),
    ("own_family", "own_win_share", WORLD, (LIKES_ITS_OWN,), OWN_SHARE),
    ("own_family", "self_preference", WORLD, (LIKES_ITS_OWN,), OWN_SHARE - 0.5),
    ("own_family", "own_error_share", WORLD, (LIKES_ITS_OWN,), LIKES_ITS_OWN.own_error_share(WORLD)),
    # In one comparison of five its family wins all in place of one half.
    ("own_family", "matched_self_preference", WORLD, (LIKES_ITS_OWN,), 0.2 / 2),
    ("own_family", "matched_self_preference", OWN_IS_BETTER, (LIKES_ITS_OWN,), 0.2 / 2),
    ("judge_pairs", "judge_agreement", WORLD, (BETTER, WORSE), ALIKE),
    ("judge_pairs", "judge_kappa", WORLD, (BETTER, WORSE), (ALIKE - BY_CHANCE) / (1 - BY_CHANCE)),
    ("judge_pairs", "agreement_difference", WORLD, (BETTER, WORSE), 0.1),
]


def names(cases: Iterable[tuple]) -> list[str]:
    worlds = {WORLD: "", LONGER_IS_BETTER: ", longer is better", OWN_IS_BETTER: ", own is better"}
    return [f"{metric}{worlds[world]}" for _, metric, world, *_ in cases]


@pytest.mark.parametrize(("family", "metric", "world", "judges", "truth"), PLANTED, ids=names(PLANTED))
def test_every_measure_holds_the_planted_truth_and_finds_it_where_it_is_strong(family, metric, world, judges, truth):
    found = simulated(family, metric, world, *judges, repeats=200)
    assert keeps(CONFIDENCE, found.share_holding(truth), 200), found.share_holding(truth)
    if found.estimates[0].detectable is not None:
        assert found.share_found > 0.95


def test_coverage_is_what_did_not_fail():
    one_order = simulated("lengths", "length_slope", WORLD, LIKES_LENGTH, repeats=200)
    both_orders = simulated("orders", "consistency", WORLD, LEANS_FIRST, repeats=200)
    assert one_order.coverage == pytest.approx(0.95, abs=0.005)
    assert both_orders.coverage == pytest.approx(0.95**2, abs=0.005)


# Faults of about the size that these samples can show, so that the power is neither 0 nor 1.
LEANS_A_LITTLE = replace(FAIR, favours_first=0.135, favours_second=0.065)
LIKES_LENGTH_A_LITTLE = replace(FAIR, favours_longer=0.1)
LIKES_ITS_OWN_A_LITTLE = replace(FAIR, favours_own=0.1)
A_LITTLE_WORSE, A_LITTLE_BETTER = replace(WORSE, accuracy=0.675), replace(WORSE, accuracy=0.725)

WEAK = [
    ("orders", "position_bias", WORLD, (LEANS_A_LITTLE,), 0.135 - 0.065),
    ("lengths", "length_slope", WORLD, (LIKES_LENGTH_A_LITTLE,), LIKES_LENGTH_A_LITTLE.length_slope(WORLD)),
    ("own_family", "matched_self_preference", WORLD, (LIKES_ITS_OWN_A_LITTLE,), 0.1 / 2),
    ("judge_pairs", "agreement_difference", WORLD, (A_LITTLE_BETTER, A_LITTLE_WORSE), 0.05),
]


@pytest.mark.parametrize(("family", "metric", "world", "judges", "truth"), WEAK, ids=names(WEAK))
def test_a_weak_effect_is_found_as_often_as_the_sample_could_show_it(family, metric, world, judges, truth):
    found = simulated(family, metric, world, *judges, repeats=200)
    detectable = float(np.mean([one.detectable for one in found.estimates]))
    two_sided, quantile_of_power = stats.norm.ppf((1 + CONFIDENCE) / 2), stats.norm.ppf(POWER)
    power = stats.norm.cdf(truth / detectable * (two_sided + quantile_of_power) - two_sided)
    assert 0.6 < power < 0.95
    # Three standard errors of a share of 200, and a little because the estimates are only nearly normal.
    assert found.share_found == pytest.approx(power, abs=3 * (power * (1 - power) / 200) ** 0.5 + 0.03)


SILENT = [
    ("orders", "position_bias", WORLD, (FAIR,)),
    ("lengths", "length_bias", WORLD, (FAIR,)),
    ("lengths", "length_slope", WORLD, (FAIR,)),
    ("lengths", "length_slope", LONGER_IS_BETTER, (FAIR,)),
    ("own_family", "self_preference", WORLD, (FAIR,)),
    ("own_family", "matched_self_preference", WORLD, (FAIR,)),
    ("own_family", "matched_self_preference", OWN_IS_BETTER, (FAIR,)),
    ("judge_pairs", "agreement_difference", WORLD, (FAIR, replace(FAIR, fails=0.1))),
]


@pytest.mark.parametrize(("family", "metric", "world", "judges"), SILENT, ids=names(SILENT))
def test_where_nothing_is_planted_one_alarm_in_twenty_is_false(family, metric, world, judges):
    found = simulated(family, metric, world, *judges, repeats=500)
    assert keeps(1 - CONFIDENCE, found.share_found, 500), found.share_found


# Judges that all but never err or mind the order: most samples of theirs show nothing at all, or one or two events.
RARELY_LEANS = Judge(favours_first=0.001, favours_second=0.001, fails=0.05)
RARELY_ERRS = Judge(accuracy=0.999, fails=0.05)
RARE = [
    ("orders", "position_bias", WORLD, (RARELY_LEANS,)),
    ("own_family", "matched_self_preference", WORLD, (RARELY_ERRS,)),
    ("judge_pairs", "agreement_difference", WORLD, (RARELY_ERRS, RARELY_ERRS)),
]


@pytest.mark.parametrize(("family", "metric", "world", "judges"), RARE, ids=names(RARE))
def test_a_sample_that_shows_nothing_finds_nothing_and_says_what_it_could_have_shown(family, metric, world, judges):
    found = simulated(family, metric, world, *judges, repeats=500)
    shows_nothing = [one for one in found.estimates if one.value == 0 and one.low == -one.high]
    assert len(shows_nothing) > 100
    assert all(0 < one.high < one.detectable < 0.1 for one in shows_nothing)
    assert all(one.low is not None and one.detectable is not None for one in found.estimates)
    assert found.share_found <= 1 - CONFIDENCE


def test_what_a_sample_that_shows_nothing_could_have_shown_is_found_with_the_promised_power():
    world = replace(WORLD, comparisons=1)
    (nothing,) = simulated("orders", "position_bias", world, Judge(accuracy=1.0), repeats=1).estimates
    found = simulated("orders", "position_bias", world, Judge(favours_first=nothing.detectable), repeats=500)
    assert (nothing.value, nothing.low, nothing.high) == (0.0, -nothing.high, pytest.approx(wilson(0, 200)[1]))
    # So few events are a skewed count, of which a little more is found than a normal one promises.
    assert POWER < found.share_found < 1


def test_no_error_where_the_labels_seldom_name_a_side_bounds_little():
    both = np.zeros((3, 3, 1))
    both[0, 0], both[2, 2] = 8, 192
    # Of judges that are this often wrong where the label is the own family one in 40 shows no error here.
    wrong = 1 - 0.025 ** (1 / 8)
    assert wilson(0, 200)[1] < wrong / 2 < wilson(0, matched_trials(both))[1]


def test_the_exact_test_is_no_more_often_false_than_one_time_in_twenty():
    tables = simulated_tables("judge_pairs", replace(WORLD, clustering=0.0, repeats=500), (FAIR, FAIR), 0)
    found = [figure.mcnemar_p for table in tables for figure in judge_pair_figures(table)]
    false_alarms = sum(one is not None and one <= 0.05 for one in found)
    # Exact on few discordant comparisons, so below the level and not at it.
    assert 0 < false_alarms <= stats.binom.ppf(0.999, 500, 0.05)


@pytest.mark.parametrize("questions", [pytest.param(60, id="60 questions"), pytest.param(200, id="200 questions")])
def test_intervals_of_agreement_cover_and_naive_ones_do_not(questions):
    # Four times 500: with 500 alone the share has a standard error of a whole point, and seeds would decide.
    world, repeats = replace(WORLD, questions=questions), 500
    truth = FAIR.agreement(world)
    ours, naive = [], []
    for seed in range(4):
        for table in simulated_tables("pairs_in_one_order", replace(world, repeats=repeats), (FAIR,), seed):
            (figure,) = agreement_figure(table)
            found = figure.estimate(table.questions)
            low, high = wilson(found.value * figure.n, figure.n)
            ours.append(found.low <= truth <= found.high)
            naive.append(low <= truth <= high)
    assert 0.93 <= np.mean(ours) <= 0.97
    assert np.mean(naive) < 0.85


def linearised_error(right: NDArray[np.float64], judged: NDArray[np.float64]) -> float:
    """Standard error of the ratio of two totals over questions (Cochran 1977, "Sampling techniques", section 6.3)."""
    questions = len(judged)
    residual = right - right.sum() / judged.sum() * judged
    return float(np.sqrt(questions / (questions - 1) * (residual**2).sum()) / judged.sum())


def test_the_jackknife_error_is_the_analytic_error_of_clusters():
    observed = Simulation(replace(WORLD, questions=400), seed=3).pairs(FAIR)
    (table,) = observed.tables()
    (figure,) = agreement_figure(table)
    parts = np.array([name.split("\x1f") for name in observed.names])
    label, own = (parts[observed.codes[0], place] for place in (0, 1))
    analytic = linearised_error((label == own).sum(axis=1), (own != "failed").sum(axis=1))
    # They differ by terms of order 1 in 400.
    assert jackknife_error(figure.replicates) == pytest.approx(analytic, rel=0.01)
    naive = (figure.replicates[0] * (1 - figure.replicates[0]) / figure.n) ** 0.5
    assert analytic > 1.5 * naive


BUCKETS = [
    pytest.param(EACH, id="each question a bucket"),
    pytest.param(Buckets(hashed=7), id="seven buckets"),
    pytest.param(Buckets(hashed=7, is_one_comparison_each=True), id="one comparison a question"),
]


@pytest.mark.parametrize("buckets", BUCKETS)
@pytest.mark.parametrize("tasks", [1, 2, 5])
def test_the_same_data_gives_the_same_counts_however_it_is_cut_and_ordered(tasks, buckets):
    cells = Simulation(replace(WORLD, questions=40, repeats=1), seed=4).lengths(LIKES_LENGTH).cells(0, buckets)
    whole = table_of(cells, (), buckets)
    keys = ["group", "slice", "code", "outcome", "bucket"]
    shuffled = np.random.default_rng(tasks).permutation(cells.num_rows)
    parts = [cells.take(places) for places in np.array_split(shuffled, tasks)]
    added = [part.group_by(keys).aggregate([("n", "sum")]).rename_columns([*keys, "n"]) for part in parts]
    cut = table_of(pa.concat_tables(added), (), buckets)
    assert (cut.questions, cut.comparisons, cut.hashed) == (whole.questions, whole.comparisons, whole.hashed)
    assert {name: count.tolist() for name, count in cut.counts.items()} == {
        name: count.tolist() for name, count in whole.counts.items()
    }
