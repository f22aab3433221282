"""Examples of ingested rows: staged whole, and the examples of a question on one side of the split."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
from training_examples import COMPARISON, example, numbered

from judgelake.jobs.ingest.examples import held_out
from judgelake.jobs.ingest.staging import ROWS, stage
from judgelake.sources import Item, Loaded, Rejected
from judgelake.training import example_from_record, split_of


def test_examples_are_staged_as_they_are(tmp_path: Path) -> None:
    comparison = replace(COMPARISON, attributes={"question_id": "7"})
    whole = example(comparison=comparison)
    refused = Rejected("rows.jsonl", 2, "not JSON", "{")
    items: list[Item] = [Loaded("rows.jsonl", 1, comparison, examples=(whole,)), refused]
    stage(items, tmp_path)
    first, second = pq.read_table(tmp_path / ROWS).to_pylist()
    assert [example_from_record(record) for record in first["examples"]] == [whole]
    assert second["examples"] == []


def test_the_examples_of_a_question_are_on_one_side() -> None:
    examples = [replace(one, group=f"g{number % 50}") for number, one in enumerate(numbered(200))]
    items: list[Item] = [Loaded("f", 1, one.comparison, examples=(one,)) for one in examples]
    items.append(Loaded("f", 2, COMPARISON))
    *split, without = held_out(items, 0.3)
    assert without == items[-1]
    sides: dict[str, set[str]] = {}
    for item in split:
        assert isinstance(item, Loaded)
        sides.setdefault(item.examples[0].group, set()).add(item.examples[0].split)
    assert all(side == {split_of(group, 0.3, 0)} for group, side in sides.items())
    assert {next(iter(side)) for side in sides.values()} == {"train", "validation"}
