"""What a run plans: every pending request once, a file a chunk, and what happens when the plan is taken away."""

from __future__ import annotations

from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from judge_lake import JudgeLake, of, pair, pairs
from pyspark.sql import functions as F
from word_tokenizer import save_word_tokenizer

from judgelake.asking import chunk as chunk_of_a_plan
from judgelake.asking.chunk import ChunkWriter
from judgelake.asking.heartbeat import kept_alive
from judgelake.asking.pending import pending_requests
from judgelake.asking.plan import make_plan
from judgelake.asking.progress import Reporter
from judgelake.asking.slot_count import SlotCount
from judgelake.asking.task import AskingTask
from judgelake.asking.window import Window
from judgelake.engine import Engine, Reply
from judgelake.errors import RunError
from judgelake.jobs.judge import Order, dry_run, judge
from judgelake.jobs.judge.input import pinned_input, requests_of_job, work_of
from judgelake.jobs.judge.judging import Judging, target_of
from judgelake.jobs.judge.requests import JudgeRequests
from judgelake.jobs.judge.resolve import resolve_judge
from judgelake.lake import OtherWriters, append_once, drop_plan, drop_stale_plans, read_newest

JUDGE_OF_ANSWERS = """\
name: answers-only
description: A judge that does not see the question.
model: test-judge
context_length: 2048
licence: MIT
decoding: {max_tokens: 8}
modes:
  pair:
    answers: [2, 2]
    prompt: "Which is better, {{ answers[0] }} or {{ answers[1] }}?"
    reference: none
    parser: {kind: score_line}
"""


@pytest.fixture(scope="module")
def lake(spark, empty_warehouse, tmp_path_factory) -> JudgeLake:
    lake = JudgeLake(spark, empty_warehouse, tmp_path_factory.mktemp("lake"), "of_test_judge_plans")
    # In three commits, so that they are read in several parts.
    for part in range(3):
        lake.add(pairs("files", 60)[part * 20 : part * 20 + 20])
    lake.add([pair("tied 1", f"Question {n}?", f"x{n}", "y") for n in range(8)])
    lake.add([*pairs("gone", 4), *pairs("gap", 2), *pairs("left", 2), *pairs("lost", 2)])
    return lake


@pytest.fixture
def nothing_held(monkeypatch):
    """Even the smallest plan goes into the table."""
    monkeypatch.setattr("judgelake.asking.plan.FEW_REQUESTS", -1)


def planned(lake, plan_id, where, *, seen=None, **changes):
    """A plan as a run makes it, after a first reading that has `seen` so many pending requests."""
    job = lake.job("http://nobody.example/v1", where, **changes)
    pinned, comparisons = pinned_input(lake.spark, job)
    work = work_of(job, requests_of_job(job, resolve_judge(job)), comparisons)
    pending = pending_requests(lake.spark, work)
    pending = replace(pending, requests=seen)
    return make_plan(lake.spark, job.tables, work.target, pinned, pending, plan_id)


def plan_ids(lake):
    return {row["plan_id"] for row in lake.spark.read.table(lake.tables.plans).select("plan_id").distinct().collect()}


def test_a_plan_has_a_file_for_every_chunk_however_many_parts_the_input_has(spark, lake, nothing_held):
    # Every question is made in several parts.
    spark.conf.set("spark.sql.files.maxPartitionBytes", "4096")
    try:
        assert spark.read.table(lake.tables.comparisons).rdd.getNumPartitions() > 3
        plan = planned(lake, "by files", of("files"), asking={"chunk_requests": 20})
    finally:
        spark.conf.unset("spark.sql.files.maxPartitionBytes")
    assert plan.is_stored
    assert len(plan.chunks) > 3
    files = plan.rows.groupBy("chunk").agg(
        F.count_distinct("_metadata.file_path").alias("files"), F.sum(F.size("requests")).alias("n")
    )
    found = {row["chunk"]: row for row in files.collect()}
    assert {number: row["files"] for number, row in found.items()} == {chunk.number: 1 for chunk in plan.chunks}
    assert {number: row["n"] for number, row in found.items()} == {
        chunk.number: chunk.requests for chunk in plan.chunks
    }
    assert plan.requests == plan.to_ask == 120
    drop_plan(spark, lake.tables.plans, "by files")


def test_two_drivers_name_a_chunk_alike_if_one_holds_its_plan_and_the_other_stores_it(lake, request):
    """One of them may have a long text to ask that is answered when the other one plans the rest."""
    held = planned(lake, "held", of("files"))
    request.getfixturevalue("nothing_held")
    stored = planned(lake, "in the table", of("files"))
    assert (held.is_stored, stored.is_stored) == (False, True)
    assert held.chunks == stored.chunks
    drop_plan(lake.spark, lake.tables.plans, "in the table")


