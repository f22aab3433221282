"""Records in and out: nothing coerced, every fault named by its field, ids the same on every run."""

from __future__ import annotations

import hashlib
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgelake.comparisons import (
    Answer,
    Comparison,
    Failure,
    Label,
    Message,
    Rubric,
    Status,
    comparison_from_record,
    comparison_to_record,
    label_from_record,
    label_to_record,
)

RECORD: dict[str, Any] = {
    "messages": [{"role": "user", "content": "Why is the sky blue?"}],
    "answers": [{"model": "a", "text": "Rayleigh."}, {"model": "b", "text": ""}],
}
DESCRIPTIONS = ["none", "", "half", "most", "all"]


def made(**changes: Any) -> Comparison:
    comparison = comparison_from_record(RECORD | changes)
    assert isinstance(comparison, Comparison), comparison
    return comparison


def test_a_minimal_record_is_a_comparison() -> None:
    comparison = made()
    assert comparison.messages == (Message("user", "Why is the sky blue?"),)
    assert comparison.answers == (Answer("Rayleigh.", "a"), Answer("", "b"))
    assert (comparison.input, comparison.reference, comparison.rubric, comparison.attributes) == (None, None, None, {})


@pytest.mark.parametrize(
    ("answer", "texts"),
    [
        pytest.param(Answer("x"), ("x",), id="a text"),
        pytest.param(Answer(""), ("",), id="an empty text"),
        pytest.param(Answer(None), ("",), id="no text"),
        pytest.param(Answer(None, turns=("x", "")), ("x", ""), id="turns"),
    ],
)
def test_the_texts_of_an_answer_are_its_turns_or_its_text(answer: Answer, texts: tuple[str, ...]) -> None:
    assert answer.texts == texts


def test_ids_come_from_content_and_are_the_same_on_every_run() -> None:
    # Spelled out: an id that changes would make every judgment of a table new.
    question = '{"input":null,"messages":[["user","Why is the sky blue?"]]}'
    answers = '[{"model":"a","text":"Rayleigh.","turns":null},{"model":"b","text":"","turns":null}]'
    comparison = f'{{"answers":{answers},"question":{question},"reference":null,"rubric":null}}'
    assert made().question_id == hashlib.sha256(question.encode()).hexdigest()[:32]
    assert made().comparison_id == hashlib.sha256(comparison.encode()).hexdigest()[:32]


@pytest.mark.parametrize(
    ("change", "same_question", "same_comparison"),
    [
        ({"source": "here", "attributes": {"k": "v"}}, True, True),
        ({"input": "text"}, False, False),
        ({"messages": [{"role": "user", "content": "Why?"}]}, False, False),
        ({"answers": RECORD["answers"][::-1]}, True, False),
        ({"reference": ""}, True, False),
        ({"rubric": {"criteria": "Right?", "scores": None}}, True, False),
    ],
)
def test_an_id_changes_with_what_it_names(change: dict[str, Any], same_question: bool, same_comparison: bool) -> None:
    plain, changed = made(), made(**change)
    assert (plain.question_id == changed.question_id) is same_question
    assert (plain.comparison_id == changed.comparison_id) is same_comparison


TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)
NAME = TEXT.filter(str.strip)


@st.composite
def comparisons(draw: st.DrawFn) -> Comparison:
    answer = st.one_of(
        st.builds(Answer, TEXT, st.none() | TEXT),
        st.builds(Answer, st.none(), TEXT, st.lists(TEXT, min_size=1, max_size=3).map(tuple)),
    )
    rubric = st.builds(Rubric, NAME, st.none() | st.tuples(TEXT, TEXT, TEXT, TEXT, TEXT))
    return Comparison(
        comparison_id=draw(NAME),
        question_id=draw(NAME),
        messages=(
            *draw(st.lists(st.builds(Message, st.just("assistant"), TEXT), max_size=2)),
            Message("user", draw(NAME)),
        ),
        answers=tuple(draw(st.lists(answer, min_size=1, max_size=4))),
        input=draw(st.none() | TEXT),
        reference=draw(st.none() | TEXT),
        rubric=draw(st.none() | rubric),
        source=draw(st.none() | TEXT),
        attributes=draw(st.dictionaries(TEXT, TEXT, max_size=2)),
    )


