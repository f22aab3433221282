"""Sheets for people: no model is named in them, and what is filled in comes back in the original order."""

import csv
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgelake.comparisons import Answer, Comparison, Label, Message
from judgelake.sources import Files, Loaded, as_csv, as_jsonl, format_named, sheet_row

PAIR = Comparison(
    "c1",
    "q1",
    (Message("user", "What is tin?"),),
    (Answer("A metal.", "model-x"), Answer("=cmd|' /C calc'!A0", "model-y")),
    reference="A soft metal.",
)
TALK = Comparison(
    "c2",
    "q2",
    (Message("user", "Hello"), Message("user", "More")),
    (Answer(None, "x", ("Hi.", "So.")), Answer(None, "y", ("Yes?", "No."))),
    input="given",
)


def labels_in(path):
    return list(format_named("label_sheet").load(Files(labels=(path,))))


def written(folder, rows, kind):
    path = folder / f"sheet.{kind}"
    path.write_bytes(as_csv(rows) if kind == "csv" else as_jsonl(rows))
    return path


def test_a_row_shows_the_answers_in_its_order_without_models_and_the_reference_only_if_wanted():
    row = sheet_row(PAIR, "BA", "ann", has_reference=False)
    assert (row["answer_1"], row["answer_2"]) == (PAIR.answers[1].text, "A metal.")
    assert (row["reference"], row["verdict"]) == (None, None)
    assert "model-" not in json.dumps(row)
    assert sheet_row(PAIR, "AB", None, has_reference=True)["reference"] == "A soft metal."


def test_a_conversation_is_one_text_with_its_turns():
    row = sheet_row(TALK, "AB", None, has_reference=False)
    assert (row["question"], row["input"]) == ("User: Hello\n\nUser: More", "given")
    assert row["answer_1"] == "Turn 1: Hi.\n\nTurn 2: So."


def test_a_cell_of_csv_is_never_a_formula_and_line_breaks_stay_in_it():
    rows = [sheet_row(PAIR, "AB", "-ann", has_reference=False), sheet_row(TALK, "BA", None, has_reference=False)]
    text = as_csv(rows)
    assert text.startswith(b"\xef\xbb\xbfcomparison_id,")
    first, second = csv.DictReader(io.StringIO(text.decode("utf-8-sig"), newline=""))
    assert (first["answer_2"], first["labeler"]) == ("'" + PAIR.answers[1].text, "'-ann")
    assert second["answer_1"] == "Turn 1: Yes?\n\nTurn 2: No."


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
@pytest.mark.parametrize(
    ("order", "verdict", "expected"),
    [
        pytest.param("BA", "1", "B", id="the first shown"),
        pytest.param("AB", "2", "B", id="the second shown"),
        pytest.param("BA", " Tie ", "tie", id="a tie"),
        pytest.param("BA", "2.0", "A", id="as a spreadsheet writes a number"),
    ],
)
def test_a_verdict_comes_back_in_the_original_order(tmp_path, kind, order, verdict, expected):
    row = {**sheet_row(PAIR, order, "-ann", has_reference=False), "verdict": verdict}
    ((item,)) = labels_in(written(tmp_path, [row], kind))
    assert item.labels == (Label("c1", "-ann", "human", expected),)


def test_a_number_in_json_is_a_place_too(tmp_path):
    row = {**sheet_row(PAIR, "BA", "ann", has_reference=False), "verdict": 1}
    assert labels_in(written(tmp_path, [row], "jsonl"))[0].labels[0].verdict == "B"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"verdict": "3"}, "verdict: str '3', expected one of 1, 2, tie", id="no such answer"),
        pytest.param({"verdict": "both good"}, "verdict: str 'both good', expected one of 1, 2, tie", id="words"),
        pytest.param({"verdict": "B"}, "verdict: str 'B', expected one of 1, 2, tie", id="a letter"),
        pytest.param({"verdict": "1", "labeler": " "}, "labeler: empty, expected the name of who", id="nobody"),
        pytest.param({"verdict": "1", "shown_order": "AA"}, "shown_order: str 'AA', expected the let", id="order"),
    ],
)
def test_what_cannot_be_read_is_rejected_with_the_column(tmp_path, changes, reason):
    row = {**sheet_row(PAIR, "BA", "ann", has_reference=False), **changes}
    (item,) = labels_in(written(tmp_path, [row], "csv"))
    assert item.reason.startswith(reason)


def test_a_row_that_nobody_has_labeled_yet_is_neither_a_label_nor_rejected(tmp_path):
    (item,) = labels_in(written(tmp_path, [sheet_row(PAIR, "BA", "ann", has_reference=False)], "csv"))
    assert isinstance(item, Loaded)
    assert item.labels == ()


@pytest.mark.parametrize(
    "cells",
    [
        pytest.param({}, id="a blank row of a spreadsheet"),
        pytest.param({"comparison_id": "c1", "question": "What?"}, id="a row without its order"),
    ],
)
def test_a_row_without_a_verdict_is_not_labeled_whatever_else_it_lacks(tmp_path, cells):
    row = {**sheet_row(PAIR, "BA", "ann", has_reference=False), "verdict": "1"}
    labeled, blank = labels_in(written(tmp_path, [row, {**dict.fromkeys(row), **cells}], "csv"))
    assert len(labeled.labels) == 1
    assert (type(blank), blank.labels) == (Loaded, ())


def test_a_file_that_is_no_sheet_is_rejected_and_not_taken_for_one_that_nobody_has_filled_in(tmp_path):
    (item,) = labels_in(written(tmp_path, [{"comparison_id": "c1", "verdict": None}], "jsonl"))
    assert item.reason == "shown_order: missing"


@settings(deadline=None)
@given(st.text("'=+-@ax", min_size=1), st.text("'=+-@ax", min_size=1), st.sampled_from(["csv", "jsonl"]))
def test_ids_and_names_come_back_as_they_are_and_a_spreadsheet_computes_none(tmp_path_factory, one_id, labeler, kind):
    pair = Comparison(one_id, "q", PAIR.messages, PAIR.answers)
    row = {**sheet_row(pair, "BA", labeler, has_reference=False), "verdict": "1"}
    path = written(tmp_path_factory.mktemp("sheet"), [row], kind)
    (item,) = labels_in(path)
    assert [(label.comparison_id, label.labeler) for label in item.labels] == [(one_id, labeler)]
    if kind == "csv":
        (cells,) = csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline=""))
        assert not cells["comparison_id"].startswith(("=", "+", "-", "@"))


@settings(deadline=None)
@given(st.permutations("ABCD"), st.integers(0, 3), st.sampled_from(["csv", "jsonl"]))
def test_whoever_is_named_best_by_place_is_the_answer_that_was_shown_there(tmp_path_factory, order, place, kind):
    four = Comparison("c", "q", PAIR.messages, tuple(Answer(f"text {letter}", letter) for letter in "ABCD"))
    row = sheet_row(four, "".join(order), "ann", has_reference=False)
    row["verdict"] = str(place + 1)
    (item,) = labels_in(written(tmp_path_factory.mktemp("sheet"), [row], kind))
    (label,) = item.labels
    assert row[f"answer_{place + 1}"] == f"text {label.verdict}"
