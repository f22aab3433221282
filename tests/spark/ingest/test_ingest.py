"""Files and tables into Delta: once, whole, and nothing lost without a word.

The tests share one lake, into which three ingests bring most of what they look at.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ingest_lake import IngestLake, pair

from judgelake.config import Tables
from judgelake.errors import UserError
from judgelake.jobs.ingest import Ingested, IngestJob, ingest
from judgelake.sources import Files


def label(verdict: str | None, labeler: str = "me", **more: Any) -> dict[str, Any]:
    return {"labeler": labeler, "kind": "human", "verdict": verdict, **more}


@pytest.fixture(scope="module")
def into(spark, empty_warehouse, tmp_path_factory) -> IngestLake:
    return IngestLake.of_a_module(spark, empty_warehouse, tmp_path_factory.mktemp("ingest"), "of_test_ingest")


HARD_TEXTS = [
    "",
    "x" * 2**20,
    "😀" * 5000,
    "مرحبا שלום",
    "{question} {{ answers }} </s>",
    "a\r\nb\u2028c\x0bd\\u0000",
    "NaN",
]
ROWS = [
    pair("c1", "Q1", labels=[label("A"), label(None, "gpt", scores=[7, 2.5])]),
    pair(None, "Q2", input="text", reference="r", rubric={"criteria": "c", "scores": None}, attributes={"k": "v"}),
    {
        "messages": [{"role": "user", "content": "1"}, {"role": "user", "content": "2"}],
        "answers": [{"turns": ["x", ""]}],
    },
    "no JSON\n",
    pair("twice", "Q5", labels=[label("A")]),
    pair("twice", "Q5", labels=[label("A")], source="elsewhere"),
    pair("twice", "Q5", b="another", labels=[label("B", "you")]),
    pair("doubted", "Q8", labels=[label("A"), label("B")]),
    pair("labelled again", "Q9", labels=[label("tie")]),
    pair("labelled apart", "Q10"),
    *(pair(f"hard {n}", "Q", a=text) for n, text in enumerate(HARD_TEXTS)),
]
LATER = [
    pair("twice", "Another question"),
    pair("labelled again", "Q9", labels=[label("A"), label("A", "you")]),
    pair("later", "Q3"),
    pair("twice", "Q5"),
]
LABELS = [
    label("A", comparison_id="labelled apart"),
    label("C", "b", comparison_id="labelled apart"),
    label("A", comparison_id="none"),
    label(None, "c", comparison_id="later", scores=[1]),
]


@dataclass(frozen=True)
class Done:
    """Three ingests: of the rows, of the same rows by the command, of later rows with labels in a file of their own."""

    first: Ingested
    again: tuple[int, list[list[str]]]
    later: Ingested


@pytest.fixture(scope="module")
def done(into) -> Done:
    first = into.ingest(*ROWS)
    again = into.command("--format", "judgelake", "--input", str(into.folder / "rows.jsonl"))
    labels = (into.write("their_labels.jsonl", *LABELS),)
    return Done(first, again, into.ingest(*LATER, name="later.jsonl", labels=labels))


def test_what_is_read_stands_in_the_tables(into, done):
    new = len(ROWS) - len(["no JSON", "the same again", "other content"])
    assert done.first == Ingested(
        comparisons_added=new,
        comparisons_held=1,
        labels_added=5,
        labels_held=1,
        rejected=3,
        rejected_added=3,
        examples=(
            "rows.jsonl, line 4: not JSON: Expecting value at column 1",
            "rows.jsonl, line 7: comparison_id twice: a different comparison already exists (rows.jsonl, line 5)",
            "rows.jsonl, line 8: label by me: a different label already exists (rows.jsonl, line 8)",
        ),
    )
    assert into.rows("labels", "comparison_id", "labeler", "verdict", "scores", where="comparison_id = 'c1'") == [
        ("c1", "gpt", None, [7.0, 2.5]),
        ("c1", "me", "A", None),
    ]
    table = into.spark.table(into.tables.comparisons)
    comparison = table.where("input IS NOT NULL").collect()[0].asDict(recursive=True)
    assert len(comparison.pop("comparison_id")) == len(comparison.pop("question_id")) == 32
    assert comparison == {
        "messages": [{"role": "user", "content": "Q2"}],
        "input": "text",
        "answers": [{"model": None, "text": "a", "turns": None}, {"model": None, "text": "b", "turns": None}],
        "reference": "r",
        "rubric": {"criteria": "c", "scores": None},
        "source": None,
        "attributes": {"k": "v"},
    }
    assert into.rows("rejected_rows", "line", "raw", "format", where="reason LIKE 'not JSON%'") == [
        (4, "no JSON", "judgelake")
    ]
    assert not list(Path(into.tables.warehouse).glob("_staging*"))


def test_a_second_time_adds_nothing_and_the_command_reports_so(into, done):
    code, lines = done.again
    assert code == 0
    assert lines[:4] == [
        ["added", "already", "there"],
        ["comparisons", "0", str(len(ROWS) - 2)],
        ["labels", "0", "6"],
        # The table now has what two of them contradict, and they are rejected for the same reason as before.
        ["rejected", "rows", "0", "3"],
    ]
    assert f"rejected: {done.first.examples[0]}".split() in lines


def test_an_id_with_other_content_is_rejected_and_names_the_first(into, done):
    assert done.later.examples[0] == (
        "later.jsonl, line 1: comparison_id twice: a different comparison already exists in the table"
    )
    assert into.rows("labels", "labeler", "verdict", where="comparison_id = 'twice'") == [("me", "A")]
    rejected = into.rows("rejected_rows", "raw", where="reason LIKE 'comparison_id twice:%'")
    assert {json.loads(raw)["answers"][1]["text"] for (raw,) in rejected} == {"another", "b"}


def test_a_labeler_who_says_two_things_is_taken_at_the_first_word(into, done):
    assert done.later.examples[1] == "later.jsonl, line 2: label by me: a different label already exists in the table"
    told = "comparison_id IN ('doubted', 'labelled again')"
    assert into.rows("labels", "comparison_id", "labeler", "verdict", where=told) == [
        ("doubted", "me", "A"),
        ("labelled again", "me", "tie"),
        ("labelled again", "you", "A"),
    ]


def test_labels_in_a_file_of_their_own_need_their_comparison(into, done):
    known = "comparison_id IN ('labelled apart', 'later', 'none')"
    assert into.rows("labels", "comparison_id", "verdict", where=known) == [("labelled apart", "A")]
    assert [reason for (reason,) in into.rows("rejected_rows", "reason", where="file LIKE '%their_labels.jsonl'")] == [
        "comparison_id none: neither in this ingest nor in the table",
        "scores: not as many as the comparison has answers",
        "verdict: the comparison has fewer answers",
    ]
    later = done.later
    # Held is also what the table has, though an earlier row of the file contradicts both.
    assert (later.comparisons_added, later.comparisons_held) == (1, 2)
    # One label of a file of its own, one beside its comparison; rejected are three of the former and two of the latter.
    assert (later.labels_added, later.rejected, later.rejected_added) == (2, 5, 5)


def test_hard_texts_survive_the_way_into_the_table(into, done):
    hard = into.spark.table(into.tables.comparisons).where("comparison_id LIKE 'hard %'")
    found = hard.orderBy("comparison_id").selectExpr("answers[0].text AS text")
    assert [row["text"] for row in found.collect()] == HARD_TEXTS


def test_strict_writes_nothing_when_a_row_would_be_rejected(spark, tables, tmp_path):
    into = IngestLake(spark, tables, tmp_path)
    with pytest.raises(UserError, match=r"rows.jsonl, line 2: answers: missing"):
        into.ingest(pair("c1", "Q1"), {"messages": [{"role": "user", "content": "Q"}]}, strict=True)
    assert into.command("--format", "judgelake", "--input", str(tmp_path / "rows.jsonl"), "--strict")[0] == 2
    assert not Path(into.tables.warehouse).exists()
    with pytest.raises(UserError, match="comparison_id c1: a different comparison already exists"):
        into.ingest(pair("c1", "Q1"), pair("c1", "Q2"), strict=True)
    assert into.rows("comparisons", "comparison_id") == into.rows("rejected_rows", "reason") == []
    assert into.ingest(pair("c1", "Q1"), strict=True).comparisons_added == 1


def test_two_ingests_at_once_double_nothing(into, monkeypatch):
    # Two drivers have a catalog each; the threads here share one, in which replacing a view is not atomic.
    monkeypatch.setattr("judgelake.lake.create_tables", lambda *_: None)
    rows = [pair(f"at once {n}", f"Q{n}", labels=[label("A")]) for n in range(49)]
    paths = [f"{name}.jsonl" for name in "ab"]
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda name: into.ingest(*rows, name=name), paths))
    assert sum(one.comparisons_added for one in done) in (49, 98)
    for table in ("comparisons", "labels"):
        assert len(into.rows(table, "comparison_id", where="comparison_id LIKE 'at once %'")) == 49


def test_tables_in_our_own_shape_need_no_mapping(into, done):
    other = Tables.model_validate({**into.tables.model_dump(), "comparisons": into.tables.comparisons + "_copy"})
    lines = into.write("ours.jsonl", pair("of the lines", "Q3", labels=[label("B")]), "no JSON\n", pair("empty", ""))
    originals = {row["comparison_id"]: row for row in into.spark.table(into.tables.comparisons).collect()}
    copied = into.ingest_table(into.tables.comparisons, lines, tables=other)
    assert (copied.comparisons_added, copied.labels_added, copied.rejected) == (len(originals) + 1, 1, 2)
    copies = {row["comparison_id"]: row for row in into.spark.table(other.comparisons).collect()}
    assert copies.pop("of the lines")["messages"][0]["content"] == "Q3"
    assert len(originals) >= len(ROWS) - 3
    assert copies == originals


def test_a_warehouse_that_cannot_be_written_is_an_error_that_names_it(into):
    (into.folder / "file").write_text("")
    tables = into.tables.model_copy(update={"warehouse": str(into.folder / "file")})
    with pytest.raises(UserError, match=r"Cannot write to .*file"):
        ingest(
            into.spark, IngestJob(tables=tables), "judgelake", Files(inputs=(into.write("r.jsonl", pair("c", "Q")),))
        )
