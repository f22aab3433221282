"""How the bounds of a run are divided among what can run at once."""

from __future__ import annotations

import pytest
from chunk_example import small_chunk
from hypothesis import given, settings
from hypothesis import strategies as st

from judgelake.asking import Asking
from judgelake.asking.share import Share, chunks_for, share_of
from judgelake.engine import Engine


def job(asking=None, **engine):
    return Engine(**{"url": "http://x/v1", **engine}), Asking(**asking or {})


def chunks(*sizes):
    return [small_chunk(number, size, app_id=str(number)) for number, size in enumerate(sizes)]


def test_without_a_bound_each_task_has_its_window():
    assert share_of(*job(), 8, chunks(20_000)) == Share(8, 3, 16, 256, None, may_grow=True)


@pytest.mark.parametrize(("slots", "chunks"), [(1, 2), (2, 3), (16, 3), (17, 3), (64, 5), (2048, 129)])
def test_so_many_narrow_chunks_are_in_flight_that_one_that_ends_leaves_no_slot_empty(slots, chunks):
    assert chunks_for(slots) == chunks


def test_the_window_of_an_own_engine_is_left_open_and_a_given_one_stays():
    assert share_of(*job(url=None), 8, chunks(20_000)).window_requests is None
    assert share_of(*job(url=None, requests_per_second=10.0), 8, chunks(20_000)).window_requests is None
    assert share_of(*job({"window_requests": 100}, url=None), 8, chunks(20_000)).window_requests == 100


@pytest.mark.parametrize(
    ("bound", "slots", "sizes", "expected"),
    [
        pytest.param(64, 16, (20_000, 20_000), Share(16, 2, 8, 4, None), id="all slots share it"),
        pytest.param(64, 16, (20_000,), Share(16, 1, 16, 4, None), id="one chunk takes all slots"),
        pytest.param(64, 16, (100,), Share(16, 1, 4, 16, None), id="a small run has few tasks with a larger part each"),
        pytest.param(3, 16, (20_000, 20_000), Share(16, 2, 1, 1, None), id="fewer than slots"),
        pytest.param(1, 16, (20_000, 20_000), Share(16, 1, 1, 1, None), id="one at a time"),
        pytest.param(64, 1, (20_000, 20_000), Share(1, 1, 1, 64, None), id="one slot"),
        pytest.param(10_000, 4, (20_000,), Share(4, 1, 4, 256, None), id="more than the windows"),
        pytest.param(64, 4, (), Share(4, 1, 1, 64, None), id="nothing to ask"),
    ],
)
def test_a_bound_on_requests_is_divided_among_what_can_run_at_once(bound, slots, sizes, expected):
    assert share_of(*job(max_in_flight=bound), slots, chunks(*sizes)) == expected


def test_the_rate_is_that_of_the_whole_run():
    share = share_of(*job(requests_per_second=10.0), 4, chunks(20_000, 20_000))
    assert share == Share(4, 2, 2, 256, 2.5)


@settings(deadline=None)
@given(
    bound=st.integers(1, 5_000),
    rate=st.none() | st.floats(0.1, 1_000),
    slots=st.integers(1, 600),
    sizes=st.lists(st.integers(0, 30_000), max_size=6),
    in_flight=st.integers(1, 8),
    partitions=st.none() | st.integers(1, 2_000),
    window=st.integers(1, 512),
)
def test_the_bounds_hold_whatever_the_cluster(bound, rate, slots, sizes, in_flight, partitions, window):
    asking = {"chunks_in_flight": in_flight, "partitions": partitions, "window_requests": window}
    share = share_of(*job(asking, max_in_flight=bound, requests_per_second=rate), slots, chunks(*sizes))
    at_once = share.chunks_in_flight * share.tasks
    assert min(share.chunks_in_flight, share.tasks, share.window_requests) >= 1
    assert at_once * share.window_requests <= bound
    assert share.window_requests <= window
    if rate is not None:
        assert at_once * share.requests_per_second == pytest.approx(rate)


@pytest.mark.parametrize(
    ("asking", "bound", "expected"),
    [
        pytest.param({}, None, chunks_for(64), id="nothing bounds them"),
        pytest.param({"chunks_in_flight": 2}, None, 2, id="the config says how many"),
        pytest.param({"partitions": 4}, None, chunks_for(8), id="the config says how many tasks"),
        pytest.param({}, 64, share_of(*job(max_in_flight=64), 8, chunks(20_000)).chunks_in_flight, id="the engine's"),
    ],
)
def test_a_cluster_that_has_grown_has_more_chunks_in_flight_unless_something_bounds_them(asking, bound, expected):
    assert share_of(*job(asking, max_in_flight=bound), 8, chunks(20_000)).in_flight_at(64) == expected
