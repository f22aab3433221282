"""How a task groups its rows, when it gives up, and how its errors reach the driver."""

import json
import socket
import threading
import time
from collections import Counter
from contextlib import closing, nullcontext

import pytest
from chunk_example import small_chunk
from threads import SessionWithoutSpark, submitted_without_spark

from judgelake.asking import Asking
from judgelake.asking.connected import END
from judgelake.asking.executor import given_endpoint
from judgelake.asking.first_outcomes import FirstOutcomes
from judgelake.asking.progress import ProgressSender, ProgressServer, Reporter, Tally
from judgelake.asking.run import Running
from judgelake.asking.stopping import Stopping
from judgelake.asking.task import AskingTask, requests_of
from judgelake.asking.task_error import ERROR_MARK, our_error
from judgelake.asking.window import Window
from judgelake.comparisons import Failure, Reading, Status
from judgelake.engine import Engine, EngineGone, StartFailed, StartRefused, served_model
from judgelake.errors import RunError, UserError


def row(judgment_id, prompt, repeat=0):
    return {"judgment_id": judgment_id, "prompt_sha256": prompt, "repeat": repeat}


def test_equal_neighbouring_prompts_are_one_request_for_each_repeat():
    rows = [row("a", "p"), row("b", "p"), row("c", "p", 1), row("d", "q")]
    requests = requests_of(rows, "judgment_id")
    assert [[r["judgment_id"] for r in request] for request in requests] == [["a", "b"], ["c"], ["d"]]


def test_a_row_that_appears_twice_is_judged_once():
    assert [len(request) for request in requests_of([row("a", "p"), row("a", "p")], "judgment_id")] == [1]


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


FAILED_CALL = Failure(Status.ENGINE_ERROR, "HTTP 400: Unsupported parameter: top_p")


def test_a_task_whose_prompts_are_all_too_long_gives_up_if_those_of_all_tasks_are():
    watch = FirstOutcomes(50, lambda most: True)
    watch.look_at([Failure(Status.CONTEXT_OVERFLOW, "maximum context length is 512 tokens")] * 2)
    with pytest.raises(RunError, match=r"first 2 requests all ended in context_overflow.*512 tokens.*longer context"):
        watch.end()


def test_a_task_shorter_than_the_limit_gives_up_if_all_tasks_failed_alike_and_says_why():
    watch = FirstOutcomes(50, lambda most: True)
    watch.look_at([FAILED_CALL, Failure(Status.CONTEXT_OVERFLOW, "too long"), FAILED_CALL])
    with pytest.raises(RunError, match=r"first 2 requests all ended in engine_error.*top_p.*Fix the server"):
        watch.end()


@pytest.mark.parametrize(
    ("most", "results", "of_all_tasks"),
    [
        pytest.param(50, [FAILED_CALL], False, id="another task was answered, or has not ended"),
        pytest.param(50, [FAILED_CALL], None, id="nobody to ask"),
        pytest.param(50, [FAILED_CALL, Reading(verdict="A")], True, id="one was answered"),
        pytest.param(50, [FAILED_CALL, Failure(Status.TIMEOUT, "slow")], True, id="they differ"),
        pytest.param(50, [], True, id="nothing was asked"),
        pytest.param(None, [FAILED_CALL], True, id="most was judged before"),
    ],
)
def test_a_short_task_ends_well_otherwise(most, results, of_all_tasks):
    watch = FirstOutcomes(most, lambda most: of_all_tasks)
    watch.look_at(results)
    watch.end()


