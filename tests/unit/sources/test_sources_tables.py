"""--format table: where files are, what their values mean, and labels in every place that people put them."""

from __future__ import annotations

import datetime
import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgelake.config import load_config
from judgelake.errors import UserError
from judgelake.jobs.ingest import IngestJob
from judgelake.sources import Columns, Loaded, Rejected, Row, load_tables, read_here, row_accepted
from judgelake.sources.values import canonical, key_meant, number_meant

ROW = {"question": "Q?", "answer_a": "a", "answer_b": "b"}


def columns(**given: Any) -> Columns:
    return Columns.model_validate(given)


def taken(row: dict[str, Any], **given: Any) -> Loaded:
    item = row_accepted(Row("t", 0, "", row), columns(**given))
    assert isinstance(item, Loaded), item
    return item


def labels_of(item: Loaded) -> list[tuple[Any, ...]]:
    return [(label.labeler, label.verdict or label.scores) for label in item.labels]


def refused(item: Loaded) -> list[str]:
    return [label.reason for label in item.refused]


MEANINGS = {"true": "A", "false": "B", "1": "A", "2": "B", "0": "tie", "model_a": "A", "0.5": "tie"}


@pytest.mark.parametrize(
    ("value", "key"),
    [
        pytest.param(True, "true", id="JSON's true"),
        pytest.param("True", "true", id="pandas' True in CSV"),
        pytest.param("FALSE", "false", id="Excel's FALSE"),
        pytest.param(1, "1", id="an integer"),
        pytest.param(1.0, "1", id="JSON's 1.0, and pandas' integers beside a missing one"),
        pytest.param("1.0", "1", id="the same in CSV"),
        pytest.param(Decimal("1.00"), "1", id="a decimal"),
        pytest.param("2", "2", id="text"),
        pytest.param(-0.0, "0", id="minus zero"),
        pytest.param(0.5, "0.5", id="a fraction"),
        pytest.param("0.50", "0.5", id="a fraction as text"),
        pytest.param("model_a", "model_a", id="a word"),
        pytest.param("Model_A", None, id="another word"),
        pytest.param("01", None, id="text with a leading zero is a name"),
        pytest.param(1.5, None, id="another number"),
        pytest.param("", None, id="nothing"),
        pytest.param([1], None, id="a list"),
    ],
)
def test_one_rule_matches_a_value_with_a_key_whatever_the_file(value, key):
    assert key_meant(value, MEANINGS) == key


def test_a_key_that_is_the_same_text_comes_before_one_that_is_the_same_number():
    assert [key_meant(value, ["1.0", "1"]) for value in ("1", "1.0", 1)] == ["1", "1.0", "1.0"]


@settings(deadline=None)
@given(st.one_of(st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()))
def test_a_value_means_itself_and_its_own_text(value):
    assert key_meant(value, [canonical(value)]) == canonical(value)
    assert canonical(canonical(value)) == canonical(value)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("4", 4.0),
        (" 4.5 ", 4.5),
        ("-1", -1.0),
        (7, 7.0),
        (Decimal("2.5"), 2.5),
        ("1e1", 10.0),
        ("4/5", None),
        ("four", None),
        ("", None),
        ("nan", None),
        ("1e999", None),
        (True, None),
        (None, None),
        ("٤", None),
    ],
)
def test_a_score_may_be_text_but_must_be_a_number(value, number):
    found = number_meant(value)
    assert found == number if number is not None else isinstance(found, str)


EDS = {"labeler": "eds"}


