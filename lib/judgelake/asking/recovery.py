"""Asking through the death of an engine: what was in flight is asked again, ever more alone, until the killer is found.

A request that kills its engine kills the one of every retry too. So what an engine had in flight when it died is under
suspicion: it is asked after all other requests, a few at a time, and what is in flight at a second death one by one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, closing
from dataclasses import dataclass, field
from itertools import chain
from typing import Generic, TypeVar

from judgelake.comparisons import Failure, Status
from judgelake.engine import Ask, Asker, AskerFactory, EngineGone, Reply, run_stream, told_to_end

# Few enough that one more death leaves few to ask alone, many enough that a window of 256 is soon through.
SUSPECTS_AT_ONCE = 16
# One death each with a full window, with few suspects, and with one. Then it is not a request that ends the engine.
DEATHS_IN_A_ROW = 3
MOST_DEATHS = 12
# Other tasks of the same engine may have asked requests meanwhile, so no more than this is known.
KILLED = "the engine ended three times with this request in flight, the last time as the only one that its task asked"

T = TypeVar("T")
Item = tuple[T, Ask]
Answered = list[tuple[T, Reply | Failure]]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a task may have in flight, and how long answers wait for others before they are passed on."""

    requests: int
    bytes: int
    flush_every_s: float = 1.0


@dataclass(slots=True)
class _Handed(Generic[T]):
    """Requests handed to one stream and not yet answered, and those of them that have reached the engine's client."""

    items: dict[int, Item[T]] = field(default_factory=dict)
    begun: set[int] = field(default_factory=set)

    def of(self, items: Iterable[Item[T]]) -> Iterator[tuple[Item[T], Ask]]:
        for item in items:
            self.items[id(item[1])] = item
            yield item, item[1]

    def forget(self, ask: Ask) -> None:
        """It is answered, and a later request may get its place in memory and with it its id."""
        key = id(ask)
        del self.items[key]
        self.begun.discard(key)

    def take_back(self, was_begun: bool) -> list[Item[T]]:
        return [item for key, item in self.items.items() if (key in self.begun) is was_begun]

    def watched(self, factory: AskerFactory) -> AskerFactory:
        @asynccontextmanager
        async def opened() -> AsyncIterator[Asker]:
            async with factory() as asker:
                yield _Watched(asker, self.begun)

        return opened


@dataclass(frozen=True, slots=True)
class _Watched:
    asker: Asker
    begun: set[int]

    async def ask(self, ask: Ask) -> Reply | Failure:
        self.begun.add(id(ask))
        return await self.asker.ask(ask)


class Recovery(Generic[T]):
    """Answers all requests of a task, whatever becomes of its engine in between."""

    def __init__(
        self,
        open_engine: Callable[[], AskerFactory],
        alone: Callable[[], AbstractContextManager[None]],
        limits: Callable[[], Limits],
        is_to_end: Callable[[], bool] = bool,
    ) -> None:
        """Opens no engine yet.

        Args:
            open_engine: returns what answers; starts the engine if it is not running.
            alone: entered while suspects are asked, so that no other task of the same engine asks its own meanwhile:
                a death is then due to the suspects of one task.
            limits: of what is in flight at the engine that was opened last.
            is_to_end: whether the task is to end before all is answered.
        """
        self._open_engine = open_engine
        self._alone = alone
        self._limits = limits
        self._is_to_end = is_to_end
        self._suspects: deque[Item[T]] = deque()
        self._last_suspects: deque[Item[T]] = deque()
        self._deaths = 0
        self._deaths_in_a_row = 0

    def answers(self, items: Iterable[Item[T]]) -> Generator[Answered[T], None, None]:
        """Lists of requests with their outcomes, as they finish; every request once.

        A request that ended the engine while it was the only one asked ends in engine_error.

        Args:
            items: the requests, pulled lazily.

        Raises:
            EngineGone: it died again and again without an answer in between, or too often in all.
            RunError: `is_to_end` has become true; what was answered has been passed on.
        """
        fresh = iter(items)
        handed = _Handed[T]()
        while (yield from self._asked(handed, fresh)):
            self._suspects.extend(handed.take_back(was_begun=True))
            fresh = chain(handed.take_back(was_begun=False), fresh)
            handed = _Handed[T]()
        if self._suspects:
            with self._alone():
                yield from self._suspects_answered()

    def _suspects_answered(self) -> Generator[Answered[T], None, None]:
        while self._suspects:
            handed = _Handed[T]()
            if (yield from self._asked(handed, _popped(self._suspects), SUSPECTS_AT_ONCE)):
                self._last_suspects.extend(handed.take_back(was_begun=True))
                self._suspects.extendleft(reversed(handed.take_back(was_begun=False)))
        while self._last_suspects:
            handed = _Handed[T]()
            if (yield from self._asked(handed, _popped(self._last_suspects), 1)):
                self._last_suspects.extendleft(reversed(handed.take_back(was_begun=False)))
                killers = handed.take_back(was_begun=True)
                yield [(value, Failure(Status.ENGINE_ERROR, KILLED)) for value, _ in killers]

    def _asked(
        self, handed: _Handed[T], items: Iterable[Item[T]], most: int | None = None
    ) -> Generator[Answered[T], None, bool]:
        """Pass on outcomes; returns whether the engine died before all were answered."""
        if self._is_to_end():
            raise told_to_end()
        try:
            factory = handed.watched(self._open_engine())
            limits = self._limits()
            stream = run_stream(
                handed.of(items),
                factory,
                window_requests=min(most or limits.requests, limits.requests),
                window_bytes=limits.bytes,
                flush_every_s=limits.flush_every_s,
                is_to_end=self._is_to_end,
            )
            with closing(stream):
                for outcomes in stream:
                    for (_, ask), _ in outcomes:
                        handed.forget(ask)
                    self._deaths_in_a_row = 0
                    yield [(item[0], outcome) for item, outcome in outcomes]
        except EngineGone as error:
            self._deaths += 1
            self._deaths_in_a_row += 1
            if self._deaths_in_a_row > DEATHS_IN_A_ROW or self._deaths > MOST_DEATHS:
                raise EngineGone(f"{error} It was started again {self._deaths - 1} times in this task.") from error
            return True
        return False


def _popped(items: deque[Item[T]]) -> Iterator[Item[T]]:
    while items:
        yield items.popleft()
