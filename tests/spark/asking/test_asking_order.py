"""Which task asks what: all engines alike, a question in one piece where it can be, equal prompts together."""

from __future__ import annotations

from collections import defaultdict

import pytest
from pyspark.sql import functions as F

from judgelake.asking.asking_order import in_asking_order

SCHEMA = "question_key bigint, prompt string, prompt_bytes bigint, repeat int, judgment_id string"


def rows_of(*questions):
    """Rows of questions, each given by the prompts asked of it; every prompt counts 100 bytes."""
    return [
        (key, prompt, 100, 0, f"{key}-{number}")
        for key, prompts in enumerate(questions)
        for number, prompt in enumerate(prompts)
    ]


def tasks_of(spark, rows, tasks):
    """The rows of each task, in order."""
    ordered = in_asking_order(spark.createDataFrame(rows, SCHEMA), tasks, "judgment_id")
    numbered = ordered.select(F.spark_partition_id().alias("task"), F.monotonically_increasing_id().alias("place"), "*")
    found = defaultdict(list)
    for row in numbered.orderBy("place").collect():
        found[row["task"]].append(row)
    return dict(found)


def prompts(count, text="p"):
    return [f"{text}{number:04}" for number in range(count)]


@pytest.mark.parametrize("others", [0, 4], ids=["all empty", "one empty"])
def test_an_empty_prompt_is_asked_like_any_other(spark, others):
    rows = [(1, "", 0, 0, "empty"), *((1, f"p{n}", 100, 0, f"p{n}") for n in range(others)), (2, "", 0, 0, "of 2")]
    found = tasks_of(spark, rows, 2)
    assert set(found) <= {0, 1}
    assert sorted(row["judgment_id"] for task in found.values() for row in task) == sorted(row[4] for row in rows)


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
    for task, rows in found.items():
        for row in rows:
            pieces[row["question_key"]].add(task)
        of_heavy = [row["prompt"] for row in rows if row["question_key"] == 0]
        assert of_heavy == sorted(of_heavy)
    assert sum(len(tasks) - 1 for tasks in pieces.values()) <= 7
    assert all(len(tasks) == 1 for key, tasks in pieces.items() if key)


def test_the_driver_holds_no_question_of_a_chunk(spark, capsys):
    in_asking_order(spark.createDataFrame(rows_of(*([prompts(2)] * 40)), SCHEMA), 8, "judgment_id").explain()
    plan = capsys.readouterr().out
    assert "ShuffledHashJoin" in plan
    assert "Broadcast" not in plan


def test_equal_prompts_are_asked_by_one_task(spark):
    found = tasks_of(spark, rows_of(prompts(5) * 40), 8)
    tasks = defaultdict(set)
    for task, rows in found.items():
        for row in rows:
            tasks[row["prompt"]].add(task)
    assert all(len(numbers) == 1 for numbers in tasks.values())


def test_one_task_asks_large_questions_first(spark):
    found = tasks_of(spark, rows_of(prompts(1), prompts(3), prompts(2)), 1)
    assert [row["question_key"] for row in found[0]] == [1, 1, 1, 2, 2, 0]