@pytest.mark.parametrize(
    ("label", "cells", "expected"),
    [
        pytest.param({"verdict": "won", "verdicts": {"true": "A", "false": "B"}}, {"won": False}, "B", id="booleans"),
        pytest.param({"verdict": "won", "verdicts": {"1": "A"}}, {"won": 1.0}, "A", id="numbers"),
        pytest.param({"verdict": "won"}, {"won": "tie"}, "tie", id="verdicts as they are"),
        pytest.param({"verdict": "won"}, {"won": None}, None, id="null"),
        pytest.param({"verdict": "won"}, {}, None, id="absent"),
        pytest.param({"verdict": "won"}, {"won": float("nan")}, None, id="pandas' null"),
        pytest.param({"constant": "A"}, {}, "A", id="a constant verdict"),
        pytest.param({"one_hot": {"a": "A", "b": "B", "t": "tie"}}, {"a": 0, "b": 1, "t": 0}, "B", id="one-hot"),
        pytest.param({"one_hot": {"a": "A", "b": "B"}}, {"a": "1.0", "b": "0.0"}, "A", id="one-hot as text"),
        pytest.param({"one_hot": {"a": "A", "b": "B"}}, {"a": True, "b": False}, "A", id="one-hot as booleans"),
        pytest.param({"one_hot": {"a": "A", "b": "B"}}, {"a": 1, "b": None}, "A", id="one-hot with a null"),
        pytest.param({"one_hot": {"a": "A", "b": "B"}}, {"a": None}, None, id="one-hot without a vote"),
        pytest.param({"scores": ["a", "b"]}, {"a": "4", "b": 4.5}, (4.0, 4.5), id="scores as text"),
        pytest.param({"scores": ["a", "b"]}, {"a": None, "b": float("nan")}, None, id="no scores"),
    ],
)
def test_a_label_is_read_from_wherever_it_is(label, cells, expected):
    item = taken({**ROW, **cells}, labels=[{**EDS, **label}])
    assert (labels_of(item), refused(item)) == ([] if expected is None else [("eds", expected)], [])


@pytest.mark.parametrize(
    ("label", "cells", "reason"),
    [
        ({"verdict": "won", "verdicts": {"1": "A"}}, {"won": 3}, "won: '3', expected one of 1"),
        ({"verdict": "won"}, {"won": 1}, "won: '1', expected one of A, B or tie; say under `verdicts` what it means"),
        ({"one_hot": {"a": "A", "b": "B"}}, {"a": 1, "b": 1}, "a, b: 2 of them are 1, expected one"),
        ({"one_hot": {"a": "A", "b": "B"}}, {"a": 0, "b": 0}, "a, b: 0 of them are 1, expected one"),
        ({"one_hot": {"a": "A", "b": "B"}}, {"a": 0.4, "b": 0.6}, "a: '0.4', expected 0 or 1"),
        ({"scores": ["a", "b"]}, {"a": "4/5", "b": 3}, "a: str '4/5', expected a number"),
        ({"scores": ["a", "b"]}, {"a": 4}, "b: null, expected a finite number"),
    ],
)
def test_a_label_that_cannot_be_read_does_not_cost_the_comparison(label, cells, reason):
    good = {"labeler": "good", "constant": "B"}
    item = taken({**ROW, **cells}, labels=[{**EDS, **label}, good])
    assert (labels_of(item), refused(item)) == ([("good", "B")], [f"label by eds: {reason}"])


def test_the_labeler_may_be_a_column():
    label = {"labeler_column": "judge", "verdict": "winner", "verdicts": {"model_a": "A", "model_b": "B"}}
    rows = [("expert_1", "model_a"), (17, "model_b"), (None, "model_a"), (None, None)]
    items = [taken({**ROW, "judge": judge, "winner": winner}, labels=[label]) for judge, winner in rows]
    assert [labels_of(item) for item in items] == [[("expert_1", "A")], [("17", "B")], [], []]
    assert [refused(item) for item in items] == [[], [], ["label by unknown: judge: null, expected text"], []]
    assert len({item.comparison.comparison_id for item in items if item.comparison}) == 1


@pytest.mark.parametrize(
    ("label", "reason"),
    [
        ({"verdict": "v"}, "give either labeler (a name) or labeler_column"),
        ({"labeler": "x", "labeler_column": "y", "verdict": "v"}, "give either labeler (a name) or labeler_column"),
        ({"labeler": "x"}, "a label needs verdict, one_hot, constant or scores"),
        ({"labeler": "x", "verdict": "v", "constant": "A"}, "verdict and constant exclude each other"),
        ({"labeler": "x", "constant": "first"}, "'first' is not a verdict"),
        ({"labeler": "x", "verdict": "v", "verdicts": {"1": "left"}}, "'left' is not a verdict"),
    ],
)
def test_a_mapping_of_labels_that_says_nothing_or_two_things_is_refused(tmp_path, label, reason):
    path = tmp_path / "ingest.yaml"
    path.write_text(json.dumps({"columns": {"labels": [label]}}))
    with pytest.raises(UserError) as raised:
        load_config(IngestJob, path)
    assert reason in str(raised.value)


