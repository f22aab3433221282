"""How a task groups its rows, when it gives up, and how its errors reach the driver."""

import json
import threading
import time
from collections import Counter
from contextlib import closing, nullcontext

import pytest

from judgelake.comparisons import Failure, Reading, Status
from judgelake.engine import Engine, EngineGone
from judgelake.errors import RunError, UserError
from judgelake.jobs.judge import Asking
from judgelake.jobs.judge.executor import given_endpoint
from judgelake.jobs.judge.plan import Chunk
from judgelake.jobs.judge.progress import ProgressSender, ProgressServer, Reporter, Tally
from judgelake.jobs.judge.run import Running, Stopping
from judgelake.jobs.judge.task import AskingTask, FirstOutcomes, requests_of
from judgelake.jobs.judge.task_error import ERROR_MARK, our_error


def row(judgment_id, prompt, repeat=0):
    return {"judgment_id": judgment_id, "prompt_sha256": prompt, "repeat": repeat}


def test_equal_neighbouring_prompts_are_one_request_for_each_repeat():
    rows = [row("a", "p"), row("b", "p"), row("c", "p", 1), row("d", "q")]
    assert [[r["judgment_id"] for r in request] for request in requests_of(rows)] == [["a", "b"], ["c"], ["d"]]


def test_a_row_that_appears_twice_is_judged_once():
    assert [len(request) for request in requests_of([row("a", "p"), row("a", "p")])] == [1]


UNPARSEABLE = Failure(Status.UNPARSEABLE, "first line holds no two scores")


def test_a_task_gives_up_when_its_first_requests_all_fail_alike():
    watch = FirstOutcomes(3)
    watch.look_at([UNPARSEABLE, UNPARSEABLE])
    with pytest.raises(RunError, match=r"first 3 requests all ended in unparseable.*no two scores"):
        watch.look_at([UNPARSEABLE])


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(Reading(verdict="A"), id="one verdict"),
        pytest.param(Failure(Status.TRUNCATED, "cut"), id="another status"),
    ],
)
def test_a_task_goes_on_once_anything_else_came(other):
    watch = FirstOutcomes(3)
    watch.look_at([UNPARSEABLE, other, *[UNPARSEABLE] * 10])


def test_prompts_that_are_too_long_or_refused_say_nothing_of_the_set_up():
    watch = FirstOutcomes(3)
    watch.look_at([Failure(Status.CONTEXT_OVERFLOW, "too long"), Failure(Status.REFUSED, "no")] * 5)
    watch.look_at([UNPARSEABLE] * 2)
    with pytest.raises(RunError, match="first 3 requests"):
        watch.look_at([UNPARSEABLE])


def running(give_up_after=3, tally=None, stopping=None, spark=None, writer=None):
    asking = AskingTask(None, Engine(), "run", 1, 1, give_up_after, Reporter())
    return Running(spark, writer, asking, Asking(), stopping or Stopping(), tally or Tally(), work=100)


@pytest.mark.parametrize(
    ("reported", "gives_up"),
    [
        ({"engine_error": 3}, True),
        ({"engine_error": 3, "context_overflow": 9}, True),
        ({"engine_error": 2}, False),
        ({"context_overflow": 9}, False),
        ({"engine_error": 30, "ok": 1}, False),
        ({"engine_error": 30, "timeout": 1}, False),
    ],
)
def test_a_run_gives_up_by_what_all_its_tasks_report(reported, gives_up):
    tally = Tally()
    for name, count in reported.items():
        for _ in range(count):
            tally.add({"statuses": {name: 1}})
    with pytest.raises(RunError, match="first 3 requests all ended in engine_error") if gives_up else nullcontext():
        running(tally=tally)._give_up_if_all_fail_alike()


def test_a_run_whose_most_was_judged_before_does_not_give_up():
    tally = Tally(Counter(unparseable=30))
    running(give_up_after=None, tally=tally)._give_up_if_all_fail_alike()


