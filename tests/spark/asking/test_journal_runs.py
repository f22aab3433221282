"""Runs that fail or are stopped after requests were answered: nothing is asked twice, nothing is lost or doubled."""

import json
import threading
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest
from judge_lake import JudgeLake, of, pairs

from judgelake.asking import Stopping, chunk, staging
from judgelake.asking.journal import Journal, recover
from judgelake.asking.pending import pending_requests
from judgelake.asking.plan import make_plan
from judgelake.errors import RunError
from judgelake.jobs.judge import judge
from judgelake.jobs.judge.input import pinned_input, requests_of_job, work_of
from judgelake.jobs.judge.resolve import resolve_judge
from judgelake.lake import JUDGMENT, drop_plan, quoted, read_pinned
from judgelake.lake.append import append_once

pytestmark = pytest.mark.usefixtures("replanned")
PAIRS = 8
REQUESTS = 2 * PAIRS
SCENARIOS = ("conflict", "refused", "stopped", "shared-held", "shared-stored", "off")


@pytest.fixture(scope="module")
def lake(spark, empty_warehouse, tmp_path_factory) -> JudgeLake:
    lake = JudgeLake(spark, empty_warehouse, tmp_path_factory.mktemp("lake"), "of_journal_runs")
    lake.add([one for scenario in SCENARIOS for one in pairs(scenario, PAIRS)])
    return lake


def asked(url: str) -> int:
    with urllib.request.urlopen(url.removesuffix("/v1") + "/stats") as answer:
        return int(json.load(answer)["total"])


def judged(lake, scenario):
    """The ids of a scenario's judgments; one that is there twice fails."""
    ids = [row["judgment_id"] for row in lake.judgments(of(scenario))]
    assert len(ids) == len(set(ids))
    return set(ids)


def staged(lake, spark) -> list[Path]:
    folder = Path(read_pinned(spark, lake.tables.judgments).location.removeprefix("file:"), "_staged_answers")
    return list(folder.rglob("*.parquet"))


@dataclass
class Appends:
    """In place of the append of a chunk: asks all, then does something else for the first times."""

    instead: list

    def __call__(self, df, table, app_id, writer=None):
        if self.instead:
            # So that the tasks answer, as they do in an append that fails at its commit.
            df.write.format("noop").mode("overwrite").save()
            self.instead.pop(0)()
        append_once(df, table, app_id, writer)


@pytest.fixture
def appends(monkeypatch):
    def first(*instead):
        monkeypatch.setattr(chunk, "append_once", Appends(list(instead)))

    return first


def test_a_commit_that_conflicts_is_tried_again_without_asking(spark, lake, shared_server, appends, monkeypatch):
    monkeypatch.setattr("judgelake.asking.run.PAUSE_SECONDS", 0.1)
    url = shared_server("instant")

    def conflict():
        spark.sql("SELECT raise_error('[DELTA_METADATA_CHANGED] the table was changed')").collect()

    appends(conflict)
    run = lake.judge(url, of("conflict"))
    assert run.counts.judgments == REQUESTS
    assert asked(url) == REQUESTS
    assert len(judged(lake, "conflict")) == REQUESTS
    assert staged(lake, spark) == []


def test_a_chunk_with_a_row_that_the_table_refuses_waits_for_the_next_run(spark, lake, shared_server, monkeypatch):
    url, table = shared_server("instant"), quoted(lake.tables.judgments)
    spark.sql(f"ALTER TABLE {table} ADD CONSTRAINT refused CHECK (NOT comparison_id = 'refused 3')")
    with pytest.raises(
        RunError, match=r"Chunk \d+ could not be written .*CHECK constraint refused.*are kept in"
    ) as raised:
        lake.judge(url, of("refused"), asking={"chunk_requests": 4})
    assert "\n" not in str(raised.value)
    assert 0 < len(judged(lake, "refused")) < REQUESTS
    assert staged(lake, spark)
    with pytest.raises(RunError, match=r"could not be written .*CHECK constraint refused"):
        lake.judge(url, of("refused"), asking={"chunk_requests": 4})
    monkeypatch.setattr(staging, "ABANDONED_AFTER_S", 0.0)
    with pytest.raises(RunError, match=r"does not take the answers .*CHECK constraint refused"):
        lake.judge(url, of("refused"), asking={"chunk_requests": 4})
    spark.sql(f"ALTER TABLE {table} DROP CONSTRAINT refused")
    before = asked(url)
    run = lake.judge(url, of("refused"), asking={"chunk_requests": 4})
    assert run.counts.judgments == 0
    assert asked(url) == before == REQUESTS
    assert len(judged(lake, "refused")) == REQUESTS
    assert staged(lake, spark) == []