def test_keys_of_verdicts_may_be_written_as_yaml_writes_numbers_and_booleans(tmp_path):
    path = tmp_path / "ingest.yaml"
    path.write_text("columns: {labels: [{labeler: x, verdict: v, verdicts: {2: A, true: B, 0.5: tie}}]}")
    (label,) = load_config(IngestJob, path).columns.labels
    assert label.verdicts == {"2": "A", "true": "B", "0.5": "tie"}


TURNS = [{"role": "system", "content": "S"}, {"role": "user", "content": "Q?"}]


@pytest.mark.parametrize(
    ("question", "messages"),
    [
        pytest.param("Q?", [("user", "Q?")], id="text"),
        pytest.param(TURNS, [("system", "S"), ("user", "Q?")], id="messages"),
        pytest.param([{"from": "human", "value": "Q?"}], [("user", "Q?")], id="messages of ShareGPT"),
        pytest.param(["Q?", "And?"], [("user", "Q?"), ("user", "And?")], id="the user's turns"),
        pytest.param(
            [{"role": "user", "content": [{"type": "text", "text": "Q"}, {"type": "text", "text": "?"}]}],
            [("user", "Q\n?")],
            id="a message of parts",
        ),
    ],
)
def test_a_question_may_be_a_list_of_messages(question, messages):
    item = taken({**ROW, "question": question})
    assert [(message.role, message.content) for message in item.comparison.messages] == messages


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"question": [{"role": "assistant", "content": "x"}]}, "messages: the last one must be the user's"),
        ({"question": [{"role": "judge", "content": "x"}]}, "question[0].role: str 'judge', expected user, assistant"),
        (
            {"question": [{"role": "user", "content": [{"type": "image_url"}]}]},
            "question[0].content[0]: str 'image_url', but judges see only text",
        ),
        ({"question": []}, "question: a list of 0, expected messages"),
        ({"answer_a": [{"role": "user", "content": "x"}]}, "answer_a: has messages that are not the assistant's"),
        ({"answer_b": {"text": "x"}}, "answer_b: a JSON object of 1, expected text"),
    ],
)
def test_messages_that_cannot_be_judged_reject_the_row(change, reason):
    item = row_accepted(Row("t", 0, "", {**ROW, **change}), columns())
    assert isinstance(item, Rejected)
    assert item.reason.startswith(reason)


def test_answers_may_be_turns_and_whole_conversations_hold_both_question_and_answer():
    turns = taken({**ROW, "question": ["1", "2"], "answer_a": ["a", "b"], "answer_b": ["c", "d"]})
    assert [answer.turns for answer in turns.comparison.answers] == [("a", "b"), ("c", "d")]
    one = {"conversations": [{"from": "human", "value": "Q?"}, {"from": "gpt", "value": "Lima"}]}
    item = taken(one, conversations=["conversations"])
    assert [message.content for message in item.comparison.messages] == ["Q?"]
    assert [answer.text for answer in item.comparison.answers] == ["Lima"]
    half = {"conversations": one["conversations"][:1]}
    left = row_accepted(Row("t", 0, "", half), columns(conversations=["conversations"]))
    assert isinstance(left, Rejected)
    assert left.reason.startswith("conversations: the last message is not the assistant's")