@pytest.fixture(scope="module")
def answers_only(tmp_path_factory):
    folder = tmp_path_factory.mktemp("judges")
    (folder / "answers-only.yaml").write_text(JUDGE_OF_ANSWERS, "utf-8")
    return {"name": "answers-only", "folder": str(folder), "model": "test-judge"}


@pytest.mark.parametrize("way", ["held", "stored"])
def test_one_id_with_two_questions_that_the_judge_does_not_see_is_asked_once(
    way, request, lake, answers_only, shared_server
):
    if way == "stored":
        request.getfixturevalue("nothing_held")
    name = f"split-{way} 1"
    rows = [pair(name, question, f"{way} x", "y") for question in ("One?", "Two?", "Two?", "Three?")]
    lake.add([*rows, pair(f"split-{way} 2", "One?", f"{way} z", "y")])
    chunks = {"chunk_requests": 2 if way == "stored" else 1_000}
    run = lake.judge(shared_server("instant"), of(f"split-{way}"), judge=answers_only, asking=chunks)
    assert run.plan.is_stored == (way == "stored")
    assert Counter(row["comparison_id"] for row in lake.judgments(of(f"split-{way}"))) == {
        name: 2,
        f"split-{way} 2": 2,
    }
    assert run.counts.statuses == {"ok": 4}
    assert run.plan.requests == 4
    again = lake.judge(shared_server("instant"), of(f"split-{way}"), judge=answers_only)
    assert (again.plan.requests, again.plan.skipped) == (0, 4)
    assert not lake.has_plans()


def test_a_limit_takes_the_same_of_the_rows_that_share_an_id_however_they_are_read(spark, lake):
    job = lake.job("http://nobody.example/v1", of("tied"), input={"where": of("tied"), "limit": 3})
    taken = []
    for parts in (1, 3, 7):
        table = f"tied_in_{parts}"
        spark.read.table(lake.tables.comparisons).where(of("tied")).repartition(parts, F.rand(parts)).write.format(
            "delta"
        ).saveAsTable(table)
        tables = job.tables.model_copy(update={"comparisons": table})
        _, rows = pinned_input(spark, job.model_copy(update={"tables": tables}))
        taken.append(sorted(row["messages"][0]["content"] for row in rows.collect()))
        spark.sql(f"DROP TABLE {table}")
    assert taken[0] == taken[1] == taken[2]
    assert len(taken[0]) == 3


def test_executors_without_the_tokenizer_trim_and_a_second_run_finds_all_judged(
    spark, lake, shared_server, tmp_path, monkeypatch
):
    folder = save_word_tokenizer(tmp_path, "word answer")
    # Only of the driver: the tasks are other processes, and have no such model.
    monkeypatch.setattr("judgelake.jobs.judge.length.tokenizer_folder", lambda judge: folder)
    lake.add([pair("trim long", "Q?", "word " * 4000, "short"), pair("trim short", "Q?", "answer", "other")])
    job = lake.job(shared_server("instant"), of("trim")).model_copy(update={"overflow": "trim"})
    run = judge(spark, job)
    rows = lake.judgments(of("trim"))
    assert {(row["comparison_id"], row["shown_order"]): row["trimmed"] for row in rows} == {
        ("trim long", "AB"): True,
        ("trim long", "BA"): True,
        ("trim short", "AB"): False,
        ("trim short", "BA"): False,
    }
    assert run.counts.statuses == {"ok": 4}
    # Both orders are of one text, whatever was cut.
    assert len({row["content_sha256"] for row in rows if row["trimmed"]}) == 1
    _, left = dry_run(spark, job)
    assert (left.requests, left.skipped) == (0, 4)
    fail = job.model_copy(update={"overflow": "fail"})
    _, untrimmed = dry_run(spark, fail)
    assert (untrimmed.requests, untrimmed.too_long, untrimmed.trimmed) == (4, 2, 0)


@pytest.mark.parametrize("way", ["held", "stored"])
def test_a_second_reading_that_gives_others_than_were_pending_is_an_error_that_says_so(way, request, lake):
    if way == "stored":
        request.getfixturevalue("nothing_held")
    with pytest.raises(RunError, match=r"5 requests are pending, but .* gave 4 of them.*Make input\.where determin"):
        planned(lake, f"not {way}", of("left"), seen=5)
    assert f"not {way}" not in plan_ids(lake)


