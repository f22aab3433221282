"""What the rows of AlpacaEval, MT-Bench and MM-Vet become; the rows are made here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.loading import load, reasons, refused, texts_of

from judgelake.sources import Loaded, Rejected


def output(model: str, instruction: str, text: str) -> dict[str, str]:
    return {"instruction": instruction, "output": text, "generator": model, "dataset": "d"}


@pytest.fixture
def outputs(write):
    return [write(f"{m}.json", output(m, "q1", f"{m} one"), output(m, "q2", f"{m} two")) for m in ("a", "b", "c")]


@pytest.mark.parametrize(
    ("options", "models"),
    [
        ({}, [("a", "b"), ("a", "c"), ("b", "c")]),
        ({"pairs": "together"}, [("a", "b", "c")]),
        ({"pairs": "alone"}, [("a",), ("b",), ("c",)]),
        ({"baseline": "b"}, [("b", "a"), ("b", "c")]),
    ],
)
def test_alpaca_eval_outputs_become_comparisons_a_question_at_a_time(outputs, options, models):
    found = load("alpaca_eval", *outputs, **options)
    assert [tuple(a.model for a in item.comparison.answers) for item in found] == models * 2
    assert [item.comparison.messages[0].content for item in found] == ["q1"] * len(models) + ["q2"] * len(models)
    assert len({item.comparison.comparison_id for item in found}) == len(found)


def test_what_cannot_be_paired_is_rejected_and_not_forgotten(write, outputs):
    lone = write("lone.json", output("a", "q3", "alone"), output("a", "q1", "another"), output("a", "q2", "a two"))
    assert [i.reason for i in load("alpaca_eval", *outputs, lone) if isinstance(i, Rejected)] == [
        "generator: another output of 'a' to this instruction is in a.json, line 1",
        "only a answers this question, so there is no pair",
    ]
    missing = load("alpaca_eval", *outputs, baseline="z")
    assert reasons(missing) == ["the baseline 'z' has no answer to this question"] * 2


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param({}, None, id="the same row again"),
        pytest.param(
            {"dataset": "e"},
            "dataset: the same output of 'a' to this instruction is in a.json, line 1, with 'd'",
            id="another dataset",
        ),
        pytest.param(
            {"output": "another"},
            "generator: another output of 'a' to this instruction is in a.json, line 1",
            id="another output",
        ),
        pytest.param(
            {"output": "another", "dataset": "e"},
            "generator: another output of 'a' to this instruction is in a.json, line 1",
            id="another output and dataset",
        ),
    ],
)
def test_of_alpaca_eval_outputs_only_an_exact_repetition_is_merged(write, outputs, change, reason):
    again = write("again.json", {**output("a", "q1", "a one"), **change})
    found = load("alpaca_eval", *outputs, again)
    assert [item.reason for item in found if isinstance(item, Rejected)] == ([reason] if reason else [])
    taken = [item.comparison for item in found if isinstance(item, Loaded)]
    assert (len(taken), {comparison.attributes["dataset"] for comparison in taken}) == (6, {"d"})


ANNOTATED = {
    "instruction": "q",
    "output_1": "x",
    "output_2": "y",
    "generator_1": "a",
    "generator_2": "b",
    "dataset": "d",
    "annotator": "gpt",
}


@pytest.mark.parametrize(
    ("preference", "verdict", "scores"),
    [
        pytest.param(1, "A", None, id="output 1"),
        pytest.param(2.0, "B", None, id="output 2"),
        pytest.param(0, "tie", None, id="a draw of the older files"),
        pytest.param(1.5, "tie", None, id="a draw"),
        pytest.param(1.25, "A", (0.75, 0.25), id="output 1 with three of four"),
        pytest.param(1.00002, "A", (0.99998, 0.00002), id="output 1, nearly sure"),
        pytest.param(1.9931, "B", (0.0069, 0.9931), id="output 2, nearly sure"),
        pytest.param(1.5000001, "B", (0.4999999, 0.5000001), id="hardly output 2"),
    ],
)
def test_an_alpaca_eval_annotation_is_a_comparison_of_its_own_with_its_label(write, preference, verdict, scores):
    (item,) = load("alpaca_eval", annotations=(write("n.json", {**ANNOTATED, "preference": preference}),))
    assert texts_of(item) == ["x", "y"]
    (label,) = item.labels
    assert (label.labeler, label.kind, label.verdict) == ("gpt", "teacher", verdict)
    assert label.scores == (None if scores is None else pytest.approx(scores))


@pytest.mark.parametrize("preference", [None, "1", True, 2.3, 0.5, -1, [1]])
def test_an_alpaca_eval_preference_that_is_none_costs_the_label_and_not_the_comparison(write, preference):
    (item,) = load("alpaca_eval", annotations=(write("n.json", {**ANNOTATED, "preference": preference}),))
    assert (texts_of(item), item.labels) == (["x", "y"], ())
    (reason,) = refused(item)
    assert reason.startswith("preference: ")


@pytest.mark.parametrize("dataset", [{}, {"dataset": None}], ids=["absent", "null"])
def test_alpaca_eval_outputs_need_only_the_three_keys_that_users_write(write, dataset):
    rows = [
        {"instruction": "q1", "output": text, "generator": model, **dataset} for model, text in (("a", "x"), ("b", "y"))
    ]
    (item,) = load("alpaca_eval", write("outputs.json", *rows))
    assert (texts_of(item), item.comparison.attributes) == (["x", "y"], {})


def test_mt_bench_joins_two_turn_answers_and_references(write):
    question = {"question_id": 81, "category": "math", "turns": ["First?", "Then?"], "reference": ["short"]}

    def answer(model: str, turns: list[str], question_id: int = 81) -> dict[str, Any]:
        return {"question_id": question_id, "model_id": model, "choices": [{"index": 0, "turns": turns}], "tstamp": 1.0}

    files = {
        "answers": (
            write("m1.jsonl", answer("m1", ["a", "b"]), answer("m1", ["x"], 99)),
            write("m2.jsonl", answer("m2", ["c", "d"])),
        )
    }
    question_file = write(
        "question.jsonl",
        question,
        {**question, "question_id": 82, "reference": "text"},
        {**question, "question_id": 83},
    )
    pair, bad_reference, unanswered, orphan = load("mt_bench", question_file, **files)
    assert [m.content for m in pair.comparison.messages] == ["First?", "Then?"]
    assert [(a.model, a.text, a.turns) for a in pair.comparison.answers] == [
        ("m1", None, ("a", "b")),
        ("m2", None, ("c", "d")),
    ]
    assert (pair.comparison.reference, pair.comparison.attributes["question_id"]) == ("short", "81")
    assert reasons([bad_reference, unanswered, orphan]) == [
        "reference: str 'text', expected a list with at least one item",
        "no model answers this question",
        "question_id: answers to 99, not a question of the input",
    ]
    reference = write("reference.jsonl", answer("gpt-4", ["one", "two"]))
    with_reference = load("mt_bench", question_file, reference=reference, **files)[0]
    assert with_reference.comparison.reference == "Turn 1:\none\n\nTurn 2:\ntwo"


@pytest.mark.parametrize(
    ("choices", "reason"),
    [
        pytest.param([{"turns": ["a"]}], None, id="one"),
        pytest.param([{"turns": ["a"]}, {"turns": ["b"]}], "choices: has 2 entries, expected one", id="two"),
        pytest.param([{"turns": ["a"]}] * 3, "choices: has 3 entries, expected one", id="three alike"),
        pytest.param([], "choices: a list of 0, expected a list with at least one item", id="none"),
        pytest.param([{"turns": []}], "choices[0].turns: a list of 0, expected", id="no turns"),
    ],
)
@pytest.mark.parametrize("option", ["answers", "reference"])
def test_an_mt_bench_answer_of_several_choices_is_rejected_and_not_cut_to_the_first(write, option, choices, reason):
    question = write("question.jsonl", {"question_id": 81, "category": "math", "turns": ["First?"]})
    good = write("good.jsonl", {"question_id": 81, "model_id": "m1", "choices": [{"turns": ["good"]}]})
    read = write("read.jsonl", {"question_id": 81, "model_id": "m2", "choices": choices})
    files = {"answers": (good, read)} if option == "answers" else {"answers": (good,), "reference": read}
    found = load("mt_bench", question, pairs="alone", **files)
    rejected = [item for item in found if isinstance(item, Rejected)]
    assert len(found) == (2 if reason or option == "answers" else 1)
    if reason is None:
        assert rejected == []
    else:
        assert [(Path(item.file).name, item.line) for item in rejected] == [("read.jsonl", 1)]
        assert rejected[0].reason.startswith(reason)


def test_mm_vet_joins_answers_by_id(write, tmp_path):
    questions = {
        "v1_0": {"imagename": "0.png", "question": "What is x?", "answer": "-1<AND>-5", "capability": ["ocr", "math"]},
        "v1_1": {"question": "Which?", "answer": "this", "capability": ["ocr"]},
        "v1_2": "no object",
    }
    path, answers = tmp_path / "mm-vet.json", tmp_path / "llava.json"
    path.write_text(json.dumps(questions, indent=1))
    answers.write_text(json.dumps({"v1_0": "x is -1.", "v1_9": "lost"}))
    taken, unanswered, no_object, orphan = load("mm_vet", path, answers=(answers,), pairs="alone")
    assert (texts_of(taken), taken.comparison.answers[0].model) == (["x is -1."], "llava")
    assert taken.comparison.reference == "-1<AND>-5"
    assert taken.comparison.attributes == {"id": "v1_0", "capability": "ocr, math"}
    assert reasons([unanswered, no_object, orphan]) == [
        "v1_1: no model answers this question",
        "v1_2: str 'no object', expected an object",
        "v1_9: no question of the input has this id",
    ]
    samples = write("samples.jsonl", {"question": "Which?", "answer": "this", "capability": ["ocr"]})
    assert reasons(load("mm_vet", samples, answers=(answers,)))[0] == "id: missing (answers are joined by id)"
