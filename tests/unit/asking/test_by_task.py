"""Each task has a key of its own that the hash sends to it; tests/spark compares the hash with that of Spark."""

from hypothesis import given, settings
from hypothesis import strategies as st

from judgelake.asking.by_task import keys_of_tasks, spark_hash


def test_the_hash_is_sparks():
    # SELECT hash(0), hash(1), hash(42): Spark 4.2.
    assert (spark_hash(0), spark_hash(1), spark_hash(42)) == (933211791, -559580957, 29417773)


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 2_000))
def test_each_task_has_a_key_that_hashes_to_it(tasks):
    keys = keys_of_tasks(tasks)
    assert len(set(keys)) == tasks
    assert [spark_hash(key) % tasks for key in keys] == list(range(tasks))
