"""The rows of every step: each row once, the same whatever the processes, and nothing remembered between steps."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgelake.trainer import Place, Steps, batch_problem, training_order

sizes = st.builds(
    lambda rows, pieces, at_once, processes: (rows, pieces * at_once * processes, at_once, processes),
    st.integers(1, 60),
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(1, 3),
)


def places(rows: int, epochs: int = 2) -> list[Place]:
    return [Place(f"{example:032x}", epoch, 5 + example % 7) for epoch in range(epochs) for example in range(rows)]


@settings(deadline=None)
@given(sizes)
def test_all_processes_together_compute_every_row_once_and_equally_often(case):
    rows, batch_rows, at_once, processes = case
    order = list(range(rows))
    of_process = [list(Steps(order, batch_rows, at_once, processes, process)) for process in range(processes)]
    assert len({len(pieces) for pieces in of_process}) == 1
    assert len(of_process[0]) == len(Steps(order, batch_rows, at_once, processes))
    in_turn = itertools.chain.from_iterable(zip(*of_process, strict=True))
    assert list(itertools.chain.from_iterable(in_turn)) == order


@settings(deadline=None)
@given(sizes)
def test_a_step_holds_the_same_rows_however_many_processes_share_it(case):
    rows, batch_rows, at_once, processes = case
    pieces = list(zip(*(Steps(range(rows), batch_rows, at_once, processes, p) for p in range(processes)), strict=True))
    of_a_step = Steps(range(rows), batch_rows, at_once, processes).pieces_of_a_step
    steps = [
        sorted(itertools.chain.from_iterable(itertools.chain.from_iterable(pieces[start : start + of_a_step])))
        for start in range(0, len(pieces), of_a_step)
    ]
    assert steps == [list(range(start, min(start + batch_rows, rows))) for start in range(0, rows, batch_rows)]


@pytest.mark.parametrize("grouped", [None, 4])
def test_the_order_depends_on_the_rows_and_the_seed_alone(grouped):
    stored = places(30)
    found = [stored[index] for index in training_order(stored, 7, grouped)]
    reversed_ = stored[::-1]
    assert [reversed_[index] for index in training_order(reversed_, 7, grouped)] == found
    assert sorted(training_order(stored, 7, grouped)) == list(range(60))
    assert training_order(stored, 8, grouped) != training_order(stored, 7, grouped)


def test_epochs_follow_each_other_in_orders_of_their_own():
    stored = places(30)
    order = training_order(stored, 0)
    assert [stored[index].epoch for index in order] == [0] * 30 + [1] * 30
    assert [stored[index].example_id for index in order[:30]] != [stored[index].example_id for index in order[30:]]


def test_an_example_left_out_of_an_epoch_is_only_missing_there():
    stored = places(5)
    del stored[2]
    assert sorted(training_order(stored, 0)) == list(range(9))


def test_an_example_twice_in_an_epoch_is_refused():
    with pytest.raises(ValueError, match="stands twice in epoch 0"):
        training_order([*places(3), places(1)[0]], 0)


@pytest.mark.parametrize(
    ("batch_rows", "at_once", "processes", "expected"),
    [(128, 1, 4, None), (128, 16, 8, None), (6, 4, 1, "a multiple of 4"), (6, 2, 2, "each of 2 processes")],
)
def test_a_step_that_cannot_be_shared_equally_is_named(batch_rows, at_once, processes, expected):
    problem = batch_problem(batch_rows, at_once, processes)
    assert problem is None if expected is None else expected in (problem or "")
