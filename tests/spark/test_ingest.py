"""Files and tables into Delta: once, whole, and nothing lost without a word."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from judgelake.config import Tables
from judgelake.errors import UserError
from judgelake.ingest import Ingested, IngestJob, ingest, main
from judgelake.sources import Columns, Files


def pair(name: str | None, question: str, a: str = "a", b: str = "b", **more: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": question}]
    return {"comparison_id": name, "messages": messages, "answers": [{"text": a}, {"text": b}], **more}


def label(verdict: str | None, labeler: str = "me", **more: Any) -> dict[str, Any]:
    return {"labeler": labeler, "kind": "human", "verdict": verdict, **more}


class Lake:
    """Ingests into the tables of one test and reads them back."""

    def __init__(self, spark: Any, tables: Tables, folder: Path) -> None:
        self.spark, self.tables, self.folder = spark, tables, folder

    def write(self, name: str, *rows: Any) -> Path:
        path = self.folder / name
        path.write_text("".join(row if isinstance(row, str) else json.dumps(row) + "\n" for row in rows), "utf-8")
        return path

    def ingest(self, *rows: Any, name: str = "rows.jsonl", labels: tuple[Path, ...] = (), **options: Any) -> Ingested:
        files = Files(inputs=(self.write(name, *rows),) if rows else (), labels=labels)
        return ingest(self.spark, IngestJob(tables=self.tables), "judgelake", files, **options)

    def ingest_table(self, name: str | Path, columns: Columns | None = None, **options: Any) -> Ingested:
        job = IngestJob(tables=self.tables, columns=columns)
        return ingest(self.spark, job, "table", Files(tables=(str(name),)), **options)

    def rows(self, table: str, *columns: str) -> list[tuple[Any, ...]]:
        found = self.spark.table(getattr(self.tables, table)).select(*columns)
        return sorted((tuple(row) for row in found.collect()), key=repr)


@pytest.fixture
def into(spark, tables, tmp_path) -> Lake:
    return Lake(spark, tables, tmp_path)


def test_what_is_read_stands_in_the_tables_and_a_second_time_changes_nothing(into):
    rows = [
        pair("c1", "Q1", labels=[label("A"), label(None, "gpt", scores=[7, 2.5])]),
        pair(None, "Q2", input="text", reference="r", rubric={"criteria": "c", "scores": None}, attributes={"k": "v"}),
        {
            "messages": [{"role": "user", "content": "1"}, {"role": "user", "content": "2"}],
            "answers": [{"turns": ["x", ""]}],
        },
        "no JSON\n",
    ]
    first = into.ingest(*rows)
    assert first == Ingested(3, 0, 2, 0, 1, 1, ("rows.jsonl, line 4: not JSON: Expecting value at column 1",))
    again = into.ingest(*rows)
    assert again == Ingested(0, 3, 0, 2, 1, 0, first.examples)
    assert into.rows("labels", "comparison_id", "labeler", "verdict", "scores") == [
        ("c1", "gpt", None, [7.0, 2.5]),
        ("c1", "me", "A", None),
    ]
    comparison = (
        into.spark.table(into.tables.comparisons).where("input IS NOT NULL").collect()[0].asDict(recursive=True)
    )
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
    assert into.rows("rejected_rows", "line", "raw", "format") == [(4, "no JSON", "judgelake")]
    assert not list(Path(into.tables.warehouse).glob("_staging*"))


def test_an_id_with_other_content_is_rejected_and_names_the_first(into):
    done = into.ingest(
        pair("c1", "Q1", labels=[label("A")]),
        pair("c1", "Q1", labels=[label("A")], source="elsewhere"),
        pair("c1", "Q1", b="another", labels=[label("B", "you")]),
    )
    assert (done.comparisons_added, done.comparisons_held, done.labels_added, done.labels_held) == (1, 1, 1, 1)
    assert done.examples == ("rows.jsonl, line 3: comparison_id c1: stands with other content in rows.jsonl, line 1",)
    later = into.ingest(pair("c1", "Another question"), name="later.jsonl")
    assert later.examples == ("later.jsonl, line 1: comparison_id c1: the table holds it with other content",)
    assert into.rows("labels", "labeler", "verdict") == [("me", "A")]
    texts = [json.loads(raw)["answers"][1]["text"] for (raw,) in into.rows("rejected_rows", "raw")]
    assert sorted(texts) == ["another", "b"]


def test_a_labeler_who_says_two_things_is_taken_at_the_first_word(into):
    first = into.ingest(pair("c1", "Q1", labels=[label("A"), label("B")]), pair("c2", "Q2", labels=[label("tie")]))
    assert first.examples == ("rows.jsonl, line 1: the label of me: stands with other content in rows.jsonl, line 1",)
    second = into.ingest(pair("c2", "Q2", labels=[label("A"), label("A", "you")]))
    assert second.examples == ("rows.jsonl, line 1: the label of me: the table holds it with other content",)
    assert into.rows("labels", "comparison_id", "labeler", "verdict") == [
        ("c1", "me", "A"),
        ("c2", "me", "tie"),
        ("c2", "you", "A"),
    ]


def test_labels_in_a_file_of_their_own_need_their_comparison(into):
    into.ingest(pair("c1", "Q1"))
    said = [
        label("A", comparison_id="c1"),
        label("C", "b", comparison_id="c1"),
        label("A", comparison_id="none"),
        label(None, "c", comparison_id="c2", scores=[1]),
    ]
    done = into.ingest(pair("c2", "Q2"), labels=(into.write("labels.jsonl", *said),))
    assert into.rows("labels", "comparison_id", "verdict") == [("c1", "A")]
    assert [reason for (reason,) in into.rows("rejected_rows", "reason")] == [
        "comparison_id: neither in this ingest nor in the table",
        "scores: not as many as the comparison has answers",
        "verdict: the comparison has fewer answers",
    ]
    assert (done.comparisons_added, done.labels_added, done.rejected) == (1, 1, 3)


def test_strict_writes_nothing_when_a_row_would_be_rejected(into):
    with pytest.raises(UserError, match=r"rows.jsonl, line 2: answers: missing"):
        into.ingest(pair("c1", "Q1"), {"messages": [{"role": "user", "content": "Q"}]}, strict=True)
    assert not Path(into.tables.warehouse).exists()
    with pytest.raises(UserError, match="other content"):
        into.ingest(pair("c1", "Q1"), pair("c1", "Q2"), strict=True)
    assert into.rows("comparisons", "comparison_id") == into.rows("rejected_rows", "reason") == []
    assert into.ingest(pair("c1", "Q1"), strict=True).comparisons_added == 1


def test_hard_texts_survive_the_way_into_the_table(into):
    texts = [
        "",
        "x" * 2**20,
        "😀" * 5000,
        "مرحبا שלום",
        "{question} {{ answers }} </s>",
        "a\r\nb\u2028c\x0bd\\u0000",
        "NaN",
    ]
    done = into.ingest(*(pair(f"c{n}", "Q", a=text) for n, text in enumerate(texts)))
    assert done.comparisons_added == len(texts)
    found = into.spark.table(into.tables.comparisons).orderBy("comparison_id").selectExpr("answers[0].text AS text")
    assert [row["text"] for row in found.collect()] == texts


def test_two_ingests_at_once_double_nothing(into, monkeypatch):
    into.ingest(pair("c0", "Q"))
    # Two drivers have a catalog each; the threads here share one, in which replacing a view is not atomic.
    monkeypatch.setattr("judgelake.lake.create_tables", lambda spark, tables: None)
    rows = [pair(f"c{n}", f"Q{n}", labels=[label("A")]) for n in range(50)]
    paths = [f"{name}.jsonl" for name in "ab"]
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda name: into.ingest(*rows[1:], name=name), paths))
    assert sum(one.comparisons_added for one in done) in (49, 98)
    assert len(into.rows("comparisons", "comparison_id")) == 50
    assert len(into.rows("labels", "comparison_id")) == 49


FLAT = "id BIGINT, prompt STRING, good STRING, bad STRING, pick INT, lang STRING"
FLAT_COLUMNS = Columns.model_validate(
    {
        "question": "prompt",
        "answers": ["good", "bad"],
        "comparison_id": "id",
        "attributes": {"language": "lang"},
        "labels": [{"labeler": "editors", "verdict": "pick", "verdicts": {"1": "A", "2": "B", "0": "tie"}}],
    }
)


def test_a_flat_table_is_mapped_and_its_bad_rows_are_rejected(into):
    rows = [
        (1, "Q1", "a", "", 1, "en"),
        (2, "Q2", "a", "b", None, None),
        (3, None, "a", "b", 2, "en"),
        (4, " ", "a", "b", 2, "en"),
        (5, "Q5", None, "b", 2, "en"),
        (6, "Q6", "nul\0", "b", 0, "en"),
        (7, "Q7", "a", "b", 9, "en"),
    ]
    table = into.spark.createDataFrame(rows, FLAT)
    broken = table.where("id = 1").selectExpr(
        "8L AS id", "prompt", "cast(X'61FF' AS STRING) AS good", "bad", "pick", "lang"
    )
    path = into.folder / "flat"
    table.unionByName(broken).write.parquet(str(path))
    done = into.ingest_table(path, FLAT_COLUMNS)
    assert into.rows("comparisons", "comparison_id", "source", "attributes") == [
        ("1", "table", {"language": "en"}),
        ("2", "table", {}),
    ]
    assert into.rows("labels", "comparison_id", "labeler", "verdict") == [("1", "editors", "A")]
    assert {reason for (reason,) in into.rows("rejected_rows", "reason")} == {
        "prompt: null, expected text",
        "prompt: the question is empty",
        "good: null, expected text",
        "good: holds a NUL character",
        "pick: '9', expected one of 1, 2, 0",
        "not valid UTF-8",
    }
    assert (done.comparisons_added, done.labels_added, done.rejected) == (2, 1, 6)
    assert into.ingest_table(path, FLAT_COLUMNS) == Ingested(0, 2, 0, 1, 6, 0, done.examples)


def test_a_table_in_our_own_shape_needs_no_mapping(into):
    into.ingest(pair("c1", "Q1", attributes={"k": "v"}), pair("c2", "Q2"))
    other = Tables.model_validate({**into.tables.model_dump(), "comparisons": into.tables.comparisons + "_copy"})
    copied = ingest(into.spark, IngestJob(tables=other), "table", Files(tables=(into.tables.comparisons,)))
    assert copied.comparisons_added == 2
    copies, originals = (
        {row["comparison_id"]: row for row in into.spark.table(name).collect()}
        for name in (other.comparisons, into.tables.comparisons)
    )
    assert copies == originals
    lines = into.write("ours.jsonl", pair("c3", "Q3", labels=[label("B")]), "no JSON\n", pair("c4", ""))
    done = into.ingest_table(lines)
    assert (done.comparisons_added, done.labels_added, done.rejected) == (1, 1, 2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"question": "query"}, "has no column 'query'; it has id, prompt, good, bad, pick, lang"),
        ({"answers": ["good", "pick"]}, "Column 'pick' of .* is int, expected text"),
    ],
)
def test_a_table_without_the_columns_is_an_error_that_names_them(into, change, message):
    path = into.folder / "flat.parquet"
    into.spark.createDataFrame([(1, "Q", "a", "b", 1, "en")], FLAT).write.parquet(str(path))
    with pytest.raises(UserError, match=message):
        into.ingest_table(
            path, FLAT_COLUMNS.model_copy(update={k: tuple(v) if isinstance(v, list) else v for k, v in change.items()})
        )


def test_a_table_that_is_not_there_is_an_error_that_names_it(into):
    with pytest.raises(UserError, match=r"no_such_table"):
        into.ingest_table("no_such_table", FLAT_COLUMNS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--format", "pandalm", "--input", "absent.json"], "Cannot read 'absent.json': No such file or directory."),
        (["--format", "pandaml", "--input", "x"], "There is no format 'pandaml'. Did you mean 'pandalm'?"),
        (["--format", "pandalm"], "--format pandalm needs --input"),
        (["--format", "llmbar", "--input", "x", "--pairs", "all"], "--pairs means nothing for --format llmbar"),
        (["--format", "alpaca_eval"], "--format alpaca_eval needs a file: --input, --annotations or --judgments."),
        (
            ["--format", "table", "--input", "x", "--baseline", "m"],
            "--format table needs --input and takes nothing else",
        ),
        (
            ["--format", "pandalm", "--input", "x", "--set", "tabels.labels=x"],
            "unknown key 'tabels'. Did you mean 'tables'?",
        ),
        (["--format", "pandalm", "--input", "x", "--set", "tables.warehouse=null"], "`staging` is not set"),
        (["--format", "judgelake"], "--format judgelake needs a file: --input, --labels or --judgments."),
        (["--format", "judgelake", "--judgments", "absent.jsonl"], "Cannot read 'absent.jsonl': No such file"),
        (
            ["--format", "judgelake", "--input", "x", "--judges", "d"],
            "--judges names judge files to read raw outputs by",
        ),
        (["--format", "mm_vet", "--input", "x", "--answers", "y", "--judgments", "z"], "--judgments means nothing for"),
    ],
)
def test_a_wrong_command_ends_with_one_sentence_and_exit_code_2(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert message in said
    assert len(said.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_the_command_reports_what_it_did(into, capsys, monkeypatch):
    monkeypatch.chdir(into.folder)
    path = into.write("rows.jsonl", pair("c1", "Q1", labels=[label("A")]), "oops [bold]\n")
    names = [f"--set=tables.{name}={value}" for name, value in into.tables.model_dump().items()]
    assert main(["--format", "judgelake", "--input", str(path), *names]) == 0
    said = capsys.readouterr().out
    # Words on the way depend on how long it took.
    table = [line.split() for line in said.splitlines() if line.strip() and not line.endswith(".")]
    assert table[:4] == [
        ["added", "already", "there"],
        ["comparisons", "1", "0"],
        ["labels", "1", "0"],
        ["rejected", "rows", "1", "0"],
    ]
    assert "rejected: rows.jsonl, line 2: not JSON" in said
    assert main(["--format", "judgelake", "--input", str(path), "--strict", *names]) == 2


def test_a_warehouse_that_cannot_be_written_is_an_error_that_names_it(into):
    (into.folder / "file").write_text("")
    tables = into.tables.model_copy(update={"warehouse": str(into.folder / "file")})
    with pytest.raises(UserError, match=r"Cannot write to .*file"):
        ingest(
            into.spark, IngestJob(tables=tables), "judgelake", Files(inputs=(into.write("r.jsonl", pair("c", "Q")),))
        )


def test_the_shipped_config_is_the_defaults(root):
    from judgelake.config import load_config

    assert load_config(IngestJob, root / "conf" / "ingest.yaml") == IngestJob()
