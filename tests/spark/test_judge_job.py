"""The judge job against the test server: what is asked, what is written, and what a second run does."""

import hashlib
import json
import urllib.request

import pytest
from delta.tables import DeltaTable
from pyspark.sql import functions as F

from judgelake.errors import RunError, UserError
from judgelake.judging import dry_run, judge
from judgelake.lake.names import folder_of

PAIRS = [(f"c{i}", f"Question {i // 2}?", f"answer {i}", f"other answer {i}") for i in range(10)]


def statuses(spark, tables):
    rows = spark.read.table(tables.judgments).groupBy("status").count().collect()
    return {row["status"]: row["count"] for row in rows}


def calls(url):
    with urllib.request.urlopen(url.removesuffix("/v1") + "/stats") as answer:
        return json.load(answer)["calls"]


def test_every_pair_is_judged_in_both_orders_and_a_second_run_asks_nothing(
    spark, lake, add_pairs, judge_job, test_server
):
    add_pairs(PAIRS)
    job = judge_job(test_server("instant"))
    first = judge(spark, job)
    assert first.counts.statuses == {"ok": 20}
    assert first.counts.both_orders == 10
    second = judge(spark, job)
    assert (second.plan.requests, second.plan.skipped) == (0, 20)
    add_pairs([("new", "Another question?", "yes", "no")])
    assert judge(spark, job).plan.requests == 2
    ids = [row["judgment_id"] for row in spark.read.table(lake.judgments).collect()]
    assert len(ids) == len(set(ids)) == 22
    assert spark.read.table(lake.plans).isEmpty()
    assert spark.read.table(lake.runs).count() == 3


def test_columns_that_a_user_added_to_the_tables_are_left_null(spark, lake, add_pairs, judge_job, test_server):
    for table in (lake.judgments, lake.runs, lake.plans):
        spark.sql(f"ALTER TABLE {table} ADD COLUMNS (of_the_user STRING FIRST)")
    # One that cannot be judged is written without being asked.
    add_pairs([*PAIRS[:2], ("bad", " ", "a", "b")])
    judge(spark, judge_job(test_server("instant")))
    assert statuses(spark, lake) == {"ok": 4, "invalid_input": 2}
    kept = [row for table in (lake.judgments, lake.runs) for row in spark.read.table(table).collect()]
    assert {row["of_the_user"] for row in kept} == {None}


def test_an_identical_prompt_is_asked_once_and_answers_every_comparison(spark, lake, add_pairs, judge_job, test_server):
    # The swapped pair shows the same prompts, each in the other order.
    add_pairs([("one", "Q?", "x", "y"), ("same", "Q?", "x", "y"), ("swapped", "Q?", "y", "x")])
    url = test_server("instant")
    judge(spark, judge_job(url))
    assert sorted(calls(url).values()) == [1, 1]
    rows = {(r["comparison_id"], r["shown_order"]): r for r in spark.read.table(lake.judgments).collect()}
    assert len(rows) == 6
    assert rows["one", "AB"]["scores"] == rows["same", "AB"]["scores"] == rows["swapped", "BA"]["scores"][::-1]
    assert sum(row["prompt_tokens"] is not None for row in rows.values()) == 2


def test_a_repeat_is_asked_again(spark, lake, add_pairs, judge_job, test_server):
    add_pairs(PAIRS[:1])
    url = test_server("instant")
    judge(spark, judge_job(url, order={"orders": "AB", "repeats": 3}))
    assert list(calls(url).values()) == [3]
    assert statuses(spark, lake) == {"ok": 3}


def test_verdicts_stand_in_the_comparisons_own_order(spark, lake, add_pairs, judge_job, test_server):
    add_pairs(PAIRS)
    judge(spark, judge_job(test_server("instant")))
    rows = spark.read.table(lake.judgments).collect()
    assert {row["shown_order"] for row in rows} == {"AB", "BA"}
    assert {row["verdict"] for row in rows} >= {"A", "B"}
    for row in rows:
        shown = [float(score) for score in row["raw_output"].split()]
        own = shown if row["shown_order"] == "AB" else shown[::-1]
        assert row["scores"] == own
        assert row["verdict"] == ("tie" if own[0] == own[1] else "A" if own[0] > own[1] else "B")


