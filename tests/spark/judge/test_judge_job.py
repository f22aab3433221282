"""The judge job against the test server: what is asked, what is written, and what a second run does.

Most tests read what six runs over comparisons of all kinds have left; the others judge a scenario of their own.
"""

import hashlib
import json
import urllib.request
from collections import Counter
from dataclasses import dataclass

import pytest
from judge_lake import JudgeLake, of, pair, pairs
from pyspark.sql import functions as F
from small_lake import append

from judgelake.errors import RunError
from judgelake.jobs.judge import dry_run, judge
from judgelake.jobs.judge.job import JudgeRun
from judgelake.quickstart.show import judged_pairs

pytestmark = pytest.mark.usefixtures("replanned", "with_views")

REPEATS = 3
KINDS = [
    *pairs("kinds", 10),
    pair("kinds: empty question", ""),
    pair("kinds: blank question", " "),
    pair("kinds: empty answers", "Q?", "", ""),
    pair("kinds: not UTF-8", "Q?"),
    pair("kinds: too long", "Q?", "word " * 4000),
    pair("kinds: twice", ""),
    pair("kinds: twice", "", "a", "c"),
]
PAIRS = {row["comparison_id"] for row in KINDS[:10]}


def calls(url):
    with urllib.request.urlopen(url.removesuffix("/v1") + "/stats") as answer:
        return json.load(answer)["calls"]


@dataclass(frozen=True)
class Judged:
    """Six runs over comparisons of all kinds, to which two were added on the way, and what they left."""

    lake: JudgeLake
    some_fail: JudgeRun
    """In one order, by a server that fails for some prompts and gives garbage for others; each row three times."""
    reversed: JudgeRun
    """In both orders, by a server that answers."""
    again: JudgeRun
    hard: JudgeRun
    """With one new comparison, for which the server gives garbage alone."""
    failing: JudgeRun
    """With another one, for which it fails again, after a run that failed because only that one was asked."""
    rows: list
    latest: list
    runs: list
    url: str
    """Of the first server."""
    calls: dict[str, int]
    """Of the second server: how often it was asked for each prompt."""


@pytest.fixture(scope="module")
def judged(spark, empty_warehouse, tmp_path_factory, shared_server) -> Judged:
    lake = JudgeLake(spark, empty_warehouse, tmp_path_factory.mktemp("lake"), "of_all_kinds")
    for table in (lake.tables.judgments, lake.tables.runs, lake.tables.plans):
        spark.sql(f"ALTER TABLE {table} ADD COLUMNS (of_the_user STRING FIRST)")
    add_kinds(lake)
    # Above the length of all prompts but one.
    first = shared_server("context:9000+fail:0.3+garbage:0.6")
    second = shared_server("context:9000")
    repeats = {"repeats": REPEATS}
    lenient = {"max_failed_share": 1.0, "max_attempts": 2}
    runs = [
        lake.judge(first, order=repeats | {"orders": "AB"}, asking=lenient | {"chunk_requests": 40}),
        lake.judge(second, order=repeats, asking=lenient),
        lake.judge(second, order=repeats, asking=lenient),
    ]
    lake.add([pair("hard", "3 + 3?", "6", "7")])
    runs.append(lake.judge(shared_server("garbage:1"), order=repeats, asking={"give_up_after": 2}))
    lake.add([pair("failing", "2 + 2?", "4", "5")])
    for_one = shared_server("fail:1")
    with pytest.raises(RunError, match=r"answered no request of this run: 6 engine_error.*HTTP 500: by rule"):
        lake.judge(for_one, order=repeats, asking={"max_failed_share": 0.1})
    runs.append(lake.judge(for_one, order=repeats, asking={"max_failed_share": 0.1}))
    latest = spark.read.table(lake.tables.judgments_latest).collect()
    return Judged(lake, *runs, lake.judgments(), latest, lake.runs(), first, calls(second))


def add_kinds(lake):
    """The comparisons, one of which has a text that is no UTF-8."""
    columns = lake.spark.read.table(lake.tables.comparisons).schema
    rows = lake.spark.createDataFrame([tuple(row.get(name) for name in columns.names) for row in KINDS], columns)
    not_utf8 = F.transform("messages", lambda m: m.withField("content", F.expr("CAST(X'ff41' AS STRING)")))
    is_to_be = F.col("comparison_id") == "kinds: not UTF-8"
    rows = rows.withColumn("messages", F.when(is_to_be, not_utf8).otherwise(F.col("messages")))
    rows.write.format("delta").mode("append").saveAsTable(lake.tables.comparisons)


