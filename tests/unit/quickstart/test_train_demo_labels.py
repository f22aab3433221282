"""The labels of the training demo: which pairs of a file are used, and that no question is learned and tests."""

import json
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from judgelake.comparisons import Answer, Comparison, Label, Message
from judgelake.errors import UserError
from judgelake.quickstart.train_demo import Labelled, parted, read_labelled, to_jsonl
from judgelake.quickstart.train_demo.parts import LEAST

GOLD = {"labeler": "us", "kind": "gold", "verdict": "A"}


def record(name, question="Why?", labels=(GOLD,), answers=("x", "y")):
    content = {"messages": [{"role": "user", "content": question}], "answers": [{"text": text} for text in answers]}
    return {"comparison_id": name, **content, "labels": list(labels)}


def pair(name, question_id, words):
    comparison = Comparison(name, question_id, (Message("user", words),), (Answer("x"), Answer("y")))
    return Labelled(comparison, (Label(name, "us", "gold", "A"),))


@pytest.fixture
def file(tmp_path):
    def written(*records, name="labels.jsonl"):
        path = tmp_path / name
        path.write_text("".join(f"{json.dumps(one)}\n" for one in records), "utf-8")
        return path

    return written


def test_pairs_with_a_label_are_read_and_the_others_counted(file):
    in_turns = record("turns") | {"answers": [{"turns": ["x"]}, {"turns": ["y"]}]}
    path = file(
        record("one"), record("three", answers="xyz"), record("bare", labels=()), in_turns, {"messages": "not one"}
    )
    read = read_labelled("judgelake", [path])
    assert [one.comparison.comparison_id for one in read.pairs] == ["one"]
    assert read.left_out == {"not of two answers": 1, "without a label": 1, "conversations": 1, "rejected": 1}
    assert read.text == (
        "1 pairs with gold labels (4 left out: 1 conversations, 1 not of two answers, 1 rejected, 1 without a label)"
    )


def test_rows_about_one_comparison_give_it_the_labels_of_all_but_of_one_kind(file):
    of = [{"labeler": name, "kind": kind, "verdict": "B"} for name, kind in (("a", "human"), ("b", "human"))]
    path = file(record("one", labels=of[:1]), record("one", labels=[*of, {**GOLD, "kind": "teacher"}]))
    (found,) = read_labelled("judgelake", [path]).pairs
    assert [(label.labeler, label.kind) for label in found.labels] == [("a", "human"), ("b", "human")]


def test_annotations_are_recognised_where_their_layout_has_them_beside_outputs(file):
    row = {"instruction": "Q?", "output_1": "x", "output_2": "y", "generator_1": "m", "generator_2": "n"}
    path = file({**row, "annotator": "gpt", "preference": 2})
    (found,) = read_labelled("alpaca_eval", [path]).pairs
    assert [label.verdict for label in found.labels] == ["B"]


@pytest.mark.parametrize(
    ("layout", "rows", "expected"),
    [
        ("table", [record("one")], "--format table needs a config"),
        ("mt_bench", [record("one")], "--format mt_bench needs --answers"),
        ("pandalmm", [record("one")], "Did you mean 'pandalm'"),
        ("pandalm", [record("one")], "1 rows rejected.* looks like --format judgelake --input"),
        ("judgelake", [record("one", labels=())], "1 rows without a label. Expected rows with two answers and a label"),
        ("judgelake", [], "No labelled pair of answers in .*: no row"),
    ],
)
def test_what_gives_no_labelled_pair_is_said_in_a_sentence(file, layout, rows, expected):
    with pytest.raises(UserError, match=expected):
        read_labelled(layout, [file(*rows)])


def test_what_is_written_is_read_again(file):
    pairs = read_labelled("judgelake", [file(record("one", "Wie geht’s?"), record("two"))]).pairs
    path = file(name="again.jsonl")
    path.write_text(to_jsonl(pairs), "utf-8")
    assert read_labelled("judgelake", [path]).pairs == pairs


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400)), min_size=150, max_size=200),
    st.integers(LEAST, 80),
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_no_question_is_on_both_sides_whatever_the_order_of_the_file(questions, most, has_tests, chance):
    pairs = [pair(f"c{place}", f"q{name}", f"Words  {words}") for place, (name, words) in enumerate(questions)]
    given = (pairs[::2], pairs[1::2]) if has_tests else (pairs, None)
    with suppress(UserError):
        parts = parted(*given, most_learned=most, most_tested=most)
    # All of them may be one question, by ids and words in turn.
    assume("parts" in locals())
    sides = (parts.learned, parts.tested)
    assert all(LEAST <= len(side) <= most for side in sides)
    for of in (lambda one: one.comparison.question_id, lambda one: one.comparison.messages):
        assert not {of(one) for one in parts.learned} & {of(one) for one in parts.tested}
    shuffled = [None if one is None else chance.sample(one, len(one)) for one in given]
    assert parted(*shuffled, most_learned=most, most_tested=most) == parts


def test_a_side_has_as_many_questions_as_possible():
    pairs = [
        pair(f"c{question}-{place}", f"q{question}", f"{question}") for question in range(60) for place in range(5)
    ]
    parts = parted(pairs, most_learned=25, most_tested=35)
    assert (len(parts.learned), len(parts.tested), parts.questions) == (25, 35, 30)
    assert len({one.comparison.question_id for one in parts.learned}) == 25


def test_same_words_under_another_id_are_the_same_question():
    ours = [pair(f"c{number}", f"q{number}", f"Word {number}") for number in range(60)]
    theirs = [
        replace(one, comparison=replace(one.comparison, question_id=f"other {number}"))
        for number, one in enumerate(ours)
    ]
    with pytest.raises(UserError, match=r"0 to test with, at least 20"):
        parted(ours, theirs, most_learned=100, most_tested=100)
