"""The window: bounded, lazy, complete, and nothing left running however the caller exits."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from contextlib import aclosing, asynccontextmanager
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgelake.engine import Ask, EngineGone, Reply, run_stream, stream
from judgelake.engine.client.window import FIRST_GROUP
from judgelake.errors import RunError
from judgelake.judges import Decoding, Prompt

REPLY = Reply("8 7", "stop", 1, 0, 1, None, 1.0)
DECODING = Decoding(max_tokens=1)


class Watched:
    """Answers after a short delay, and records how much was in flight."""

    def __init__(self, seconds: float = 0.001, fails_at: int | None = None) -> None:
        self.seconds, self.fails_at = seconds, fails_at
        self.asked = self.requests = self.bytes = self.most_requests = self.most_bytes = self.cancelled = 0
        self.is_closed = False

    async def ask(self, ask: Ask) -> Reply:
        self.asked += 1
        if self.asked == self.fails_at:
            raise EngineGone("gone")
        self.requests, self.bytes = self.requests + 1, self.bytes + ask.cost_bytes
        self.most_requests = max(self.most_requests, self.requests)
        self.most_bytes = max(self.most_bytes, self.bytes if self.requests > 1 else 0)
        try:
            await asyncio.sleep(self.seconds)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.requests, self.bytes = self.requests - 1, self.bytes - ask.cost_bytes
        return REPLY

    @asynccontextmanager
    async def open(self):
        try:
            yield self
        finally:
            self.is_closed = True


def asks(costs, pulled=None):
    for number, cost in enumerate(costs):
        if pulled is not None:
            pulled.append(number)
        yield number, Ask(Prompt(text=str(number)), DECODING, cost_bytes=cost)


def drive(asker: Watched, costs, requests=4, window_bytes=100, **options):
    lists = run_stream(asks(costs), asker.open, window_requests=requests, window_bytes=window_bytes, **options)
    return [item for answered in lists for item, _ in answered]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 150), max_size=60), st.integers(1, 8))
def test_every_item_comes_back_once_and_the_window_holds(costs, requests):
    asker = Watched(0.0)
    assert sorted(drive(asker, costs, requests)) == list(range(len(costs)))
    assert asker.most_requests <= requests
    assert asker.most_bytes <= 100


def test_outcomes_come_as_they_finish_not_in_order():
    class Slow(Watched):
        async def ask(self, ask: Ask) -> Reply:
            await asyncio.sleep(0.2 if ask.prompt.text == "0" else 0.001)
            return REPLY

    assert drive(Slow(), [1] * 6, flush_every_s=0.01)[-1] == 0


def test_the_source_is_pulled_lazily():
    pulled: list[int] = []

    async def run():
        async with aclosing(stream(asks([1] * 100, pulled), Watched(), 4, 100)) as outcomes:
            async for _ in outcomes:
                return

    asyncio.run(run())
    assert len(pulled) <= 6


def test_leaving_early_cancels_what_is_in_flight_and_closes_the_asker():
    asker = Watched(30.0)
    before = threading.active_count()
    first = Watched(0.0)

    class Mixed(Watched):
        async def ask(self, ask: Ask) -> Reply:
            return await (first if ask.prompt.text == "0" else asker).ask(ask)

    mixed = Mixed()
    lists = run_stream(asks([1] * 50), mixed.open, window_requests=4, window_bytes=100, flush_every_s=0.01)
    assert [item for item, _ in next(lists)] == [0]
    lists.close()
    assert mixed.is_closed
    assert asker.cancelled == asker.asked == 4
    assert threading.active_count() == before


def test_a_stream_that_is_told_to_end_passes_on_all_that_has_come():
    class Hanging(Watched):
        async def ask(self, ask: Ask) -> Reply:
            self.seconds = 30.0 if int(ask.prompt.text) > 6 else 0.0
            return await super().ask(ask)

    asker, passed_on, began = Hanging(), [], time.monotonic()

    def take_all():
        options = {"window_requests": 4, "window_bytes": 100, "flush_every_s": 0.01}
        for answered in run_stream(asks([1] * 50), asker.open, is_to_end=lambda: asker.asked >= 11, **options):
            passed_on.extend(item for item, _ in answered)

    with pytest.raises(RunError, match="run stops"):
        take_all()
    assert sorted(passed_on) == list(range(7))
    assert asker.is_closed
    assert time.monotonic() - began < 10


def test_an_engine_that_is_gone_ends_the_stream_with_its_own_error():
    asker = Watched(fails_at=7)
    with pytest.raises(EngineGone):
        drive(asker, [1] * 50)
    assert asker.is_closed


def test_an_asker_that_cannot_be_opened_ends_the_stream():
    @asynccontextmanager
    async def refuse():
        raise EngineGone("no")
        yield

    with pytest.raises(EngineGone):
        list(run_stream(asks([1] * 50), refuse, window_requests=4, window_bytes=100))


def test_an_error_of_the_source_is_raised_and_everything_closed():
    def broken():
        yield from asks([1] * 3)
        raise ValueError("bad row")

    asker = Watched()
    with pytest.raises(ValueError, match="bad row"):
        list(run_stream(broken(), asker.open, window_requests=2, window_bytes=100))
    assert asker.is_closed


def test_no_requests_give_no_outcomes():
    assert drive(Watched(), []) == []


def test_a_request_larger_than_the_window_passes_alone():
    assert sorted(drive(Watched(), [1, 5000, 1])) == [0, 1, 2]


@pytest.mark.parametrize(
    ("seconds", "waits_before"),
    [
        pytest.param(0.6, [FIRST_GROUP], id="while the engine has work"),
        pytest.param(0.0, [], id="not while it has nothing to do"),
    ],
)
def test_the_first_window_is_sent_in_groups_and_what_follows_as_there_is_room(seconds, waits_before, monkeypatch):
    """A server that reads a whole window at once makes its engine answer the first request alone."""
    pause = 0.2
    monkeypatch.setattr(sys.modules["judgelake.engine.client.window"], "FIRST_PAUSE_S", pause)
    sent = []

    class Timed(Watched):
        async def ask(self, ask: Ask) -> Reply:
            sent.append(time.monotonic())
            return await super().ask(ask)

    window = 2 * FIRST_GROUP
    assert len(drive(Timed(seconds), [1] * window, requests=window, window_bytes=1_000)) == window
    waited = [number for number, (earlier, now) in enumerate(pairwise(sent), 1) if now - earlier >= pause]
    assert waited == waits_before