@pytest.mark.parametrize(
    ("of_all_tasks", "gives_up"),
    [
        pytest.param(True, True, id="all tasks fail alike"),
        pytest.param(False, False, id="another task failed differently: one hard question is not a misconfiguration"),
        pytest.param(None, True, id="nobody to ask"),
    ],
)
def test_a_task_whose_first_requests_fail_alike_goes_by_what_all_tasks_saw(of_all_tasks, gives_up):
    watch = FirstOutcomes(3, lambda most: of_all_tasks)
    with pytest.raises(RunError, match="first 3 requests") if gives_up else nullcontext():
        watch.look_at([UNPARSEABLE] * 9)


@pytest.mark.parametrize(
    ("others", "answer"),
    [({}, True), ({"unparseable": 5, "refused": 2}, True), ({"ok": 1}, False), ({"timeout": 1}, False)],
)
def test_a_task_can_ask_the_driver_what_all_tasks_saw(others, answer):
    with closing(ProgressServer("127.0.0.1", "token")) as server, ProgressSender(server.reporter) as sender:
        server.tally.add({"statuses": others})
        sender.send({"statuses": {"unparseable": 3}})
        assert sender.all_fail_alike(3) is answer
        assert server.tally.done == 3 + sum(others.values())


def test_a_task_that_cannot_reach_the_driver_knows_nothing_of_other_tasks():
    with ProgressSender(Reporter()) as sender:
        assert sender.all_fail_alike(3) is None


class BetweenTwoSparkJobs:
    """A running chunk whose next Spark job begins after the first interrupt, and the session that interrupts it."""

    def __init__(self):
        self.began, self.interrupts = threading.Event(), 0

    def write(self, chunk, asking):
        self.began.set()
        while self.interrupts < 2:
            time.sleep(0.01)
        raise RuntimeError("interrupted")

    def addTag(self, tag):  # noqa: N802  # Spark's name
        pass

    def interruptTag(self, tag):  # noqa: N802  # Spark's name
        self.interrupts += 1


def test_a_stop_between_two_spark_jobs_of_a_chunk_is_not_lost(monkeypatch):
    monkeypatch.setattr("judgelake.jobs.judge.run.submitted", lambda spark, pool, *work: pool.submit(*work))
    stopping, both = Stopping(is_heeded=True), BetweenTwoSparkJobs()
    run = running(stopping=stopping, spark=both, writer=both)
    chunk = Chunk(0, 1, 1, 1, "app")
    threading.Thread(target=lambda: (both.began.wait(), stopping.wish())).start()
    with pytest.raises(KeyboardInterrupt):
        run.carry_out([chunk])
    assert both.interrupts >= 2


def test_no_chunk_is_begun_after_a_wish_to_stop():
    run = running(stopping=Stopping(is_wished=True), spark=BetweenTwoSparkJobs())
    with pytest.raises(KeyboardInterrupt):
        run._write(Chunk(0, 1, 1, 1, "app"), "tag")


def test_the_key_of_a_server_travels_with_the_task_and_is_never_shown(monkeypatch):
    monkeypatch.setenv("JUDGE_KEY", "very secret")
    endpoint = given_endpoint(Engine(url="http://judge.example/v1", api_key_env="JUDGE_KEY"), "m", asker=None)
    assert endpoint.api_key == "very secret"
    task = AskingTask(None, Engine(), "run", 1, 1, None, Reporter(), endpoint=endpoint)
    assert "very secret" not in repr(task)
    assert given_endpoint(Engine(), "m", asker=None) is None


def test_a_databricks_secret_that_cannot_be_read_ends_the_job_before_it_begins():
    with pytest.raises(UserError, match="api_key_secret"):
        given_endpoint(Engine(url="http://judge.example/v1", api_key_secret="scope/key"), "m", asker=None)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("EngineRefused", UserError), ("UserError", UserError), ("RunError", RunError), ("EngineGone", EngineGone)],
)
def test_an_error_in_a_task_reaches_the_driver_as_what_it_was(kind, expected):
    message = 'no model "x"\nit has [y] and "z"'
    text = f"Job aborted ... RuntimeError: {ERROR_MARK}{json.dumps([kind, message])}\n\tat org.apache.spark"
    error = our_error(Exception(text))
    assert type(error) is expected
    assert str(error) == message


def test_an_error_of_others_is_not_taken_for_ours():
    assert our_error(Exception("java.lang.OutOfMemoryError")) is None
