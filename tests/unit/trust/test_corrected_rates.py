"""Corrected win rates: by hand, against the authors' own package, and in worlds whose truth is planted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
from corrected_worlds import JUDGES, MODEL, OTHER, WORLDS, World, by_labels, corrected, held
from hypothesis import given, settings, strategies

from judgelake.config import validated
from judgelake.errors import UserError
from judgelake.jobs.evaluate import EvaluateJob
from judgelake.measures.families import SEPARATOR, Figure, Table
from judgelake.trust.corrected import Sums, corrected_figures, corrected_mean

Counts = Mapping[tuple[str, ...], Sequence[float]]
"""Verdict, label and stratum, if any, to the counts in each question."""


def table(counts: Counts, models: tuple[str, str] = (MODEL, OTHER)) -> Table:
    within = {SEPARATOR.join((*models, *outcome)): np.array(of, np.float64) for outcome, of in counts.items()}
    questions = max(map(len, within.values()))
    return Table({name: np.concatenate([[n.sum()], n.sum() - n]) for name, n in within.items()}, questions)


def figures(counts: Counts, half_width: float = 0.03) -> dict[tuple[str, str | None], Figure]:
    return {(one.metric, one.subject): one for one in corrected_figures(table(counts), half_width)}


def value(counts: Counts, model: str = MODEL) -> float | None:
    return figures(counts)["corrected_win_rate", model].estimate(9).value


# Labels and verdicts: (label, verdict) to comparisons; then verdicts without a label. Mean and interval by
# ppi_mean_pointestimate and ppi_mean_ci of ppi-python 0.2.3, the authors' package, which tunes the weight itself.
PUBLISHED = {
    "wins and losses": (
        {(1, 1): 80, (1, 0): 6, (0, 1): 8, (0, 0): 56},
        {1: 1160, 0: 840},
        (0.568319484, 0.518780397, 0.617858572),
    ),
    "with ties": (
        {(1, 1): 60, (1, 0.5): 15, (0.5, 0.5): 20, (0.5, 1): 10, (0, 0.5): 5, (0, 0): 70, (0, 1): 20},
        {1: 900, 0.5: 300, 0: 600},
        (0.470874689, 0.422689219, 0.519060159),
    ),
    "a biased judge": (
        {(1, 1): 118, (1, 0): 2, (0, 1): 50, (0, 0): 130},
        {1: 5200, 0: 4500},
        (0.38420186, 0.343849968, 0.424553753),
    ),
}


@pytest.mark.parametrize("case", PUBLISHED)
def test_it_is_what_the_authors_package_computes(case):
    labelled, others, expected = PUBLISHED[case]
    rows = [(1, verdict, 1, verdict, label) for (label, verdict), n in labelled.items() for _ in range(n)]
    rows += [(1, verdict, 0, 0, 0) for verdict, n in others.items() for _ in range(n)]
    within = np.array(rows, np.float64).T[:, None]
    total = within.sum(axis=2, keepdims=True)
    found = corrected_mean(Sums(*np.concatenate([total, total - within], axis=2)))
    ends = found.mean[0] - 1.959964 * found.error, found.mean[0] + 1.959964 * found.error
    # The package tunes the weight by other, equally consistent variances.
    assert (found.mean[0], *ends) == pytest.approx(expected, abs=3e-4)


def test_without_errors_of_the_judge_it_is_the_judges_own_rate():
    counts = {("first", "first"): [1, 1, 0, 0, 0, 0], ("second", "second"): [0, 0, 1, 1, 0, 0]}
    counts |= {("first", "none"): [0, 0, 0, 0, 6, 6], ("second", "none"): [0, 0, 0, 0, 2, 2]}
    assert value(counts) == pytest.approx((2 + 12) / 20)
    assert value(counts) + value(counts, OTHER) == pytest.approx(1)


def test_where_everything_has_a_label_it_is_the_rate_by_the_labels():
    counts = {("first", "first"): [2, 1, 0], ("second", "first"): [0, 1, 1], ("first", "second"): [1, 0, 0]}
    counts |= {("tie", "tie"): [1, 0, 1], ("failed", "second"): [1, 1, 1]}
    assert value(counts) == pytest.approx((5 + 1) / 8)
    found = figures(counts)["corrected_win_rate", MODEL]
    assert (found.n, found.asked) == (8, 11)


def test_divided_labels_are_worth_the_mean_of_their_votes():
    counts = {("first", "first"): [2, 2, 2], ("second", "0.5"): [1, 1, 1], ("second", "0.75"): [1, 1, 1]}
    assert value(counts) == pytest.approx((6 + 1.5 + 2.25) / 12)
    assert value(counts, OTHER) == pytest.approx((1.5 + 0.75) / 12)


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        pytest.param({("first", "none"): [3, 1]}, "none of its comparisons with a verdict has a label", id="no label"),
        pytest.param(
            {("first", "none"): [3, 1], ("failed", "first"): [1, 2]},
            "none of its comparisons with a verdict has a label",
            id="labels only where the judge failed",
        ),
        pytest.param({("first", "first"): [1, 0], ("first", "none"): [0, 1]}, None, id="one label"),
        pytest.param(
            {("first", "first", "a"): [1, 1], ("first", "none", "b"): [1, 1]},
            "1 of 2 strata of its comparisons have no labels (b): label some, or set no strata",
            id="a stratum without labels",
        ),
    ],
)
def test_a_missing_number_has_its_reason(counts, reason):
    found = figures(counts)
    for metric in ("corrected_win_rate", "labels_needed"):
        made = found[metric, MODEL].estimate(2)
        assert made.reason
        assert reason in (None, made.reason)
        assert reason is None or made.value is None
    assert found["corrected_win_rate", MODEL].estimate(2).low is None


def test_the_leaderboard_of_the_labels_has_nothing_to_correct():
    assert not list(corrected_figures(Table({SEPARATOR.join((MODEL, OTHER, "first")): np.array([2.0, 1.0])}, 1), 0.03))


HARD = [
    *("useless, win rate 50%, 50 labels", "useless, win rate 90%, 200 labels", "fair, win rate 70%, 50 labels"),
    *("lenient, win rate 70%, 200 labels", "severe, win rate 50%, 200 labels", "good, win rate 70%, 200 labels"),
    *("good, win rate 90%, 200 labels", "very good, win rate 90%, 1000 labels"),
]
REPEATS = 200


@pytest.fixture(scope="module")
def in_worlds():
    return {name: held(WORLDS[name], np.random.default_rng(15), REPEATS) for name in HARD}


def test_intervals_hold_the_truth_in_95_of_100_evaluations(in_worlds):
    held_in = {name: one.corrected for name, one in in_worlds.items()}
    # Three standard errors of 200 evaluations; benchmarks/corrected.py has the large table.
    assert all(share >= 0.95 - 0.046 for share in held_in.values()), held_in
    assert 0.94 <= np.mean([*held_in.values()]) <= 0.97


def test_it_is_never_wider_than_labels_alone_and_half_as_wide_with_a_good_judge(in_worlds):
    ratios = {name: one.ratio for name, one in in_worlds.items()}
    assert all(ratio <= 1.02 for ratio in ratios.values()), ratios
    assert ratios["good, win rate 70%, 200 labels"] < 0.56
    half = held(World(0.5, 0.96, 0.96, 100), np.random.default_rng(3), 100)
    assert half.ratio < 0.5


def test_a_judges_bias_is_taken_out():
    world = World(0.5, *JUDGES["lenient"], 1000)
    found = [corrected(one).value for one in world.tables(np.random.default_rng(2), 50)]
    said = world.win * world.if_won + (1 - world.win) * (1 - world.if_lost)
    assert said == pytest.approx(0.64)
    assert np.mean(found) == pytest.approx(world.win, abs=0.01)


@pytest.mark.parametrize("judge", ["fair", "good"])
def test_as_many_labels_as_it_says_give_the_wanted_interval(judge):
    world, rng = World(0.6, *JUDGES[judge], 300, questions=1000, comparisons=4), np.random.default_rng(8)
    needed = [figure_needed(one, 0.04) for one in world.tables(rng, 40)]
    with_them = held(replace(world, labels=round(np.mean(needed))), rng, 40)
    assert with_them.width / 2 == pytest.approx(0.04, rel=0.06)


def figure_needed(one: Table, half_width: float) -> float | None:
    found = next(figure for figure in corrected_figures(one, half_width) if figure.metric == "labels_needed")
    return found.estimate(one.questions).value


def test_where_labels_alone_cannot_give_the_wanted_interval_it_says_so():
    counts = {("first", "first"): [1] * 20, ("second", "second"): [0, 1] * 10, ("first", "none"): [0, 1] * 10}
    found = figures(counts, half_width=0.001)["labels_needed", MODEL].estimate(20)
    assert found.value is None
    assert "judge more comparisons" in (found.reason or "")


ALIKE = {("first", "none"): [7.0] * 100, ("second", "none"): [3.0] * 100}


@pytest.mark.parametrize(
    ("labelled", "least", "reason"),
    [
        pytest.param([1, 1, 1, 1, 1], 400, None, id="five wins"),
        pytest.param([1, 1], 400, None, id="two wins"),
        pytest.param([1], None, "too few labels to say how many are needed", id="one label"),
        pytest.param([5], None, "too few labels to say how many are needed", id="labels of one question"),
    ],
)
@pytest.mark.parametrize("verdict", ["first", "second"])
def test_labels_that_are_all_alike_do_not_show_that_no_more_are_needed(labelled, least, reason, verdict):
    counts = ALIKE | {(verdict, "first"): labelled + [0] * (100 - len(labelled))}
    found = figures(counts)["labels_needed", MODEL].estimate(100)
    assert (found.value is None) == (least is None)
    assert least is None or found.value >= least
    assert reason is None or (found.reason or "").startswith(reason)


@settings(deadline=None, max_examples=25)
@given(
    wins=strategies.integers(0, 12),
    losses=strategies.integers(0, 12),
    errors=strategies.integers(0, 4),
    half_width=strategies.sampled_from([0.03, 0.1, 0.2]),
)
def test_more_labels_than_there_are_are_needed_while_the_interval_is_wider_than_wanted(
    wins, losses, errors, half_width
):
    kinds = [("first", "first")] * wins + [("second", "second")] * losses + [("second", "first")] * errors
    of = {kind: [float(one == kind) for one in kinds] + [0.0] * (100 - len(kinds)) for kind in dict.fromkeys(kinds)}
    found = figures(ALIKE | of, half_width)
    rate, needed = (found[metric, MODEL].estimate(100) for metric in ("corrected_win_rate", "labels_needed"))
    is_wide = rate.low is None or rate.high - rate.low > 2 * half_width
    assert needed.value is None or not is_wide or needed.value > len(kinds)


def labelled_where_it_wins(rng: np.random.Generator, strata: bool) -> Table:
    """Two sources of 1,500 comparisons: won in 80 % with every third labelled, and in 40 % with every tenth."""
    counts: dict[tuple[str, ...], np.ndarray] = {}
    for source, win, share in (("one", 0.8, 1 / 3), ("two", 0.4, 1 / 10)):
        won, right, labelled = (rng.random((150, 10)) < of for of in (win, 0.85, share))
        for verdict, is_verdict in (("first", won == right), ("second", won != right)):
            for label, is_label in (("first", labelled & won), ("second", labelled & ~won), ("none", ~labelled)):
                outcome = (verdict, label, source) if strata else (verdict, label)
                here = (is_verdict & is_label).sum(axis=1)
                before = counts.get(outcome, np.zeros(300))
                counts[outcome] = before + np.concatenate([here, 0 * here] if source == "one" else [0 * here, here])
    return table(counts)


def test_labels_that_are_more_frequent_where_a_model_wins_need_strata():
    rng = np.random.default_rng(4)
    without = [corrected(labelled_where_it_wins(rng, strata=False)) for _ in range(60)]
    within = [corrected(labelled_where_it_wins(rng, strata=True)) for _ in range(150)]
    assert np.mean([one.value for one in without]) > 0.62
    assert np.mean([one.value for one in within]) == pytest.approx(0.6, abs=0.01)
    assert np.mean([one.low <= 0.6 <= one.high for one in within]) >= 0.91


@pytest.mark.parametrize(
    ("strata", "message"),
    [
        pytest.param(
            "turns", "'turns' is not a dimension of the comparisons in slices.by; expected source", id="unknown"
        ),
        pytest.param("judge_margin", "'judge_margin' is not a dimension of the comparisons", id="of a judgment"),
    ],
)
def test_strata_must_be_among_the_dimensions_of_the_comparisons(strata, message):
    with pytest.raises(UserError, match=message):
        validated(EvaluateJob, {"corrected": {"strata": strata}}, "test")


def test_the_labels_alone_are_what_a_leaderboard_of_labels_shows():
    one = World(0.7, 0.9, 0.9, 300).tables(np.random.default_rng(0), 1)[0]
    assert by_labels(one).value == pytest.approx(0.7, abs=0.1)
