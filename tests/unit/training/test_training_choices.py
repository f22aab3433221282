"""Choices, orders and batches: the same wherever and however often they are made, and different in each epoch."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgelake.training import Choice, Rates, choice, grouped_by_length, order_of

IDS = [f"{number:032x}" for number in range(2000)]


def test_a_choice_is_known_from_example_epoch_and_seed_alone() -> None:
    """Written down once: a change of the hash would change rows in the middle of a training."""
    got = [choice("0" * 32, epoch, 7, Rates()) for epoch in range(4)]
    assert got == [Choice(False, True), Choice(True, True), Choice(True, False), Choice(True, False)]


@pytest.mark.parametrize("rate", [0.0, 0.3, 1.0])
def test_so_many_are_swapped_and_shown_with_reference_in_every_epoch(rate: float) -> None:
    for epoch in range(2):
        made = [choice(one, epoch, 0, Rates(swap=rate, reference=1 - rate)) for one in IDS]
        assert sum(one.swapped for one in made) / len(made) == pytest.approx(rate, abs=0.04)
        assert sum(one.with_reference for one in made) / len(made) == pytest.approx(1 - rate, abs=0.04)


def test_epochs_seeds_and_both_choices_are_unrelated() -> None:
    def swapped(epoch: int, seed: int) -> list[bool]:
        return [choice(one, epoch, seed, Rates()).swapped for one in IDS]

    with_reference = [choice(one, 0, 0, Rates()).with_reference for one in IDS]
    for other in (swapped(1, 0), swapped(0, 1), with_reference):
        same = sum(one == two for one, two in zip(swapped(0, 0), other, strict=True))
        assert same / len(IDS) == pytest.approx(0.5, abs=0.05)


def test_all_four_ways_to_show_an_example_occur() -> None:
    assert {choice(one, 0, 0, Rates()) for one in IDS} == {
        Choice(swapped, with_reference) for swapped in (False, True) for with_reference in (False, True)
    }


@pytest.mark.parametrize("rates", [{"swap": -0.1}, {"reference": 1.1}, {"swap": float("nan")}])
def test_a_rate_is_a_probability(rates: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="expected a number from 0 to 1"):
        Rates(**rates)


@settings(deadline=None)
@given(st.sets(st.text(max_size=4), max_size=30), st.randoms())
def test_the_order_is_of_the_set_and_not_of_how_it_was_given(ids: set[str], shuffled: random.Random) -> None:
    given_ids = list(ids)
    shuffled.shuffle(given_ids)
    assert order_of(given_ids, 1, 7) == order_of(sorted(ids), 1, 7)
    assert sorted(order_of(ids, 1, 7)) == sorted(ids)


def test_epochs_have_other_orders() -> None:
    assert len({tuple(order_of(IDS, epoch, seed)) for epoch in range(3) for seed in range(3)}) == 9


@settings(deadline=None)
@given(st.lists(st.integers(1, 50), max_size=400), st.integers(1, 7), st.randoms())
def test_grouping_keeps_every_row_once_and_begins_with_the_longest_batch(
    lengths: list[int], batch_size: int, shuffled: random.Random
) -> None:
    order = list(range(len(lengths)))
    shuffled.shuffle(order)
    grouped = grouped_by_length(order, lengths, batch_size)
    assert sorted(grouped) == sorted(order)
    assert grouped == grouped_by_length(order, lengths, batch_size)
    if len(lengths) >= batch_size:
        whole = len(lengths) // batch_size * batch_size
        batches = [grouped[start : start + batch_size] for start in range(0, whole, batch_size)]
        longest = [max(lengths[place] for place in batch) for batch in batches]
        assert longest[0] == max(longest)


def test_rows_of_a_batch_are_alike_in_length() -> None:
    lengths = [random.Random(place).randint(10, 2000) for place in range(4000)]
    order = [int(place) for place in order_of(map(str, range(4000)), 0, 0)]

    def padding(places: list[int]) -> float:
        batches = [[lengths[place] for place in places[start : start + 8]] for start in range(0, len(places), 8)]
        return 1 - sum(map(sum, batches)) / sum(8 * max(batch) for batch in batches)

    assert padding(grouped_by_length(order, lengths, 8)) < 0.05 < 0.3 < padding(order)


def test_a_batch_has_rows() -> None:
    with pytest.raises(ValueError, match="batch_size is 0"):
        grouped_by_length([0], [1], 0)
