"""Slices against all comparisons outside of them: by hand, and in worlds where all are equal or one is worse."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from judgelake.measures import slices as module
from judgelake.measures.figure import Figure
from judgelake.measures.slices import (
    NOTHING_OUTSIDE,
    RightCounts,
    figures,
    like_everything_error,
    shrunk_agreements,
    slice_difference,
)
from judgelake.measures.statistics.interval import NO_SPREAD, ONE_QUESTION, absent, holm, wilson
from judgelake.measures.table import CELL, Buckets, Table, table_of


@dataclass(frozen=True, slots=True)
class World:
    """Slices of as many comparisons each, on which a judge is right with one probability, except in the first.

    A comparison takes its chance from its question with a probability that correlates those of a question by
    `correlation`. The questions lie within slices, or each has a comparison in several.
    """

    slices: int
    comparisons: int
    right: float
    worse_by: float = 0.0
    of_question: int = 1
    correlation: float = 0.0
    is_across: bool = False

    def drawn(self, rng: np.random.Generator) -> tuple[RightCounts, list[RightCounts]]:
        """Everything, and each slice."""
        size = self.slices * self.comparisons
        slice_ = np.arange(size) // self.comparisons
        questions = size // self.of_question
        question = np.arange(size) % questions if self.is_across else np.arange(size) // self.of_question
        chance = np.where(rng.random(size) < self.correlation**0.5, rng.random(questions)[question], rng.random(size))
        is_right = (chance < self.right - self.worse_by * (slice_ == 0)).astype(float)
        bucket = question % module.MOST_BUCKETS
        parts = [counts_of(bucket[slice_ == one], is_right[slice_ == one]) for one in range(self.slices)]
        return counts_of(bucket, is_right), parts


def counts_of(bucket: NDArray[np.int64], is_right: NDArray[np.float64]) -> RightCounts:
    numbers, place = np.unique(bucket, return_inverse=True)
    return RightCounts(numbers, np.bincount(place).astype(float), np.bincount(place, weights=is_right))


def one_a_question(*groups: tuple[int, int]) -> tuple[RightCounts, list[RightCounts]]:
    """Everything and slices, each given as (right, judged)."""
    right = [np.repeat([1.0, 0.0], [of_slice, judged - of_slice]) for of_slice, judged in groups]
    ends = np.cumsum([0, *map(len, right)])
    parts = [counts_of(np.arange(start, end), of) for start, end, of in zip(ends[:-1], ends[1:], right, strict=True)]
    return counts_of(np.arange(ends[-1]), np.concatenate(right)), parts


# By hand


def test_a_slice_is_compared_with_all_comparisons_outside_of_it():
    whole, (first, *_) = one_a_question((12, 20), (40, 50), (28, 30))
    estimate, p_value = slice_difference(whole, first)
    assert estimate.value == pytest.approx(12 / 20 - 68 / 80)
    assert estimate.low < estimate.value < estimate.high
    assert 0 < p_value < 1
    # Of two slices that are everything, one is as far above as the other is below.
    whole, (one, other) = one_a_question((12, 20), (64, 80))
    found = [slice_difference(whole, part) for part in (one, other)]
    assert found[0][0].value == pytest.approx(-found[1][0].value)
    assert found[0][0].value == pytest.approx(-0.2)


def test_with_one_comparison_a_question_errors_are_those_of_independent_comparisons():
    whole, (part, _) = one_a_question((30, 50), (400, 450))
    expected = 430 / 500 * 70 / 500
    assert like_everything_error(whole, whole.within(part)) == pytest.approx((expected / 50 * 50 / 49) ** 0.5, rel=0.01)
    estimate, _ = slice_difference(whole, part)
    jackknife = 0.6 * 0.4 / 49 + 400 / 450 * 50 / 450 / 449
    reach = 2.0096 * ((jackknife + expected / 49) / 2) ** 0.5
    assert estimate.high - estimate.value == pytest.approx(reach, rel=0.01)


def test_questions_with_comparisons_on_both_sides_are_one_unit():
    rng = np.random.default_rng(1)
    right = (rng.random(100) < 0.7).astype(float)
    both = RightCounts(np.arange(100), np.full(100, 2.0), 2 * right)
    inside = RightCounts(np.arange(100), np.ones(100), right)
    apart = one_a_question((int(right.sum()), 100), (int(right.sum()), 100))
    together, _ = slice_difference(both, inside)
    separate, _ = slice_difference(apart[0], apart[1][0])
    assert together.value == separate.value == 0
    # The same answers on both sides: only the slice's part of the error is left.
    assert together.high < 0.9 * separate.high


@pytest.mark.parametrize("right", [40, 0])
def test_a_slice_that_is_all_right_or_all_wrong_is_not_taken_as_certain(right):
    whole, parts = one_a_question((right, 40), (900, 1000))
    estimate, p_value = slice_difference(whole, parts[0])
    assert estimate.low < estimate.value < estimate.high
    if right:
        # A judge that is right in nine of ten is right in all of forty once in seventy times.
        assert p_value > 0.9**40
    else:
        assert p_value < 0.001


def test_what_cannot_be_compared_has_a_reason():
    whole, (part,) = one_a_question((30, 50))
    assert slice_difference(whole, part) == (absent(NOTHING_OUTSIDE), None)
    of_one = RightCounts(np.array([0]), np.array([30.0]), np.array([20.0]))
    outside = RightCounts(np.arange(20), np.append(50.0, np.ones(19)), np.append(30.0, np.ones(19)))
    estimate, p_value = slice_difference(outside, of_one)
    assert estimate.value is not None
    assert (estimate.low, estimate.reason, p_value) == (None, ONE_QUESTION, None)
    all_right, parts = one_a_question((30, 30), (50, 50))
    estimate, p_value = slice_difference(all_right, parts[0])
    assert (estimate.value, estimate.low, estimate.reason, p_value) == (0, None, NO_SPREAD, 1)


def test_a_share_and_its_table_give_the_counts_of_every_bucket(monkeypatch):
    within = np.array([[2.0, 0.0, 3.0], [1.0, 1.0, 0.0]])
    total = within.sum(axis=1, keepdims=True)
    right, wrong = np.concatenate([total, total - within], axis=1)
    figure = Figure("agreement", right / (right + wrong), 7, 9, base=right + wrong)
    found = RightCounts.of(figure, Table({}, 3, buckets=np.array([4, 7, 11])))
    assert found.bucket.tolist() == [4, 7, 11]
    assert found.judged.tolist() == [3, 1, 3]
    assert found.right.tolist() == [2, 0, 3]
    assert found.asked == 9
    monkeypatch.setattr(module, "MOST_BUCKETS", 7)
    merged = RightCounts.of(figure, Table({}, 3, buckets=np.array([4, 7, 11])))
    assert (merged.bucket.tolist(), merged.judged.tolist(), merged.right.tolist()) == ([0, 4], [1, 6], [0, 5])
    assert RightCounts.of(figure, Table({}, 3)) is None
    assert RightCounts.of(Figure("agreement", None, 0), Table({}, 3, buckets=np.array([4]))) is None


def test_a_bucket_has_the_same_number_in_every_table():
    def cells(*buckets):
        rows = [{"group": 0, "slice": 0, "code": 0, "outcome": None, "bucket": one, "n": 1} for one in buckets]
        return pa.Table.from_pylist(rows, schema=CELL)

    assert table_of(cells(7, 3, 3), ("A",), Buckets()).buckets.tolist() == [3, 7]
    assert table_of(cells(7), ("A",), Buckets()).buckets.tolist() == [7]


# Shrinking


def test_slices_that_differ_by_chance_alone_are_all_like_everything():
    whole, parts = one_a_question((34, 50), (36, 50), (35, 50))
    assert shrunk_agreements(whole, parts) == pytest.approx([0.7] * 3)


def test_slices_that_differ_more_are_drawn_in_by_as_much_as_chance_explains():
    whole, parts = one_a_question((250, 500), (450, 500), (3, 10))
    overall, values = 703 / 1010, np.array([0.5, 0.9, 0.3])
    variance = np.array([like_everything_error(whole, whole.within(part)) for part in parts]) ** 2
    between = (((values - overall) ** 2 / variance).sum() - 3) / (1 / variance).sum()
    expected = (between * values + variance * overall) / (between + variance)
    assert shrunk_agreements(whole, parts) == pytest.approx(expected)
    # Three of ten are lower than half of five hundred, but say less.
    assert expected[0] == pytest.approx(0.5, abs=0.01)
    assert expected[2] > 0.4
    assert shrunk_agreements(whole, []) == []


def test_every_slice_has_its_difference_and_its_value_for_sorting():
    whole, parts = one_a_question((12, 20), (68, 80))
    found = list(figures(whole, dict(enumerate(parts, 1))))
    assert [(number, figure.metric, figure.n) for number, figure in found] == [
        (1, "slice_difference", 20),
        (1, "agreement_shrunk", 20),
        (2, "slice_difference", 80),
        (2, "agreement_shrunk", 80),
    ]
    for _, figure in found:
        estimate = figure.estimate(100)
        assert estimate.value is not None
        assert (figure.p_value is not None) == (figure.metric == "slice_difference")
        assert (estimate.low is None) == (figure.metric == "agreement_shrunk")


# Worlds


@dataclass(frozen=True, slots=True)
class Named:
    """In how many simulated evaluations a slice is called worse."""

    by_old_rule: float
    any_slice: float
    first_slice: float
    others: float


def named(world: World, repeats: int, seed: int = 1) -> Named:
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(repeats):
        whole, parts = world.drawn(rng)
        # The old rule: the whole interval of the slice is below the figure over everything.
        old = any(wilson(part.right.sum(), part.judged.sum())[1] < whole.share for part in parts)
        compared = [slice_difference(whole, part) for part in parts]
        corrected = holm([p_value if p_value is not None else 1.0 for _, p_value in compared])
        worse = [p < 0.05 and one.value < 0 for p, (one, _) in zip(corrected, compared, strict=True)]
        found.append((old, any(worse), worse[0], any(worse[1:])))
    return Named(*map(float, np.mean(found, axis=0)))


EQUAL = [
    pytest.param(World(20, 50, 0.7), 0.25, id="20 of 50"),
    pytest.param(World(60, 40, 0.7), 0.55, id="60 of 40"),
    pytest.param(World(100, 60, 0.7), 0.75, id="100 of 60"),
    pytest.param(World(40, 40, 0.95), 0.55, id="nearly always right"),
    pytest.param(World(20, 50, 0.7, of_question=5, correlation=0.3), 0.7, id="5 a question"),
    pytest.param(World(20, 50, 0.8, of_question=5, correlation=0.3, is_across=True), 0.25, id="across slices"),
]


@pytest.mark.parametrize(("world", "old"), EQUAL)
def test_where_all_slices_are_equal_few_evaluations_call_one_worse(world, old):
    found = named(world, 80)
    assert found.by_old_rule > old
    assert found.any_slice <= 0.06


def test_a_slice_that_is_20_points_worse_is_found_and_no_other():
    found = named(World(20, 100, 0.8, worse_by=0.2), 80)
    assert found.first_slice > 0.85
    assert found.others <= 0.1
    smaller = named(World(20, 50, 0.8, worse_by=0.2), 80)
    assert 0.3 < smaller.first_slice < found.first_slice


def test_shrinking_brings_the_values_nearer_to_the_truth_and_the_worst_slice_first():
    rng = np.random.default_rng(2)
    errors, is_first = [], []
    for _ in range(40):
        whole, parts = World(20, 50, 0.8, worse_by=0.2).drawn(rng)
        truth = np.append(0.6, np.full(19, 0.8))
        shrunk = np.array(shrunk_agreements(whole, parts))
        raw = np.array([part.share for part in parts])
        errors.append([np.square(shrunk - truth).mean(), np.square(raw - truth).mean()])
        # As in the report, equal ones by their values.
        is_first.append(np.lexsort((raw, shrunk))[0] == 0)
    ours, theirs = np.sqrt(np.mean(errors, axis=0))
    assert ours < 0.8 * theirs
    assert np.mean(is_first) > 0.8
