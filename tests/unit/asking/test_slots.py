"""How many tasks run at once, from when each of them ran."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from chunk_example import small_chunk

from judgelake.asking import slots
from judgelake.asking.amounts import Amounts
from judgelake.asking.chunk import ChunkWriter, slots_of_a_chunk
from judgelake.asking.slot_count import COUNT_EVERY_S, SlotCount
from judgelake.asking.slots import counted_again, most_at_once
from judgelake.asking.window import Window


@pytest.mark.parametrize(
    ("intervals", "most"),
    [
        pytest.param([], 0, id="none"),
        pytest.param([(0, 1), (1, 2), (2, 3)], 1, id="one after the other"),
        pytest.param([(0, 2), (1, 3), (2.5, 4)], 2, id="two at most"),
        pytest.param([(0, 10)] * 4 + [(10, 20)] * 4, 4, id="two waves"),
    ],
)
def test_tasks_at_once_are_those_whose_times_overlap(intervals, most):
    assert most_at_once(intervals) == most


ON_GPUS = Amounts(gpus_a_task=0.25, gpus_an_executor=2, cores_an_executor=12)


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [
        pytest.param(Amounts(), [2, 24, 48], id="a slot is a core"),
        pytest.param(ON_GPUS, [1, 16, 32], id="eight tasks on two GPUs"),
        pytest.param(replace(ON_GPUS, has_profile=True), [1, 16, 32], id="only the asking stage takes GPUs"),
        pytest.param(replace(ON_GPUS, cores_a_task=2), [1, 12, 24], id="as many as have cores"),
        pytest.param(replace(ON_GPUS, gpus_a_task=2), [1, 2, 4], id="both GPUs for one task"),
    ],
)
def test_slots_are_counted_again_as_executors_come(amounts, expected, monkeypatch):
    cores = iter([2, 24, 48])
    monkeypatch.setattr(slots, "setting", lambda spark, name: None)
    monkeypatch.setattr(slots, "_cores", lambda spark: next(cores))
    count = counted_again(None, amounts)
    assert [count() for _ in expected] == expected


@pytest.mark.parametrize(
    ("settings", "amounts"),
    [
        pytest.param({"spark.default.parallelism": "200"}, Amounts(), id="a range has always 200 parts"),
        pytest.param({}, Amounts(is_local=True), id="one process has the cores that it has"),
        pytest.param({}, Amounts(gpus_a_task=1.0, gpus_an_executor=1), id="the cores of an executor are not known"),
        pytest.param({}, Amounts(gpus_a_task=1.0, cores_an_executor=4), id="the GPUs of an executor are not known"),
    ],
)
def test_slots_that_do_not_follow_from_cores_are_not_counted_again(settings, amounts, monkeypatch):
    monkeypatch.setattr(slots, "setting", lambda spark, name: settings.get(name))
    assert counted_again(None, amounts) is None


def test_a_later_chunk_has_tasks_for_the_executors_that_have_come():
    now = iter([2, 6, 64])
    slots_seen = SlotCount(1, lambda: next(now), counted_at=-COUNT_EVERY_S)
    writer = ChunkWriter(None, SimpleNamespace(chunks=range(40)), None, None, slots_seen)

    class Asking:
        window = Window(32, expected=32)

    full = small_chunk(requests=20_000)

    def tasks():
        slots_seen.counted_at -= COUNT_EVERY_S
        return writer._tasks(full, Asking)

    # A chunk is asked by a few engines, however many there are.
    assert [tasks() for _ in range(3)] == [4, 12, 32]
    assert slots_seen.last == slots_seen.now() == 64


@pytest.mark.parametrize(
    ("slots", "chunks", "of_a_chunk"),
    [(2, 1, 2), (64, 40, 16), (64, 4, 16), (64, 3, 22), (64, 1, 64), (2048, 129, 16)],
)
def test_a_run_of_few_chunks_uses_all_slots_for_them(slots, chunks, of_a_chunk):
    assert slots_of_a_chunk(slots, chunks) == of_a_chunk
