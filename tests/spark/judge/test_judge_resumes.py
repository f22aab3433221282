"""A second run sees by their rows what is judged, and names requests only where that does not tell."""

from __future__ import annotations

import pytest
from judge_lake import JudgeLake, of, pair, pairs
from pyspark.sql import functions as F

from judgelake.asking import pending
from judgelake.jobs.judge import dry_run


@pytest.fixture(scope="module")
def lake(spark, empty_warehouse, tmp_path_factory, shared_server) -> JudgeLake:
    lake = JudgeLake(spark, empty_warehouse, tmp_path_factory.mktemp("lake"), "of_test_judge_resumes")
    lake.add([*pairs("resumed", 8), *pairs("older", 4), *pairs("hashed", 6)])
    # A row that no mode of this judge takes is judged too: it has its failure.
    lake.add([{**pair("resumed odd", "Odd?"), "answers": pair("x", "Odd?")["answers"][:1]}])
    for scenario in ("resumed", "older"):
        lake.judge(shared_server("instant"), of(scenario))
    lake.judge(shared_server("instant"), of("hashed"), order={"orders": "mixed"})
    return lake


@pytest.fixture
def named(monkeypatch):
    """How often the requests of rows were named."""
    calls = []
    found = pending._found
    monkeypatch.setattr(pending, "_found", lambda work, rows, answered: calls.append(1) or found(work, rows, answered))
    return calls


def left(lake, scenario, **changes):
    _, estimate = dry_run(lake.spark, lake.job("http://nobody.example/v1", of(scenario), **changes))
    return estimate.requests, estimate.skipped


def test_what_is_judged_is_seen_without_naming_a_request(lake, named):
    assert left(lake, "resumed") == (0, 17)
    assert left(lake, "resumed", order={"orders": "BA"}) == (0, 9)
    assert named == []


def test_a_further_repeat_or_an_edited_row_is_asked_and_nothing_else(lake, named, spark, shared_server):
    assert left(lake, "resumed", order={"repeats": 2}) == (17, 17)
    lake.add([pair("resumed 3", "Question 1 of resumed?", "another answer", "other answer 3")])
    assert left(lake, "resumed") == (2, 17)
    run = lake.judge(shared_server("instant"), of("resumed"))
    assert (run.plan.requests, run.plan.skipped) == (2, 17)
    # An id that is in the table twice is never sure, so all its requests are named once more.
    assert left(lake, "resumed") == (0, 19)
    assert len(named) == 4


def test_judgments_without_the_hash_of_their_row_are_found_by_their_ids(lake, named, spark):
    spark.sql(f"UPDATE {lake.tables.judgments} SET row_hash = NULL WHERE {of('older')}")
    assert left(lake, "older") == (0, 8)
    assert left(lake, "hashed", order={"orders": "mixed"})[0] == 0
    assert len(named) == 2


def test_a_judgment_that_was_deleted_or_may_be_tried_again_is_asked(lake, spark, shared_server):
    first = lake.judgments(of("resumed"))[0]
    spark.sql(f"DELETE FROM {lake.tables.judgments} WHERE judgment_id = '{first['judgment_id']}'")
    assert left(lake, "resumed")[0] == 1
    assert lake.judge(shared_server("instant"), of("resumed")).plan.requests == 1
    rows = spark.read.table(lake.tables.judgments).where(of("resumed"))
    assert rows.where(F.col("row_hash").isNull()).count() == 0
    spark.sql(
        f"UPDATE {lake.tables.judgments} SET status = 'timeout', error = 'slow', verdict = NULL "
        f"WHERE judgment_id = '{first['judgment_id']}'"
    )
    assert left(lake, "resumed")[0] == 1
