"""Drivers as processes of their own: killed in mid-run, stopped by a signal, two at once, and their exit codes.

A driver takes a minute or more to warm up, so three do for all tests: two end in mid-run, and what they leave is judged
by the third together with a driver in this process.
"""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
from small_lake import append, comparison, lake_of_its_own

from judgelake.jobs.judge import main
from judgelake.lake import drop_stale_plans
from judgelake.lake.names import folder_of

COMPARISONS = [comparison(f"c{i}", answers=(f"answer {i}", f"other {i}"), question=f"q{i // 2}") for i in range(80)]
REQUESTS = 2 * len(COMPARISONS)
WAIT_S = 600


@pytest.fixture(scope="module")
def lake(spark, empty_warehouse, tmp_path_factory):
    """One lake with comparisons, on which all drivers of this module work."""
    lake = lake_of_its_own(spark, empty_warehouse, tmp_path_factory.mktemp("lake"), "of_drivers")
    append(spark, lake.comparisons, *COMPARISONS)
    return lake


def sets(lake, *settings):
    tables = [f"tables.{name}={value}" for name, value in lake.model_dump().items()]
    return [f"--set={item}" for item in (*tables, "mlflow.enabled=false", "judge.name=judgelm", *settings)]


@pytest.fixture(scope="module")
def start(root, lake, tmp_path_factory):
    """Starts jobs/judge.py over the lake; whatever still runs at the end is killed."""
    running = []
    folder = tmp_path_factory.mktemp("drivers")

    def go(*settings):
        environment = {**os.environ, "JUDGELAKE_DRIVER_MEMORY": "700m"}
        command = [sys.executable, str(root / "jobs" / "judge.py"), *sets(lake, *settings)]
        driver = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        running.append(driver)
        return driver

    yield go
    for driver in running:
        if driver.poll() is None:
            driver.kill()
        driver.communicate()


def wait_until(happened, *drivers):
    """Wait while the drivers run."""
    end = time.monotonic() + WAIT_S
    while not happened():
        for driver in drivers:
            assert driver.poll() is None, driver.communicate()[0]
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.2)


def judged(spark, lake):
    return [row["judgment_id"] for row in spark.read.table(lake.judgments).select("judgment_id").collect()]


def commits(lake, table):
    """By the files of its log: a query every moment would take the drivers' cores away."""
    return len(list(Path(folder_of(lake, table), "_delta_log").glob("*.json")))


@dataclass(frozen=True)
class Ended:
    """Two drivers ended in mid-run, one by SIGTERM and one killed, and two that did the rest together."""

    stopped: int
    stopped_said: str
    stopped_run: dict
    plans_left: list[str]
    survivors: list[psutil.Process]
    """Of the processes that the killed one had started."""
    before: list[str]
    """Judgments there when both had ended."""
    exit_codes: list[int]
    output: str
    after: list[str]


@pytest.fixture(scope="module")
def ended(spark, lake, start, shared_server):
    settings = ("judge.model=test-judge", "asking.chunk_requests=20")
    slowly = (*settings, f"engine.url={shared_server('slow:1500')}", "asking.window_requests=4")
    made, empty = commits(lake, lake.plans), commits(lake, lake.judgments)
    stopped, killed = start(*slowly), start(*slowly)
    wait_until(lambda: commits(lake, lake.plans) >= made + 2 and commits(lake, lake.judgments) > empty, stopped, killed)
    children = psutil.Process(killed.pid).children(recursive=True)
    killed.kill()
    stopped.send_signal(signal.SIGTERM)
    said, _ = stopped.communicate(timeout=WAIT_S)
    _, survivors = psutil.wait_procs(children, timeout=60)
    before = judged(spark, lake)
    (run,) = spark.read.table(lake.runs).collect()
    plans = [row["plan_id"] for row in spark.read.table(lake.plans).select("plan_id").distinct().collect()]
    made = commits(lake, lake.plans)
    third = start(*settings, f"engine.url={shared_server('slow:1500')}")
    wait_until(lambda: commits(lake, lake.plans) > made, third)
    exit_codes = [main(sets(lake, *settings, f"engine.url={shared_server('slow:100')}"))]
    output, _ = third.communicate(timeout=WAIT_S)
    exit_codes.append(third.returncode)
    return Ended(
        stopped.returncode, said, run.asDict(), plans, survivors, before, exit_codes, output, judged(spark, lake)
    )


def test_sigterm_keeps_what_was_judged_and_says_so(ended):
    assert ended.stopped == 130, ended.stopped_said
    assert "Stopped: all judgments so far are kept" in ended.stopped_said
    assert ended.stopped_run["outcome"] == "stopped"
    # The one that was killed could not take its own away.
    assert len(ended.plans_left) == 1
    assert ended.stopped_run["run_id"] not in ended.plans_left


def test_a_driver_killed_in_mid_run_leaves_nothing_doubled_and_nothing_behind(ended):
    assert 0 < len(ended.before) < REQUESTS
    assert ended.survivors == []
    assert ended.exit_codes == [0, 0], ended.output
    assert len(ended.after) == len(set(ended.after)) == REQUESTS
    assert set(ended.before) <= set(ended.after)


def test_the_plan_that_a_killed_driver_leaves_goes_after_a_week(spark, lake, ended):
    assert drop_stale_plans(spark, lake) == ()
    in_a_week = datetime.now(UTC) + timedelta(hours=168)
    assert list(drop_stale_plans(spark, lake, now=in_a_week)) == ended.plans_left


def test_two_drivers_on_the_same_work_double_nothing_and_both_end_well(ended):
    assert ended.exit_codes == [0, 0], ended.output
    assert len(ended.after) == len(set(ended.after)) == REQUESTS


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        pytest.param(("judge.name=judgeml",), "Did you mean 'judgelm'", id="an unknown judge"),
        pytest.param(("judge.model=./nowhere",), "nowhere", id="a model path that is not there"),
        pytest.param(("engine.url=http://127.0.0.1:9/v1",), "127.0.0.1:9", id="a wrong address"),
    ],
)
def test_a_users_mistake_is_one_sentence_and_exit_code_2(settings, expected, lake, capfd, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(sets(lake, "engine.max_retries=0", "input.limit=1", *settings)) == 2
    assert_one_error("".join(capfd.readouterr()), expected)


def test_the_process_ends_with_that_exit_code(start):
    driver = start("judge.nmae=x")
    output, _ = driver.communicate(timeout=WAIT_S)
    assert driver.returncode == 2, output
    assert_one_error(output, "Did you mean 'name'")


def assert_one_error(output, expected):
    error = [line for line in output.splitlines() if line.startswith("error: ")]
    assert len(error) == 1, output
    assert expected in error[0]
    assert "Traceback" not in output
