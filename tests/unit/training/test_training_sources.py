"""Examples of labels and of JudgeLM's published rows: what was said, by whom, and why a row teaches nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from training_examples import COMPARISON

from judgelake.comparisons import Failure, Label
from judgelake.sources import Files, Loaded, format_named
from judgelake.training import Example, Judged, LabelRule, from_judgelm, from_labels, split_of


def label(labeler: str, verdict: str | None = None, scores: tuple[float, ...] | None = None) -> Label:
    return Label(COMPARISON.comparison_id, labeler, "human", verdict, scores)


def made(rule: LabelRule, *labels: Label, comparison: Any = COMPARISON) -> Example | Failure:
    return from_labels(comparison, labels, rule, group="g1", split="train", licence="CC0-1.0")


@pytest.mark.parametrize(
    ("rule", "labels", "judged", "teacher"),
    [
        pytest.param(LabelRule(), [label("ann", "A")], Judged("A"), "ann", id="one labeler"),
        pytest.param(
            *(LabelRule(), [label("ann", "A"), label("bo", None, (2.0, 8.0)), label("cy", "B")]),
            *(Judged("B"), "majority"),
            id="most of three",
        ),
        pytest.param(LabelRule("bo"), [label("ann", "A"), label("bo", "tie")], Judged("tie"), "bo", id="the named one"),
        pytest.param(
            *(LabelRule(), [label("ann", None, (9.0, 2.0))], Judged(None, (9.0, 2.0)), "ann"), id="scores of one"
        ),
        pytest.param(
            *(LabelRule(), [label("ann", "A"), label("ann", "B"), label("bo", "A")], Judged("A"), "majority"),
            id="a labeler counts once",
        ),
    ],
)
def test_labels_make_an_example(rule: LabelRule, labels: list[Label], judged: Judged, teacher: str) -> None:
    for given in (labels, labels[::-1]):
        one = made(rule, *given)
        assert isinstance(one, Example)
        assert (one.judged, one.teacher, one.referenced) == (judged, teacher, None)
        assert (one.source, one.licence, one.group) == ("mine", "CC0-1.0", "g1")


@pytest.mark.parametrize(
    ("rule", "labels", "reason"),
    [
        pytest.param(LabelRule(), [], "nobody has given it", id="no label"),
        pytest.param(LabelRule("bo"), [label("ann", "A")], "'bo' has given it no verdict", id="not by the named one"),
        pytest.param(LabelRule(), [label("ann", "A"), label("bo", "B")], "no majority: 1 for A, 1 for B", id="split"),
        pytest.param(LabelRule(), [label("ann", "C")], "the answers are A, B", id="no such answer"),
        pytest.param(LabelRule(), [label("ann", None, (-1.0, -1.0))], "nobody has given it", id="no score"),
        pytest.param(
            *(LabelRule(), [label("ann", "tie", (-1.0, -1.0))], "nobody has given it"), id="a tie of missing scores"
        ),
    ],
)
def test_labels_that_decide_nothing_make_none(rule: LabelRule, labels: list[Label], reason: str) -> None:
    failure = made(rule, *labels)
    assert isinstance(failure, Failure)
    assert reason in failure.reason


def test_what_was_said_with_the_reference_teaches_only_that_prompt() -> None:
    labels = [label("gpt-4", "A"), label("gpt-4 with reference", "B")]
    both = made(LabelRule("gpt-4", "gpt-4 with reference"), *labels)
    assert isinstance(both, Example)
    assert (both.judged, both.referenced) == (Judged("A"), Judged("B"))
    sure = made(LabelRule("gpt-4", holds_with_reference=True), *labels)
    assert isinstance(sure, Example)
    assert sure.referenced == Judged("A")
    without = made(
        LabelRule("gpt-4", holds_with_reference=True), *labels, comparison=replace(COMPARISON, reference=None)
    )
    assert isinstance(without, Example)
    assert without.referenced is None


ROW: dict[str, Any] = {
    "text": "9 2\n\nAssistant 1 is right.\n",
    "score": [9, 2],
    "text_w_reference": "10 1",
    "score_w_reference": [10.0, 1.0],
}


def test_a_row_of_judgelm_teaches_both_prompts() -> None:
    found = from_judgelm(ROW, COMPARISON, group="g1", split="train")
    assert found.example is not None
    assert found.problems == ()
    assert found.example.judged == Judged("A", (9.0, 2.0), "Assistant 1 is right.")
    assert found.example.referenced == Judged("A", (10.0, 1.0))
    assert (found.example.teacher, found.example.source) == ("gpt-4", "judgelm")


@pytest.mark.parametrize(
    ("changes", "problem", "is_lost"),
    [
        pytest.param({"text": "error"}, "text: its first line is not the scores 9 2: 'error'", True, id="error"),
        pytest.param({"text": "2 9\nx"}, "text: its first line is not the scores 9 2: '2 9'", True, id="other scores"),
        pytest.param({"score": [-1, -1], "text": "error"}, None, True, id="not judged"),
        pytest.param({"score": [9]}, "text: its first line is not the scores 9: '9 2'", True, id="too few"),
        pytest.param({"text": None}, "text: null, expected text", True, id="no text"),
        pytest.param({"text_w_reference": "?"}, "text_w_reference: its first line", False, id="with the reference"),
        pytest.param({"score_w_reference": None}, None, False, id="not judged with the reference"),
    ],
)
def test_a_row_of_judgelm_says_what_it_cannot_teach(
    changes: dict[str, Any], problem: str | None, is_lost: bool
) -> None:
    found = from_judgelm(ROW | changes, COMPARISON, group="g1", split="train")
    assert (found.example is None) is is_lost
    assert is_lost or (found.example is not None and found.example.referenced is None)
    assert len(found.problems) == (problem is not None)
    assert all(one.startswith(problem or "") for one in found.problems)


def test_the_published_sample_is_learned_whole(shared: Path) -> None:
    path = shared / "data" / "judgelm" / "train_format_sample.jsonl"
    (item,) = format_named("judgelm").load(Files(inputs=(path,)))
    assert isinstance(item, Loaded)
    assert item.comparison is not None
    row = json.loads(path.read_text("utf-8"))
    found = from_judgelm(row, item.comparison, group=item.comparison.question_id, split="train")
    assert found.example is not None
    assert found.example.judged.scores == (1.0, 10.0)
    assert found.example.referenced is not None
    assert found.example.referenced.scores == (1.0, 5.0)
    assert found.example.referenced.verdict == "B"


def test_a_group_is_on_one_side_of_the_split_whatever_others_there_are() -> None:
    groups = [f"g{number}" for number in range(4000)]
    held_out = {group for group in groups if split_of(group, 0.1, 0) == "validation"}
    assert len(held_out) / len(groups) == pytest.approx(0.1, abs=0.02)
    assert held_out == {group for group in reversed(groups) if split_of(group, 0.1, 0) == "validation"}
    assert held_out != {group for group in groups if split_of(group, 0.1, 1) == "validation"}
    assert {split_of(group, 0.0, 0) for group in groups} == {"train"}
    assert {split_of(group, 1.0, 0) for group in groups} == {"validation"}