def key(row):
    return row["comparison_id"], row["shown_order"], row["repeat"]


def about(rows, name):
    return [row for row in rows if row["comparison_id"] == name]


def test_only_what_is_not_judged_is_asked_and_a_second_time_nothing(judged):
    requests = 2 * REPEATS * len(KINDS)
    failed = judged.some_fail.counts.statuses["engine_error"]
    assert judged.some_fail.plan.requests == sum(judged.some_fail.counts.statuses.values()) == requests // 2
    # Changed orders on the same version of the comparisons lose no row.
    assert judged.reversed.plan.requests == sum(judged.reversed.counts.statuses.values()) == requests // 2 + failed
    assert (judged.again.plan.requests, judged.again.plan.skipped) == (0, requests)
    assert (judged.hard.plan.requests, judged.hard.plan.skipped) == (2 * REPEATS, requests)
    ids = [(row["judgment_id"], row["attempt"]) for row in judged.rows]
    assert len(ids) == len(set(ids)) == requests + failed + 6 * REPEATS
    assert not judged.lake.has_plans()
    assert len(judged.runs) == 6


def test_chunks_together_hold_every_request_once(judged):
    assert len(judged.some_fail.plan.chunks) > 1
    first = [row for row in judged.rows if row["run_id"] == judged.some_fail.run_id]
    assert Counter(map(key, first)) == {
        (row["comparison_id"], "AB", repeat): 2 if row["comparison_id"] == "kinds: twice" else 1
        for row in KINDS
        for repeat in range(REPEATS)
    }


def test_columns_that_a_user_added_to_the_tables_are_left_null(judged):
    assert {row["of_the_user"] for row in (*judged.rows, *judged.runs)} == {None}


def test_a_repeat_is_asked_again(judged):
    assert set(judged.calls.values()) == {REPEATS}


def test_verdicts_stand_in_the_comparisons_own_order(judged):
    rows = [row for row in judged.rows if row["status"] == "ok"]
    assert {row["shown_order"] for row in rows} == {"AB", "BA"}
    assert {row["verdict"] for row in rows} >= {"A", "B"}
    for row in rows:
        shown = [float(score) for score in row["raw_output"].splitlines()[0].split()]
        own = shown if row["shown_order"] == "AB" else shown[::-1]
        assert row["scores"] == own
        assert row["verdict"] == ("tie" if own[0] == own[1] else "A" if own[0] > own[1] else "B")


def test_a_failed_call_is_a_row_and_is_asked_again(judged):
    failed = {key(row) for row in judged.rows if row["status"] == "engine_error" and row["comparison_id"] != "failing"}
    assert failed
    tried = [(row["attempt"], row["status"]) for row in judged.rows if key(row) in failed]
    assert Counter(tried) == {(1, "engine_error"): len(failed), (2, "ok"): len(failed)}
    assert [row["status"] for row in judged.latest if key(row) in failed] == len(failed) * ["ok"]


def test_what_cannot_be_mended_by_asking_again_is_not_asked_again(judged):
    garbage = [row for row in judged.rows if row["status"] == "unparseable" and row["comparison_id"] != "hard"]
    assert garbage
    assert all(row["verdict"] is None and row["raw_output"] for row in garbage)
    asked = Counter(map(key, judged.rows))
    assert {asked[key(row)] for row in garbage} == {1}


def test_a_few_hard_requests_left_of_a_job_do_not_end_it(judged):
    assert judged.hard.counts.statuses == {"unparseable": 2 * REPEATS}


def test_a_few_calls_that_fail_again_do_not_fail_a_job_that_is_nearly_done(judged):
    attempts = [row["attempt"] for row in about(judged.rows, "failing")]
    assert Counter(attempts) == {1: 2 * REPEATS, 2: 2 * REPEATS}
    assert judged.failing.counts.statuses == {"engine_error": 2 * REPEATS}
    assert judged.failing.record.outcome == "finished"


def test_a_comparison_the_mode_cannot_judge_is_a_typed_row(judged):
    in_reverse = [row for row in about(judged.rows, "kinds: empty answers") if row["shown_order"] == "BA"]
    assert {row["status"] for row in in_reverse} == {"ok"}
    for name in ("kinds: empty question", "kinds: blank question"):
        found = about(judged.rows, name)
        assert Counter(row["status"] for row in found) == {"invalid_input": 2 * REPEATS}
        assert all("messages" in row["error"] for row in found)


