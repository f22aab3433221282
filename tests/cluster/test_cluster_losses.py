"""What may be lost while a cluster judges: an engine, an executor, a worker, the driver. Nothing is lost or doubled."""

import os
import signal

import pytest
from cluster.files import assert_each_once, pair

pytestmark = pytest.mark.cluster
ROWS = [pair(number, number // 2) for number in range(240)]
CHUNKED = {"chunk_requests": 60}
# With slow answers: most chunks are still to be begun when an executor comes, twenty seconds later on a busy machine.
MANY_CHUNKS, SLOW = {"chunk_requests": 20}, {"seconds": 1.0, "sequences": 4}
STATUSES = ("judgment_id", "status")


@pytest.fixture
def drivers(cluster, make_drivers):
    cluster.pretend(seconds=0.5, sequences=4)
    return make_drivers(ROWS)


def wait_for_some(cluster, driver, requests=40):
    """Wait until so many requests are answered, while the driver runs."""

    def answered():
        assert driver.process.poll() is None, driver.output
        return cluster.journal().finished >= requests

    cluster.wait(answered, f"{requests} requests are answered")


def assert_all_judged(drivers, driver, cluster):
    assert driver.finish() == 0, driver.output
    assert_each_once(drivers.lake.rows("judgments", *STATUSES), len(ROWS), driver.output)
    assert cluster.left_over() == []


def test_a_killed_engine_is_started_again(cluster, drivers):
    driver = drivers.judge(asking=CHUNKED)
    wait_for_some(cluster, driver)
    os.kill(cluster.journal().started[0].pid, signal.SIGKILL)
    assert_all_judged(drivers, driver, cluster)
    journal = cluster.journal()
    assert journal.per_devices()[journal.started[0].devices] == 2
    assert journal.refused == []


def test_a_killed_executor_is_replaced_and_takes_its_engines_with_it(cluster, drivers):
    cluster.pretend(**SLOW)
    driver = drivers.judge(asking=MANY_CHUNKS)
    wait_for_some(cluster, driver)
    os.kill(cluster.executors()[0], signal.SIGKILL)
    assert_all_judged(drivers, driver, cluster)
    assert max(cluster.journal().per_devices().values()) == 2


def test_what_a_lost_worker_was_judging_is_judged_by_the_other(cluster, drivers):
    driver = drivers.judge(asking=CHUNKED)
    wait_for_some(cluster, driver)
    lost = cluster.workers[0]
    lost.process.kill()
    lost.process.wait()
    assert_all_judged(drivers, driver, cluster)
    cluster.add_worker(lost.gpus, 4 * len(lost.gpus))


def test_a_killed_driver_is_run_again_and_asks_only_what_is_left(cluster, drivers):
    driver = drivers.judge(asking=CHUNKED)
    cluster.wait(lambda: bool(drivers.lake.rows("judgments", "judgment_id")), "a chunk is judged")
    driver.kill()
    assert cluster.left_over() == []
    before = {row["judgment_id"] for row in drivers.lake.rows("judgments", "judgment_id")}
    assert 0 < len(before) < len(ROWS)
    again = drivers.judge(asking=CHUNKED)
    assert_all_judged(drivers, again, cluster)
    assert f"{len(before)} judged before" in again.output


def test_a_worker_that_joins_takes_part(cluster, drivers):
    cluster.pretend(**SLOW)
    driver = drivers.judge(asking=MANY_CHUNKS)
    wait_for_some(cluster, driver, 20)
    joined = cluster.add_worker(("6", "7"), 8)
    assert_all_judged(drivers, driver, cluster)
    requests = cluster.journal().requests()
    joined.process.terminate()
    joined.process.wait()
    assert sum(requests[(gpu,)] for gpu in joined.gpus) > 0, requests


def test_a_gpu_on_which_nothing_starts_does_not_end_the_run(cluster, drivers):
    cluster.pretend(seconds=0.5, sequences=4, broken=["3"])
    assert_all_judged(drivers, drivers.judge(asking=CHUNKED), cluster)


def test_a_prompt_that_kills_every_engine_is_a_row_and_all_others_are_judged(cluster, make_drivers):
    cluster.pretend(seconds=0.1, sequences=4, deadly="kills every engine")
    drivers = make_drivers([*ROWS[1:], pair(0, 0, text="kills every engine")])
    driver = drivers.judge(asking=CHUNKED)
    assert driver.finish() == 0, driver.output
    rows = drivers.lake.rows("judgments", *STATUSES, "comparison_id", "error")
    assert_each_once(rows, len(ROWS), driver.output, ("ok", "engine_error"))
    (killer,) = (row for row in rows if row["status"] != "ok")
    assert killer["comparison_id"] == "test 0"
    assert killer["error"]
    assert cluster.left_over() == []
