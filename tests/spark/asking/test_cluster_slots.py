"""The stage that finds out where tasks run."""

from functools import partial

from judgelake.asking import amounts_of, find_slots, profile_of
from judgelake.asking.slots import slots_of
from judgelake.engine import Engine


def test_the_tasks_of_a_local_session_are_all_in_one_place(spark):
    slots = find_slots(spark, partial(dict, answer=42), hold_s=2.0)
    amounts = amounts_of(spark, Engine())
    assert amounts.is_local
    assert profile_of(amounts) is None
    assert slots.at_once == slots_of(spark, amounts)
    (place,) = slots.places
    assert place.gpus == ()
    assert place.facts == {"answer": 42}
