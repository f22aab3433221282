"""Chunks that cannot be appended: tried again if the cause may pass, else set aside; the others go on."""

import itertools
from collections import Counter, defaultdict

import pytest
from chunk_example import small_chunk
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from threads import SessionWithoutSpark, submitted_without_spark

from judgelake.asking.config import Asking
from judgelake.asking.inquiry import Target
from judgelake.asking.journal import Journal
from judgelake.asking.progress import Reporter, Tally
from judgelake.asking.run import Running
from judgelake.asking.stopping import Stopping
from judgelake.asking.task import AskingTask
from judgelake.asking.transient import is_transient
from judgelake.asking.window import Window
from judgelake.engine import Engine
from judgelake.errors import RunError
from judgelake.lake import JUDGMENT

CHECK = PySparkException(
    "[DELTA_VIOLATE_CONSTRAINT_WITH_VALUES] CHECK constraint short (raw_output <> '') violated by row with values:\n"
    " - raw_output : a long answer SQLSTATE: 23001"
)
CONFLICT = PySparkException("[DELTA_METADATA_CHANGED] MetadataChangedException: The metadata of the table was changed")
SLOW_DOWN = Py4JError(
    "An error occurred while calling o1.saveAsTable.\n: org.apache.hadoop.fs.s3a.AWSServiceThrottledException: PUT on "
    "_delta_log: Please reduce your request rate. (Service: S3, Status Code: 503)"
)


class Appending(SessionWithoutSpark):
    """A chunk writer and session; some chunks fail with errors, as often as there are, then work."""

    target = Target("judgments", JUDGMENT, "judgment_id", "judge_fingerprint", "f", "judged_at", "raw_output")

    def __init__(self, **errors):
        self.errors = {int(name.removeprefix("chunk_")): iter(of_chunk) for name, of_chunk in errors.items()}
        self.tries = defaultdict(int)

    def write(self, chunk, asking):
        self.tries[chunk.number] += 1
        error = next(self.errors.get(chunk.number, iter(())), None)
        if error is not None:
            raise error
        return Counter(ok=1)


@pytest.fixture(autouse=True)
def without_spark_and_pauses(monkeypatch):
    monkeypatch.setattr("judgelake.asking.run.submitted", submitted_without_spark)
    monkeypatch.setattr("judgelake.asking.run.PAUSE_SECONDS", 0.001)
    monkeypatch.setattr("judgelake.asking.run.WAKE_SECONDS", 0.01)


def run(both, chunks, in_flight=2, journal=None):
    asking = AskingTask(None, None, None, Engine(), "run", Window(1, 1), None, Reporter())
    running = Running(both, both, asking, Asking(), Stopping(), Tally(), 100, lambda: in_flight, journal)
    running.carry_out([small_chunk(number, app_id=f"app {number}") for number in range(chunks)])
    return running


@pytest.mark.parametrize("error", [CONFLICT, SLOW_DOWN], ids=["a commit conflict", "a store that is busy"])
def test_what_may_pass_is_tried_again_and_costs_the_others_nothing(error):
    both = Appending(chunk_1=[error] * 4)
    done = run(both, 4)
    assert both.tries == {0: 1, 1: 5, 2: 1, 3: 1}
    assert done.statuses == {"ok": 4}


def test_what_does_not_pass_is_set_aside_and_named_at_the_end():
    both = Appending(chunk_1=itertools.repeat(CONFLICT), chunk_2=[CHECK])
    with pytest.raises(
        RunError, match=r"Chunk \d and 1 more could not be written to judgments: .*asked again"
    ) as raised:
        run(both, 6)
    assert both.tries == {0: 1, 1: 5, 2: 1, 3: 1, 4: 1, 5: 1}
    assert "\n" not in str(raised.value)


def test_answers_that_are_kept_are_said_to_be(tmp_path):
    journal = Journal(str(tmp_path), "table", "f", JUDGMENT, ("judgment_id", "attempt"), "raw_output")
    with pytest.raises(RunError, match=r"CHECK constraint short .*kept in .*/f and appended then") as raised:
        run(Appending(chunk_0=[CHECK]), 2, journal=journal)
    assert "Fix the cause and run again" in str(raised.value)


def test_a_run_whose_first_chunks_all_cannot_be_appended_asks_no_more():
    both = Appending(**{f"chunk_{number}": [CHECK] for number in range(10)})
    with pytest.raises(RunError, match=r"and 2 more could not be written"):
        run(both, 10, in_flight=1)
    assert dict(both.tries) == {0: 1, 1: 1, 2: 1}


def test_a_run_whose_storage_fails_for_good_later_on_asks_no_more_either():
    """A disk that is full takes no journal either: all that is asked from then on would be lost."""
    both = Appending(**{f"chunk_{number}": [CHECK] for number in range(40) if number not in (0, 5)})
    with pytest.raises(RunError, match=r"and 13 more could not be written"):
        run(both, 40, in_flight=1)
    assert list(both.tries) == list(range(16))


def test_an_error_that_is_not_sparks_ends_the_run():
    both = Appending(chunk_0=[AttributeError("a bug")])
    with pytest.raises(AttributeError):
        run(both, 5, in_flight=1)
    assert dict(both.tries) == {0: 1}


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("Caused by: java.net.SocketTimeoutException: Read timed out", True),
        (
            "Operation failed: Ingress is over the account limit., 503, PUT, https://a.dfs.example, ServerBusy",
            True,
        ),
        ("com.google.api.client.http.HttpResponseException: 503 Service Unavailable", True),
        ("ExecutorLostFailure (executor 3 exited caused by one of the running tasks)", True),
        ("[DELTA_CONCURRENT_APPEND.WITHOUT_HINT] ConcurrentAppendException", True),
        ("org.apache.hadoop.security.AccessControlException: Permission denied", False),
        ("java.nio.file.AccessDeniedException: s3a://bucket: 403 Forbidden (Service: S3, Status Code: 403)", False),
        ("[DELTA_VIOLATE_CONSTRAINT_WITH_VALUES] CHECK constraint", False),
        ("java.io.IOException: No space left on device", False),
    ],
)
def test_only_what_may_pass_is_worth_another_try(text, passes):
    assert is_transient(PySparkException(text)) is passes
    assert is_transient(ValueError(text)) is False