@pytest.mark.parametrize(
    ("expected", "reported", "gives_up"),
    [
        pytest.param(3, {"engine_error": 3}, "engine_error", id="all calls of a short run failed"),
        pytest.param(3, {"timeout": 3}, "timeout", id="no call was answered in time"),
        pytest.param(
            3, {"engine_error": 2, "context_overflow": 1}, "engine_error", id="all but a prompt that is too long"
        ),
        pytest.param(4, {"engine_error": 3}, None, id="one is still to come"),
        pytest.param(None, {"engine_error": 3}, None, id="it is not known how many there are"),
        pytest.param(3, {"unparseable": 3}, None, id="outputs are kept"),
        pytest.param(3, {"context_overflow": 3}, "context_overflow", id="all prompts are too long"),
        pytest.param(3, {"refused": 3}, None, id="all prompts are refused, perhaps in words that are kept"),
        pytest.param(3, {"context_overflow": 2, "refused": 1}, None, id="some are too long, some are refused"),
        pytest.param(4, {"context_overflow": 3}, None, id="long prompts are answered first"),
        pytest.param(3, {"engine_error": 2, "ok": 1}, None, id="one was answered"),
        pytest.param(3, {"engine_error": 2, "timeout": 1}, None, id="they differ"),
    ],
)
def test_all_of_a_short_run_are_enough_failed_calls(expected, reported, gives_up):
    assert Tally(Counter(reported), expected=expected).all_failed_with(50) == gives_up


class Judging(SessionWithoutSpark):
    """A chunk writer and session whose chunk ends with these statuses."""

    def __init__(self, **statuses):
        self.statuses = Counter(statuses)

    def write(self, chunk, asking):
        return self.statuses


@pytest.mark.parametrize(
    ("statuses", "fails"),
    [
        pytest.param({"context_overflow": 2, "invalid_input": 1}, True, id="nothing could be asked"),
        pytest.param({"engine_error": 2, "timeout": 1}, True, id="every call failed, by two reasons"),
        pytest.param({"engine_error": 2, "ok": 1}, False, id="one has a verdict"),
        pytest.param({"unparseable": 3}, False, id="outputs are there to be looked at"),
        pytest.param({"engine_error": 1}, False, id="another driver has judged the others"),
        pytest.param({}, False, id="nothing was to be asked"),
    ],
)
def test_a_run_without_any_answer_fails(statuses, fails):
    both = Judging(**statuses)
    run = running(give_up_after=50, spark=both, writer=both)
    run.work = 1_000
    with pytest.raises(RunError, match=r"answered no request of this run: 2 ") if fails else nullcontext():
        run.carry_out([small_chunk(requests=2)])


@pytest.mark.parametrize(
    ("statuses", "has_new", "fails"),
    [
        pytest.param({"engine_error": 2}, True, True, id="none of the new ones was answered"),
        pytest.param(
            {"timeout": 1, "context_overflow": 1, "invalid_input": 1}, True, True, id="the others had no answer"
        ),
        pytest.param({"engine_error": 2}, False, False, id="they fail again"),
        pytest.param({"engine_error": 2, "ok": 1}, True, False, id="one was answered"),
        pytest.param({"engine_error": 2, "unparseable": 1}, True, False, id="one was answered without a verdict"),
        pytest.param({"context_overflow": 2}, True, False, id="prompts that are too long"),
        pytest.param({}, True, False, id="nothing was to be asked"),
    ],
)
def test_a_job_that_is_nearly_done_fails_if_no_new_request_was_answered(statuses, has_new, fails):
    both = Judging(**statuses)
    run = running(give_up_after=None, tally=Tally(last_failure="HTTP 400: no"), spark=both, writer=both)
    chunk = small_chunk(requests=2, has_new=has_new)
    with pytest.raises(RunError, match=r"answered no request .*one because: HTTP 400: no") if fails else nullcontext():
        run.carry_out([chunk])


@pytest.fixture(autouse=True)
def threads_of_any_session(monkeypatch):
    """Lets a stand-in for a session have threads."""
    monkeypatch.setattr("judgelake.asking.run.submitted", submitted_without_spark)


