"""What the rows of our own JSONL and of flat tables become, and which options a format takes."""

from __future__ import annotations

import json

import pytest
from support.loading import labels_of, load, reasons, refused, texts_of

from judgelake.errors import UserError
from judgelake.sources import FORMATS, Columns, Row, format_named, line_accepted, row_accepted

OURS = {"messages": [{"role": "user", "content": "Q?"}], "answers": [{"text": "a"}, {"text": "b"}]}


def test_our_own_jsonl_takes_labels_inline_or_in_a_file_of_their_own(write):
    inline = {"labeler": "me", "kind": "human", "verdict": "B"}
    comparison, alone = load(
        "judgelake",
        write("c.jsonl", {**OURS, "labels": [inline, {"labeler": "gold", "kind": "gold", "scores": [3, 4]}]}),
        labels=(write("l.jsonl", {"comparison_id": "c1", **inline}),),
    )
    assert labels_of(comparison) == [("me", "human", "B"), ("gold", "gold", (3.0, 4.0))]
    assert {label.comparison_id for label in comparison.labels} == {comparison.comparison.comparison_id}
    assert (alone.comparison, alone.labels[0].comparison_id) == (None, "c1")


@pytest.mark.parametrize("none", [{}, {"labels": None}, {"labels": []}], ids=["absent", "null", "empty list"])
def test_our_own_jsonl_may_come_without_labels(write, none):
    (item,) = load("judgelake", write("c.jsonl", {**OURS, **none}))
    assert (texts_of(item), item.labels) == (["a", "b"], ())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"messages": None}, "messages: null, expected a list"),
        ({"messages": [{"role": "user", "content": ""}]}, "messages[0].content: the question is empty"),
        ({"answers": [{"text": None}]}, "answers[0]: give either text or turns"),
        ({"answer": []}, "answer: unknown key. Did you mean 'answers'?"),
        ({"labels": "A"}, "labels: str 'A', expected a list of objects"),
        ({"labels": False}, "labels: false, expected a list of objects"),
        ({"labels": 0}, "labels: int '0', expected a list of objects"),
        ({"labels": 0.0}, "labels: float '0.0', expected a list of objects"),
        ({"labels": ""}, "labels: str '', expected a list of objects"),
        ({"labels": {}}, "labels: a JSON object of 0, expected a list of objects"),
    ],
)
def test_our_own_jsonl_names_what_is_wrong(write, change, reason):
    assert reasons(load("judgelake", write("c.jsonl", {**OURS, **change})))[0].startswith(reason)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"labels": [{"labeler": "me", "kind": "friend", "verdict": "A"}]}, "labels: kind: str 'friend'"),
        (
            {"labels": [{"labeler": "me", "kind": "human", "verdict": "C"}]},
            "labels: verdict 'C', but the answers are A, B",
        ),
        ({"labels": [{"labeler": "me", "kind": "human", "scores": [1]}]}, "labels: 1 scores for 2 answers"),
        (
            {"answers": [{"text": "a"}], "labels": [{"labeler": "m", "kind": "gold", "verdict": "A"}]},
            "labels: verdict 'A', but a",
        ),
        (
            {"labels": [{"comparison_id": "other", "labeler": "m", "kind": "gold", "verdict": "A"}]},
            "labels: comparison_id differs",
        ),
    ],
)
def test_a_label_that_cannot_be_read_does_not_cost_the_comparison_or_the_other_labels(write, change, reason):
    good = {"labeler": "good", "kind": "gold", "scores": [1] * len(change.get("answers", "ab"))}
    (item,) = load("judgelake", write("c.jsonl", {**OURS, **change, "labels": [*change["labels"], good]}))
    assert [label.labeler for label in item.labels] == ["good"]
    assert [why.startswith(reason) for why in refused(item)] == [True]
    assert (item.refused[0].line, json.loads(item.refused[0].raw)["messages"]) == (1, OURS["messages"])