def test_a_failed_call_is_a_row_and_is_asked_again_until_its_attempts_are_spent(
    spark, lake, add_pairs, judge_job, test_server
):
    add_pairs(PAIRS)
    lenient = {"max_failed_share": 1.0, "max_attempts": 2}
    broken = judge_job(test_server("fail:1"), asking=lenient)
    judge(spark, broken)
    assert statuses(spark, lake) == {"engine_error": 20}
    judge(spark, judge_job(test_server("instant"), asking=lenient))
    assert statuses(spark, lake) == {"engine_error": 20, "ok": 20}
    assert {row["attempt"] for row in spark.read.table(lake.judgments).where("status = 'ok'").collect()} == {2}
    assert spark.read.table(lake.judgments_latest).where("status = 'ok'").count() == 20


def test_what_cannot_be_mended_by_asking_again_is_not_asked_again(spark, lake, add_pairs, judge_job, test_server):
    add_pairs(PAIRS)
    job = judge_job(test_server("garbage:1"))
    judge(spark, job)
    assert statuses(spark, lake) == {"unparseable": 20}
    assert judge(spark, job).plan.requests == 0
    assert all(row["verdict"] is None and row["raw_output"] for row in spark.read.table(lake.judgments).collect())


def test_a_run_fails_when_too_many_calls_fail_but_keeps_its_rows(spark, lake, add_pairs, judge_job, test_server):
    add_pairs(PAIRS)
    with pytest.raises(RunError, match=r"20 of 20 requests ended in engine_error or timeout.*max_failed_share"):
        judge(spark, judge_job(test_server("fail:1")))
    assert statuses(spark, lake) == {"engine_error": 20}
    assert spark.read.table(lake.runs).first()["outcome"] == "failed"


def test_a_few_calls_that_fail_again_do_not_fail_a_job_that_is_nearly_done(
    spark, lake, add_pairs, judge_job, test_server
):
    add_pairs(PAIRS)
    judge(spark, judge_job(test_server("instant"), asking={"max_failed_share": 0.1}))
    add_pairs([("one more", "2 + 2?", "4", "5")])
    run = judge(spark, judge_job(test_server("fail:1"), asking={"max_failed_share": 0.1}))
    assert run.counts.statuses == {"engine_error": 2}


def test_a_table_with_other_types_is_an_error_that_names_it(spark, lake, judge_job, test_server):
    odd = spark.createDataFrame(
        [("c", "q", "Why?", ["a"])], "comparison_id string, question_id string, messages string, answers array<string>"
    )
    odd.write.format("delta").save(folder_of(lake, f"{lake.comparisons}_odd"))
    job = judge_job(test_server("instant"))
    tables = lake.model_copy(update={"comparisons": f"{lake.comparisons}_odd"})
    with pytest.raises(UserError, match=r"columns of .*_odd do not have the types"):
        judge(spark, job.model_copy(update={"tables": tables}))


def test_judgments_that_were_deleted_are_judged_again(spark, lake, add_pairs, judge_job, test_server):
    add_pairs(PAIRS)
    job = judge_job(test_server("instant"))
    judge(spark, job)
    spark.sql(f"DELETE FROM {lake.judgments}")
    assert judge(spark, job).counts.statuses == {"ok": 20}
    assert statuses(spark, lake) == {"ok": 20}


def test_judgments_that_were_overwritten_are_judged_again_whenever_that_is(
    spark, lake, add_pairs, judge_job, test_server
):
    add_pairs([*PAIRS[:2], PAIRS[0]])
    url = test_server("instant")
    for time in (1, 2, 3):
        assert judge(spark, judge_job(url)).counts.statuses == {"ok": 4}
        # Names of its appends that Delta skips are not asked for.
        assert set(calls(url).values()) == {time}
        assert statuses(spark, lake) == {"ok": 4}
        spark.read.table(lake.judgments).limit(0).write.format("delta").mode("overwrite").saveAsTable(lake.judgments)