def test_optional_columns_that_a_row_lacks_are_null():
    mapped = {
        "models": ["model_a", "model_b"],
        "reference": "reference",
        "comparison_id": "id",
        "attributes": {"language": "lang"},
    }
    whole = {**ROW, "model_a": "m1", "model_b": "m2", "reference": "r", "id": 3, "lang": True}
    items = [taken(row, **mapped) for row in (whole, ROW, {**ROW, **dict.fromkeys(whole.keys() - ROW.keys())})]
    assert [item.comparison.reference for item in items] == ["r", None, None]
    assert [item.comparison.attributes for item in items] == [{"language": "true"}, {}, {}]
    assert (items[0].comparison.comparison_id, len(items[1].comparison.comparison_id)) == ("3", 32)
    assert items[1].comparison == items[2].comparison


def write_csv(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(("question,answer_a,answer_b,won", *lines)) + "\n", "utf-8")
    return path


WON = {"labels": [{"labeler": "eds", "verdict": "won", "verdicts": {"1": "A", "2": "B"}}]}


def load(*names: Path | str, **given: Any) -> list[Any]:
    return list(load_tables([str(name) for name in names], columns(**given)))


def test_files_a_folder_and_a_pattern_hold_the_same_rows(tmp_path):
    first = write_csv(tmp_path / "votes" / "a.csv", "Q1,x,,1", "Q2,x,y,")
    (tmp_path / "votes" / "deep").mkdir()
    (tmp_path / "votes" / "deep" / "b.json").write_text(json.dumps([{**ROW, "won": 2.0}], indent=1))
    packed = tmp_path / "votes" / "c.jsonl.gz"
    packed.write_bytes(gzip.compress(json.dumps({**ROW, "question": "Q4", "won": None}).encode()))
    pq.write_table(pa.Table.from_pylist([{**ROW, "question": "Q5", "won": 1}]), tmp_path / "votes" / "d.parquet")
    for hidden in ("_SUCCESS", ".a.csv.crc"):
        (tmp_path / "votes" / hidden).write_bytes(b"")
    folder = load(tmp_path / "votes", **WON)
    assert [item.comparison.messages[0].content for item in folder] == ["Q1", "Q2", "Q4", "Q5", "Q?"]
    assert [labels_of(item) for item in folder] == [[("eds", "A")], [], [], [("eds", "A")], [("eds", "B")]]
    assert folder[0].comparison.answers[1].text == ""
    assert load(f"{tmp_path}/votes/**/*.[cjp]*", **WON) == load(first, packed, *sorted_rest(tmp_path), **WON)
    assert [item.file for item in load(f"{tmp_path}/votes/*.csv", **WON)] == [str(first)] * 2


def sorted_rest(tmp_path: Path) -> list[Path]:
    return [tmp_path / "votes" / "d.parquet", tmp_path / "votes" / "deep" / "b.json"]


def test_a_folder_saved_by_datasets_is_its_arrow_files(tmp_path):
    table = pa.Table.from_pylist([{**ROW, "question": "Q1"}, {**ROW, "question": "Q2"}])
    with pa.ipc.new_stream(tmp_path / "data-00000-of-00001.arrow", table.schema) as writer:
        writer.write_table(table)
    for name in ("dataset_info.json", "state.json"):
        (tmp_path / name).write_text('{\n  "features": {}\n}')
    assert [item.comparison.messages[0].content for item in load(tmp_path)] == ["Q1", "Q2"]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_a_folder_named_as_a_column_keeps_its_text(tmp_path, suffix):
    for name in ("id=007", "id=7", "id=a%2Fb", "id=__HIVE_DEFAULT_PARTITION__"):
        path = tmp_path / "data" / name / f"part{suffix}"
        path.parent.mkdir(parents=True)
        if suffix == ".csv":
            write_csv(path, f"of {name},x,y,1")
        elif suffix == ".jsonl":
            path.write_text(json.dumps({**ROW, "question": f"of {name}"}))
        else:
            pq.write_table(pa.Table.from_pylist([{**ROW, "question": f"of {name}"}]), path)
    items = load(tmp_path / "data", comparison_id="id")
    ids = {item.comparison.messages[0].content: item.comparison.comparison_id for item in items}
    assert len(ids.pop("of id=__HIVE_DEFAULT_PARTITION__")) == 32
    assert ids == {"of id=007": "007", "of id=7": "7", "of id=a%2Fb": "a/b"}


