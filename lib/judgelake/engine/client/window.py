"""Keeps a bounded window of requests in flight and yields outcomes as they finish."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Generator, Iterable, Iterator
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from judgelake.comparisons import Failure
from judgelake.engine.call import Ask, Asker, AskerFactory, Reply
from judgelake.engine.errors import EngineGone

T = TypeVar("T")
Pair = tuple[T, Reply | Failure]

# Requests kept ready in addition to the window, in windows: the engine stays busy while Spark takes a batch.
WINDOWS_AHEAD = 2
# A server that gets a whole window at once reads all of it concurrently; meanwhile its engine computes the first
# request alone, in steps of one token (7 of 52 steps, with 8 tokens per request).
FIRST_GROUP = 16
FIRST_PAUSE_S = 0.01
# Items that a sleeping loop is not woken for one by one, and for how long none of them waits: waking it is a system
# call and a change of threads, a seventh of a task's time if it goes to sleep again after each.
WAKE_EVERY = 16
WAKE_AFTER_S = 0.002
FLUSH_ROWS = 1_000
STOP_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class _Broken:
    """An exception on its way to the consumer."""

    error: BaseException


@dataclass(slots=True)
class _Window:
    """Rows and bytes that may be in flight; a request larger than the window is sent alone."""

    most_requests: int
    most_bytes: int
    requests: int = 0
    bytes: int = 0
    room: asyncio.Event = field(default_factory=asyncio.Event)

    def takes(self, cost: int) -> bool:
        fits = self.requests < self.most_requests and self.bytes + cost <= self.most_bytes
        return fits or self.requests == 0

    async def enter(self, cost: int) -> None:
        while not self.takes(cost):
            self.room.clear()
            await self.room.wait()
        self.add(cost)

    def add(self, cost: int) -> None:
        self.requests += 1
        self.bytes += cost

    def leave(self, cost: int) -> None:
        self.requests -= 1
        self.bytes -= cost
        self.room.set()


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
    window = _Window(window_requests, window_bytes)
    asking = _Asking[T](asker, window)
    feeder = asyncio.create_task(asking.feed(_in_groups_at_first(items, window_requests)))
    try:
        while (outcome := await asking.finished.get()) is not None:
            if isinstance(outcome, _Broken):
                raise outcome.error
            item, cost, reply = outcome
            window.leave(cost)
            yield item, reply
    finally:
        await asking.cancel(feeder)


class _Asking(Generic[T]):
    """The calls in flight of one stream, and their outcomes with the cost of each; None follows the last."""

    def __init__(self, asker: Asker, window: _Window) -> None:
        self.finished: asyncio.Queue[tuple[T, int, Reply | Failure] | _Broken | None] = asyncio.Queue()
        self._asker = asker
        self._window = window
        self._tasks: set[asyncio.Task[None]] = set()

    async def feed(self, items: AsyncIterator[tuple[T, Ask]]) -> None:
        """Ask for all items, each as soon as the window has room for it."""
        try:
            async for item, ask in items:
                await self._window.enter(ask.cost_bytes)
                task = asyncio.create_task(self._answer(item, ask))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            await asyncio.gather(*self._tasks)
            self.finished.put_nowait(None)
        except Exception as error:  # raised again where the outcomes are taken
            self.finished.put_nowait(_Broken(error))

    async def _answer(self, item: T, ask: Ask) -> None:
        try:
            self.finished.put_nowait((item, ask.cost_bytes, await self._asker.ask(ask)))
        except Exception as error:  # raised again where the outcomes are taken
            self.finished.put_nowait(_Broken(error))

    async def cancel(self, feeder: asyncio.Task[None]) -> None:
        """End the feeder and all calls."""
        tasks = (feeder, *self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _in_groups_at_first(items: Iterable[T] | AsyncIterable[T], first: int) -> AsyncIterator[T]:
    """The items; the first ones in groups with a pause before each."""
    number = 0
    async for item in items if isinstance(items, AsyncIterable) else _asynchronous(items):
        if number < first and number % FIRST_GROUP == 0:
            await asyncio.sleep(FIRST_PAUSE_S)
        number += 1
        yield item


async def _asynchronous(items: Iterable[T]) -> AsyncIterator[T]:
    for item in items:
        yield item


def run_stream(
    items: Iterable[tuple[T, Ask]],
    open_asker: AskerFactory,
    *,
    window_requests: int,
    window_bytes: int,
    flush_every_s: float = 1.0,
) -> Generator[list[Pair[T]], None, None]:
    """Run `stream` from synchronous code such as a Spark task; yields lists of outcomes, each item exactly once.

    The event loop runs in its own thread and keeps up to a second window of requests ready, so the engine
    keeps working while the caller renders prompts or Spark takes a batch. Items are pulled in the caller's thread.
    Closing the generator cancels what is in flight.

    Args:
        items: pulled lazily, two windows ahead at most.
        open_asker: opens the asker inside the loop.
        window_requests: most requests in flight.
        window_bytes: most bytes in flight, by `Ask.cost_bytes`.
        flush_every_s: outcomes wait at most about this long for others, as long as others arrive.

    Raises:
        EngineGone, EngineRefused: as `asker` does, after the outcomes that came before; also whatever `items` raises.
    """
    ahead = _Window(WINDOWS_AHEAD * window_requests, WINDOWS_AHEAD * window_bytes)
    ready: list[Pair[T]] = []
    flushed = time.monotonic()
    with _LoopThread[T](open_asker, window_requests, window_bytes) as loop:
        feed = _Feed[T](iter(items), ahead, loop)
        while feed.hand_over():
            gone = _take_into(ready, loop, ahead, flush_every_s)
            is_due = len(ready) >= FLUSH_ROWS or time.monotonic() - flushed >= flush_every_s
            if ready and (is_due or gone is not None):
                yield ready
                ready, flushed = [], time.monotonic()
            if gone is not None:
                raise gone
        if ready:
            yield ready


class _Feed(Generic[T]):
    """Hands items to the loop, one after the other, as long as the window has room."""

    def __init__(self, source: Iterator[tuple[T, Ask]], ahead: _Window, loop: _LoopThread[T]) -> None:
        self._source, self._ahead, self._loop, self._pulled = source, ahead, loop, next(source, None)

    def hand_over(self) -> bool:
        """Hand over what there is room for; whether any outcome is still to come."""
        while self._pulled is not None and self._ahead.takes(cost := self._pulled[1].cost_bytes):
            self._ahead.add(cost)
            self._loop.put(self._pulled)
            self._pulled = next(self._source, None)
        self._loop.wake()
        return self._pulled is not None or self._ahead.requests > 0


def _take_into(ready: list[Pair[T]], loop: _LoopThread[T], ahead: _Window, wait_s: float) -> EngineGone | None:
    """Add the available outcomes; returns what ended the engine, if it came after them."""
    try:
        for item, ask, outcome in loop.take(wait_s):
            ahead.leave(ask.cost_bytes)
            ready.append((item, outcome))
    except EngineGone as gone:
        return gone
    return None


class _LoopThread(Generic[T]):
    """A thread with an event loop that runs `stream` over the items it is given."""

    def __init__(self, open_asker: AskerFactory, window_requests: int, window_bytes: int) -> None:
        self._open_asker = open_asker
        self._window = (window_requests, window_bytes)
        self._handed: deque[tuple[T, Ask]] = deque()
        self._is_awake = False
        self._put, self._woken = 0, 0.0
        self._outcomes: queue.SimpleQueue[tuple[T, Ask, Reply | Failure] | _Broken] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="judgelake-ask", daemon=True)
        self._is_up = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._work: asyncio.Task[None] | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        self._is_up.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._loop is not None and self._work is not None and self._thread.is_alive():
            with suppress(RuntimeError):  # the loop may close in between
                self._loop.call_soon_threadsafe(self._work.cancel)
        self._thread.join(STOP_TIMEOUT_S)

    def put(self, item: tuple[T, Ask]) -> None:
        """Add one item, which waits at most for the next call of this or of `wake`; the caller bounds their number."""
        self._handed.append(item)
        self._put += 1
        if self._put >= WAKE_EVERY or time.monotonic() - self._woken >= WAKE_AFTER_S:
            self.wake()

    def wake(self) -> None:
        """Let the loop see what was added."""
        assert self._loop is not None
        self._put, self._woken = 0, time.monotonic()
        # A loop that is awake is not woken. It marks itself asleep before its last check for items, so none is missed.
        if self._handed and not self._is_awake:
            self._is_awake = True
            with suppress(RuntimeError):  # the loop may have ended with an error, which `take` raises
                self._loop.call_soon_threadsafe(self._arrived.set)

    def take(self, wait_s: float) -> Iterator[tuple[T, Ask, Reply | Failure]]:
        """All available outcomes, after waiting at most `wait_s` for the first."""
        try:
            outcome = self._outcomes.get(timeout=wait_s)
            while True:
                if isinstance(outcome, _Broken):
                    raise outcome.error
                yield outcome
                outcome = self._outcomes.get_nowait()
        except queue.Empty:
            return

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except asyncio.CancelledError:
            pass
        except BaseException as error:  # raised again in the caller's thread
            self._outcomes.put(_Broken(error))
        finally:
            self._is_up.set()

    async def _serve(self) -> None:
        self._arrived = asyncio.Event()
        self._loop, self._work = asyncio.get_running_loop(), asyncio.current_task()
        self._is_up.set()
        async with self._open_asker() as asker, aclosing(self._stream(asker)) as outcomes:
            async for (item, ask), outcome in outcomes:
                self._outcomes.put((item, ask, outcome))

    def _stream(self, asker: Asker) -> Any:
        return stream(self._source(), asker, *self._window)

    async def _source(self) -> AsyncIterator[tuple[tuple[T, Ask], Ask]]:
        while True:
            while self._handed:
                item, ask = self._handed.popleft()
                yield (item, ask), ask
            self._arrived.clear()
            self._is_awake = False
            if not self._handed:
                await self._arrived.wait()
