"""Every kind of file as the same rows: JSON, CSV, Parquet, Arrow, packed; and the sentence for what is none of them."""

from __future__ import annotations

import datetime
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from judgelake.errors import UserError
from judgelake.sources.files import rows_of
from judgelake.sources.loaded import Rejected, Row

VALUES = [{"id": "007", "text": 'a,\n"b"'}, {"id": "7", "text": "ü 😀"}, {"id": "x", "text": ""}]
JSON_LINES = "".join(json.dumps(value) + "\n" for value in VALUES).encode()
CSV = 'id,text\n007,"a,\n""b"""\n7,ü 😀\nx,\n'.encode()


def table() -> pa.Table:
    return pa.Table.from_pylist(VALUES)


def ipc(is_stream: bool) -> bytes:
    sink = pa.BufferOutputStream()
    make = pa.ipc.new_stream if is_stream else pa.ipc.new_file
    with make(sink, table().schema) as writer:
        writer.write_table(table(), max_chunksize=2)
    return sink.getvalue().to_pybytes()


def parquet(given: pa.Table | None = None) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table() if given is None else given, sink, row_group_size=2)
    return sink.getvalue().to_pybytes()


def feathered() -> bytes:
    sink = pa.BufferOutputStream()
    feather.write_feather(table(), sink, compression="uncompressed")
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("x.jsonl", JSON_LINES, id="JSON lines"),
        pytest.param("x.json", json.dumps(VALUES).encode(), id="a JSON array on one line"),
        pytest.param("x.json", json.dumps(VALUES, indent=2).encode(), id="a pretty-printed JSON array"),
        pytest.param("x.txt", JSON_LINES, id="JSON whatever its name"),
        pytest.param("x.csv", CSV, id="CSV"),
        pytest.param("x.CSV", b"\xef\xbb\xbf" + CSV.replace(b"\n7", b"\r\n7"), id="CSV as Excel writes it"),
        pytest.param("x.tsv", CSV.replace(b"id,", b"id\t").replace(b"7,", b"7\t").replace(b"x,", b"x\t"), id="TSV"),
        pytest.param("x.parquet", parquet(), id="Parquet"),
        pytest.param("train-00000", parquet(), id="Parquet without a name"),
        pytest.param("x.arrow", ipc(is_stream=False), id="an Arrow file"),
        pytest.param("data.arrow", ipc(is_stream=True), id="an Arrow stream, as datasets keeps"),
        pytest.param("x.feather", feathered(), id="Feather"),
    ],
)
@pytest.mark.parametrize("is_packed", [False, True], ids=["plain", "gz"])
def test_one_content_gives_the_same_rows_whatever_the_file(tmp_path, name, content, is_packed):
    path = tmp_path / (f"{name}.gz" if is_packed else name)
    path.write_bytes(gzip.compress(content) if is_packed else content)
    rows = list(rows_of(path))
    assert [row.value for row in rows if isinstance(row, Row)] == VALUES
    assert [row.file for row in rows] == [str(path)] * 3
    assert all(row.line > 0 for row in rows)
    assert [row.line for row in rows] == sorted(row.line for row in rows)


def test_csv_rows_have_the_line_on_which_they_begin_and_are_rejected_one_by_one(tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes(b'id,text\n1,"two\nlines"\n2\n\n3,\xff\n4,a,b\n5,"a"b\n6,last\n')
    rows = list(rows_of(path))
    assert [(row.line, row.reason if isinstance(row, Rejected) else row.value["id"]) for row in rows] == [
        (2, "1"),
        (4, "1 cells, but the header has 2"),
        (6, "not valid UTF-8"),
        (7, "3 cells, but the header has 2"),
        (8, "not CSV: ',' expected after '\"'"),
        (9, "6"),
    ]


def test_a_csv_cell_may_be_a_megabyte(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("id,text\n1," + "x" * 2**20 + "\n")
    (row,) = rows_of(path)
    assert isinstance(row, Row)
    assert len(row.value["text"]) == 2**20


@pytest.mark.parametrize("content", [b"", b"id,text\n"], ids=["empty", "only a header"])
def test_a_csv_without_rows_has_none(tmp_path, content):
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    assert list(rows_of(path)) == []


def test_parquet_values_stay_what_they_are_and_bad_text_spoils_one_row(tmp_path):
    at = datetime.datetime(2026, 1, 2, 3, 4, 5)
    values = {
        "flag": [True, None],
        "number": [1.0, 2.5],
        "turns": [[{"role": "user", "content": "Q"}], []],
        "at": pa.array([at, None], pa.timestamp("ns")),
    }
    text = pa.array([b"good", b"\xff"]).view(pa.string())
    path = tmp_path / "x.parquet"
    path.write_bytes(parquet(pa.table({**values, "text": text})))
    good, bad = rows_of(path)
    assert isinstance(good, Row)
    assert good.value == {
        "flag": True,
        "number": 1.0,
        "turns": [{"role": "user", "content": "Q"}],
        "at": at,
        "text": "good",
    }
    assert isinstance(bad, Rejected)
    assert (bad.line, bad.reason) == (2, "not valid UTF-8")


CAN_BE_READ = "What can be read: JSON (one object per line, or one array) and CSV or TSV"


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        pytest.param("x.xlsx", b"PK\x03\x04rest", f"it is a zip archive or an Excel file. {CAN_BE_READ}", id="Excel"),
        pytest.param("x.jsonl.zst", b"\x28\xb5\x2f\xfdrest", "it is compressed with zstd. What", id="zstd"),
        pytest.param("x.bz2", b"BZh91AY", "it is compressed with bzip2. What", id="bzip2"),
        pytest.param("x.db", b"SQLite format 3\0", "it is an SQLite database. What", id="SQLite"),
        pytest.param("x.jsonl.gz", gzip.compress(JSON_LINES)[:-12], "it is damaged", id="a .gz cut off"),
        pytest.param("x.parquet", parquet()[:-20], "as Parquet", id="Parquet cut off"),
        pytest.param("x.arrow", ipc(is_stream=False)[:40], "as Arrow", id="Arrow cut off"),
        pytest.param("x.csv", "id,text\n1,a\n".encode("utf-16"), "is in UTF-16; save it as UTF-8", id="UTF-16"),
        pytest.param("x.csv", b"id;text\n1;a\n", "is separated by semicolons: save it with commas", id="semicolons"),
        pytest.param("x.csv", b"id\ttext\n1\ta\n", "is separated by tabs: save it with commas", id="tabs in CSV"),
        pytest.param("x.csv", b"id,id\n1,2\n", "has two columns 'id'; rename one of them", id="a column twice"),
    ],
)
def test_what_cannot_be_read_is_named_in_one_sentence(tmp_path, name, content, reason):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UserError) as raised:
        list(rows_of(path))
    said = str(raised.value)
    assert (name in said, reason in said, said.count("\n")) == (True, True, 0), said


@pytest.mark.parametrize("make", [lambda path: path, lambda path: path / "absent.csv"], ids=["folder", "absent"])
def test_a_folder_or_nothing_is_an_error_by_name(tmp_path, make: Callable[[Path], Any]):
    with pytest.raises(UserError, match="Cannot read"):
        list(rows_of(make(tmp_path)))