def test_empty_csv_cells_are_nothing_except_in_answers(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("question,answer_a,answer_b,id,ref,ma,mb,s,t\nQ,,b,,,,m2,,\n")
    (item,) = load(
        path,
        comparison_id="id",
        reference="ref",
        models=["ma", "mb"],
        labels=[{"labeler": "eds", "scores": ["s", "t"]}],
    )
    assert [(answer.model, answer.text) for answer in item.comparison.answers] == [(None, ""), ("m2", "b")]
    assert (item.comparison.reference, item.labels, item.refused) == (None, (), ())


def test_columns_may_have_dots_and_blanks_and_times_become_text(tmp_path):
    row = {"Question Text": "Q?", "resp.a": "a", "resp.b": "b", "meta.id": 7, "at": datetime.datetime(2026, 1, 2)}
    path = tmp_path / "x.parquet"
    pq.write_table(pa.Table.from_pylist([row]), path)
    (item,) = load(
        path, question="Question Text", answers=["resp.a", "resp.b"], comparison_id="meta.id", attributes={"at": "at"}
    )
    assert (item.comparison.comparison_id, item.comparison.attributes) == ("7", {"at": "2026-01-02 00:00:00"})


def test_a_column_that_no_row_has_is_named(tmp_path):
    path = write_csv(tmp_path / "x.csv", "Q,a,b,1")
    with pytest.raises(UserError, match=r"has no column 'refrence'; it has question, answer_a, answer_b, won"):
        load(path, reference="refrence")
    with pytest.raises(UserError, match=r"has no column messages, answers; it has question, .* Map its columns"):
        list(load_tables([str(path)], None))


def test_a_table_that_has_a_known_layout_is_told_which(tmp_path):
    path = tmp_path / "votes.jsonl"
    path.write_text(json.dumps({"prompt": "Q", "chosen": "a", "rejected": "b"}))
    with pytest.raises(UserError, match=r"'votes\.jsonl' looks like --format preference --input\.$"):
        list(load_tables([str(path)], None))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("absent.csv", r"there is no such file or folder\. What can be read: JSON .* the name of a table"),
        ("no/such/folder", r"there is no such file or folder\. What can be read: JSON"),
        ("*.nothing", r"there is no such file or folder\. What can be read: JSON"),
        ("empty", r"the folder holds no file\. What can be read: JSON"),
    ],
)
def test_a_path_that_cannot_be_read_is_named_with_what_can(tmp_path, monkeypatch, name, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=message):
        read_here([name])


def test_a_file_that_is_nothing_known_is_named_with_what_can_be_read(tmp_path):
    path = tmp_path / "x.bin"
    path.write_bytes(bytes(range(1, 200)))
    with pytest.raises(UserError, match=r"x\.bin' is not JSON.*What can be read: JSON"):
        load(path)


def test_spark_reads_what_it_reads_better(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    csv = write_csv(tmp_path / "x.csv", "Q,a,b,1")
    plain, in_nanoseconds = tmp_path / "plain.parquet", tmp_path / "ns.parquet"
    pq.write_table(pa.Table.from_pylist([ROW]), plain)
    times = pa.array([datetime.datetime(2026, 1, 2)], pa.timestamp("ns"))
    pq.write_table(pa.table({**{key: [value] for key, value in ROW.items()}, "at": times}), in_nanoseconds)
    (tmp_path / "delta" / "_delta_log").mkdir(parents=True)
    ours = [str(csv), "x.csv", str(in_nanoseconds), str(tmp_path / "*.csv"), "*"]
    sparks = [str(plain), "main.default.pairs", "s3://bucket/x.jsonl", "delta/", "dbfs:/x.parquet", "/not/here.parquet"]
    for name in ours:
        assert read_here([name]) == (name,)
    for name in sparks:
        assert read_here([name]) == ()
    assert read_here(["main.pairs", "x.csv", "plain.parquet"]) == ("x.csv",)
    (item,) = load(in_nanoseconds)
    assert item.comparison.answers[0].text == "a"
