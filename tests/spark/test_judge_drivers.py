"""Drivers as processes of their own: killed in mid-run, stopped by a signal, two at once, and their exit codes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from judgelake.lake.names import folder_of

PAIRS = [(f"c{i}", f"Question {i // 2}?", f"answer {i}", f"other answer {i}") for i in range(40)]
REQUESTS = 2 * len(PAIRS)
WAIT_S = 600


@pytest.fixture
def start(root, lake, tmp_path):
    """Starts jobs/judge.py over this test's tables; whatever still runs at the end is killed."""
    running = []

    def go(*settings):
        tables = [f"tables.{name}={value}" for name, value in lake.model_dump().items()]
        sets = [f"--set={item}" for item in (*tables, "mlflow.enabled=false", "judge.name=judgelm", *settings)]
        environment = {**os.environ, "JUDGELAKE_DRIVER_MEMORY": "700m"}
        command = [sys.executable, str(root / "jobs" / "judge.py"), *sets]
        driver = subprocess.Popen(
            command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        running.append(driver)
        return driver

    yield go
    for driver in running:
        if driver.poll() is None:
            driver.kill()
        driver.communicate()


def wait_until(happened):
    end = time.monotonic() + WAIT_S
    while not happened():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.2)


def judged(spark, lake):
    return [row["judgment_id"] for row in spark.read.table(lake.judgments).select("judgment_id").collect()]


def has_judgments(lake):
    """By the commits after the one that made the table: a query every moment would take the driver's core away."""
    return len(list(Path(folder_of(lake, lake.judgments), "_delta_log").glob("*.json"))) > 1


def test_a_driver_killed_in_mid_run_leaves_nothing_doubled_and_nothing_behind(
    spark, lake, add_pairs, start, test_server
):
    add_pairs(PAIRS)
    url = test_server("slow:1500")
    settings = ("judge.model=test-judge", f"engine.url={url}", "asking.chunk_requests=20", "asking.window_requests=4")
    driver = start(*settings)
    wait_until(lambda: has_judgments(lake))
    children = psutil.Process(driver.pid).children(recursive=True)
    driver.kill()
    before = judged(spark, lake)
    assert 0 < len(before) < REQUESTS
    _, alive = psutil.wait_procs(children, timeout=60)
    assert alive == []
    second = start(*settings)
    output, _ = second.communicate(timeout=WAIT_S)
    assert second.returncode == 0, output
    ids = judged(spark, lake)
    assert len(ids) == len(set(ids)) == REQUESTS
    assert set(before) <= set(ids)


def test_two_drivers_on_the_same_work_double_nothing_and_both_end_well(spark, lake, add_pairs, start, test_server):
    add_pairs(PAIRS)
    url = test_server("slow:100")
    settings = ("judge.model=test-judge", f"engine.url={url}", "asking.chunk_requests=20")
    drivers = [start(*settings), start(*settings)]
    outputs = [driver.communicate(timeout=WAIT_S)[0] for driver in drivers]
    assert [driver.returncode for driver in drivers] == [0, 0], outputs
    ids = judged(spark, lake)
    assert len(ids) == len(set(ids)) == REQUESTS


def test_sigterm_keeps_what_was_judged_and_says_so(spark, lake, add_pairs, start, test_server):
    add_pairs(PAIRS)
    url = test_server("slow:1500")
    driver = start(
        "judge.model=test-judge", f"engine.url={url}", "asking.chunk_requests=20", "asking.window_requests=4"
    )
    wait_until(lambda: has_judgments(lake))
    driver.send_signal(signal.SIGTERM)
    output, _ = driver.communicate(timeout=WAIT_S)
    assert driver.returncode == 130, output
    assert "Stopped: what was judged so far is kept" in output
    assert spark.read.table(lake.runs).first()["outcome"] == "stopped"
    assert spark.read.table(lake.plans).isEmpty()


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        pytest.param(("judge.nmae=x",), "Did you mean 'name'", id="an unknown key"),
        pytest.param(("judge.name=judgeml",), "Did you mean 'judgelm'", id="an unknown judge"),
        pytest.param(("judge.model=./nowhere",), "nowhere", id="a model path that is not there"),
        pytest.param(("engine.url=http://127.0.0.1:9/v1",), "127.0.0.1:9", id="a wrong address"),
    ],
)
def test_a_users_mistake_is_one_sentence_and_exit_code_2(settings, expected, lake, add_pairs, start):
    add_pairs(PAIRS[:1])
    driver = start("engine.max_retries=0", *settings)
    output, _ = driver.communicate(timeout=WAIT_S)
    assert driver.returncode == 2, output
    error = [line for line in output.splitlines() if line.startswith("error: ")]
    assert len(error) == 1
    assert expected in error[0]
    assert "Traceback" not in output