def test_a_stop_ends_within_seconds_and_keeps_all_that_was_answered(spark, lake, shared_server):
    url, stopping, wished = shared_server("slow:3000"), Stopping(), []
    settings = {"asking": {"window_requests": 1, "partitions": 1}}

    def stop():
        while asked(url) < 4:
            threading.Event().wait(0.1)
        wished.append((time.monotonic(), asked(url)))
        stopping.wish()

    threading.Thread(target=stop).start()
    with pytest.raises(KeyboardInterrupt):
        judge(spark, lake.job(url, of("stopped"), **settings), stopping=stopping)
    # The rest would take 36 s.
    assert time.monotonic() - wished[0][0] < 12
    kept, until = len(judged(lake, "stopped")), asked(url)
    assert wished[0][1] <= until <= wished[0][1] + 1
    # All but the one that is in flight.
    assert kept >= until - 1
    other = shared_server("instant")
    lake.judge(other, of("stopped"))
    assert len(judged(lake, "stopped")) == REQUESTS
    assert asked(other) <= REQUESTS - kept
    assert staged(lake, spark) == []


def app_ids_of_plan(lake, job) -> set[str]:
    """Under which ids a driver that plans now would append."""
    judge_requests = requests_of_job(job, resolve_judge(job))
    pinned, comparisons = pinned_input(lake.spark, job)
    work = work_of(job, judge_requests, comparisons)
    plan = make_plan(lake.spark, job.tables, work.target, pinned, pending_requests(lake.spark, work), "third")
    drop_plan(lake.spark, job.tables.plans, "third")
    return {one.app_id for one in plan.chunks}


def app_ids_in_log(lake) -> set[str]:
    log = Path(read_pinned(lake.spark, lake.tables.judgments).location.removeprefix("file:"), "_delta_log")
    actions = (json.loads(line) for path in log.glob("*.json") for line in path.read_text("utf-8").splitlines())
    return {action["txn"]["appId"] for action in actions if "txn" in action}


@pytest.mark.parametrize("way", ["held", "stored"])
def test_a_driver_that_takes_over_a_chunk_which_another_still_asks_doubles_nothing(
    way, spark, lake, shared_server, appends, monkeypatch
):
    if way == "stored":
        monkeypatch.setattr("judgelake.asking.plan.FEW_REQUESTS", -1)
    url, scenario, of_third = shared_server("instant"), f"shared-{way}", []
    job = lake.job(url, of(scenario))

    def another_driver_takes_some_over():
        (path,) = staged(lake, spark)
        chunk_folder, fingerprint, table_id, root = (path.parents[up] for up in range(4))
        key = ("judgment_id", "attempt")
        journal = Journal(str(root), table_id.name, fingerprint.name, JUDGMENT, key, "raw_output")
        app_id = chunk_folder.name
        rows, name = journal.read(app_id, path.name), path.name.rpartition("-")[0]
        journal.discard(app_id)
        journal.write(app_id, name, rows.slice(0, 5))
        assert recover(spark, journal, lake.tables.judgments) == 5
        journal.write(app_id, name, rows)
        of_third.append(app_ids_of_plan(lake, job))

    appends(another_driver_takes_some_over)
    assert judge(spark, job).record.outcome == "finished"
    assert len(judged(lake, scenario)) == REQUESTS
    assert asked(url) == REQUESTS
    # A third driver that plans the rest appends it under the same id, so one of the two is not appended.
    assert len(of_third[0]) == 1
    assert of_third[0] <= app_ids_in_log(lake)
    assert staged(lake, spark) == []


def test_without_a_journal_nothing_is_written_beside_the_table(spark, lake, shared_server):
    lake.judge(shared_server("instant"), of("off"), asking={"staging": "off"})
    assert len(judged(lake, "off")) == REQUESTS