def test_a_few_hard_requests_left_of_a_job_do_not_end_it(spark, lake, add_pairs, judge_job, test_server):
    add_pairs(PAIRS)
    few = {"give_up_after": 2}
    judge(spark, judge_job(test_server("instant"), asking=few))
    add_pairs([("hard", "3 + 3?", "6", "7")])
    assert judge(spark, judge_job(test_server("garbage:1"), asking=few)).counts.statuses == {"unparseable": 2}


def test_a_run_gives_up_when_its_first_requests_all_fail_alike(spark, lake, add_pairs, judge_job, test_server):
    add_pairs(PAIRS)
    with pytest.raises(RunError, match="first 5 requests all ended in unparseable"):
        judge(spark, judge_job(test_server("garbage:1"), asking={"give_up_after": 5}))
    assert statuses(spark, lake) == {}
    assert spark.read.table(lake.plans).isEmpty()


def test_chunks_together_hold_every_request_once(spark, lake, add_pairs, judge_job, test_server):
    add_pairs(PAIRS)
    run = judge(spark, judge_job(test_server("instant"), asking={"chunk_requests": 4}))
    assert len(run.plan.chunks) > 1
    assert run.counts.statuses == {"ok": 20}


def test_changed_orders_on_the_same_version_lose_no_row(spark, lake, add_pairs, judge_job, test_server):
    add_pairs(PAIRS)
    url = test_server("instant")
    judge(spark, judge_job(url, order={"orders": "AB"}))
    assert judge(spark, judge_job(url)).plan.requests == 10
    assert statuses(spark, lake) == {"ok": 20}


def test_a_comparison_the_mode_cannot_judge_is_a_typed_row(spark, lake, add_pairs, judge_job, test_server):
    add_pairs(PAIRS[:2])
    add_pairs([("empty question", "", "a", "b"), ("empty answers", "Q?", "", "")])
    judge(spark, judge_job(test_server("instant")))
    found = spark.read.table(lake.judgments).select("comparison_id", "status", "error").distinct().collect()
    by_id = {row["comparison_id"]: (row["status"], row["error"]) for row in found}
    assert by_id["empty answers"][0] == "ok"
    assert by_id["empty question"][0] == "invalid_input"
    assert "messages" in by_id["empty question"][1]


def test_bytes_that_are_not_utf8_spoil_their_own_row_only(spark, lake, add_pairs, judge_job, test_server):
    add_pairs(PAIRS[:2])
    add_pairs([("bad", "Q?", "a", "b")])
    not_utf8 = F.transform("messages", lambda m: m.withField("content", F.expr("CAST(X'ff41' AS STRING)")))
    DeltaTable.forName(spark, lake.comparisons).update("comparison_id = 'bad'", {"messages": not_utf8})
    judge(spark, judge_job(test_server("instant")))
    assert statuses(spark, lake) == {"ok": 4, "invalid_input": 2}


def test_a_prompt_too_long_for_the_server_is_its_own_rows_failure(spark, lake, add_pairs, judge_job, test_server):
    add_pairs([*PAIRS[:2], ("long", "Q?", "word " * 4000, "b")])
    judge(spark, judge_job(test_server("context:9000")))
    assert statuses(spark, lake) == {"ok": 4, "context_overflow": 2}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        pytest.param("key:secret", "key", id="no key"),
        pytest.param("model:other", "other", id="a model the server does not have"),
    ],
)
def test_a_server_that_refuses_us_is_the_users_error(rule, expected, spark, lake, add_pairs, judge_job, test_server):
    add_pairs(PAIRS)
    with pytest.raises(UserError, match=expected):
        judge(spark, judge_job(test_server(rule)))
    assert statuses(spark, lake) == {}


def test_a_missing_table_is_named(spark, lake, judge_job, test_server):
    job = judge_job(test_server("instant"), tables={"comparisons": "of_nobody"})
    with pytest.raises(UserError, match="no table 'of_nobody'"):
        judge(spark, job)


def test_a_predicate_that_does_not_fit_is_named(spark, lake, add_pairs, judge_job, test_server):
    add_pairs(PAIRS[:1])
    with pytest.raises(UserError, match=r"input\.where 'colour = 1'"):
        judge(spark, judge_job(test_server("instant"), input={"where": "colour = 1"}))


