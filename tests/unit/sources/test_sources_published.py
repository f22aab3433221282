"""What the rows of the published judges' own sets become; the rows are made here, one field at a time is broken."""

from __future__ import annotations

import pytest
from support.loading import labels_of, load, reasons, refused, texts_of

from judgelake.errors import UserError
from judgelake.sources import Rejected

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


def test_a_training_row_of_judgelm_is_an_example_as_far_as_its_texts_say_its_scores(write):
    whole = {**JUDGELM, "score_w_reference": [2, 9.5], "text_w_reference": "2 9.5\n\nAs B says."}
    wrong = {**whole, "question_id": 8, "question_body": "And it?", "text_w_reference": "9.5 2\nFirst."}
    lost = {**whole, "question_id": 9, "question_body": "Or it?", "text": "error"}
    unsaid = {key: value for key, value in whole.items() if not key.startswith("text")}
    first, second, third, fourth = load("judgelm", write("train.jsonl", whole, wrong, lost, unsaid))
    (example,) = first.examples
    assert (example.comparison, example.group) == (first.comparison, first.comparison.question_id)
    assert (example.judged.scores, example.judged.reasons) == ((1.0, 10.0), "Second.")
    assert (example.referenced.scores, example.referenced.reasons) == ((2.0, 9.5), "As B says.")
    assert (second.examples[0].referenced, len(labels_of(second))) == (None, 2)
    assert refused(second) == ["text_w_reference: its first line is not the scores 2 9.5: '9.5 2'"]
    assert (third.examples, refused(third)) == ((), ["text: its first line is not the scores 1 10: 'error'"])
    assert (fourth.examples, refused(fourth)) == ((), [])


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
