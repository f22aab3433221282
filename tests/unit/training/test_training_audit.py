"""The audit: it finds what training would hide, counts it by cause, and refuses beyond a limit."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from importlib.util import find_spec
from typing import Any

import pytest
from small_tokenizers import byte_level
from training_examples import COMPARISON, example, numbered

from judgelake.comparisons import Answer
from judgelake.engine import Encoder
from judgelake.errors import UserError
from judgelake.judges import list_judges
from judgelake.training import Asking, Example, Judged, LeftOut, Rates, Row, RowMaker, Style, audit

pytestmark = pytest.mark.skipif(find_spec("transformers") is None, reason="needs transformers")
JUDGES = {spec.name: spec for spec in list_judges()}


@cache
def maker(judge: str = "judgelm", mode: str = "pair", style: Style = Style.VERDICT_FIRST) -> RowMaker:
    encoder = Encoder(byte_level(), "m")
    return RowMaker(JUDGES[judge], mode, style, encoder, 3000, encoder.controls["</s>"], rates=Rates())


def made(*examples: Example, epoch: int = 0) -> list[tuple[Example, Row | LeftOut]]:
    return [(one, maker().row(one, epoch, 0)) for one in examples]


def test_right_rows_are_counted() -> None:
    long = example(comparison=replace(COMPARISON, answers=(Answer("ab " * 3000), Answer("No."))))
    pairs = made(*numbered(40), long)
    rows = [one for _, one in pairs if isinstance(one, Row)]
    found = audit(pairs, maker())
    assert (found.asked, found.rows, found.at_fault, found.trimmed) == (41, 41, 0, 1)
    assert found.tokens == sum(len(one.input_ids) for one in rows)
    assert found.supervised == sum(len(one.input_ids) - one.target_from for one in rows)
    assert found.longest == max(len(one.input_ids) for one in rows) <= 3000
    assert found.swapped == sum(one.swapped for one in rows)
    assert found.labels == {"A": 41 - found.swapped, "B": found.swapped}
    found.require(0.0)


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        pytest.param({"target_from": 10**6}, "no_supervised_token", id="nothing is learned"),
        pytest.param({"input_ids": (), "target_from": 0}, "no_supervised_token", id="no token"),
        pytest.param({"swapped": True}, "not_read_back", id="a label of the other order"),
        pytest.param({"with_reference": True}, "not_read_back", id="the scores of the other prompt"),
    ],
)
def test_a_wrong_row_is_found(changes: dict[str, Any], cause: str) -> None:
    one = example()
    whole = replace(maker(), rates=Rates(0.0, 0.0)).row(one, 0, 0)
    assert isinstance(whole, Row)
    assert audit([(one, whole)], maker()).at_fault == 0
    found = audit([(one, replace(whole, **changes))], maker())
    assert (found.rows, dict(found.faults)) == (0, {cause: 1})
    assert found.listed[0].example_id == one.example_id


def test_a_cut_target_is_found() -> None:
    ((one, whole),) = made(example())
    assert isinstance(whole, Row)
    cut = replace(whole, input_ids=whole.input_ids[:-1])
    assert dict(audit([(one, cut)], maker()).faults) == {"cut_target": 1}


def test_a_target_longer_than_the_judge_may_write_is_found() -> None:
    """With reasons first, the verdict would never be written."""
    one = maker("chat", "pair-explain", Style.REASONS_FIRST)
    said = example(judged=Judged("A", None, "It is right. " * 800), referenced=None)
    wide = replace(one, max_tokens=20_000)
    found = audit([(said, wide.row(said, 0, 0))], wide)
    assert dict(found.faults) == {"not_read_back": 1}
    assert found.listed[0].reason.startswith("truncated")


def test_a_row_of_a_known_mode_is_looked_at_without_its_prompt(monkeypatch) -> None:
    one = maker()
    pairs = made(*numbered(30), example(judged=Judged("A")), example(judged=Judged("B"), referenced=None))
    whole = audit(pairs, one)
    monkeypatch.setattr(Asking, "prompt", None)
    assert audit(pairs, one) == whole
    assert whole.at_fault > 0


TOO_LONG = [(example(), LeftOut("e9", 0, "too_long", "too long", needed)) for needed in (700, 500, 900)]


@pytest.mark.parametrize(
    ("most", "expected"),
    [
        (0.25, r"A rows\.max_tokens of 500 would leave out no more than .* allows, one of 900 would fit all that are"),
        (0.1, r"A rows\.max_tokens of 700 would leave out no more than .* allows, one of 900 would fit all that are"),
        (0.0, r"A rows\.max_tokens of 900 would fit all that are too long\. Fix the examples"),
    ],
)
def test_a_refusal_says_which_length_would_do(most: float, expected: str) -> None:
    found = audit([*made(*numbered(7)), *TOO_LONG], maker())
    with pytest.raises(UserError, match=expected):
        found.require(most)


def test_a_refusal_for_other_causes_names_no_length() -> None:
    other = [(example(), LeftOut("e8", 0, "no_target", "no label"))] * 2
    with pytest.raises(UserError) as refused:
        audit([*made(*numbered(5)), *TOO_LONG, *other], maker()).require(0.1)
    assert "max_tokens" not in str(refused.value)


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        pytest.param([], "no rows to train on: there are no examples", id="nothing"),
        pytest.param(
            [(example(), LeftOut("e9", 0, "too_long", "the prompt has 9 tokens"))],
            r"all 1 are left out \(1 too_long\).* The first: example e9: the prompt has 9 tokens\.",
            id="all left out",
        ),
    ],
)
def test_without_rows_there_is_no_training(pairs: list[tuple[Example, Row | LeftOut]], message: str) -> None:
    with pytest.raises(UserError, match=message):
        audit(pairs, maker()).require(1.0)


def test_more_faults_than_allowed_are_refused_by_cause() -> None:
    pairs = [*made(*numbered(8)), *[(example(), LeftOut("e9", 0, "no_target", "no label"))] * 2]
    found = audit(pairs, maker())
    found.require(0.2)
    with pytest.raises(UserError, match=r"2 of 10 rows cannot be trained on \(2 no_target\), more than the 10.0%"):
        found.require(0.1)


def test_one_label_alone_teaches_nothing() -> None:
    unswapped = replace(maker(), rates=Rates(0.0, 0.0))
    pairs = [(one, unswapped.row(one, 0, 0)) for one in numbered(5)]
    with pytest.raises(UserError, match="All 5 rows have the label A"):
        audit(pairs, unswapped).require(1.0)


def test_only_so_many_are_listed() -> None:
    pairs = [(example(), LeftOut(f"e{number}", 0, "no_target", "no")) for number in range(30)]
    assert [one.example_id for one in audit(pairs, maker(), listed=3).listed] == ["e0", "e1", "e2"]
