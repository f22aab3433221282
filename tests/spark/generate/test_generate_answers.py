"""Seeds and the answers to them, through the asking machine: exactly once, resumable, failures as typed rows."""

import pytest
from generate_lake import GenerateLake, model

from judgelake.errors import RunError, UserError
from judgelake.jobs.generate import dry_run
from judgelake.jobs.generate.dry_run import lines_of_plan


@pytest.fixture(scope="module")
def lake(spark, empty_warehouse, tmp_path_factory) -> GenerateLake:
    return GenerateLake(spark, empty_warehouse, tmp_path_factory.mktemp("lake"), "of_test_generate_answers")


METALS = ("tin", "zinc", "lead", "iron")
QUESTIONS = [{"instruction": f"What is {metal}?", "output": f"It is {metal}."} for metal in METALS]


def test_without_questions_nobody_is_asked(lake):
    with pytest.raises(UserError, match=r"There are no questions in 'of_test_generate_answers\.seeds': name files"):
        lake.generate(models=[model("greedy", "http://127.0.0.1:9/v1")])


def test_a_source_in_another_layout_is_refused_with_the_first_reason(lake):
    source = {"format": "sharegpt", "files": [lake.file("alpaca.jsonl", QUESTIONS)]}
    with pytest.raises(UserError, match=r"alpaca\.jsonl is a question in the layout sharegpt .* first: conv"):
        lake.generate(["seeds"], seeds={"sources": [source]})
    assert len(lake.rows("rejected_rows")) == len(QUESTIONS)


def test_seeds_are_answered_once_and_a_second_run_asks_only_what_is_new(lake, shared_server):
    url = shared_server("instant")
    sources = [{"format": "alpaca", "files": [lake.file("metals.jsonl", QUESTIONS)], "licence": "cc-by-4.0"}]
    models = [model("greedy", url), model("warm", url, decoding={"temperature": 1.0}, samples=2)]
    first = lake.generate(["seeds", "answers"], seeds={"sources": sources}, models=models)
    assert (first.seeds.added, first.seeds.held, first.seeds.rejected) == (4, 0, 0)
    assert [run.statuses for run in first.answers] == [{"ok": 4}, {"ok": 8}]
    again = lake.generate(["seeds", "answers"], seeds={"sources": sources}, models=models)
    assert (again.seeds.added, again.seeds.held) == (0, 4)
    assert [(run.asked, run.skipped) for run in again.answers] == [(0, 4), (0, 8)]
    rows = lake.rows("generated_answers")
    assert len({row["answer_id"] for row in rows}) == len(rows) == 12
    assert {(row["answerer"], row["sample"]) for row in rows} == {("greedy", 0), ("warm", 0), ("warm", 1)}


def test_a_run_that_breaks_off_is_continued_and_nothing_is_there_twice(lake, shared_server):
    source = {"format": "alpaca", "files": [lake.file("metals.jsonl", QUESTIONS)]}
    seeds, lenient = {"sources": [source]}, {"max_failed_share": 0.1}
    dying = model("late", shared_server("die-after:2"), system="S")
    other = model("other", shared_server("instant"), system="T")
    with pytest.raises(RunError, match=r"^late: .*engine_error"):
        lake.generate(["seeds", "answers"], seeds=seeds, asking=lenient, models=[dying, other])
    assert len(lake.rows("generated_answers", "answerer = 'other' AND status = 'ok'")) == 4
    lake.generate(["answers"], asking=lenient, models=[model("late", shared_server("instant"), system="S")])
    latest = {}
    for row in sorted(lake.rows("generated_answers", "answerer = 'late'"), key=lambda row: row["attempt"]):
        latest.setdefault(row["answer_id"], []).append((row["status"], row["attempt"]))
    assert len(latest) == 4
    assert all(tries[-1][0] == "ok" for tries in latest.values())
    assert all([status for status, _ in tries].count("ok") == 1 for tries in latest.values())
    assert not lake.rows("plans")


def test_a_dry_run_says_what_would_be_asked_and_asks_nothing(lake, shared_server):
    url = shared_server("instant")
    models = [model("greedy", url), model("new", url, system="Never asked.", decoding={"max_tokens": 10})]
    before = len(lake.rows("generated_answers"))
    planned = dry_run(lake.spark, lake.job(models=models))
    known, new = planned.models
    assert (planned.seeds, planned.comparisons, planned.teacher_requests) == (4, 4, 8)
    assert (known.requests, known.skipped) == (0, 4)
    assert (new.requests, new.skipped, new.output_tokens_at_most, new.seconds) == (4, 0, 40, None)
    assert new.prompt_bytes == sum(len(f"Never asked.What is {metal}?") for metal in METALS)
    assert len(lake.rows("generated_answers")) == before
    assert len(list(lines_of_plan(planned))) == 4
