"""Keeps a bounded window of requests in flight and yields outcomes as they finish."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from judgelake.comparisons import Failure
from judgelake.engine.call import Ask, Asker, Reply

T = TypeVar("T")
Pair = tuple[T, Reply | Failure]

# A server that gets a whole window at once reads all of it concurrently; meanwhile its engine computes the first
# request alone, in steps of one token (7 of 52 steps, with 8 tokens per request).
FIRST_GROUP = 16
FIRST_PAUSE_S = 0.01


@dataclass(frozen=True, slots=True)
class Broken:
    """An exception on its way to the consumer."""

    error: BaseException


@dataclass(slots=True)
class Window:
    """Rows and bytes that may be in flight; a request larger than the window is sent alone."""

    most_requests: int
    most_bytes: int
    requests: int = 0
    bytes: int = 0
    room: asyncio.Event = field(default_factory=asyncio.Event)

    def takes(self, cost: int) -> bool:
        """Whether a request of so many bytes may enter."""
        fits = self.requests < self.most_requests and self.bytes + cost <= self.most_bytes
        return fits or self.requests == 0

    async def enter(self, cost: int) -> None:
        """Enter as soon as there is room."""
        while not self.takes(cost):
            self.room.clear()
            await self.room.wait()
        self.add(cost)

    def add(self, cost: int) -> None:
        """Enter now."""
        self.requests += 1
        self.bytes += cost

    def leave(self, cost: int) -> None:
        """Make room for others."""
        self.requests -= 1
        self.bytes -= cost
        self.room.set()

    async def emptied(self, most_s: float) -> None:
        """Wait until all have left, at most so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(most_s):
                while self.requests:
                    self.room.clear()
                    await self.room.wait()


async def stream(
    items: Iterable[tuple[T, Ask]] | AsyncIterable[tuple[T, Ask]],
    asker: Asker,
    window_requests: int,
    window_bytes: int,
) -> AsyncIterator[Pair[T]]:
    """Yield each item with its outcome, as they finish; at most one window is in flight or waits to be taken.

    The first window is sent in small groups, not all at once, but still faster than an engine can take them.

    Use within `aclosing()`: then nothing stays in flight, however the caller exits. An exception of `asker`
    means a bug or a dead engine: it ends the stream.

    Args:
        items: pulled lazily, never more than one beyond the window.
        asker: called for each item.
        window_requests: most requests in flight.
        window_bytes: most bytes in flight, by `Ask.cost_bytes`.
    """
    window = Window(window_requests, window_bytes)
    asking = _Asking[T](asker, window)
    feeder = asyncio.create_task(asking.feed(_in_groups_at_first(items, window)))
    try:
        while (outcome := await asking.finished.get()) is not None:
            if isinstance(outcome, Broken):
                raise outcome.error
            item, cost, reply = outcome
            window.leave(cost)
            yield item, reply
    finally:
        await asking.cancel(feeder)


class _Asking(Generic[T]):
    """The calls in flight of one stream, and their outcomes with the cost of each; None follows the last."""

    def __init__(self, asker: Asker, window: Window) -> None:
        self.finished: asyncio.Queue[tuple[T, int, Reply | Failure] | Broken | None] = asyncio.Queue()
        self._asker = asker
        self._window = window
        self._tasks: set[asyncio.Task[None]] = set()

    async def feed(self, items: AsyncIterator[tuple[T, Ask]]) -> None:
        """Ask for all items, each as soon as the window has room for it."""
        try:
            async for item, ask in items:
                await self._window.enter(ask.cost_bytes)
                self._tasks.add(asyncio.create_task(self._answer(item, ask)))
            await asyncio.gather(*self._tasks)
            self.finished.put_nowait(None)
        except Exception as error:  # raised again where the outcomes are taken
            self.finished.put_nowait(Broken(error))

    async def _answer(self, item: T, ask: Ask) -> None:
        try:
            self.finished.put_nowait((item, ask.cost_bytes, await self._asker.ask(ask)))
        except Exception as error:  # raised again where the outcomes are taken
            self.finished.put_nowait(Broken(error))
        # Not by a callback, which the loop would call for each request on its own.
        if (this := asyncio.current_task()) is not None:
            self._tasks.discard(this)

    async def cancel(self, feeder: asyncio.Task[None]) -> None:
        """End the feeder and all calls."""
        tasks = (feeder, *self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _in_groups_at_first(items: Iterable[T] | AsyncIterable[T], window: Window) -> AsyncIterator[T]:
    """The items; those of the first window in groups, with a pause before each, until the one before is answered."""
    number = 0
    async for item in items if isinstance(items, AsyncIterable) else _asynchronous(items):
        if number < window.most_requests and number % FIRST_GROUP == 0:
            # Before the first one a task that is started during a stop learns that it is to end.
            await (window.emptied(FIRST_PAUSE_S) if number else asyncio.sleep(FIRST_PAUSE_S))
        number += 1
        yield item


async def _asynchronous(items: Iterable[T]) -> AsyncIterator[T]:
    for item in items:
        yield item