@settings(deadline=None)
@given(comparisons())
def test_a_record_gives_back_its_comparison(comparison: Comparison) -> None:
    assert comparison_from_record(comparison_to_record(comparison)) == comparison


def user(content: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": content}]}


def answer(**fields: Any) -> dict[str, Any]:
    return {"answers": [fields]}


WRONG = [
    pytest.param(user(""), "messages[0].content: the question is empty", id="empty question"),
    pytest.param(user(" \n"), "messages[0].content: the question is empty", id="blank question"),
    pytest.param(user(None), "messages[0].content: null, expected text", id="null question"),
    pytest.param(user(math.nan), "messages[0].content: float 'nan', expected text", id="NaN question"),
    pytest.param(user(7), "messages[0].content: int '7', expected text", id="a number"),
    pytest.param(user("a\0b"), "messages[0].content: contains a NUL character", id="NUL"),
    pytest.param(
        user("a\ud800"),
        "messages[0].content: contains half a surrogate pair, which is not a character",
        id="lone surrogate",
    ),
    pytest.param({"messages": []}, "messages: a list of 0, expected a list with at least one item", id="no messages"),
    pytest.param(
        {"messages": "Why?"}, "messages: str 'Why?', expected a list with at least one item", id="messages as text"
    ),
    pytest.param({"messages": ["Why?"]}, "messages[0]: str 'Why?', expected an object", id="a message as text"),
    pytest.param(
        {"messages": [{"role": "bot", "content": "x"}]},
        "messages[0].role: str 'bot', expected one of system, user, assistant",
        id="unknown role",
    ),
    pytest.param(
        {"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}]},
        "messages: the last one must be the user's, to which the answers reply",
        id="an answered question",
    ),
    pytest.param({"answers": []}, "answers: a list of 0, expected a list with at least one item", id="no answers"),
    pytest.param({"answers": None}, "answers: null, expected a list with at least one item", id="answers null"),
    pytest.param(answer(text=None), "answers[0]: give either text or turns, not none", id="null answer"),
    pytest.param(answer(text="x", turns=["y"]), "answers[0]: give either text or turns, not both", id="both"),
    pytest.param(answer(text=["x"]), "answers[0].text: a list of 1, expected text", id="answer as list"),
    pytest.param(answer(turns=["x", None]), "answers[0].turns[1]: null, expected text", id="a turn missing"),
    pytest.param(
        answer(turns=[]), "answers[0].turns: a list of 0, expected a list with at least one item", id="no turns"
    ),
    pytest.param(answer(txt="x"), "answers[0].txt: unknown key. Did you mean 'text'?", id="typo inside"),
    pytest.param({"answers": [{"text": "x"}] * 27}, "answers: 27 answers, at most 26 can be compared", id="too many"),
    pytest.param({"refrence": "x"}, "refrence: unknown key. Did you mean 'reference'?", id="typo"),
    pytest.param({"reference": 4}, "reference: int '4', expected text", id="reference a number"),
    pytest.param({"input": False}, "input: false, expected text", id="input a bool"),
    pytest.param({"comparison_id": " "}, "comparison_id: empty", id="blank id"),
    pytest.param({"comparison_id": 12}, "comparison_id: int '12', expected text", id="id a number"),
    pytest.param({"rubric": "Right?"}, "rubric: str 'Right?', expected an object", id="rubric as text"),
    pytest.param({"rubric": {"criteria": ""}}, "rubric.criteria: empty", id="empty criteria"),
    pytest.param(
        {"rubric": {"criteria": "x", "scores": ["a"]}},
        "rubric.scores: 1 descriptions, expected 5 (of the scores 1 to 5)",
        id="too few descriptions",
    ),
    pytest.param({"attributes": {"k": 1}}, "attributes.k: int '1', expected text", id="attribute a number"),
    pytest.param({"attributes": ["k"]}, "attributes: a list of 1, expected an object", id="attributes a list"),
]


@pytest.mark.parametrize(("change", "reason"), WRONG)
def test_a_faulty_record_is_invalid_input_and_names_the_field(change: dict[str, Any], reason: str) -> None:
    assert comparison_from_record(RECORD | change) == Failure(Status.INVALID_INPUT, reason)


@pytest.mark.parametrize("key", ["messages", "answers"])
def test_a_record_without_a_key_it_needs_is_invalid_input(key: str) -> None:
    record = {name: value for name, value in RECORD.items() if name != key}
    assert comparison_from_record(record) == Failure(Status.INVALID_INPUT, f"{key}: missing")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param({"\ud800": 1}, r"\ud800: unknown key", id="of a comparison"),
        pytest.param({"attributes": {"\ud800": "v"}}, r"attributes.\ud800: contains half a", id="of an attribute"),
    ],
)
def test_a_key_that_no_table_can_hold_is_named_in_a_reason_that_a_table_can_hold(
    change: dict[str, Any], reason: str
) -> None:
    failure = comparison_from_record(RECORD | change)
    assert isinstance(failure, Failure)
    assert failure.reason.startswith(reason)


