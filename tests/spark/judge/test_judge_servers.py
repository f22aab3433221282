"""A failing server of each kind, then a mended one: every row ends with its verdict, and none is final by mistake.

One comparison a kind names the error that the server gives for it; two more are answered. So one failing run and one
mended run show all kinds.
"""

from __future__ import annotations

import json
import urllib.request
from collections import Counter
from dataclasses import dataclass

import pytest
from judge_lake import JudgeLake, of, pair
from server.server_kinds import FAILING, FINAL

from judgelake.errors import RunError
from judgelake.jobs.judge.job import JudgeRun

AB = {"orders": "AB"}
ALL_MAY_FAIL = {"max_failed_share": 1.0}
MOST_IN_FLIGHT = 5


@dataclass(frozen=True)
class Mended:
    """What two runs left: the first by a server that fails in every way, the second by one that answers."""

    failing: JudgeRun
    mended: JudgeRun
    rows: list
    most_in_flight: int
    """At the second server."""


@pytest.fixture(scope="module")
def lake(spark, empty_warehouse, tmp_path_factory) -> JudgeLake:
    lake = JudgeLake(spark, empty_warehouse, tmp_path_factory.mktemp("lake"), "of_servers")
    lake.add(pair(f"kinds {kind}", f"What is fails:{kind}?") for kind in FAILING)
    lake.add([pair("kinds none 1", "Q?"), pair("kinds none 2", "R?")])
    lake.add(pair(f"three {number}", f"Question {number}?") for number in range(3))
    return lake


@pytest.fixture(scope="module")
def mended(lake, shared_server) -> Mended:
    engine = {"max_retries": 0, "max_in_flight": MOST_IN_FLIGHT}
    failing, answering = shared_server("each-kind"), shared_server("slow:20")
    runs = [lake.judge(url, of("kinds"), order=AB, asking=ALL_MAY_FAIL, engine=engine) for url in (failing, answering)]
    return Mended(*runs, lake.judgments(of("kinds")), most_in_flight(answering))


def most_in_flight(url: str) -> int:
    with urllib.request.urlopen(url.removesuffix("/v1") + "/stats") as answer:
        return json.load(answer)["most_in_flight"]


def test_only_what_is_said_of_its_prompt_ends_a_row(mended):
    first = {row["comparison_id"]: row for row in mended.rows if row["run_id"] == mended.failing.run_id}
    assert {name: row["status"] for name, row in first.items() if "none" not in name} == {
        f"kinds {kind}": failing.status for kind, failing in FAILING.items()
    }
    assert {row["status"] for name, row in first.items() if "none" in name} == {"ok"}
    assert all(row["error"] for name, row in first.items() if "none" not in name)


def test_after_the_server_is_mended_every_failed_call_ends_with_a_verdict(mended):
    calls = {f"kinds {kind}" for kind, failing in FAILING.items() if failing.status not in FINAL}
    second = {row["comparison_id"]: row for row in mended.rows if row["run_id"] == mended.mended.run_id}
    assert second.keys() == calls
    assert {(row["status"], row["attempt"]) for row in second.values()} == {("ok", 2)}
    assert mended.mended.plan.skipped == len(mended.rows) - 2 * len(calls)


def test_the_whole_run_has_no_more_requests_in_flight_than_it_may(mended):
    assert 1 < mended.most_in_flight <= MOST_IN_FLIGHT


def test_no_row_is_lost_or_doubled(mended):
    attempts = Counter((row["judgment_id"], row["attempt"]) for row in mended.rows)
    assert set(attempts.values()) == {1}
    calls = sum(failing.status not in FINAL for failing in FAILING.values())
    assert len(mended.rows) == len(FAILING) + 2 + calls
    assert {row["comparison_id"] for row in mended.rows if row["status"] == "ok" or row["status"] in FINAL} == {
        row["comparison_id"] for row in mended.rows
    }


def test_three_rows_that_all_fail_alike_stop_the_run_store_nothing_and_are_judged_once_the_server_is_mended(
    lake, shared_server
):
    once = {"order": AB, "asking": {"max_attempts": 1}}
    with pytest.raises(RunError, match=r"requests all ended in engine_error.*Unsupported parameter: top_p"):
        lake.judge(shared_server("says:openai-parameter"), of("three"), **once)
    assert lake.statuses(of("three")) == {}
    assert not lake.has_plans()
    run = lake.judge(shared_server("instant"), of("three"), **once)
    assert run.counts.statuses == {"ok": 3}
    assert {row["attempt"] for row in lake.judgments(of("three"))} == {1}
