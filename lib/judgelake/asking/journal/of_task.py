"""In a task: its answers, written down as they come and taken from its earlier attempts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

import pyarrow as pa

from judgelake.asking.journal.known import Key, KnownAnswers, answered_before
from judgelake.asking.journal.writer import JournalWriter, TaskJournal, task_name


class AnswersOfTask:
    """The journal of one attempt of a task; a context manager. Without a journal it does nothing.

    Until the first outcomes have shown that the set-up works, results are only held: of a run whose first requests all
    fail alike nothing may be stored, not by a later run either.
    """

    def __init__(self, journal: TaskJournal | None, is_ending: Callable[[], bool] = bool) -> None:
        """Reads and writes nothing yet; once `is_ending` says that the task is to end, all is written at once."""
        self._journal, self._is_ending = journal, is_ending
        self._stack = ExitStack()
        self._writer: JournalWriter | None = None
        self._before: KnownAnswers | None = None
        self._again: list[Key] = []
        self._doubtful: list[pa.RecordBatch] = []

    def __enter__(self) -> Self:
        if self._journal is not None:
            task = task_name(self._journal.token)
            self._before = answered_before(self._journal.journal, self._journal.app_id, task) or None
            where = self._journal
            writer = JournalWriter(where.journal, where.app_id, task, is_urgent=self._is_ending)
            self._writer = self._stack.enter_context(writer)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()

    @property
    def why_off(self) -> str | None:
        """Why no more is written down; None if all is, or there is no journal."""
        return None if self._writer is None else self._writer.why_off

    def left_out(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[Any]:
        """The rows that no earlier attempt has answered; the results of the others are passed on by `batches`."""
        for row in rows:
            if self._before is None or self._journal is None:
                yield row
                continue
            key = tuple(row[name] for name in self._journal.journal.key)
            if key in self._before:
                self._again.append(key)
            else:
                yield row

    def batches(self, least: int) -> Iterator[pa.RecordBatch]:
        """The results of earlier attempts that were not passed on yet, if they are at least so many."""
        if self._before is not None and len(self._again) >= least:
            # A row that is in the plan twice counts once.
            again, self._again = list(dict.fromkeys(self._again)), []
            yield from self._before.take(again)

    def take(self, results: pa.RecordBatch, *, is_certain: bool) -> None:
        """Write down results, and those held so far, if it is certain that they may be stored; else hold them."""
        if self._writer is None:
            return
        self._doubtful.append(results)
        if is_certain:
            for batch in self._doubtful:
                self._writer.take(batch)
            self._doubtful = []
