"""One question text for many comparisons: the chunks of its plan are about the size that was asked for."""

from __future__ import annotations

import pytest
from judge_lake import JudgeLake, of, pair
from pyspark.sql import functions as F

from judgelake.asking.pending import pending_requests
from judgelake.asking.plan import Plan, make_plan
from judgelake.jobs.judge.input import pinned_input, requests_of_job, work_of
from judgelake.jobs.judge.resolve import resolve_judge
from judgelake.lake import drop_plan


@pytest.fixture(scope="module")
def lake(spark, empty_warehouse, tmp_path_factory) -> JudgeLake:
    lake = JudgeLake(spark, empty_warehouse, tmp_path_factory.mktemp("lake"), "of_test_heavy_plans")
    lake.add([pair(f"one {n}", "The same question?", f"answer {n}", f"other {n}") for n in range(400)])
    lake.add([pair(f"many {n}", f"Question {n // 2}?", f"answer {n}", f"other {n}") for n in range(100)])
    return lake


def planned(lake: JudgeLake, scenario: str, plan_id: str) -> Plan:
    job = lake.job("http://nobody.example/v1", of(scenario), asking={"chunk_requests": 100})
    pinned, comparisons = pinned_input(lake.spark, job)
    work = work_of(job, requests_of_job(job, resolve_judge(job)), comparisons)
    pending = pending_requests(lake.spark, work)
    return make_plan(lake.spark, job.tables, work.target, pinned, pending, plan_id)


def test_a_constant_question_fills_many_chunks_alike_in_every_run(lake):
    first, second = (planned(lake, "one", name) for name in ("heavy 1", "heavy 2"))
    sizes = [chunk.requests for chunk in first.chunks]
    assert sum(sizes) == 800
    assert len(sizes) >= 6
    assert max(sizes) <= 250
    assert [chunk.app_id for chunk in first.chunks] == [chunk.app_id for chunk in second.chunks]
    for name in ("heavy 1", "heavy 2"):
        drop_plan(lake.spark, lake.tables.plans, name)


def test_a_question_of_ordinary_weight_stays_in_one_chunk(lake):
    plan = planned(lake, "many", "light")
    requests = F.sum(F.size("requests")).alias("requests")
    of_question = plan.rows.groupBy("question_key").agg(requests, F.count_distinct("chunk").alias("chunks")).collect()
    assert {(row["requests"], row["chunks"]) for row in of_question} == {(4, 1)}
    drop_plan(lake.spark, lake.tables.plans, "light")
