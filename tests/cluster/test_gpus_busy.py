"""One application on a cluster of six GPUs: judges in turn, an even table and one with most rows in one question.

A driver takes a minute to warm up, so one does for all tests: it judges some rows, which starts the engines, then the
skewed table with the same judge, then those rows with another judge.
"""

import re
from dataclasses import dataclass

import pytest
from cluster.drivers import model_folder
from cluster.files import assert_each_once, pair
from cluster.journal import Journal
from cluster.stages import Stage, read_stages, written_to

GPUS = 6
# Of each of the three executors, which have two GPUs.
CORES = "6"
SEQUENCES = 8
SECONDS = 0.4
EVEN = [pair(number, number // 2, "even") for number in range(96)]
# 90 % in one question.
SKEWED = [pair(number, 0 if number % 10 else number, "skewed") for number in range(1440)]


@dataclass(frozen=True)
class Judged:
    """What three jobs of one application have left."""

    output: str
    exit_code: int
    first: list[dict]
    skewed: list[dict]
    second: list[dict]
    journal: Journal
    skewed_began: float
    left_over: list[str]
    stages: list[Stage]


@pytest.fixture(scope="module")
def judged(cluster, make_drivers, root):
    drivers = make_drivers([*EVEN, *SKEWED])
    cluster.pretend(seconds=SECONDS, sequences=SEQUENCES)
    first, second = (str(model_folder(drivers.folder, name)) for name in ("first", "second"))
    even, skewed = ({"where": f"source = '{source}'"} for source in ("even", "skewed"))
    script = root / "tests" / "support" / "cluster" / "judge_in_turn.py"
    jobs = [(first, even), (first, skewed), (second, even)]
    # Two tasks share an engine, so that it does not run dry when one of them ends.
    halves = {"gpus_a_task": 0.5}
    configs = [drivers.config(judge={"model": model}, input=rows, engine=halves) for model, rows in jobs]
    events = drivers.folder / "events"
    events.mkdir()
    driver = drivers.submit(str(script), *configs, conf={"spark.executor.cores": CORES, **written_to(events)})
    exit_code = driver.finish()
    rows = drivers.lake.rows("judgments", "judgment_id", "comparison_id", "model_version", "status")
    versions = list(dict.fromkeys(row["model_version"] for row in rows))
    began = re.search(r"job 2 began at ([\d.]+)", driver.output)
    return Judged(
        driver.output,
        exit_code,
        [row for row in rows if row["comparison_id"].startswith("even") and row["model_version"] == versions[0]],
        [row for row in rows if row["comparison_id"].startswith("skewed")],
        [row for row in rows if row["model_version"] != versions[0]],
        cluster.journal(),
        float(began.group(1)) if began else 0.0,
        cluster.left_over(),
        read_stages(events),
    )


def test_nothing_is_lost_or_doubled(judged):
    assert_each_once(judged.first, len(EVEN), judged.output)
    assert_each_once(judged.skewed, len(SKEWED), judged.output)


def test_every_gpu_has_one_engine_that_sees_only_that_gpu(judged):
    first = [life for life in judged.journal.started if life.model.endswith("first")]
    assert sorted(life.devices for life in first) == [(str(gpu),) for gpu in range(GPUS)]
    assert {life.most_in_flight for life in first} == {SEQUENCES}


def test_one_question_with_most_of_the_rows_is_spread_over_all_gpus(judged):
    """Each GPU has the same share of the requests; how busy that keeps it also depends on this machine's few cores."""
    first = Journal(tuple(life for life in judged.journal.lives if life.model.endswith("first")))
    of_skewed = [sum(began >= judged.skewed_began for began, _ in life.spans) for life in first.started]
    share = first.busy_share(GPUS, SEQUENCES, since=judged.skewed_began)
    print(f"busy: {share:.1%} of the sequences between the first and the last request of the skewed table")
    assert sum(of_skewed) == len(judged.skewed)
    assert max(of_skewed) <= 1.1 * sum(of_skewed) / GPUS


def test_a_second_judge_gets_the_gpus_of_the_first(judged):
    assert judged.exit_code == 0, judged.output
    assert_each_once(judged.second, len(EVEN), judged.output)
    assert judged.journal.refused == []


def test_only_the_stages_that_ask_take_gpus(judged):
    """So more tasks than the GPUs allow run at the same time in all others."""
    assert "18 tasks of any stage, 12 that ask 6 engines" in judged.output
    assert {stage.gpus_a_task for stage in judged.stages} == {0.0, 0.5}
    with_gpus, without = ([s for s in judged.stages if bool(s.gpus_a_task) == takes] for takes in (True, False))
    assert all("MapInArrow" in stage.operations for stage in with_gpus)
    # The script's own, which has counted the tasks of any stage.
    assert [stage.tasks for stage in without if "MapInArrow" in stage.operations] == [18]


def test_no_process_is_left_over(judged):
    assert judged.left_over == []
