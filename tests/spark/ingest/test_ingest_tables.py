"""A table of any columns into the lake: mapped by the config, its bad rows rejected one by one."""

from __future__ import annotations

import datetime
import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ingest_lake import IngestLake

from judgelake.errors import UserError
from judgelake.jobs.ingest import Ingested
from judgelake.sources import Columns


@pytest.fixture(scope="module")
def into(spark, empty_warehouse, tmp_path_factory) -> IngestLake:
    return IngestLake.of_a_module(spark, empty_warehouse, tmp_path_factory.mktemp("ingest"), "of_test_ingest_tables")


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
    done = into.ingest_table(path, columns=FLAT_COLUMNS)
    assert into.rows("comparisons", "comparison_id", "source", "attributes") == [
        ("1", "table", {"language": "en"}),
        ("2", "table", {}),
        ("7", "table", {"language": "en"}),
    ]
    assert into.rows("labels", "comparison_id", "labeler", "verdict") == [("1", "editors", "A")]
    assert {reason for (reason,) in into.rows("rejected_rows", "reason")} == {
        "prompt: null, expected text",
        "prompt: the question is empty",
        "good: null, expected text",
        "good: contains a NUL character",
        "label by editors: pick: '9', expected one of 1, 2, 0",
        "not valid UTF-8",
    }
    # The label that cannot be read costs only itself.
    assert (done.comparisons_added, done.labels_added, done.rejected) == (3, 1, 6)
    assert into.ingest_table(path, columns=FLAT_COLUMNS) == Ingested(0, 3, 0, 1, 6, 0, done.examples)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"question": "query"}, "has no column 'query'; it has id, prompt, good, bad, pick, lang"),
        ({"answers": ["good", "pick"]}, "Column 'pick' of .* is int, expected text"),
    ],
)
def test_a_table_without_the_columns_is_an_error_that_names_them(into, change, message):
    path = into.folder / "flat.parquet"
    into.spark.createDataFrame([(1, "Q", "a", "b", 1, "en")], FLAT).write.mode("overwrite").parquet(str(path))
    with pytest.raises(UserError, match=message):
        into.ingest_table(
            path,
            columns=FLAT_COLUMNS.model_copy(
                update={k: tuple(v) if isinstance(v, list) else v for k, v in change.items()}
            ),
        )


def test_a_table_that_is_not_there_is_an_error_that_names_it(into):
    with pytest.raises(UserError, match=r"no_such_table"):
        into.ingest_table("no_such_table", columns=FLAT_COLUMNS)


def test_rows_of_two_tables_at_one_place_have_nothing_to_do_with_each_other(into):
    # The second row of the second table contradicts the first table, whose own second row has nothing wrong.
    tables = {
        "first": [(11, "Q11", "a", "b", 1, "en"), (12, "Q12", "a", "b", 2, "en")],
        "second": [(13, "Q13", "a", "b", 1, "en"), (11, "Another question", "a", "b", 1, "en")],
    }
    for name, rows in tables.items():
        into.spark.createDataFrame(rows, FLAT).coalesce(1).write.parquet(str(into.folder / name))
    done = into.ingest_table(*(into.folder / name for name in tables), columns=FLAT_COLUMNS)
    assert (done.comparisons_added, done.labels_added, done.rejected) == (3, 3, 1)


ANY = [
    {"q": [{"role": "user", "content": "What?"}], "resp.a": "x", "resp.b": "y", "won": True, "s.a": "4", "s.b": "4.5"},
    {"q": [{"role": "user", "content": "Why?"}], "resp.a": "", "resp.b": "y", "won": None, "s.a": None, "s.b": None},
]
ANY_COLUMNS = Columns.model_validate(
    {
        "question": "q",
        "answers": ["resp.a", "resp.b"],
        "labels": [
            {"labeler": "eds", "verdict": "won", "verdicts": {"true": "A", "false": "B"}},
            {"labeler": "gpt", "kind": "teacher", "scores": ["s.a", "s.b"]},
        ],
    }
)


def in_every_kind(folder: Path, rows: list[dict[str, Any]]) -> list[Path]:
    """The rows as Parquet, which Spark reads, and as files that are read by this process."""
    folder.mkdir()
    table = pa.Table.from_pylist(rows)
    names = ("x.parquet", "x.arrow", "x.json", "x.jsonl.gz", "ns.parquet")
    parquet, arrow, array, lines, nanoseconds = paths = [folder / name for name in names]
    pq.write_table(table, parquet)
    with pa.ipc.new_file(arrow, table.schema) as writer:
        writer.write_table(table)
    array.write_text(json.dumps(rows, indent=1))
    lines.write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode()))
    at = pa.array([datetime.datetime(2026, 1, 2)] * len(rows), pa.timestamp("ns"))
    pq.write_table(table.append_column("at", at), nanoseconds)
    return paths


def test_the_same_rows_are_the_same_whatever_the_file(into):
    first, *others = in_every_kind(into.folder / "kinds", ANY)
    done = into.ingest_table(first, columns=ANY_COLUMNS)
    assert (done.comparisons_added, done.labels_added, done.rejected) == (2, 2, 0)
    assert into.rows("labels", "verdict", "scores", where="labeler IN ('eds', 'gpt')") == [
        ("A", None),
        (None, [4.0, 4.5]),
    ]
    for path in others:
        assert into.ingest_table(path, columns=ANY_COLUMNS) == Ingested(0, 2, 0, 2, 0, 0, ()), path
    # Only an address is left to Spark although it has times in nanoseconds.
    with pytest.raises(UserError, match=r"it has times in nanoseconds, which Spark does not read\. Write them"):
        into.ingest_table(f"file://{others[-1]}", columns=ANY_COLUMNS)


def test_partition_folders_keep_their_text_and_a_real_99_is_another_id(into):
    for name in ("id=0099", "id=99"):
        path = into.folder / "parts" / name / "part.parquet"
        path.parent.mkdir(parents=True)
        pq.write_table(pa.Table.from_pylist([{"question": f"of {name}", "answer_a": "a", "answer_b": "b"}]), path)
    done = into.ingest_table(into.folder / "parts", columns=Columns(comparison_id="id", source="parts"))
    assert (done.comparisons_added, done.rejected) == (2, 0)
    assert into.rows("comparisons", "comparison_id", where="source = 'parts'") == [("0099",), ("99",)]


def test_an_ingest_that_takes_nothing_ends_with_2_and_says_why(into, capsys):
    votes = into.write("votes.jsonl", {"prompt": "Q", "chosen": "a", "rejected": "b"}, {"prompt": "R"})
    code, lines = into.command("--format", "judgelake", "--input", str(votes))
    assert (code, lines[-1][:2]) == (2, ["rejected:", "votes.jsonl,"])
    assert (
        "error: Nothing was ingested: every row was rejected (2). The first: votes.jsonl, line 1: prompt: unknown key. "
        "'votes.jsonl' looks like --format preference --input.\n"
    ) in capsys.readouterr().err
    empty = into.write("empty.jsonl")
    assert into.command("--format", "judgelake", "--input", str(empty))[0] == 2
    assert f"error: Nothing was ingested: there is no row in {empty}." in capsys.readouterr().err
    assert into.command("--format", "preference", "--input", str(votes))[0] == 0
    assert into.command("--format", "preference", "--input", str(votes))[0] == 0