def test_keys_a_caller_allows_are_passed_over() -> None:
    assert comparison_from_record(RECORD | {"labels": []}, also=("labels",)) == made()
    assert isinstance(comparison_from_record(RECORD | {"labels": []}), Failure)


def test_rows_of_a_table_are_taken_with_their_arrays_and_pairs() -> None:
    row = RECORD | {
        "messages": np.array(RECORD["messages"], dtype=object),
        "answers": np.array([{"model": None, "text": None, "turns": np.array(["x", "y"], dtype=object)}], dtype=object),
        "attributes": [("k", "v")],
        "rubric": {"criteria": "Right?", "scores": np.array(DESCRIPTIONS, dtype=object)},
    }
    comparison = comparison_from_record(row)
    assert isinstance(comparison, Comparison), comparison
    assert comparison.answers == (Answer(None, turns=("x", "y")),)
    assert comparison.attributes == {"k": "v"}
    assert comparison.rubric == Rubric("Right?", tuple(DESCRIPTIONS))


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_no_value_in_any_field_raises(value: Any) -> None:
    for key in ("messages", "answers", "input", "reference", "rubric", "attributes", "comparison_id", "source"):
        assert isinstance(comparison_from_record(RECORD | {key: value}), (Comparison, Failure))
    for key in ("comparison_id", "labeler", "kind", "verdict", "scores"):
        assert isinstance(label_from_record(LABEL | {key: value}), (Label, Failure))


LABEL: dict[str, Any] = {"comparison_id": "c", "labeler": "ann", "kind": "human", "verdict": "A"}


def test_a_label_has_a_verdict_or_scores() -> None:
    for label in (Label("c", "ann", "human", "tie"), Label("c", "gpt", "teacher", None, (7.0, 8.5))):
        assert label_from_record(label_to_record(label)) == label


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"verdict": None}, "a label needs a verdict or scores"),
        ({"verdict": "a"}, "verdict: str 'a', expected a letter or 'tie'"),
        ({"verdict": "AB"}, "verdict: str 'AB', expected a letter or 'tie'"),
        ({"verdict": 1}, "verdict: int '1', expected text"),
        ({"scores": [1, True]}, "scores[1]: true, expected a finite number"),
        ({"scores": [math.inf]}, "scores[0]: float 'inf', expected a finite number"),
        ({"scores": [10**400]}, f"scores[0]: int '1{'0' * 39}', expected a finite number"),
        ({"scores": []}, "scores: a list of 0, expected a list with at least one item"),
        ({"scores": ["7"]}, "scores[0]: str '7', expected a finite number"),
        ({"kind": "robot"}, "kind: str 'robot', expected one of human, teacher, gold"),
        ({"labeler": ""}, "labeler: empty"),
        ({"comparison_id": None}, "comparison_id: null, expected text"),
        ({"labeller": "x"}, "labeller: unknown key. Did you mean 'labeler'?"),
    ],
)
def test_a_faulty_label_names_the_field(change: dict[str, Any], reason: str) -> None:
    assert label_from_record(LABEL | change) == Failure(Status.INVALID_INPUT, reason)
