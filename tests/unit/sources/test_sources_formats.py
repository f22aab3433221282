"""What each format's rows become; the rows are made here, one field at a time is broken."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from judgelake.errors import UserError
from judgelake.sources import FORMATS, Columns, Files, Loaded, Rejected, Row, format_named, line_accepted, row_accepted

Write = Callable[..., Path]

PANDALM = {
    "idx": 3,
    "motivation_app": "Notes",
    "cmp_key": "model-a_model-b",
    "instruction": "Shorten this.",
    "input": "A long text.",
    "response1": "Short.",
    "response2": "",
    "annotator1": 1,
    "annotator2": 1,
    "annotator3": 0,
}
LLMBAR = {"input": "Name a fish.", "output_1": "Cod.", "output_2": "Oak.", "label": 1}
AUTOJ = {"scenario": "advice", "label": 0, "prompt": "What now?", "response 1": " Rest.", "response 2": "Run."}
AUTOJ_SINGLE = {
    "usrmsg": "Grade.\n***\n[Query]: Why?\n***\n[Response]: Because.\n***\n[END DATA]\n\nMore.",
    "target_output": "Thin. Rating: [[6.5]]",
    "pred_score": 6.5,
    "scenario": "advice",
}
PROMETHEUS = {
    "idx": 1,
    "response_source": "model-a",
    "category": "generic",
    "gpt4_score": [5, 4, 4],
    "gpt4_feedback": ["", "", ""],
    "instruction": "Intro.\n\n###The instruction to evaluate:\nAdvise me.\n\n"
    "###Response to evaluate:\nSleep.\n\nMore.\n\n"
    "###Reference Answer (Score 5):\nSleep well.\n\n###Score Rubrics:\n[Is it [really] useful?]\n"
    "Score 1: No.\nScore 2: Little.\n"
    'Score 3: Some.\nScore 4: Much.\nScore 5: Very.\n\n###Feedback: ",\n',
}
JUDGELM = {
    "question_id": 7,
    "question_body": "What is it?\n",
    "answer1_body": "A.",
    "answer2_body": "B.",
    "answer1_model_id": "m1",
    "answer2_model_id": "m2",
    "score": [1.0, 10.0],
    "text": "1 10\nSecond.",
    "reference": {"text": "B it is.", "model": "x"},
    "score_w_reference": [-1, -1],
    "text_w_reference": "none",
}
LABELS = ("annotator1", "annotator2", "annotator3", "label", "gpt4_score")
ROWS = {"pandalm": PANDALM, "llmbar": LLMBAR, "autoj": AUTOJ, "prometheus": PROMETHEUS, "judgelm": JUDGELM}


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_rows(name: str, *rows: Any) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
        return path

    return write_rows


def load(format_name: str, *inputs: Path, **others: Any) -> list[Any]:
    return list(format_named(format_name).load(Files(inputs=inputs, **others)))


def labels_of(item: Loaded) -> list[tuple[Any, ...]]:
    return [(label.labeler, label.kind, label.verdict or label.scores) for label in item.labels]


def texts_of(item: Loaded) -> list[Any]:
    assert item.comparison is not None
    return [answer.text for answer in item.comparison.answers]


def reasons(items: list[Any]) -> list[str]:
    assert all(isinstance(item, Rejected) for item in items), items
    return [item.reason for item in items]


def refused(item: Any) -> list[str]:
    """Why labels of a row were refused whose comparison was taken without them."""
    assert isinstance(item, Loaded), item
    assert item.comparison is not None
    return [label.reason for label in item.refused]


def test_pandalm_has_three_humans_and_their_majority(write):
    (item,) = load("pandalm", write("p.json", PANDALM))
    assert labels_of(item) == [
        ("annotator1", "human", "A"),
        ("annotator2", "human", "A"),
        ("annotator3", "human", "tie"),
        ("majority", "gold", "A"),
    ]
    comparison = item.comparison
    assert (comparison.messages[0].content, comparison.input) == ("Shorten this.", "A long text.")
    assert [(a.model, a.text) for a in comparison.answers] == [("model-a", "Short."), ("model-b", "")]
    assert comparison.attributes == {"idx": "3", "motivation_app": "Notes"}


def test_three_annotators_of_three_minds_give_no_gold(write):
    (item,) = load("pandalm", write("p.json", {**PANDALM, "annotator2": 2}))
    assert [kind for _, kind, _ in labels_of(item)] == ["human"] * 3


@pytest.mark.parametrize(
    ("label", "verdict"), [(1, "A"), (2, "B"), (0, None), (3, None), ("1", None), (True, None), (None, None)]
)
def test_llmbar_labels_count_from_1_and_know_no_tie(write, label, verdict):
    (item,) = load("llmbar", write("Natural.json", {**LLMBAR, "label": label}))
    assert texts_of(item) == ["Cod.", "Oak."]
    if verdict is None:
        assert (item.labels, [reason.startswith("label: ") for reason in refused(item)]) == ((), [True])
    else:
        assert labels_of(item) == [("llmbar", "gold", verdict)]
        assert item.comparison.attributes == {"subset": "Natural"}


def test_llmbar_reads_a_folder_as_published(write, tmp_path):
    write("Dataset/LLMBar/Natural/dataset.json", LLMBAR)
    write("Dataset/LLMBar/Adversarial/GPTInst/dataset.json", {**LLMBAR, "input": "Name a tree."})
    found = load("llmbar", tmp_path / "Dataset")
    assert [item.comparison.attributes["subset"] for item in found] == ["Adversarial_GPTInst", "Natural"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=r"no \.json file"):
        load("llmbar", tmp_path / "empty")


@pytest.mark.parametrize(("label", "verdict"), [(0, "A"), (1, "B"), (2, "tie")])
def test_autoj_labels_count_from_0(write, label, verdict):
    (item,) = load("autoj", write("a.jsonl", {**AUTOJ, "label": label}))
    assert labels_of(item) == [("autoj", "gold", verdict)]
    assert texts_of(item) == [" Rest.", "Run."]


def test_an_autoj_grading_is_taken_out_of_its_prompt(write):
    (item,) = load("autoj", write("a.jsonl", AUTOJ_SINGLE))
    assert (item.comparison.messages[0].content, texts_of(item)) == ("Why?", ["Because."])
    assert labels_of(item) == [("gpt-4", "teacher", (6.5,))]


def test_an_autoj_grading_whose_answer_quotes_the_marks_is_not_guessed_at(write):
    twice = AUTOJ_SINGLE["usrmsg"].replace("Because.", "Because\n***\n[Query]: Why?")
    (item,) = load("autoj", write("a.jsonl", {**AUTOJ_SINGLE, "usrmsg": twice}))
    assert item.reason == "usrmsg: expected one [Query], one [Response] and one [END DATA]"


def test_prometheus_fields_are_taken_out_of_the_prompt(write):
    (item,) = load("prometheus", write("v.json", PROMETHEUS))
    comparison = item.comparison
    assert (comparison.messages[0].content, comparison.reference) == ("Advise me.", "Sleep well.")
    assert texts_of(item) == ["Sleep.\n\nMore."]
    assert comparison.rubric.criteria == "Is it [really] useful?"
    assert comparison.rubric.scores == ("No.", "Little.", "Some.", "Much.", "Very.")
    assert labels_of(item) == [
        ("gpt-4 #1", "teacher", (5.0,)),
        ("gpt-4 #2", "teacher", (4.0,)),
        ("gpt-4 #3", "teacher", (4.0,)),
    ]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("###Response to evaluate:\n", "###Reply:\n", "instruction: 0 times '###Response to evaluate:', expected once"),
        ("Sleep.", "Sleep.\n\n###Score Rubrics:\nx", "instruction: 2 times '###Score Rubrics:', expected once"),
        ("Score 4: Much.\n", "", "instruction: the rubric is not a criterion in brackets"),
    ],
)
def test_a_prometheus_prompt_with_other_parts_is_not_guessed_at(write, old, new, reason):
    (item,) = load(
        "prometheus", write("v.json", {**PROMETHEUS, "instruction": PROMETHEUS["instruction"].replace(old, new)})
    )
    assert item.reason.startswith(reason)


def test_judgelm_scores_with_and_without_reference_are_two_teachers_and_stay_as_they_are(write):
    (item,) = load("judgelm", write("train.jsonl", JUDGELM))
    assert labels_of(item) == [("gpt-4", "teacher", (1.0, 10.0)), ("gpt-4 with reference", "teacher", (-1.0, -1.0))]
    comparison = item.comparison
    assert (comparison.messages[0].content, comparison.reference) == ("What is it?\n", "B it is.")
    assert [(a.model, a.text) for a in comparison.answers] == [("m1", "A."), ("m2", "B.")]


def test_judgelm_validation_files_are_joined_by_question(write):
    pair = {key: JUDGELM[key] for key in ("question_id", "question_body", "answer1_body", "answer2_body")}
    items = load(
        "judgelm",
        write("val.jsonl", pair, {**pair, "question_id": 8, "question_body": "And it?"}),
        labels=(
            write("gpt4.jsonl", {"question_id": 8, "text": "3 9.5\nSecond."}, {"question_id": 7, "score": [2, 2]}),
            write("human.jsonl", {"question_id": 99, "score": [1, 2]}, {"question_id": 8, "score": [1]}),
        ),
        reference=write("references.jsonl", {"question_id": 7, "reference": {"text": "B."}}),
    )
    first, second, orphan = items
    assert (labels_of(first), first.comparison.reference) == ([("gpt4", "teacher", (2.0, 2.0))], "B.")
    assert (labels_of(second), refused(second)) == (
        [("gpt4", "teacher", (3.0, 9.5))],
        ["labels: 1 scores for 2 answers"],
    )
    assert orphan.reason == "question_id: 99 is not a question of the input"


def test_judgelm_takes_more_answers_and_a_reference_that_is_text(write):
    (item,) = load(
        "judgelm",
        write(
            "v.jsonl",
            {**JUDGELM, "answer3_body": "C.", "score": [1, 2, 3], "reference": "C!", "score_w_reference": None},
        ),
    )
    assert (texts_of(item), item.comparison.reference) == (["A.", "B.", "C."], "C!")
    assert labels_of(item) == [("gpt-4", "teacher", (1.0, 2.0, 3.0))]


@pytest.mark.parametrize(
    ("places", "reason"),
    [
        pytest.param((1,), None, id="one answer"),
        pytest.param((2, 1), None, id="whatever the order of the keys"),
        pytest.param((1, 3), "answer3_body: the answers count from 1 and answer2_body is missing", id="no second"),
        pytest.param((1, 2, 5), "answer5_body: the answers count from 1 and answer3_body is missing", id="two missing"),
        pytest.param((0, 1), "answer0_body: the answers count from 1 and answer2_body is missing", id="from 0"),
        pytest.param((2, 3), "answer1_body: missing", id="no first"),
    ],
)
def test_judgelm_answers_with_a_gap_are_not_cut_short(write, places, reason):
    question = {"question_id": 7, "question_body": "What is it?"}
    row = {**question, **{f"answer{place}_body": f"Text {place}." for place in places}}
    (item,) = load("judgelm", write("v.jsonl", row))
    if reason is None:
        assert texts_of(item) == [f"Text {place}." for place in sorted(places)]
    else:
        assert reasons([item]) == [reason]


@pytest.mark.parametrize("name", ROWS)
def test_every_text_of_a_row_must_be_text(write, name):
    texts = [key for key, value in ROWS[name].items() if isinstance(value, str) and not key.startswith("text")]
    bad = [True, 7, 1.5, None, ["x"], {"x": 1}, "nul \0", "half \ud83d"]
    for key in texts:
        for value in bad:
            if value is None and key in ("input", "answer1_model_id", "answer2_model_id") and name != "llmbar":
                continue
            (item,) = load(name, write("rows.json", {**ROWS[name], key: value}))
            assert isinstance(item, Rejected), (key, value)
            assert item.reason.startswith(f"{key}: "), (key, value, item.reason)


@pytest.mark.parametrize(
    ("name", "key"),
    [("pandalm", "instruction"), ("llmbar", "input"), ("autoj", "prompt"), ("judgelm", "question_body")],
)
def test_an_empty_question_is_rejected(write, name, key):
    for empty in ("", " \n\t"):
        assert reasons(load(name, write("rows.json", {**ROWS[name], key: empty}))) == [f"{key}: the question is empty"]


@pytest.mark.parametrize("name", ROWS)
def test_a_missing_field_is_named(write, name):
    optional = {
        "text",
        "text_w_reference",
        "score",
        "score_w_reference",
        "reference",
        "gpt4_feedback",
        "answer1_model_id",
    }
    for key in set(ROWS[name]) - optional - {"answer2_model_id", "answer2_body"}:
        row = {other: value for other, value in ROWS[name].items() if other != key}
        (item,) = load(name, write("rows.json", row))
        assert (refused(item) if key in LABELS else reasons([item])) == [f"{key}: missing"]


@pytest.mark.parametrize(
    ("name", "row", "change", "left"),
    [
        ("pandalm", PANDALM, {"annotator3": "1"}, [("annotator1", "human", "A"), ("annotator2", "human", "A")]),
        ("pandalm", PANDALM, {"annotator1": 7}, [("annotator2", "human", "A"), ("annotator3", "human", "tie")]),
        ("autoj", AUTOJ, {"label": True}, []),
        ("autoj", AUTOJ_SINGLE, {"pred_score": "6.5"}, []),
        ("prometheus", PROMETHEUS, {"gpt4_score": [5, 6, 4]}, []),
        ("judgelm", JUDGELM, {"score": "1 10"}, [("gpt-4 with reference", "teacher", (-1.0, -1.0))]),
    ],
)
def test_a_label_of_a_published_set_that_cannot_be_read_costs_only_itself(write, name, row, change, left):
    (item,) = load(name, write("rows.json", {**row, **change}))
    assert [label for label in labels_of(item) if label[0] != "majority"] == left
    assert [reason.startswith(next(iter(change))) for reason in refused(item)] == [True]
    # Two of three annotators are a majority, also if the third cannot be read; one of two is none.
    assert ("majority" in [label.labeler for label in item.labels]) == (left[:1] == [("annotator1", "human", "A")])


def test_a_megabyte_and_every_script_pass_unchanged(write):
    for text in (
        "x" * 2**20,
        "😀" * 5000,
        "مرحبا שלום",
        "{question} {{ answers }} [/INST] <|im_end|>",
        "\u2028 \x85 \x0b",
    ):
        (item,) = load("llmbar", write("Natural.json", {**LLMBAR, "output_1": text}))
        assert texts_of(item)[0] == text


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