def test_bytes_that_are_not_utf8_spoil_their_own_row_only(judged):
    bad = about(judged.rows, "kinds: not UTF-8")
    assert Counter(row["status"] for row in bad) == {"invalid_input": 2 * REPEATS}
    others = [row for row in judged.rows if row["comparison_id"] in PAIRS and row["shown_order"] == "BA"]
    assert Counter(row["status"] for row in others) == {"ok": len(PAIRS) * REPEATS}


def test_a_prompt_too_long_for_the_server_is_its_own_rows_failure(judged):
    long = about(judged.rows, "kinds: too long")
    assert Counter(row["status"] for row in long) == {"context_overflow": 2 * REPEATS}
    assert {row["comparison_id"] for row in judged.rows if row["status"] == "context_overflow"} == {"kinds: too long"}


def test_two_rows_that_share_an_id_and_cannot_be_judged_are_two_judgments(judged):
    found = about(judged.rows, "kinds: twice")
    assert Counter(row["status"] for row in found) == {"invalid_input": 2 * 2 * REPEATS}
    assert set(Counter(map(key, found)).values()) == {2}


def test_the_judgment_id_names_the_prompt_it_was_made_from(judged):
    asked = [row for row in judged.rows if row["prompt_sha256"] is not None]
    for row in asked:
        parts = (row["judge_fingerprint"], *map(str, key(row)), row["prompt_sha256"])
        assert row["judgment_id"] == hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
    assert len(asked) > len(KINDS)


def test_the_version_a_given_server_tells_is_kept_with_the_run(judged):
    (run,) = (row for row in judged.runs if row["run_id"] == judged.some_fail.run_id)
    assert json.loads(run["engine_settings"]) == [{"url": judged.url, "version": "test"}]
    assert (run["engine_start_s"], run["device_seconds"]) == (None, None)


@pytest.fixture(scope="module")
def lake(spark, empty_warehouse, tmp_path_factory) -> JudgeLake:
    """A lake with the tables as they are made."""
    lake = JudgeLake(spark, empty_warehouse, tmp_path_factory.mktemp("lake"), "of_test_judge_job")
    alike = [
        pair("alike one", "Q?", "x", "y"),
        pair("alike same", "Q?", "x", "y"),
        # The swapped pair shows the same prompts, each in the other order.
        pair("alike swapped", "Q?", "y", "x"),
        pair("alike: new", "R?", "x", "y"),
        pair("alike: empty", "", "x", "y"),
    ]
    removed = pairs("removed", 2)
    lake.add([*alike, *removed, removed[0], *pairs("mixed", 24), *pairs("odds", 4)])
    return lake


def test_an_identical_prompt_is_asked_once_answers_every_comparison_and_is_counted_so_by_a_dry_run(
    spark, lake, shared_server
):
    url = shared_server("instant")
    job = lake.job(url, of("alike"))
    _, before = dry_run(spark, job)
    assert (before.requests, before.distinct_prompts, before.skipped) == (6, 2, 0)
    assert before.orders == {"original": 3, "reversed": 3}
    assert calls(url) == lake.statuses(of("alike")) == {}
    run = judge(spark, job)
    assert sorted(calls(url).values()) == [1, 1]
    assert (run.counts.statuses, run.counts.both_orders) == ({"ok": 6}, 3)
    rows = {(row["comparison_id"], row["shown_order"]): row for row in lake.judgments(of("alike"))}
    assert len(rows) == 6
    one, same, swapped = rows["alike one", "AB"], rows["alike same", "AB"], rows["alike swapped", "BA"]
    assert one["scores"] == same["scores"] == swapped["scores"][::-1]
    assert sum(row["prompt_tokens"] is not None for row in rows.values()) == 2
    _, found = dry_run(spark, lake.job(url, "comparison_id LIKE 'alike%'"))
    assert (found.requests, found.distinct_prompts, found.known_failures) == (4, 2, {"invalid_input": 2})
    assert found.reasons.keys() == {"invalid_input"}
    assert "content" in found.reasons["invalid_input"]
    assert found.skipped == 6
    assert found.prompt_bytes == before.prompt_bytes > 0
    # Two of the six judgments of the run cost a call, and two calls are to be made now.
    assert found.seconds == pytest.approx(6 / run.record.requests_per_s(run.counts.judgments))


