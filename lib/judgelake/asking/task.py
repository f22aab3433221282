"""What a Spark task does with its rows of a plan: ask each prompt once, and give every request its result."""

from __future__ import annotations

import itertools
from collections.abc import Generator, Iterable, Iterator
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa

from judgelake.asking.executor import Opened, open_asker
from judgelake.asking.first_outcomes import FirstOutcomes
from judgelake.asking.inquiry import Asked, AskedModel, Interpreter, Request, Requester, Row
from judgelake.asking.journal import AnswersOfTask, TaskJournal
from judgelake.asking.progress import SAY_NOTHING_OF_THE_SET_UP, ProgressSender, Reporter
from judgelake.asking.recovery import Limits, Recovery
from judgelake.asking.rendering import requests_by_prompt
from judgelake.asking.window import Window
from judgelake.asking.worker import in_worker
from judgelake.engine import Ask, AskerFactory, Encoder, Endpoint, Engine
from judgelake.judges import Prompt
from judgelake.lake import as_batch

# Rows are passed to Spark at least this often, so that progress is visible and memory stays bounded.
FLUSH_SECONDS = 1.0
MOST_OF_A_REASON = 500
# Results of requests that are not asked are passed on in batches of so many.
KNOWN_ROWS = 2_000


@dataclass(frozen=True, slots=True)
class AskingTask:
    """Answers the rows of one partition; picklable, runs inside Spark's Python workers.

    `give_up_after` is None if there were answers in this run, or most of the job's work was done before it: then a
    difficult partition does not stop it.
    """

    requester: Requester
    interpreter: Interpreter
    model: AskedModel
    engine: Engine
    run_id: str
    window: Window
    give_up_after: int | None
    progress: Reporter
    asker: AskerFactory | None = None
    endpoint: Endpoint | None = None
    chunk: int = 0
    """The chunk of its rows."""
    journal: TaskJournal | None = None
    """Where its answers are kept until the chunk is in the table."""

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Turn rows of a plan, in `in_asking_order`, into rows of the interpreter's schema."""
        with in_worker(), ProgressSender(self.progress) as sender:
            with AnswersOfTask(self.journal, sender.is_told_to_end) as journal:
                yield from self._all_results(batches, journal, sender)
            if journal.why_off is not None:
                sender.send({"journal_off": journal.why_off[:MOST_OF_A_REASON]})

    def _all_results(
        self, batches: Iterator[pa.RecordBatch], journal: AnswersOfTask, sender: ProgressSender
    ) -> Iterator[pa.RecordBatch]:
        """Results of requests that are asked, were asked by an earlier attempt, or are not asked at all."""
        known = _Known(self, sender)
        planned = (row for batch in batches for row in batch.to_pylist())
        rows = known.left_out(requests_by_prompt(self.requester, planned, self.interpreter.key))
        requests = requests_of(journal.left_out(rows), self.interpreter.key)
        first = next(requests, None)
        if first is not None:
            with closing(self._results(first, requests, journal, sender)) as results:
                for batch in results:
                    yield batch
                    yield from known.batches(least=KNOWN_ROWS)
                    yield from journal.batches(least=KNOWN_ROWS)
        yield from known.batches(least=1)
        yield from journal.batches(least=1)

    def _results(
        self, first: Request, more: Iterator[Request], journal: AnswersOfTask, sender: ProgressSender
    ) -> Generator[pa.RecordBatch, None, None]:
        watch = FirstOutcomes(self.give_up_after, sender.all_fail_alike)
        engine = _EngineOfTask(self, first[0]["prompt"], sender)
        asks = self._asks(itertools.chain([first], more), engine)
        recovery = Recovery[Asked](engine.open, engine.alone, engine.limits, sender.is_told_to_end)
        with closing(recovery.answers(asks)) as stream:
            for answered in stream:
                results = [(asked, reply, self.interpreter.read(asked.rows[0], reply)) for asked, reply in answered]
                batch = self.batch((row for item in results for row in self.interpreter.results(*item)), engine.name)
                sender.send(_report(batch))
                watch.look_at(result for _, _, result in results)
                journal.take(batch, is_certain=watch.is_over)
                yield batch
        watch.end()

    def batch(self, rows: Iterator[Row], engine: str | None) -> pa.RecordBatch:
        """Results with the columns that they share."""
        shared = {**self.interpreter.of_the_run(self.run_id), "chunk": self.chunk, "engine": engine}
        return as_batch(rows, self.interpreter.schema, shared)

    def _asks(self, requests: Iterable[Request], engine: _EngineOfTask) -> Iterator[tuple[Asked, Ask]]:
        """The requests in order; the first is only made once the engine is open."""
        return (self.interpreter.asked(request, engine.encoder) for request in requests)


class _Known:
    """The requests of a task that are not asked: their results are known."""

    def __init__(self, task: AskingTask, sender: ProgressSender) -> None:
        self._task, self._sender = task, sender
        self._rows: dict[str, Row] = {}

    def left_out(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The other rows; those that are known are kept, each request once."""
        for row in rows:
            if row["status"] is None:
                yield row
            else:
                self._rows[row[self._task.interpreter.key]] = row

    def batches(self, least: int) -> Iterator[pa.RecordBatch]:
        """The results kept so far, if they are at least so many."""
        if len(self._rows) < least:
            return
        known = map(self._task.interpreter.known, self._rows.values())
        batch = self._task.batch(known, None)
        self._rows = {}
        self._sender.send({"known": batch.num_rows})
        yield batch


class _EngineOfTask:
    """What answers a task's requests: opened at first and after each death of an engine."""

    def __init__(self, task: AskingTask, first: Prompt, sender: ProgressSender) -> None:
        self._task, self._first, self._sender = task, first, sender
        self._opened: Opened | None = None

    def open(self) -> AskerFactory:
        task = self._task
        self._opened = open_asker(task.model, task.engine, task.asker, task.endpoint, self._first)
        self._sender.send({"engines": {key: asdict(note) for key, note in self._opened.notes.items()}})
        return self._opened.factory

    def alone(self) -> AbstractContextManager[None]:
        return nullcontext() if self._opened is None else self._opened.alone()

    def limits(self) -> Limits:
        window, own = self._task.window, None if self._opened is None else self._opened.own
        return Limits(window.requests_at(own), window.bytes_at(own), FLUSH_SECONDS)

    @property
    def name(self) -> str | None:
        return None if self._opened is None else self._opened.name

    @property
    def encoder(self) -> Encoder | None:
        return None if self._opened is None else self._opened.encoder


def requests_of(rows: Iterable[Row], key: str) -> Iterator[Request]:
    """Neighbouring rows with the same prompt and repeat as one request; a row that occurs twice counts once."""
    for _, same in itertools.groupby(rows, key=lambda row: (row["prompt_sha256"], row["repeat"])):
        yield tuple({row[key]: row for row in same}.values())


def _report(results: pa.RecordBatch) -> dict[str, Any]:
    counts = results.column("status").value_counts().to_pylist()
    failures = zip(results.column("status").to_pylist(), results.column("error").to_pylist(), strict=True)
    reasons = [error for status, error in failures if error and status not in SAY_NOTHING_OF_THE_SET_UP]
    return {
        "reason": reasons[-1][:MOST_OF_A_REASON] if reasons else None,
        "statuses": {count["values"]: count["counts"] for count in counts},
        "prompt_tokens": results.column("prompt_tokens").sum().as_py() or 0,
        "output_tokens": results.column("output_tokens").sum().as_py() or 0,
    }