def running(give_up_after=3, tally=None, stopping=None, spark=None, writer=None):
    asking = AskingTask(None, None, None, Engine(), "run", Window(1, 1), give_up_after, Reporter())
    return Running(spark, writer, asking, Asking(), stopping or Stopping(), tally or Tally(), 100, lambda: 2)


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
    with closing(ProgressServer("127.0.0.1")) as server, ProgressSender(server.reporter) as sender:
        server.tally.add({"statuses": others})
        sender.send({"statuses": {"unparseable": 3}})
        assert sender.all_fail_alike(3) is answer
        assert server.tally.done == 3 + sum(others.values())


def test_a_task_that_cannot_reach_the_driver_knows_nothing_of_other_tasks():
    with ProgressSender(Reporter()) as sender:
        assert sender.all_fail_alike(3) is None


class BetweenTwoSparkJobs(SessionWithoutSpark):
    """A running chunk whose next Spark job begins after the first interrupt, and the session that interrupts it."""

    def __init__(self):
        self.began, self.interrupts = threading.Event(), 0

    def write(self, chunk, asking):
        self.began.set()
        while self.interrupts < 2:
            time.sleep(0.01)
        raise RuntimeError("interrupted")

    def cancelJobsWithTag(self, tag):  # noqa: N802  # Spark's name
        self.interrupts += 1


def test_a_stop_between_two_spark_jobs_of_a_chunk_is_not_lost():
    stopping, both = Stopping(is_heeded=True), BetweenTwoSparkJobs()
    run = running(stopping=stopping, spark=both, writer=both)
    chunk = small_chunk()
    threading.Thread(target=lambda: (both.began.wait(), stopping.wish())).start()
    with pytest.raises(KeyboardInterrupt):
        run.carry_out([chunk])
    assert both.interrupts >= 2


class OneBadHost(SessionWithoutSpark):
    """A writer whose chunk fails with errors of one host, as often as told, then works."""

    def __init__(self, *errors):
        self.errors, self.writes = list(errors), 0

    def write(self, chunk, asking):
        self.writes += 1
        if self.errors:
            error = self.errors.pop(0)
            raise RuntimeError(f"Job aborted: {ERROR_MARK}{json.dumps([type(error).__name__, str(error)])}")
        return Counter(ok=1)


@pytest.mark.parametrize("error", [EngineGone("died"), StartFailed("no start"), StartRefused("no memory")], ids=repr)
def test_a_host_whose_engine_fails_does_not_end_a_run_in_which_others_answer(error):
    both = OneBadHost(error, error)
    run = running(tally=Tally(Counter(ok=1)), spark=both, writer=both)
    run.carry_out([small_chunk()])
    assert both.writes == 3


@pytest.mark.parametrize(
    ("errors", "answered", "writes"),
    [
        pytest.param([StartRefused("no memory")], 0, 1, id="no engine ever answered"),
        pytest.param([StartFailed("no start")] * 3, 1, 3, id="again and again"),
        pytest.param([UserError("no such model")], 1, 1, id="not of one host"),
    ],
)
def test_an_engine_that_fails_ends_the_run_if_it_fails_everywhere(errors, answered, writes):
    both = OneBadHost(*errors)
    run = running(tally=Tally(Counter(ok=answered)), spark=both, writer=both)
    with pytest.raises(type(errors[0])):
        run.carry_out([small_chunk()])
    assert both.writes == writes


class Deaf(BetweenTwoSparkJobs):
    """A chunk that no interrupt stops, over a connection that is broken."""

    def __init__(self):
        super().__init__()
        self.released = threading.Event()

    def write(self, chunk, asking):
        self.began.set()
        self.released.wait(30)
        return Counter()

    def cancelJobsWithTag(self, tag):  # noqa: N802  # Spark's name
        raise ConnectionError("the gateway is gone")


