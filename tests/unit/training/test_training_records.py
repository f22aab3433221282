"""Examples as records: exact there and back, and a wrong field is named."""

from __future__ import annotations

import json
from dataclasses import replace

import pyarrow as pa
import pytest
from hypothesis import given, settings
from training_examples import COMPARISON, JUDGED, example, examples

from judgelake.comparisons import Failure
from judgelake.lake import TRAINING_EXAMPLE
from judgelake.training import Example, example_from_record, identified, record_of


@settings(deadline=None)
@given(examples())
def test_an_example_is_the_same_after_json_and_after_the_table(one: Example) -> None:
    assert example_from_record(json.loads(json.dumps(record_of(one)))) == one
    (stored,) = pa.Table.from_pylist([record_of(one)], TRAINING_EXAMPLE).to_pylist()
    assert example_from_record(stored) == one


def test_a_record_has_the_columns_of_the_table() -> None:
    assert list(record_of(example())) == TRAINING_EXAMPLE.names


def test_the_id_is_of_what_is_learned_and_not_of_where_it_stands() -> None:
    one = example()
    assert len(one.example_id) == 32
    assert example(group="g2", split="validation", source="other", licence="").example_id == one.example_id
    others = [
        example(judged=replace(JUDGED, reasons="None.")),
        example(referenced=None),
        example(probabilities=None),
        example(teacher="people"),
        example(comparison=replace(COMPARISON, reference="Sydney")),
    ]
    assert len({one.example_id, *(other.example_id for other in others)}) == 6
    assert example_from_record(record_of(one) | {"example_id": None}) == identified(one) == one


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param({"split": "test"}, "split: str 'test', expected one of train, validation", id="split"),
        pytest.param({"teached": "x"}, "teached: unknown key", id="unknown key"),
        pytest.param({"judged": {}}, "neither a verdict nor scores", id="nothing to learn"),
        pytest.param({"judged": {"verdict": "C"}}, "verdict 'C', but the answers are A, B", id="no such answer"),
        pytest.param({"judged": {"scores": [1.0]}}, "1 scores for 2 answers", id="too few scores"),
        pytest.param(
            {"judged": {"verdict": "B", "scores": [9.0, 2.0]}},
            "verdict 'B', but by the scores it is 'A'",
            id="a verdict against its scores",
        ),
        pytest.param({"judged": {"verdict": 1}}, "judged.verdict: int '1', expected text", id="a number as verdict"),
        pytest.param({"referenced": {"verdict": "C"}}, "referenced: verdict 'C'", id="with the reference"),
        pytest.param({"probabilities": {"A": 0.5}}, "probabilities: they sum to 0.5, expected 1", id="no distribution"),
        pytest.param({"probabilities": {"A": 1.5}}, "probabilities: 'A' has 1.5, expected 0 to 1", id="no probability"),
        pytest.param({"probabilities": {"A": "1"}}, "probabilities.A: str '1', expected a finite number", id="text"),
        pytest.param({"comparison": None}, "comparison: null, expected an object", id="no comparison"),
        pytest.param({"comparison": {"messages": []}}, "comparison.messages: ", id="a wrong comparison"),
    ],
)
def test_a_wrong_record_names_its_field(change: dict[str, object], reason: str) -> None:
    failure = example_from_record(record_of(example()) | change)
    assert isinstance(failure, Failure)
    assert failure.reason.startswith(reason)


def test_a_judgment_by_a_reference_needs_one() -> None:
    record = record_of(example(comparison=replace(COMPARISON, reference=None)))
    failure = example_from_record(record)
    assert isinstance(failure, Failure)
    assert failure.reason == "referenced: the comparison has no reference"
