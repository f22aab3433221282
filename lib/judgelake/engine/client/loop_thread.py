"""Runs `stream` in a thread of its own, for synchronous code such as a Spark task."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Generator, Iterable, Iterator
from contextlib import aclosing, suppress
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from judgelake.comparisons import Failure
from judgelake.engine.call import Ask, Asker, AskerFactory, Reply
from judgelake.engine.client.window import Broken, Pair, Window, stream
from judgelake.engine.errors import EngineGone, told_to_end

T = TypeVar("T")

# Requests kept ready in addition to the window, in windows: the engine stays busy while Spark takes a batch.
WINDOWS_AHEAD = 2
# How long the loop stays awake after an item: to wake it is a system call and a change of threads, a seventh of a
# task's time if it goes to sleep after each.
AWAKE_S = 0.002
FLUSH_ROWS = 1_000
STOP_TIMEOUT_S = 10.0


def run_stream(
    items: Iterable[tuple[T, Ask]],
    open_asker: AskerFactory,
    *,
    window_requests: int,
    window_bytes: int,
    flush_every_s: float = 1.0,
    is_to_end: Callable[[], bool] = bool,
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
        is_to_end: whether to give up what is in flight; looked at about as often.

    Raises:
        EngineGone, EngineRefused: as `asker` does, after the outcomes that came before; also whatever `items` raises.
        RunError: `is_to_end` has become true; all outcomes that have come were yielded.
    """
    ahead = Window(WINDOWS_AHEAD * window_requests, WINDOWS_AHEAD * window_bytes)
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
            if is_to_end():
                _take_into(ready, loop, ahead, 0.0)
                if ready:
                    yield ready
                raise told_to_end()
        if ready:
            yield ready


class _Feed(Generic[T]):
    """Hands items to the loop, one after the other, as long as the window has room."""

    def __init__(self, source: Iterator[tuple[T, Ask]], ahead: Window, loop: _LoopThread[T]) -> None:
        self._source, self._ahead, self._loop, self._pulled = source, ahead, loop, next(source, None)

    def hand_over(self) -> bool:
        """Hand over what there is room for; whether any outcome is still to come."""
        while self._pulled is not None and self._ahead.takes(cost := self._pulled[1].cost_bytes):
            self._ahead.add(cost)
            self._loop.put(self._pulled)
            self._pulled = next(self._source, None)
        return self._pulled is not None or self._ahead.requests > 0


def _take_into(ready: list[Pair[T]], loop: _LoopThread[T], ahead: Window, wait_s: float) -> EngineGone | None:
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
        self._outcomes: queue.SimpleQueue[tuple[T, Ask, Reply | Failure] | Broken] = queue.SimpleQueue()
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
        """Add one item; the caller bounds their number."""
        assert self._loop is not None
        self._handed.append(item)
        # A loop that is awake is not woken. It marks itself asleep before its last check for items, so none is missed.
        if not self._is_awake:
            self._is_awake = True
            with suppress(RuntimeError):  # the loop may have ended with an error, which `take` raises
                self._loop.call_soon_threadsafe(self._arrived.set)

    def take(self, wait_s: float) -> Iterator[tuple[T, Ask, Reply | Failure]]:
        """All available outcomes, after waiting at most `wait_s` for the first."""
        try:
            outcome = self._outcomes.get(timeout=wait_s)
            while True:
                if isinstance(outcome, Broken):
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
            self._outcomes.put(Broken(error))
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
            await asyncio.sleep(AWAKE_S)
            if self._handed:
                continue
            self._arrived.clear()
            self._is_awake = False
            if not self._handed:
                await self._arrived.wait()