def test_a_chunk_that_does_not_stop_is_named_and_does_not_keep_the_run(monkeypatch):
    monkeypatch.setattr("judgelake.asking.stopping.MOST_STOP_SECONDS", 0.1)
    stopping, deaf = Stopping(is_heeded=True), Deaf()
    run = running(stopping=stopping, spark=deaf, writer=deaf)
    threading.Thread(target=lambda: (deaf.began.wait(), stopping.wish())).start()
    with (
        pytest.warns(UserWarning, match=r"Chunk 7 of run .* did not stop within 0\.1 s"),
        pytest.raises(KeyboardInterrupt),
    ):
        run.carry_out([small_chunk(7)])
    deaf.released.set()


def test_tasks_are_told_to_end_before_they_are_cancelled():
    stopping, both, cancelled_after = Stopping(is_heeded=True), BetweenTwoSparkJobs(), []
    run = running(stopping=stopping, spark=both, writer=both)
    ours, of_task = socket.socketpair()

    def task():
        with ours, run.tasks.connected(ours):
            assert of_task.recv(1) == END
            time.sleep(0.3)
            cancelled_after.append(both.interrupts)

    connected = threading.Thread(target=task)
    connected.start()
    threading.Thread(target=lambda: (both.began.wait(), stopping.wish())).start()
    with of_task, pytest.raises(KeyboardInterrupt):
        run.carry_out([small_chunk()])
    connected.join()
    assert cancelled_after == [0]
    assert both.interrupts >= 2


class DeafForTheSecondTime(Deaf):
    """The second Ctrl-C comes while the chunk is interrupted."""

    def cancelJobsWithTag(self, tag):  # noqa: N802  # Spark's name
        raise KeyboardInterrupt


def test_a_second_wish_to_stop_does_not_wait_for_a_chunk_that_does_not_stop():
    stopping, deaf = Stopping(is_heeded=True), DeafForTheSecondTime()
    run = running(stopping=stopping, spark=deaf, writer=deaf)
    threading.Thread(target=lambda: (deaf.began.wait(), stopping.wish())).start()
    release = threading.Timer(5, deaf.released.set)
    release.start()
    with pytest.raises(KeyboardInterrupt):
        run.carry_out([small_chunk(7)])
    assert not deaf.released.is_set()
    release.cancel()
    deaf.released.set()


def test_no_chunk_is_begun_after_a_wish_to_stop():
    run = running(stopping=Stopping(is_wished=True), spark=BetweenTwoSparkJobs())
    with pytest.raises(KeyboardInterrupt):
        run._write(small_chunk(), "tag")


def test_the_key_of_a_server_travels_with_the_task_and_is_never_shown(monkeypatch):
    monkeypatch.setenv("JUDGE_KEY", "very secret")
    endpoint = given_endpoint(
        Engine(url="http://judge.example/v1", api_key_env="JUDGE_KEY"), served_model("m", None), asker=None
    )
    assert endpoint.api_key == "very secret"
    task = AskingTask(None, None, None, Engine(), "run", Window(1, 1), None, Reporter(), endpoint=endpoint)
    assert "very secret" not in repr(task)
    assert given_endpoint(Engine(), served_model("m", None), asker=None) is None


def test_a_databricks_secret_that_cannot_be_read_ends_the_job_before_it_begins():
    with pytest.raises(UserError, match="api_key_secret"):
        given_endpoint(Engine(url="http://judge.example/v1", api_key_secret="scope/key"), served_model("m", None), None)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("EngineRefused", UserError),
        ("UserError", UserError),
        ("RunError", RunError),
        *((kind.__name__, kind) for kind in (EngineGone, StartFailed, StartRefused)),
    ],
)
def test_an_error_in_a_task_reaches_the_driver_as_what_it_was(kind, expected):
    message = 'no model "x"\nit has [y] and "z"'
    text = f"Job aborted ... RuntimeError: {ERROR_MARK}{json.dumps([kind, message])}\n\tat org.apache.spark"
    error = our_error(Exception(text))
    assert type(error) is expected
    assert str(error) == message


def test_an_error_of_others_is_not_taken_for_ours():
    assert our_error(Exception("java.lang.OutOfMemoryError")) is None
