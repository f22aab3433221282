"""What judges said elsewhere, into the judgments table: once, with their question, none lost.

One file of judgments is ingested again and again into one lake: the command brings a comparison that was missing,
then nothing is new, then what was taken out of the table comes back.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from ingest_lake import IngestLake, pair
from small_lake import append, comparison

from judgelake.errors import UserError
from judgelake.jobs.ingest import Ingested, IngestJob, ingest
from judgelake.sources import Files

pytestmark = pytest.mark.usefixtures("with_views")


def said(verdict: str | None, comparison_id: str, order: str = "AB", **more: Any) -> dict[str, Any]:
    return {"comparison_id": comparison_id, "judge": "gpt-x", "shown_order": order, "verdict": verdict, **more}


KNOWN = ("in the table", "there", "twofold", "again", "another")
"""Comparisons that the table has before any judgment comes."""
BESIDE = (pair("c1"), pair("another", b="of other content"))
MISSING = pair("missing at first")
SAID = (
    said("B", "c1", verdict_logprobs={"A": -3, "B": -0.5}, model_version="v1", repeat=2),
    said(None, "c1", "BA", error="time out"),
    {
        "comparison_id": "c1",
        "judge": "judgelm",
        "mode": "pair",
        "shown_order": "BA",
        "raw_output": "7 8\nThe second.",
        "finish_reason": "stop",
    },
    said("A", "in the table"),
    said("A", "nowhere"),
    said("C", "in the table", "CAB"),
    said("A", "there"),
    said("B", "missing at first"),
    said("A", "twofold", "ABC"),
    said("A", "twofold"),
    said("A", "twofold"),
    said("B", "twofold"),
    said("B", "twofold", "BA"),
    said("B", "twofold", repeat=1),
    said("B", "twofold", model_version="v2"),
    said("A", "again"),
    said("A", "again", "BA"),
    said("A", "another"),
)
AGAIN = (said("B", "again"),)
COMPARISONS = "comparisons.jsonl"
OF_JUDGMENTS = "file LIKE '%judgments.jsonl' AND "
OF_REMOVED = "comparison_id = 'missing at first'"
WATCHED = ("comparisons", "labels", "judgments", "rejected_rows")


@dataclass(frozen=True)
class Done:
    """What the ingests did, one after another."""

    first: Ingested
    rows: list[dict[str, Any]]
    """The judgments after the first."""
    command: tuple[int, list[list[str]]]
    same: Ingested
    commits: tuple[list[int], list[int]]
    """Of the tables, before and after the same files came again."""
    ids: tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]
    runs: set[tuple[Any, ...]]
    """Runs by which the same files were appended."""


@pytest.fixture(scope="module")
def into(spark, empty_warehouse, tmp_path_factory) -> IngestLake:
    folder = tmp_path_factory.mktemp("ingest")
    into = IngestLake.of_a_module(spark, empty_warehouse, folder, "of_test_ingest_judgments")
    append(spark, into.tables.comparisons, *map(comparison, KNOWN))
    return into


def ingest_all(into: IngestLake) -> Ingested:
    return into.ingest(*BESIDE, MISSING, name=COMPARISONS, judgments=SAID)


@pytest.fixture(scope="module")
def done(into) -> Done:
    first = into.ingest(*BESIDE, name=COMPARISONS, judgments=SAID)
    rows = [row.asDict(recursive=True) for row in into.spark.table(into.tables.judgments).collect()]
    inputs, judgments = into.write(COMPARISONS, *BESIDE, MISSING), into.folder / "judgments.jsonl"
    command = into.command("--format", "judgelake", "--input", str(inputs), "--judgments", str(judgments))
    before = into.commits(*WATCHED), into.rows("judgments", "judgment_id")
    same = ingest_all(into)
    after = into.commits(*WATCHED), into.rows("judgments", "judgment_id")
    commits, ids = zip(before, after, strict=True)
    return Done(first, rows, command, same, commits, ids, set(into.rows("judgments", "run_id")))


def test_judgments_stand_in_the_table_with_their_question(into, done):
    assert (done.first.comparisons_added, done.first.judgments_added, done.first.judgments_held) == (1, 11, 1)
    ((question,),) = into.rows("comparisons", "question_id", where="comparison_id = 'c1'")
    rows = {row["status"] + row["judge"]: row for row in done.rows if row["comparison_id"] == "c1"}
    given, failed, read = rows["okgpt-x"], rows["unparseablegpt-x"], rows["okjudgelm"]
    assert len(rows) == len([row for row in done.rows if row["comparison_id"] == "c1"])
    shared = {"comparison_id": "c1", "question_id": question, "attempt": 1, "engine": "imported"}
    unknown = dict.fromkeys(("prompt_sha256", "trimmed", "prompt_tokens", "output_tokens", "latency_ms", "chunk"))
    for row in rows.values():
        assert row.items() >= {**shared, **unknown}.items()
        assert row["judged_at"] is not None
        assert row["run_id"].startswith("import-")
        assert len(row["run_id"]) == len("import-") + 16
    assert (given["verdict"], given["verdict_logprobs"], given["margin"]) == ("B", {"A": -3.0, "B": -0.5}, 2.5)
    assert (given["model_version"], given["mode"], given["repeat"]) == ("v1", "pair", 2)
    assert (failed["verdict"], failed["error"], failed["model_version"]) == (None, "time out", "imported")
    assert (read["scores"], read["verdict"], read["shown_order"]) == ([8.0, 7.0], "A", "BA")
    assert (read["raw_output"], read["finish_reason"]) == ("7 8\nThe second.", "stop")


def test_a_second_time_changes_nothing(done):
    assert (done.same.judgments_added, done.same.judgments_held) == (0, 13)
    before, after = done.commits
    assert before == after
    before, after = done.ids
    assert before == after
    assert {row["judgment_id"] for row in done.rows} < {judgment_id for (judgment_id,) in after}


def test_judgments_need_no_input_where_the_table_has_their_comparisons(into, done):
    assert [
        (row["comparison_id"], row["question_id"], row["verdict"])
        for row in done.rows
        if row["comparison_id"] in ("in the table", "nowhere")
    ] == [("in the table", "q-in the table", "A")]
    assert into.rows("rejected_rows", "line", "reason", where=OF_JUDGMENTS + "line IN (5, 6)") == [
        (5, "comparison_id nowhere: neither in this ingest nor in the table"),
        (6, "shown_order: CAB, but the comparison has 2 answers"),
    ]
    ((text,),) = into.rows("rejected_rows", "raw", where=OF_JUDGMENTS + "line = 6")
    raw = json.loads(text)
    assert (raw["judge"], raw["verdict"]) == ("gpt-x", "C")


def test_a_judge_that_says_two_things_in_the_same_files_is_taken_at_the_first_word_that_fits(into, done):
    assert dict(into.rows("rejected_rows", "line", "reason", where=OF_JUDGMENTS + "line BETWEEN 9 AND 15")) == {
        9: "shown_order: ABC, but the comparison has 2 answers",
        12: "judgment by gpt-x: a different judgment already exists (judgments.jsonl, line 10)",
    }
    columns = ("shown_order", "repeat", "model_version", "verdict")
    assert into.rows("judgments", *columns, where="comparison_id = 'twofold'") == [
        ("AB", 0, "imported", "A"),
        ("AB", 0, "v2", "B"),
        ("AB", 1, "imported", "B"),
        ("BA", 0, "imported", "B"),
    ]


def test_judgments_of_a_comparison_that_is_another_in_the_table_are_not_given_to_that_one(into, done):
    # The three examples are the first of the seven by file and line.
    assert done.first.rejected == 7
    assert done.first.examples[:2] == (
        "comparisons.jsonl, line 2: comparison_id another: a different comparison already exists in the table",
        "judgments.jsonl, line 5: comparison_id nowhere: neither in this ingest nor in the table",
    )
    assert into.rows("judgments", "verdict", where="comparison_id = 'another'") == []
    assert into.rows("rejected_rows", "reason", where=OF_JUDGMENTS + "line = 18") == [
        ("comparison_id another: the comparison of this ingest was rejected, and the table has a different one",)
    ]


def test_the_command_counts_what_was_rejected_before_and_is_taken_now(into, done):
    code, lines = done.command
    assert code == 0
    assert ["comparisons", "1", "1"] in lines
    assert ["judgments", "1", "12"] in lines
    assert ["rejected", "rows", "0", "6"] in lines
    assert into.rows("judgments", "verdict", where=OF_REMOVED) == [("B",)]
    # The same files, so the same run; what it appended was not the same.
    assert len(done.runs) == 1


def test_judgments_that_were_deleted_or_overwritten_are_taken_again_each_time(into, done):
    table = into.tables.judgments
    before = into.rows("judgments", "judgment_id")
    into.spark.sql(f"DELETE FROM {table} WHERE {OF_REMOVED}")
    assert ingest_all(into).judgments_added == 1
    assert into.rows("judgments", "judgment_id") == before
    others = into.spark.read.table(table).where(f"NOT {OF_REMOVED}")
    others.write.format("delta").mode("overwrite").saveAsTable(table)
    assert ingest_all(into).judgments_added == 1
    assert into.rows("judgments", "judgment_id") == before
    assert into.rows("judgments", "verdict", where=OF_REMOVED) == [("B",)]


def test_a_judge_that_ran_again_says_the_latest_word_and_the_first_stays(into, done):
    assert into.ingest(judgments=AGAIN).judgments_added == 1
    assert len(into.rows("judgments", "judgment_id", where="comparison_id = 'again'")) == 3
    columns = ("verdict_ab", "verdict_ba", "is_consistent")
    assert into.rows("judgments_both_orders", *columns, where="comparison_id = 'again'") == [("B", "A", False)]


def test_strict_writes_nothing_when_a_judgment_would_be_rejected(into, done):
    before = into.commits(*WATCHED)
    first = r"nothing was written. The first: judgments.jsonl, line 2: .* a different judgment already exists"
    with pytest.raises(UserError, match=first):
        into.ingest(pair("strict"), judgments=(said("A", "strict"), said("B", "strict")), strict=True)
    read = {"comparison_id": "strict", "judge": "judglm", "mode": "pair", "shown_order": "AB", "raw_output": "7 8"}
    with pytest.raises(UserError, match=r"line 2: raw_output cannot be read. No judge 'judglm'. Did you mean"):
        into.ingest(pair("strict"), judgments=(said("A", "strict"), read))
    assert into.commits(*WATCHED) == before


def test_published_judgments_arrive_whole(into, shared):
    folder = shared / "data" / "autoj"
    if not folder.is_dir():
        pytest.skip(f"needs the published data set in {folder}")
    files = Files(
        inputs=(folder / "testdata_pairwise.jsonl",),
        judgments=(folder / "pairwise_example_output.jsonl", folder / "pairwise_exchange_example_output.jsonl"),
    )
    before = into.spark.table(into.tables.judgments).count()
    done = ingest(into.spark, IngestJob(tables=into.tables), "autoj", files)
    # Two of the 1,392 rows repeat the pair of another one and both its outputs; one of them has another label.
    assert (done.judgments_added, done.judgments_held, done.rejected) == (2 * 1390, 4, 1)
    assert into.spark.table(into.tables.judgments).count() == before + done.judgments_added
