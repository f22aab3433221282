"""The judge job with a mode that asks a decision endpoint, against both endpoints of the test server."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from judge_lake import JudgeLake, of, pair


@pytest.fixture(scope="module")
def lake(spark, empty_warehouse, tmp_path_factory) -> JudgeLake:
    return JudgeLake(spark, empty_warehouse, tmp_path_factory.mktemp("lake"), "of_decisions")


@pytest.mark.parametrize(("path", "mass"), [("systemone", 0.8), ("decisions", 0.8), ("systemone", 0.3)])
def test_decisions_of_both_orders_end_in_the_same_columns_as_log_probabilities(lake, shared_server, path, mass):
    topic = f"decided {path} {mass}"
    lake.add(pair(f"{topic} {number}", f"Question {number} of {topic}?") for number in range(3))
    judge = {"name": "chat", "mode": "pair-decide"}
    run = lake.judge(shared_server(f"decides:{path}+mass:{mass}"), of(topic), judge=judge)
    rows = lake.judgments(of(topic))
    assert run.counts.statuses == ({"ok": 6} if mass > 0.5 else {"unparseable": 6})
    assert Counter(row["shown_order"] for row in rows) == {"AB": 3, "BA": 3}
    assert [row["label_mass"] for row in rows] == [pytest.approx(mass)] * 6
    if mass < 0.5:
        assert all("less than least_label_mass 0.5" in row["error"] for row in rows)
        assert {(row["verdict"], row["verdict_logprobs"]) for row in rows} == {(None, None)}
        return
    for row in rows:
        logprobs = row["verdict_logprobs"]
        assert set(logprobs) == {"A", "B", "tie"}
        assert math.fsum(map(math.exp, logprobs.values())) == pytest.approx(mass)
        assert row["verdict"] == max(logprobs, key=logprobs.get)
        best, second = sorted(logprobs.values(), reverse=True)[:2]
        assert row["margin"] == pytest.approx(best - second)
        # As shown: of the order BA the server's first option is answer B.
        shown = {"A": "B", "B": "A", "tie": "tie"} if row["shown_order"] == "BA" else {name: name for name in logprobs}
        assert row["raw_output"] == shown[row["verdict"]]
