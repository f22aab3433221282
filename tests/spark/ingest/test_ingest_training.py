"""Training rows of a published judge into Delta: once, with their questions on one side of the split."""

from __future__ import annotations

from typing import Any

import pytest
from ingest_lake import IngestLake
from pyspark.sql.functions import countDistinct

from judgelake.jobs.ingest import IngestJob, ingest
from judgelake.sources import Files
from judgelake.training import Example, Judged, example_from_record


@pytest.fixture(scope="module")
def into(spark: Any, empty_warehouse: Any, tmp_path_factory: pytest.TempPathFactory) -> IngestLake:
    return IngestLake.of_a_module(spark, empty_warehouse, tmp_path_factory.mktemp("training"), "of_test_training")


def row(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "question_id": number,
        "question_body": f"What is {number}?",
        "answer1_body": "A number.",
        "answer2_body": "Text.",
        "score": [9, 2],
        "text": f"9 2\nBecause of {number}.",
        "reference": {"text": f"It is {number}."},
        "score_w_reference": [8, 1],
        "text_w_reference": "8 1",
        **changes,
    }


def test_training_rows_become_examples_once(into: IngestLake) -> None:
    rows = [*(row(number) for number in range(40)), row(0), row(40, text="error")]
    path = into.write("train.jsonl", *rows)
    job = IngestJob(tables=into.tables, validation_share=0.25)
    done = ingest(into.spark, job, "judgelm", Files(inputs=(path,)))
    assert (done.learned_added, done.learned_held, done.rejected) == (40, 1, 1)
    assert (done.comparisons_added, done.labels_added) == (41, 82)
    again = ingest(into.spark, job, "judgelm", Files(inputs=(path,)))
    assert (again.learned_added, again.learned_held, again.rejected_added) == (0, 41, 0)
    code, lines = into.command("--format", "judgelm", "--input", str(path))
    assert (code, ["training", "examples", "0", "41"] in lines) == (0, True)

    stored = into.spark.table(into.tables.training_examples).collect()
    examples = [example_from_record(one.asDict(recursive=True)) for one in stored]
    assert len(examples) == 40
    assert all(isinstance(one, Example) for one in examples)
    of_seven = next(one for one in examples if one.comparison.messages[0].content == "What is 7?")
    assert of_seven.judged == Judged("A", (9.0, 2.0), "Because of 7.")
    assert of_seven.referenced == Judged("A", (8.0, 1.0))
    assert (of_seven.teacher, of_seven.source, of_seven.licence) == ("gpt-4", "judgelm", "CC-BY-NC-4.0")
    held_out = sum(one.split == "validation" for one in examples)
    assert 3 <= held_out <= 18

    # Another pair of a question that is in one split already, and nobody's idea of the share.
    other = into.write("other.jsonl", *(row(number, answer1_body="Another.") for number in range(40)))
    more = ingest(into.spark, IngestJob(tables=into.tables, validation_share=0.9), "judgelm", Files(inputs=(other,)))
    assert more.learned_added == 40
    by_group = into.spark.table(into.tables.training_examples).groupBy("question_group")
    assert by_group.agg(countDistinct("split").alias("splits")).where("splits > 1").isEmpty()
