"""Which task asks what: all engines alike, a question in one piece where it can be, equal prompts together."""

from __future__ import annotations

from collections import defaultdict
from itertools import chain

import pytest
from pyspark.sql import functions as F

from judgelake.asking.asking_order import in_asking_order
from judgelake.asking.line import Line, on_a_line, on_a_line_here

SCHEMA = (
    "chunk int, question_key bigint, row_hash bigint, "
    "requests array<struct<request_id: string, prompt_bytes: bigint, sort_key: string>>"
)


def asked(name, prompt, prompt_bytes=100):
    return {"request_id": name, "prompt_bytes": prompt_bytes, "sort_key": prompt}


def row(key, number, *requests):
    return {"chunk": 0, "question_key": key, "row_hash": number, "requests": list(requests)}


def rows_of(*questions):
    """Rows of questions, each given by the prompts asked of it, two in a row; every prompt counts 100 bytes."""
    return [
        row(key, place, *(asked(f"{key}-{n}", prompts[n]) for n in range(place, min(place + 2, len(prompts)))))
        for key, prompts in enumerate(questions)
        for place in range(0, len(prompts), 2)
    ]


def line_of(rows):
    placed = on_a_line_here(rows)
    return Line(max(row["line_end"] for row in placed), max(row["question_bytes"] for row in placed))


def ordered(spark, rows, tasks):
    return in_asking_order(on_a_line(spark.createDataFrame(rows, SCHEMA)), tasks, line_of(rows))


def tasks_of(spark, rows, tasks):
    """The requests of each task, in order, with the key of their question."""
    numbered = ordered(spark, rows, tasks).select(
        F.spark_partition_id().alias("task"), F.monotonically_increasing_id().alias("place"), "*"
    )
    found = defaultdict(list)
    for row in numbered.orderBy("place").collect():
        found[row["task"]] += [{**one.asDict(), "question_key": row["question_key"]} for one in row["requests"]]
    return dict(found)


def prompts(count, text="p"):
    return [f"{text}{number:04}" for number in range(count)]


@pytest.mark.parametrize("others", [0, 4], ids=["all empty", "one empty"])
def test_an_empty_prompt_and_one_that_is_not_asked_have_a_task_too(spark, others):
    rows = [row(1, n, asked(f"p{n}", f"p{n}")) for n in range(others)]
    rows += [row(1, 8, asked("empty", "", 0)), row(2, 9, asked("of 2", "", 0), asked("not asked", "", None))]
    found = tasks_of(spark, rows, 2)
    assert set(found) <= {0, 1}
    made = chain.from_iterable(row["requests"] for row in rows)
    assert sorted(one["request_id"] for task in found.values() for one in task) == sorted(
        one["request_id"] for one in made
    )


@pytest.mark.parametrize(
    ("questions", "most_share"),
    [
        pytest.param([prompts(720), *([prompts(2)] * 40)], 1.01, id="nine of ten rows in one question"),
        pytest.param([prompts(800)], 1.01, id="one question text for all rows"),
        pytest.param([prompts(200)] * 4, 1.01, id="a few heavy questions"),
        pytest.param([prompts(2)] * 400, 1.13, id="many small questions"),
        pytest.param([prompts(max(1, 400 // rank)) for rank in range(1, 200)], 1.13, id="Zipf"),
    ],
)
def test_every_task_has_about_the_same_bytes(spark, questions, most_share):
    found = tasks_of(spark, rows_of(*questions), 8)
    loads = [len(found.get(task, [])) for task in range(8)]
    assert sum(loads) == sum(map(len, questions))
    assert max(loads) <= most_share * sum(loads) / 8 + 1


def test_a_question_is_cut_only_where_the_line_is_and_each_piece_is_sorted(spark):
    found = tasks_of(spark, rows_of(prompts(500), *([prompts(10)] * 30)), 8)
    pieces = defaultdict(set)
    for task, requests in found.items():
        for one in requests:
            pieces[one["question_key"]].add(task)
        of_heavy = [one["sort_key"] for one in requests if one["question_key"] == 0]
        assert of_heavy == sorted(of_heavy)
    assert sum(len(tasks) - 1 for tasks in pieces.values()) <= 7
    assert all(len(tasks) == 1 for key, tasks in pieces.items() if key)


@pytest.mark.parametrize("first", [prompts(2), prompts(500)], ids=["light", "heavy"])
def test_the_driver_holds_no_question_of_a_chunk(spark, capsys, first):
    ordered(spark, rows_of(first, *([prompts(2)] * 40)), 8).explain()
    plan = capsys.readouterr().out
    assert "Exchange" in plan
    assert "Broadcast" not in plan


def test_equal_prompts_are_asked_by_one_task(spark):
    found = tasks_of(spark, rows_of(prompts(5) * 40), 8)
    tasks = defaultdict(set)
    for task, requests in found.items():
        for one in requests:
            tasks[one["sort_key"]].add(task)
    assert all(len(numbers) == 1 for numbers in tasks.values())


def test_one_task_asks_large_questions_first(spark):
    found = tasks_of(spark, rows_of(prompts(1), prompts(3), prompts(2)), 1)
    assert [one["question_key"] for one in found[0]] == [1, 1, 1, 2, 2, 0]


def test_a_plan_in_memory_has_the_same_line_as_one_in_the_table(spark):
    rows = rows_of(prompts(3), prompts(1), prompts(7), prompts(3))
    rows.append(row(9, 1, asked("none", "", None), asked("empty", "", 0)))
    stored = on_a_line(spark.createDataFrame(rows, SCHEMA)).select("question_key", "question_bytes", "line_end")
    here = {(row["question_key"], row["question_bytes"], row["line_end"]) for row in on_a_line_here(rows)}
    assert {tuple(row) for row in stored.collect()} == here
