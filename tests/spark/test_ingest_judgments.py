"""Judgments of a judge that ran elsewhere, into the judgments table: once, with their question, none lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from judgelake.config import Tables
from judgelake.errors import UserError
from judgelake.ingest import Ingested, IngestJob, ingest, main
from judgelake.sources import Files


def pair(name: str, question: str = "Q", b: str = "b") -> dict[str, Any]:
    messages = [{"role": "user", "content": question}]
    return {"comparison_id": name, "messages": messages, "answers": [{"text": "a"}, {"text": b}]}


def said(verdict: str | None, comparison_id: str = "c1", order: str = "AB", **more: Any) -> dict[str, Any]:
    return {"comparison_id": comparison_id, "judge": "gpt-x", "shown_order": order, "verdict": verdict, **more}


class Lake:
    """Ingests into the tables of one test and reads them back."""

    def __init__(self, spark: Any, tables: Tables, folder: Path) -> None:
        self.spark, self.tables, self.folder = spark, tables, folder

    def write(self, name: str, *rows: Any) -> Path:
        path = self.folder / name
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
        return path

    def ingest(self, *judgments: Any, comparisons: tuple[Any, ...] = (), **options: Any) -> Ingested:
        files = Files(
            inputs=(self.write("comparisons.jsonl", *comparisons),) if comparisons else (),
            judgments=(self.write("judgments.jsonl", *judgments),) if judgments else (),
        )
        return ingest(self.spark, IngestJob(tables=self.tables), "judgelake", files, **options)

    def rows(self, table: str, *columns: str) -> list[tuple[Any, ...]]:
        found = self.spark.table(getattr(self.tables, table)).select(*columns)
        return sorted((tuple(row) for row in found.collect()), key=repr)

    def versions(self, table: str) -> int:
        return self.spark.sql(f"DESCRIBE HISTORY {getattr(self.tables, table)}").count()


@pytest.fixture
def into(spark, lake, tmp_path) -> Lake:
    return Lake(spark, lake, tmp_path)


def test_judgments_stand_in_the_table_with_their_question_and_a_second_time_changes_nothing(into):
    judged = [
        said("B", verdict_logprobs={"A": -3, "B": -0.5}, model_version="v1", repeat=2),
        said(None, order="BA", error="time out"),
        {
            "comparison_id": "c1",
            "judge": "judgelm",
            "mode": "pair",
            "shown_order": "BA",
            "raw_output": "7 8\nThe second.",
            "finish_reason": "stop",
        },
    ]
    first = into.ingest(*judged, comparisons=(pair("c1"),))
    assert (first.comparisons_added, first.judgments_added, first.judgments_held, first.rejected) == (1, 3, 0, 0)
    ((question,),) = into.rows("comparisons", "question_id")
    table = into.spark.table(into.tables.judgments)
    rows = {row["status"] + row["judge"]: row.asDict(recursive=True) for row in table.collect()}
    given, failed, read = rows["okgpt-x"], rows["unparseablegpt-x"], rows["okjudgelm"]
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

    versions = into.versions("judgments")
    again = into.ingest(*judged, comparisons=(pair("c1"),))
    assert (again.judgments_added, again.judgments_held) == (0, 3)
    assert into.versions("judgments") == versions
    assert {row.asDict(recursive=True)["judgment_id"] for row in table.collect()} == {
        row["judgment_id"] for row in rows.values()
    }


def test_judgments_need_no_input_where_the_table_has_their_comparisons(into, add_pairs):
    add_pairs([("c1", "Q", "a", "b")])
    done = into.ingest(said("A"), said("A", "c9"), said("C", order="CAB"))
    assert (done.judgments_added, done.rejected) == (1, 2)
    assert into.rows("judgments", "comparison_id", "question_id", "verdict") == [("c1", "q-Q", "A")]
    assert into.rows("rejected_rows", "line", "reason") == [
        (2, "comparison_id: neither in this ingest nor in the table"),
        (3, "shown_order: CAB, but the comparison has 2 answers"),
    ]
    raw = json.loads(into.rows("rejected_rows", "line", "raw")[1][1])
    assert (raw["judge"], raw["verdict"]) == ("gpt-x", "C")


def test_what_was_rejected_or_deleted_is_taken_the_next_time(into, add_pairs):
    add_pairs([("c1", "Q", "a", "b")])
    judged = (said("A"), said("B", "c2"))
    assert into.ingest(*judged).judgments_added == 1
    # The same files, so the same run; what it appends is not the same.
    done = into.ingest(*judged, comparisons=(pair("c2"),))
    assert (done.judgments_added, done.judgments_held, done.rejected) == (1, 1, 0)
    runs = into.rows("judgments", "run_id")
    assert len(runs) == 2
    assert len(set(runs)) == 1
    into.spark.sql(f"DELETE FROM {into.tables.judgments} WHERE comparison_id = 'c2'")
    assert into.ingest(*judged).judgments_added == 1
    assert into.rows("judgments", "comparison_id", "verdict") == [("c1", "A"), ("c2", "B")]


def test_judgments_that_were_overwritten_are_taken_again(into, add_pairs):
    add_pairs([("c1", "Q", "a", "b")])
    table = into.tables.judgments
    for _ in range(3):
        assert into.ingest(said("A")).judgments_added == 1
        assert into.rows("judgments", "comparison_id", "verdict") == [("c1", "A")]
        empty = into.spark.createDataFrame([], into.spark.read.table(table).schema)
        empty.write.format("delta").mode("overwrite").saveAsTable(table)


def test_a_judge_that_says_two_things_in_the_same_files_is_taken_at_the_first_word_that_fits(into, add_pairs):
    add_pairs([("c1", "Q", "a", "b")])
    done = into.ingest(
        said("A", order="ABC"),
        said("A"),
        said("A"),
        said("B"),
        said("B", order="BA"),
        said("B", repeat=1),
        said("B", model_version="v2"),
    )
    assert (done.judgments_added, done.judgments_held) == (4, 1)
    assert done.examples == (
        "judgments.jsonl, line 1: shown_order: ABC, but the comparison has 2 answers",
        "judgments.jsonl, line 4: the judgment of gpt-x: stands with other content in judgments.jsonl, line 2",
    )
    assert into.rows("judgments", "shown_order", "repeat", "model_version", "verdict") == [
        ("AB", 0, "imported", "A"),
        ("AB", 0, "v2", "B"),
        ("AB", 1, "imported", "B"),
        ("BA", 0, "imported", "B"),
    ]


def test_a_judge_that_ran_again_says_the_latest_word_and_the_first_stays(into, add_pairs):
    add_pairs([("c1", "Q", "a", "b")])
    into.ingest(said("A"), said("A", order="BA"))
    assert into.ingest(said("B")).judgments_added == 1
    assert len(into.rows("judgments", "judgment_id")) == 3
    assert into.rows("judgments_both_orders", "verdict_ab", "verdict_ba", "is_consistent") == [("B", "A", False)]


def test_judgments_of_a_comparison_that_is_another_in_the_table_are_not_given_to_that_one(into, add_pairs):
    add_pairs([("c1", "Q", "a", "b")])
    done = into.ingest(said("A"), comparisons=(pair("c1", b="another"),))
    assert (done.comparisons_added, done.judgments_added, done.rejected) == (0, 0, 2)
    assert done.examples == (
        "comparisons.jsonl, line 1: comparison_id c1: the table holds it with other content",
        "judgments.jsonl, line 1: comparison_id: the comparison of this ingest was rejected, the table's is another",
    )


def test_strict_writes_nothing_when_a_judgment_would_be_rejected(into):
    with pytest.raises(UserError, match=r"nothing was written. The first: judgments.jsonl, line 2: .* other content"):
        into.ingest(said("A"), said("B"), comparisons=(pair("c1"),), strict=True)
    read = {"comparison_id": "c1", "judge": "judglm", "mode": "pair", "shown_order": "AB", "raw_output": "7 8"}
    with pytest.raises(UserError, match=r"line 2: raw_output cannot be read. No judge 'judglm'. Did you mean"):
        into.ingest(said("A"), read, comparisons=(pair("c1"),))
    assert into.rows("comparisons", "comparison_id") == into.rows("judgments", "verdict") == []


def test_the_command_counts_judgments(into, add_pairs, capsys, monkeypatch):
    monkeypatch.chdir(into.folder)
    add_pairs([("c1", "Q", "a", "b")])
    names = [f"--set=tables.{name}={value}" for name, value in into.tables.model_dump().items()]
    path = into.write("said.jsonl", said("A"), said(None, order="BA"), said("C"))
    assert main(["--format", "judgelake", "--judgments", str(path), *names]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["judgments", "2", "0"] in lines
    assert ["rejected", "rows", "1", "0"] in lines


def test_published_judgments_arrive_whole(into, shared):
    folder = shared / "data" / "autoj"
    if not folder.is_dir():
        pytest.skip(f"needs the published data set in {folder}")
    files = Files(
        inputs=(folder / "testdata_pairwise.jsonl",),
        judgments=(folder / "pairwise_example_output.jsonl", folder / "pairwise_exchange_example_output.jsonl"),
    )
    done = ingest(into.spark, IngestJob(tables=into.tables), "autoj", files)
    # Two of the 1,392 rows repeat the pair of another one and both its outputs; one of them has another label.
    assert (done.judgments_added, done.judgments_held, done.rejected) == (2 * 1390, 4, 1)
    assert into.spark.table(into.tables.judgments).count() == done.judgments_added