@pytest.mark.parametrize("run", [judge, dry_run], ids=["judge", "dry run"])
@pytest.mark.parametrize(
    ("predicate", "said"),
    [
        pytest.param("CAST(comparison_id AS INT) > 0", "CAST_INVALID_INPUT", id="a cast of no number"),
        pytest.param("1 / (length(comparison_id) - 2) > 0", "DIVIDE_BY_ZERO", id="a division by zero"),
    ],
)
def test_a_predicate_that_fails_on_a_row_is_the_users_error(
    predicate, said, run, spark, lake, add_pairs, judge_job, test_server
):
    add_pairs(PAIRS[:3])
    job = judge_job(test_server("instant"), input={"where": predicate})
    with pytest.raises(UserError, match=r"input\.where .* fails on a row") as raised:
        run(spark, job)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)
    assert statuses(spark, lake) == {}


@pytest.mark.parametrize("run", [judge, dry_run], ids=["judge", "dry run"])
def test_a_template_that_cannot_be_rendered_for_a_row_is_named(
    run, spark, lake, add_pairs, judge_job, test_server, root, tmp_path
):
    text = (root / "conf" / "judges" / "pandalm.yaml").read_text("utf-8").replace("name: pandalm", "name: broken")
    shown = text.replace("### Evaluation:", "{{ rubric.criteria }}\n\n      ### Evaluation:")
    (tmp_path / "broken.yaml").write_text(shown.replace("    parser:", "    rubric: optional\n    parser:"), "utf-8")
    add_pairs(PAIRS[:2])
    job = judge_job(test_server("instant"), judge={"name": "broken", "folder": str(tmp_path), "mode": "pair"})
    with pytest.raises(UserError, match=r"template of judge 'broken', mode 'pair', cannot be rendered.*criteria"):
        run(spark, job)
    assert statuses(spark, lake) == {}
    assert spark.read.table(lake.plans).isEmpty()


def test_two_rows_that_share_an_id_and_cannot_be_judged_are_two_judgments(
    spark, lake, add_pairs, judge_job, test_server
):
    add_pairs([("twice", "", "a", "b"), ("twice", "", "a", "c")])
    judge(spark, judge_job(test_server("instant"), order={"orders": "AB"}))
    assert statuses(spark, lake) == {"invalid_input": 2}


def test_a_dry_run_counts_and_asks_nothing(spark, lake, add_pairs, judge_job, test_server):
    add_pairs([*PAIRS, ("twin", *PAIRS[0][1:])])
    url = test_server("instant")
    _, found = dry_run(spark, judge_job(url))
    assert (found.requests, found.distinct_prompts, found.skipped) == (22, 20, 0)
    assert calls(url) == {}
    assert statuses(spark, lake) == {}


def test_a_dry_run_counts_a_shared_prompt_once_and_goes_by_the_prompts_that_were_asked(
    spark, lake, add_pairs, judge_job, test_server
):
    add_pairs([("one", "Q?", "x", "y"), ("same", "Q?", "x", "y"), ("swapped", "Q?", "y", "x")])
    job = judge_job(test_server("instant"))
    _, before = dry_run(spark, job)
    run = judge(spark, job)
    add_pairs([("new", "R?", "x", "y"), ("empty", "", "x", "y")])
    _, found = dry_run(spark, job)
    assert (found.requests, found.distinct_prompts, found.known_failures) == (4, 2, {"invalid_input": 2})
    assert found.prompt_bytes == before.prompt_bytes > 0
    # Two of the six judgments of the run cost a call, and two calls are to be made now.
    assert found.seconds == pytest.approx(6 / run.record.requests_per_s(run.counts))


def test_the_judgment_id_names_the_prompt_it_was_made_from(spark, lake, add_pairs, judge_job, test_server):
    add_pairs(PAIRS[:1])
    judge(spark, judge_job(test_server("instant"), order={"orders": "AB"}))
    row = spark.read.table(lake.judgments).first()
    parts = (row["judge_fingerprint"], "c0", "AB", "0", row["prompt_sha256"])
    assert row["judgment_id"] == hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
