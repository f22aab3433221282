"""Rows for heads: the prompt of inference, and a target that inverts exactly."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import pytest
from hypothesis import given, settings
from small_tokenizers import byte_level
from training_examples import COMPARISON, example, judgments

from judgelake.engine import Encoder
from judgelake.judges import Prompt, list_judges, render
from judgelake.training import (
    CLASSES,
    HeadRowMaker,
    Judged,
    LeftOut,
    Rates,
    Row,
    audit,
    class_target,
    read_shards,
    score_target,
    verdict_of_head,
    write_shards,
)
from judgelake.training.swap import swap_judged

needs_transformers = pytest.mark.skipif(find_spec("transformers") is None, reason="needs transformers")
JUDGELM = next(spec for spec in list_judges() if spec.name == "judgelm")


@settings(deadline=None)
@given(judgments())
def test_targets_invert_exactly(judged: Judged) -> None:
    number, score = class_target(judged, 2), score_target(judged, 2)
    swapped = swap_judged(judged, 2)
    assert number is not None
    assert class_target(swapped, 2) == (1, 0, 2)[number]
    assert score_target(swapped, 2) == (None if score is None else -score)


@pytest.mark.parametrize(
    ("judged", "answers", "number", "score"),
    [
        (Judged("tie", (5.0, 5.0)), 2, CLASSES.index("tie"), 0.0),
        (Judged(None, (9.0, 2.5)), 2, 0, 6.5),
        (Judged(None, (7.0,)), 1, None, 7.0),
        (Judged("A"), 2, 0, None),
        (Judged("C", (1.0, 1.0, 2.0)), 3, None, None),
    ],
)
def test_what_heads_learn(judged: Judged, answers: int, number: int | None, score: float | None) -> None:
    assert (class_target(judged, answers), score_target(judged, answers)) == (number, score)


def maker(**more: Any) -> HeadRowMaker:
    given: dict[str, Any] = {"head": "classification", "max_tokens": 3000, "pad_token": 0, "rates": Rates(1.0, 0.0)}
    return HeadRowMaker(JUDGELM, "pair", encoder=Encoder(byte_level(), "m"), **given | more)


@needs_transformers
def test_a_heads_row_is_the_prompt_alone(tmp_path: Any) -> None:
    one = maker()
    row = one.row(example(), 0, 0)
    prompt = render(JUDGELM, "pair", COMPARISON, "BA", "ignore")
    assert isinstance(prompt, Prompt)
    assert isinstance(row, Row)
    assert list(row.input_ids) == one.encoder.ids(prompt)
    assert (row.head_target, row.target_from) == (1.0, len(row.input_ids))
    assert list(read_shards(write_shards([row], tmp_path))) == [row]


@needs_transformers
@pytest.mark.parametrize(
    ("changes", "cause"),
    [({"max_tokens": 20}, "too_long"), ({"head": "regression"}, "no_target")],
)
def test_why_a_head_has_no_row(changes: dict[str, Any], cause: str) -> None:
    found = maker(**changes).row(example(judged=Judged("A"), referenced=None), 0, 0)
    assert isinstance(found, LeftOut)
    assert found.cause == cause


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ([0.1, 0.3, 0.2], "B"),
        ([-1.0, -2.0, -0.5], "tie"),
        ([1.0, 1.0, 0.0], "A"),
        ([0.5], "A"),
        ([-0.5], "B"),
        ([0.49], "tie"),
        ([-0.1], "tie"),
    ],
)
def test_what_a_heads_output_means(values: list[float], verdict: str) -> None:
    assert verdict_of_head(values) == verdict


@needs_transformers
def test_a_prompt_that_ends_with_the_padding_token_is_left_out() -> None:
    one = maker()
    row = one.row(example(), 0, 0)
    assert isinstance(row, Row)
    assert audit([(example(), row)], one).labels == {"B": 1}
    found = audit([(example(), row)], maker(pad_token=row.input_ids[-1]))
    assert dict(found.faults) == {"cut_target": 1}
    assert "ends with the padding token" in found.listed[0].reason
