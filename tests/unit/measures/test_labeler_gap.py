"""A judge with the labelers beside the labelers with each other: the difference is right, and no false alarm."""

from __future__ import annotations

from collections import Counter
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from labelers_world import NOT_GIVEN, People, votes_table

from judgelake.measures.families import CLASSES, SEPARATOR, Table, labeler_gap_figures

REPEATS = 600


def figures_of(table: Table):
    return {figure.metric: figure for figure in labeler_gap_figures(table)}


def table_of(rows) -> Table:
    """From labels in any order, a verdict and a further part."""
    named = [([str(labels.count(name)) for name in CLASSES], *said) for labels, *said in rows]
    counts = Counter(SEPARATOR.join([*numbers, *said]) for numbers, *said in named)
    return Table({outcome: np.array([float(n)]) for outcome, n in counts.items()}, questions=9)


def values_of(rows) -> list[float | None]:
    return [figure.estimate(9).value for figure in figures_of(table_of(rows)).values()]


@given(st.lists(st.tuples(st.lists(st.sampled_from(["A", "B", "tie"]), min_size=1), st.sampled_from(["A", "wrong"]))))
def test_the_agreements_are_means_over_labelers_and_over_pairs_of_them(rows):
    shared = [(labels, verdict) for labels, verdict in rows if len(labels) > 1]
    found = values_of((labels, verdict, "0.5") for labels, verdict in rows)
    if not shared:
        assert found == [None] * 3
        return
    judge = np.mean([np.mean([label == verdict for label in labels]) for labels, verdict in shared])
    people = np.mean([np.mean([one == other for one, other in permutations(labels, 2)]) for labels, _ in shared])
    assert found == pytest.approx([judge, people, judge - people])


@pytest.mark.parametrize(
    ("rows", "n", "asked", "reason"),
    [
        pytest.param([], 0, 0, "no comparison asked of this judge has labels of two labelers", id="nothing"),
        pytest.param(
            [(["A"], "A")], 0, 0, "no comparison asked of this judge has labels of two labelers", id="one label"
        ),
        pytest.param([(["A", "B"], "none")], 0, 1, "has a verdict of this judge", id="failed"),
    ],
)
def test_without_two_labels_or_a_verdict_there_is_a_reason(rows, n, asked, reason):
    for figure in figures_of(table_of(rows)).values():
        assert (figure.n, figure.asked) == (n, asked)
        assert reason in (figure.estimate(9).reason or "")


def test_a_judge_may_agree_with_labelers_more_than_they_do_with_each_other():
    """Labelers right in 80 %, the judge in 90 %: .68 and .74 are the true agreements."""
    world = People(judge=0.9, questions=40_000)
    found = figures_of(votes_table(*world.drawn(np.random.default_rng(5))))
    labelers, judge = (found[name].replicates[0] for name in ("agreement_of_labelers", "agreement_with_labelers"))
    assert (labelers, judge) == pytest.approx((0.8**2 + 0.2**2, 0.9 * 0.8 + 0.1 * 0.2), abs=0.005)
    gap = found["labeler_gap"].estimate(world.questions)
    assert 0.05 < gap.low < gap.value < gap.high < 0.07


def found_in(world: People, seed: int) -> list[int]:
    """In each simulated evaluation the side of zero on which the interval of the difference is, 0 if it includes it."""
    rng, sides = np.random.default_rng(seed), []
    for _ in range(REPEATS):
        gap = figures_of(votes_table(*world.drawn(rng)))["labeler_gap"].estimate(world.questions)
        sides.append(0 if gap.low is None or gap.low <= 0 <= gap.high else int(np.sign(gap.value)))
    return sides


@pytest.mark.parametrize(
    "world",
    [
        pytest.param(People(), id="150 questions"),
        pytest.param(People(questions=40), id="40 questions"),
        pytest.param(People(questions=60, comparisons=5, hard=0.4), id="60 questions x 5, some hard"),
        pytest.param(People((0.9, 0.8, 0.7, 0.8), given=0.6), id="labelers who differ and do not label all"),
    ],
)
def test_a_judge_as_good_as_a_labeler_is_rarely_said_to_differ(world):
    # 6 % in truth, and what chance makes of so many evaluations.
    assert np.mean(np.abs(found_in(world, seed=3))) <= 0.06 + 2 * (0.06 * 0.94 / REPEATS) ** 0.5


@pytest.mark.parametrize(("right", "side"), [(0.95, 1), (0.65, -1)])
def test_a_judge_that_errs_less_or_more_than_labelers_is_found_to(right, side):
    sides = found_in(People(judge=right, questions=200), seed=9)
    assert np.mean(np.equal(sides, side)) > 0.8
    assert -side not in sides


def test_a_labeler_alone_on_a_comparison_is_not_compared():
    labels = np.array([[[0, NOT_GIVEN]], [[0, 0]]])
    found = figures_of(votes_table(labels, np.array([[1], [0]])))
    assert [figure.n for figure in found.values()] == [1] * 3
