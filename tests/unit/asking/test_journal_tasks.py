"""A task that is tried again does not ask what its earlier attempts were answered."""

import asyncio
import json
import threading
import time
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field

import pyarrow as pa
import pytest

from judgelake.asking.inquiry import Asked
from judgelake.asking.journal import Journal, TaskJournal, answered_before
from judgelake.asking.progress import ProgressServer, Reporter
from judgelake.asking.task import AskingTask
from judgelake.asking.window import Window
from judgelake.comparisons import Failure, Status
from judgelake.engine import Ask, Engine, Reply
from judgelake.errors import RunError
from judgelake.judges import Decoding, Prompt

OF_A_ROW = [("key", pa.string()), ("attempt", pa.int32()), ("status", pa.string()), ("error", pa.string())]
COUNTS = [("prompt_tokens", pa.int64()), ("output_tokens", pa.int64())]
OF_THE_RUN = [("run_id", pa.string()), ("chunk", pa.int32()), ("engine", pa.string())]
SCHEMA = pa.schema([*OF_A_ROW, ("answer", pa.string()), *COUNTS, *OF_THE_RUN])
APP_ID = "0" * 32


class Requested:
    """Makes the requests of a row that holds them."""

    def requests(self, record, attempts):
        prompt = Prompt(text=record["key"].partition("-")[0])
        for attempt in attempts.values():
            yield {**record, "attempt": attempt, "repeat": 0, "prompt": prompt, "prompt_sha256": prompt.text}


class Echoing:
    """Asks for a row's prompt, and keeps the answer as it is; "garbage" is a failure."""

    schema, key = SCHEMA, "key"

    def of_the_run(self, run_id):
        return {"run_id": run_id}

    def asked(self, request, encoder):
        return Asked(request, []), Ask(Prompt(text=request[0]["prompt_sha256"]), Decoding(max_tokens=1))

    def read(self, row, reply):
        if isinstance(reply, Failure):
            return reply
        return Failure(Status.UNPARSEABLE, "garbage") if reply.text == "garbage" else reply.text

    def results(self, asked, reply, result):
        answer = None if isinstance(reply, Failure) else reply.text
        failure = result if isinstance(result, Failure) else None
        for row in asked.rows:
            status, error = (failure.status.value, failure.reason) if failure else ("ok", None)
            yield {**self._named(row), "status": status, "error": error, "answer": answer}

    def known(self, row):
        return {**self._named(row), "status": row["status"], "error": row["reason"], "answer": None}

    def _named(self, row):
        return {"key": row["key"], "attempt": row["attempt"], "prompt_tokens": 1, "output_tokens": 1}


@dataclass
class Dying:
    """Answers some prompts, then dies for the first time; what it is asked is noted."""

    answers: int
    says: str = "yes"
    asked: list[str] = field(default_factory=list)

    async def ask(self, ask):
        self.asked.append(ask.prompt.text)
        if self.answers == 0:
            raise RuntimeError("the executor is lost")
        self.answers -= 1
        return (
            Failure(Status.TIMEOUT, "slow") if ask.prompt.text == "slow" else Reply(self.says, "stop", 1, 0, 1, None, 1)
        )


@pytest.fixture
def journal(tmp_path):
    return TaskJournal(Journal(str(tmp_path), "table", "judge", SCHEMA, ("key", "attempt"), "answer"), APP_ID)


@pytest.fixture(autouse=True)
def passed_on_at_once(monkeypatch):
    """Every answer in a batch of its own, as those of a real engine that take a second or more."""
    monkeypatch.setattr("judgelake.asking.task.FLUSH_SECONDS", 0.0)


def attempt(journal, engine, rows, give_up_after=None, reporter=None):
    """What the attempt has passed on, and the error that ended it."""

    @asynccontextmanager
    async def opened():
        yield engine

    task = AskingTask(
        Requested(),
        Echoing(),
        None,
        Engine(),
        "run",
        Window(1, 2**20),
        give_up_after,
        reporter or Reporter(),
        opened,
        journal=journal,
    )
    passed_on, error = [], None
    try:
        for batch in task(iter([pa.RecordBatch.from_pylist(rows)])):
            passed_on += batch.to_pylist()
    except (RunError, RuntimeError) as raised:
        error = raised
    return passed_on, error


def rows(*names, status=None):
    """Rows of a plan, each with one request; equal prompts are those with the same name before a "-"."""
    return [
        {
            "question_key": number,
            "row_hash": number,
            "part": "",
            "source": json.dumps({"key": name, "status": status, "reason": None}),
            "requests": [{"request_id": name, "place": 0, "attempt": 1}],
        }
        for number, name in enumerate(names)
    ]


