"""Seeds and the answers to them, through the asking machine: exactly once, resumable, failures as typed rows."""

import pytest
from generate_lake import GenerateLake, model


@pytest.fixture(scope="module")
def lake(spark, empty_warehouse, tmp_path_factory) -> GenerateLake:
    return GenerateLake(spark, empty_warehouse, tmp_path_factory.mktemp("lake"), "of_test_generate_answers")


QUESTIONS = [
    {"instruction": f"What is {word}?", "output": f"It is {word}."} for word in ("tin", "zinc", "lead", "iron")
]


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