def test_a_flat_table_is_mapped_by_its_columns():
    columns = Columns.model_validate(
        {
            "question": "prompt",
            "input": "context",
            "answers": ["left", "right"],
            "models": ["ml", "mr"],
            "comparison_id": "id",
            "criteria": "rule",
            "attributes": {"language": "lang"},
            "labels": [
                {"labeler": "eds", "verdict": "pick", "verdicts": {"1": "A", "2": "B"}},
                {"labeler": "gpt", "kind": "teacher", "scores": ["sl", "sr"]},
            ],
        }
    )
    row = {
        "prompt": "Q?",
        "context": None,
        "left": "a",
        "right": "",
        "ml": "m1",
        "mr": None,
        "id": "17",
        "rule": None,
        "lang": None,
        "pick": "2",
        "sl": 1.0,
        "sr": 2.0,
    }
    bad = [{"left": None}, {"prompt": None}, {"id": ""}]
    values = [row, {**row, "pick": None, "sl": None, "sr": None}, *({**row, **change} for change in bad)]
    taken, unlabelled, *rejected = (row_accepted(Row("t", 0, "", value), columns) for value in values)
    half = [
        row_accepted(Row("t", 0, "", {**row, **change}), columns) for change in ({"pick": "3"}, {"sl": float("nan")})
    ]
    assert taken.comparison.comparison_id == "17"
    assert labels_of(taken) == [("eds", "human", "B"), ("gpt", "teacher", (1.0, 2.0))]
    assert unlabelled.labels == ()
    assert reasons(rejected) == [
        "left: null, expected text",
        "prompt: null, expected text",
        "comparison_id: empty",
    ]
    assert [(labels_of(item), refused(item)) for item in half] == [
        ([("gpt", "teacher", (1.0, 2.0))], ["label by eds: pick: '3', expected one of 1, 2"]),
        ([("eds", "human", "B")], ["label by gpt: sl: float 'nan', expected a finite number"]),
    ]


def test_lines_of_json_are_mapped_without_turning_anything_into_text():
    columns = Columns.model_validate(
        {
            "comparison_id": "id",
            "attributes": {"n": "n"},
            "labels": [{"labeler": "me", "verdict": "v", "verdicts": {"1": "A"}}],
        }
    )
    row = {"question": "Q?", "answer_a": "a", "answer_b": "b", "id": 7, "n": None, "v": 1}
    (taken,) = [line_accepted("t", json.dumps(row).encode(), columns)]
    assert (taken.comparison.comparison_id, taken.comparison.attributes) == ("7", {})
    assert labels_of(taken) == [("me", "human", "A")]
    bad = [{"answer_a": True}, {"answer_b": 1}, {"id": True}, {"n": [1]}]
    assert reasons([line_accepted("t", json.dumps({**row, **change}).encode(), columns) for change in bad]) == [
        "answer_a: true, expected text",
        "answer_b: int '1', expected text",
        "id: true, expected text",
        "n: a list of 1, expected text",
    ]
    unread = [line_accepted("t", json.dumps({**row, "v": value}).encode(), columns) for value in (2, True)]
    assert [(labels_of(item), refused(item)) for item in unread] == [
        ([], ["label by me: v: '2', expected one of 1"]),
        ([], ["label by me: v: 'true', expected one of 1"]),
    ]
    assert reasons([line_accepted("t", b"\xff", columns), line_accepted("t", b'{"question": "Q?"}', columns)]) == [
        "not valid UTF-8 at byte 1",
        "answer_a: missing",
    ]


def test_an_option_that_means_nothing_to_a_format_is_refused():
    with pytest.raises(UserError, match="--format pandalm does not accept --baseline"):
        FORMATS["pandalm"].check(["input", "baseline"])
    with pytest.raises(UserError, match="--format mt_bench needs --answers"):
        FORMATS["mt_bench"].check(["input"])
    with pytest.raises(UserError, match="Did you mean 'pandalm'"):
        format_named("pandaml")