def test_judgments_that_were_deleted_or_overwritten_are_judged_again_whenever_that_is(spark, lake, shared_server):
    url, table = shared_server("instant"), lake.tables.judgments
    for time in (1, 2, 3):
        run = lake.judge(url, of("removed"))
        assert (run.counts.statuses, run.counts.both_orders) == ({"ok": 4}, 2)
        # Names of its appends that Delta skips are not asked for.
        assert set(calls(url).values()) == {time}
        assert lake.statuses(of("removed")) == {"ok": 4}
        if time == 1:
            spark.sql(f"DELETE FROM {table} WHERE {of('removed')}")
        if time == 2:
            others = spark.read.table(table).where(f"NOT {of('removed')}")
            others.write.format("delta").mode("overwrite").saveAsTable(table)


def orders_by_sql(lake, share):
    """The orders in which each comparison of mixed orders is asked, in the SQL of `share_of`."""
    number = "conv(left(sha2(concat('{}:', comparison_id), 256), 13), 16, 10) / pow(2, 52)"
    in_both, in_one = number.format("both"), number.format("order")
    order = f"CASE WHEN {in_both} < {share} THEN 'AB BA' WHEN {in_one} < 0.5 THEN 'AB' ELSE 'BA' END"
    rows = lake.spark.read.table(lake.tables.comparisons).where(of("mixed"))
    return dict(rows.selectExpr("comparison_id", order).collect())


def orders_asked(lake):
    asked = {}
    for row in sorted(lake.judgments(of("mixed")), key=key):
        asked.setdefault(row["comparison_id"], []).append(row["shown_order"])
    return {name: " ".join(orders) for name, orders in asked.items()}


def test_mixed_orders_ask_one_or_both_by_a_hash_that_sql_has_too_and_a_larger_share_asks_what_is_missing(
    spark, lake, shared_server
):
    url = shared_server("instant")
    job = lake.job(url, of("mixed"), order={"orders": "mixed", "both_share": 0.2})
    _, before = dry_run(spark, job)
    first = judge(spark, job)
    expected = orders_by_sql(lake, 0.2)
    assert set(expected.values()) == {"AB", "BA", "AB BA"}
    assert orders_asked(lake) == expected
    counted = Counter(" ".join(expected.values()).split())
    assert before.orders == first.counts.orders == {"original": counted["AB"], "reversed": counted["BA"]}
    assert first.counts.both_orders == Counter(expected.values())["AB BA"]
    more = lake.judge(url, of("mixed"), order={"orders": "mixed", "both_share": 0.6})
    expected = orders_by_sql(lake, 0.6)
    assert orders_asked(lake) == expected
    assert more.plan.skipped == counted.total()
    assert more.plan.requests == Counter(" ".join(expected.values()).split()).total() - counted.total() > 0
    recorded = {row["run_id"]: row["answered_by_order"] for row in lake.runs()}
    assert [recorded[run.run_id] for run in (first, more)] == [first.counts.orders, more.counts.orders]


def test_log_probabilities_of_both_orders_give_the_verdict_by_margin_that_the_quickstart_shows(
    spark, lake, shared_server
):
    append(spark, lake.tables.labels, {"comparison_id": "odds 1", "labeler": "us", "kind": "gold", "verdict": "B"})
    # The test server's labels add up to any probability at all.
    judge = {"name": "chat", "mode": "pair-logprobs", "least_label_mass": 0}
    run = lake.judge(shared_server("instant"), of("odds"), judge=judge)
    assert run.counts.statuses == {"ok": 8}
    assert all(0 < row["label_mass"] <= 1 for row in lake.judgments(of("odds")))
    odds = {key(row)[:2]: row["verdict_logprobs"] for row in lake.judgments(of("odds"))}
    means = [
        sum(odds[f"odds {n}", order]["A"] - odds[f"odds {n}", order]["B"] for order in ("AB", "BA")) / 2
        for n in range(4)
    ]
    found = judged_pairs(spark, lake.tables, run.judge.fingerprint)
    assert [pair.question for pair in found] == [f"Question {n // 2} of odds?" for n in range(4)]
    assert [pair.label for pair in found] == [None, "B", None, None]
    assert [pair.log_odds for pair in found] == pytest.approx(means)
    assert [pair.by_margin for pair in found] == ["A" if mean > 0 else "B" for mean in means]
    said = {key(row)[:2]: row["verdict"] for row in lake.judgments(of("odds"))}
    assert [(pair.own.verdict, pair.reversed.verdict) for pair in found] == [
        (said[f"odds {n}", "AB"], said[f"odds {n}", "BA"]) for n in range(4)
    ]