def kept(journal):
    return sorted(key for key, _ in answered_before(journal.journal, APP_ID).places)


def test_a_task_that_is_tried_again_passes_on_what_was_answered_and_asks_the_rest(journal):
    first, again = Dying(2), Dying(-1)
    of_two = rows("a-1", "a-2", "b", "c", "d")
    _, error = attempt(journal, first, of_two)
    assert error is not None
    assert kept(journal) == ["a-1", "a-2", "b"]
    results, error = attempt(journal, again, of_two)
    assert error is None
    assert sorted(row["key"] for row in results) == ["a-1", "a-2", "b", "c", "d"]
    assert again.asked == ["c", "d"]
    assert {row["answer"] for row in results} == {"yes"}
    third = Dying(0)
    results, error = attempt(journal, third, of_two)
    assert error is None
    assert sorted(row["key"] for row in results) == ["a-1", "a-2", "b", "c", "d"]
    assert third.asked == []


def test_a_failed_call_is_asked_again(journal):
    attempt(journal, Dying(2), rows("slow", "b", "c"))
    assert kept(journal) == ["b"]


def test_another_job_over_the_same_chunk_does_not_read_them_in_its_tasks(journal):
    attempt(journal, Dying(-1), rows("a"))
    other, again = TaskJournal(journal.journal, APP_ID), Dying(-1)
    results, _ = attempt(other, again, rows("a"))
    assert (again.asked, len(results)) == (["a"], 1)


def test_nothing_is_kept_of_a_task_whose_first_requests_all_fail_alike(journal):
    _, error = attempt(journal, Dying(-1, says="garbage"), rows(*"abcdef"), give_up_after=4)
    assert "first 4 requests all ended in unparseable" in str(error)
    assert kept(journal) == []
    results, error = attempt(journal, Dying(-1, says="garbage"), rows("a", "b"), give_up_after=4)
    assert (error, len(results)) == (None, 2)


def test_what_was_held_until_a_first_answer_is_kept_with_it(journal):
    class Turning(Dying):
        async def ask(self, ask):
            self.says = "garbage" if ask.prompt.text in "ab" else "yes"
            return await super().ask(ask)

    attempt(journal, Turning(-1), rows(*"abcd"), give_up_after=4)
    assert kept(journal) == list("abcd")


def test_a_task_says_that_it_could_not_keep_its_answers_and_goes_on(journal, tmp_path):
    (tmp_path / "table").write_text("a file in the way", "utf-8")
    with closing(ProgressServer("127.0.0.1")) as server:
        results, error = attempt(journal, Dying(-1), rows("a", "b"), reporter=server.reporter)
        assert (error, len(results)) == (None, 2)
        end = time.monotonic() + 10
        while server.tally.journal_off is None and time.monotonic() < end:
            time.sleep(0.01)
    assert "NotADirectoryError" in (server.tally.journal_off or "")


def test_a_request_that_is_not_asked_needs_no_journal(journal):
    results, _ = attempt(journal, Dying(-1), [*rows("a"), *rows("long", status="context_overflow")])
    assert sorted(row["key"] for row in results) == ["a", "long"]
    assert kept(journal) == ["a"]


class Hanging(Dying):
    """Answers some prompts; the next one takes longer than any test."""

    hangs: threading.Event

    async def ask(self, ask):
        if self.answers == 0:
            self.hangs.set()
            await asyncio.sleep(60)
        return await super().ask(ask)


def test_a_task_that_is_told_to_end_writes_down_what_it_was_answered(journal):
    engine = Hanging(3)
    engine.hangs = threading.Event()
    with closing(ProgressServer("127.0.0.1")) as server:
        threading.Thread(target=lambda: (engine.hangs.wait(), server.tasks.tell_to_end())).start()
        began = time.monotonic()
        results, error = attempt(journal, engine, rows(*"abcdef"), reporter=server.reporter)
        assert time.monotonic() - began < 10
        assert "run stops" in str(error)
        assert kept(journal) == sorted(row["key"] for row in results) == list("abc")
        assert server.tasks.wait_until_ended(10)
        assert server.tasks.told == 1
        # Its retry asks nothing more.
        again = Hanging(-1)
        assert "run stops" in str(attempt(journal, again, rows(*"abcdef"), reporter=server.reporter)[1])
        assert again.asked == []
