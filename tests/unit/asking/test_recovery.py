"""A task whose engine dies: what a prompt kills is found, everything else is answered, and every request once."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import asynccontextmanager, contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgelake.asking.recovery import DEATHS_IN_A_ROW, MOST_DEATHS, SUSPECTS_AT_ONCE, Limits, Recovery
from judgelake.comparisons import Failure, Status
from judgelake.engine import Ask, EngineGone, Reply
from judgelake.errors import RunError
from judgelake.judges import Decoding, Prompt

REPLY = Reply("8 7", "stop", 1, 0, 1, None, 1.0)


class Mortal:
    """An engine that dies of some requests, or after a number of calls; it counts its starts and how it was asked."""

    def __init__(self, poison=(), dies_after=None, refuses_to_open=0):
        self.poison, self.dies_after, self.refuses_to_open = set(poison), dies_after, refuses_to_open
        self.starts = self.calls = self.in_flight = 0
        self.most_in_flight: list[int] = []
        self.times_alone = 0

    def open_engine(self):
        self.starts += 1
        self.calls = self.in_flight = 0
        self.most_in_flight.append(0)
        return self.opened

    @asynccontextmanager
    async def opened(self):
        if self.starts <= self.refuses_to_open:
            raise EngineGone("It does not answer.")
        yield self

    async def ask(self, ask: Ask) -> Reply:
        self.calls += 1
        self.in_flight += 1
        self.most_in_flight[-1] = max(self.most_in_flight[-1], self.in_flight)
        await asyncio.sleep(0)
        if ask.prompt.text in self.poison or (self.dies_after is not None and self.calls > self.dies_after):
            raise EngineGone("It has ended.")
        await asyncio.sleep(0)
        self.in_flight -= 1
        return REPLY

    @contextmanager
    def alone(self):
        self.times_alone += 1
        yield


class Suspecting(Mortal):
    """Counts the calls while no other task may ask suspects."""

    is_alone = False
    asked_alone = 0

    async def ask(self, ask: Ask) -> Reply:
        self.asked_alone += self.is_alone
        return await super().ask(ask)

    @contextmanager
    def alone(self):
        self.is_alone = True
        yield


def asks(count):
    for number in range(count):
        yield number, Ask(Prompt(text=str(number)), Decoding(max_tokens=1), cost_bytes=1)


def answered(engine, count, window=64):
    recovery = Recovery(engine.open_engine, engine.alone, lambda: Limits(window, 10**6, 0.01))
    return [pair for pairs in recovery.answers(asks(count)) for pair in pairs]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 60), st.sets(st.integers(0, 59), max_size=1), st.integers(1, 64))
def test_every_request_has_one_outcome_and_only_what_kills_fails(count, poison, window):
    poison = {number for number in poison if number < count}
    outcomes = answered(Mortal(map(str, poison)), count, window)
    assert Counter(number for number, _ in outcomes) == Counter(range(count))
    failed = {number for number, outcome in outcomes if isinstance(outcome, Failure)}
    assert failed == poison


def test_what_was_in_flight_at_a_death_is_asked_last_a_few_at_a_time_then_one_by_one():
    engine = Mortal({"5"})
    outcomes = dict(answered(engine, 300, window=64))
    assert outcomes[5].status is Status.ENGINE_ERROR
    assert "the only one" in outcomes[5].reason
    # With all, with the fresh ones that are left, among few suspects, one by one, and once more for the last ones.
    assert engine.starts == 5
    assert engine.most_in_flight[0] <= 64
    assert engine.most_in_flight[2] <= SUSPECTS_AT_ONCE
    assert engine.most_in_flight[3] == 1
    assert engine.times_alone == 1


def test_an_engine_that_dies_once_costs_no_request():
    engine = Mortal()
    dying = iter([30])

    def open_engine():
        factory = engine.open_engine()
        engine.dies_after = next(dying, None)
        return factory

    recovery = Recovery(open_engine, engine.alone, lambda: Limits(16, 10**6, 0.01))
    outcomes = [pair for pairs in recovery.answers(asks(100)) for pair in pairs]
    assert sorted(number for number, outcome in outcomes if outcome is REPLY) == list(range(100))
    assert engine.starts == 3


def test_the_window_is_that_of_the_engine_that_was_opened_last():
    engine = Mortal(dies_after=150)
    windows = {1: 32, 2: 8}

    def open_engine():
        engine.dies_after = None if engine.starts else 150
        return engine.open_engine()

    recovery = Recovery(open_engine, engine.alone, lambda: Limits(windows[min(2, engine.starts)], 10**6, 0.01))
    assert sum(map(len, recovery.answers(asks(300)))) == 300
    assert engine.most_in_flight[:2] == [32, 8]


def test_only_what_was_in_flight_at_a_death_is_under_suspicion():
    # Late deaths: by then a new request may have the place in memory of one that was answered.
    for dies_after in range(200, 400, 10):
        engine = Suspecting()
        dying = iter([dies_after])

        def open_engine(engine=engine, dying=dying):
            engine.dies_after = next(dying, None)
            return engine.open_engine()

        recovery = Recovery(open_engine, engine.alone, lambda: Limits(16, 10**6, 0.01))
        assert sum(map(len, recovery.answers(asks(500)))) == 500
        assert 0 < engine.asked_alone <= 16


def test_an_engine_that_never_answers_ends_the_task():
    engine = Mortal(dies_after=0)
    with pytest.raises(EngineGone, match=f"started again {DEATHS_IN_A_ROW} times"):
        answered(engine, 300)
    assert engine.starts == DEATHS_IN_A_ROW + 1


def test_an_engine_that_cannot_be_reached_loses_no_request():
    engine = Mortal(refuses_to_open=2)
    assert sorted(number for number, _ in answered(engine, 20)) == list(range(20))


def test_an_engine_that_dies_again_and_again_ends_the_task():
    with pytest.raises(EngineGone):
        answered(Mortal(dies_after=3), 1000, window=2)


def test_a_few_killers_end_no_task_but_many_do():
    few = answered(Mortal({"1", "40", "80"}), 100, window=8)
    assert [number for number, outcome in few if isinstance(outcome, Failure)] == [1, 40, 80]
    engine = Mortal(map(str, range(0, 1000, 30)))
    with pytest.raises(EngineGone):
        answered(engine, 1000, window=8)
    assert engine.starts == MOST_DEATHS + 1


def test_an_engine_that_dies_as_the_run_stops_is_not_started_again():
    engine = Mortal(dies_after=5)
    recovery = Recovery(engine.open_engine, engine.alone, lambda: Limits(1, 10**6, 0.01), lambda: engine.calls > 5)
    outcomes = []

    def take_all():
        for pairs in recovery.answers(asks(100)):
            outcomes.extend(pairs)

    with pytest.raises(RunError, match="run stops"):
        take_all()
    assert len(outcomes) == 5
    assert engine.starts == 1