@pytest.mark.usefixtures("nothing_held")
def test_a_plan_that_vanishes_under_a_run_is_an_error_and_not_a_finished_run(spark, lake, shared_server, monkeypatch):
    def somebody_drops_it(console, job, judge, plan):
        drop_plan(spark, job.tables.plans, plan.plan_id)

    with monkeypatch.context() as patched:
        patched.setattr("judgelake.jobs.judge.job.announce", somebody_drops_it)
        with pytest.raises(RunError, match=r"plan of this run was deleted .* of the 8 requests of chunk 0, 0 are left"):
            lake.judge(shared_server("instant"), of("gone"))
    assert lake.statuses(of("gone")) == {}
    (run,) = lake.runs("outcome = 'failed'")
    assert run["asked"] == 8
    # The app id that the empty append has used up does not cost the next run its rows.
    assert lake.judge(shared_server("instant"), of("gone")).counts.statuses == {"ok": 8}


def written_again(spark, lake, run):
    """The chunk of a run that has ended, written once more by an engine that answers."""

    class Saying:
        async def ask(self, ask):
            return Reply("9 3", "stop", 120, 40, 3, None, 12.5)

    @asynccontextmanager
    async def saying():
        yield Saying()

    table = lake.tables.judgments
    task = AskingTask(
        JudgeRequests(run.judge, Order()),
        Judging(run.judge),
        run.judge,
        Engine(),
        run.run_id,
        Window(8, 2**20),
        None,
        Reporter(),
        asker=saying,
    )
    others = OtherWriters(spark, table, read_newest(spark, table).version, run.run_id)
    writer = ChunkWriter(spark, run.plan, target_of(run.judge, table), others, SlotCount(1))
    return writer.write(run.plan.chunks[0], task)


def test_a_judgment_too_many_does_not_stand_in_for_one_that_is_missing(spark, lake, shared_server):
    table = lake.tables.judgments
    run = lake.judge(shared_server("instant"), of("gap"))
    first, second = sorted(row["judgment_id"] for row in lake.judgments(of("gap")))[:2]
    spark.sql(f"DELETE FROM {table} WHERE judgment_id = '{first}'")
    spark.read.table(table).where(F.col("judgment_id") == second).write.format("delta").mode("append").saveAsTable(
        table
    )
    assert written_again(spark, lake, run).total() == run.plan.requests
    counts = Counter(row["judgment_id"] for row in lake.judgments(of("gap")))
    assert (counts.pop(second), set(counts.values())) == (2, {1})
    assert first in counts


def test_judgments_that_are_deleted_again_and_again_end_the_run(spark, lake, shared_server, monkeypatch):
    run = lake.judge(shared_server("instant"), of("lost"))
    first = min(row["judgment_id"] for row in lake.judgments(of("lost")))

    def append_and_delete(*arguments, **named):
        append_once(*arguments, **named)
        spark.sql(f"DELETE FROM {lake.tables.judgments} WHERE judgment_id = '{first}'")

    monkeypatch.setattr(chunk_of_a_plan, "append_once", append_and_delete)
    with pytest.raises(RunError, match="some of them are no longer there"):
        written_again(spark, lake, run)


@pytest.mark.usefixtures("nothing_held")
def test_the_plan_of_a_run_that_works_stays_and_that_of_a_driver_that_was_killed_goes(spark, lake):
    working, killed = (planned(lake, name, of("files")) for name in ("working", "killed"))
    assert working.is_stored
    assert killed.is_stored
    planned_by_now = datetime.now(UTC)
    with kept_alive(spark, lake.tables.plans, "working", every_s=0.1):
        while spark.read.table(lake.tables.plans).where("plan_id = 'working' AND chunk IS NULL").isEmpty():
            pass
    in_a_week = planned_by_now + timedelta(hours=168)
    assert drop_stale_plans(spark, lake.tables, now=planned_by_now) == ()
    assert drop_stale_plans(spark, lake.tables, now=in_a_week) == ("killed",)
    assert plan_ids(lake) == {"working"}
    # Its requests are what they were: the signs of life are in no chunk.
    (chunk,) = working.chunks
    assert working.rows.where(F.col("chunk") == chunk.number).select(F.explode("requests")).count() == 120
    assert drop_stale_plans(spark, lake.tables, now=in_a_week + timedelta(hours=1)) == ("working",)
    assert not lake.has_plans()


def test_a_renewal_that_fails_does_not_end_the_run(spark, lake, caplog):
    with kept_alive(spark, "no.such.plans", "p", every_s=0.05):
        while "could not renew plan p" not in caplog.text:
            pass
