"""Files as rows: what is tolerated, what rejects a row, and what ends the ingest."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from judgelake.errors import UserError
from judgelake.sources.files import rows_of
from judgelake.sources.loaded import Rejected, Row
from judgelake.sources.reading import object_of, row_of_line, rows_of_stream


def rows(path: Path, content: bytes) -> list[Row | Rejected]:
    path.write_bytes(content)
    return list(rows_of(path))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "rows.json"


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        pytest.param(b'{"a": 1}\n{"a": 2}\n', [1, 2], id="one object a line"),
        pytest.param(b'{"a": 1}\r\n\r\n{"a": 2}', [1, 3], id="CRLF, an empty line, no newline at the end"),
        pytest.param(b'\xef\xbb\xbf{"a": 1}\n{"a": 2}\n', [1, 2], id="byte order mark"),
        pytest.param(b'[\n  {"a": 1},\n  {\n"a": 2}\n]\n', [2, 3], id="a list, lines of the elements' beginnings"),
        pytest.param(b'\xef\xbb\xbf[{"a": 1}, {"a": 2}]', [1, 1], id="a list behind a byte order mark"),
        pytest.param('{"a": 1, "b": "x\u2028y\x85z"}\n{"a": 2}'.encode(), [1, 2], id="line separators inside a text"),
    ],
)
def test_a_file_is_read_as_a_list_or_as_lines(file, content, lines):
    found = rows(file, content)
    assert [row.line for row in found] == lines
    assert [row.value["a"] for row in found if isinstance(row, Row)] == [1, 2]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"[]", b" [ ] \n"])
def test_a_file_without_rows_has_none(file, content):
    assert rows(file, content) == []


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        pytest.param(b'{"a": 1', "not JSON: Expecting ',' delimiter at column 8", id="cut off"),
        pytest.param(b"hello", "not JSON: Expecting value at column 1", id="no JSON"),
        pytest.param(b'{"a": 1} {"a": 2}', "not JSON: more text after column 8", id="two objects"),
        pytest.param(b'{"a": "\xff"}', "not valid UTF-8 at byte 8", id="invalid UTF-8"),
        pytest.param(b'{"a": NaN}', "NaN is not a JSON number", id="NaN"),
        pytest.param(b'{"a": -Infinity}', "-Infinity is not a JSON number", id="Infinity"),
        pytest.param(b'{"a": 1e999}', "the number 1e999 is too large", id="a number that becomes infinity"),
        pytest.param(b'{"a": 1, "b": {"c": 2, "c": 3}}', "c: the same key twice in one object", id="duplicate key"),
        pytest.param(b"[1, 2]", "a list, expected an object", id="a list"),
        pytest.param(b'"text"', "a str, expected an object", id="a text"),
        pytest.param(b"null", "a NoneType, expected an object", id="null"),
        pytest.param(b'{"a": ' + b"[" * 100_000, "not JSON: nested too deeply", id="nested too deeply"),
        pytest.param(b'{"a": "\x00"}', "not JSON: Invalid control character at at column 8", id="raw NUL"),
    ],
)
def test_a_bad_line_is_rejected_with_its_number_and_the_rest_is_read(file, line, reason):
    found = rows(file, b'{"a": 1}\n' + line + b'\n{"a": 3}\n')
    assert [(row.line, getattr(row, "reason", None)) for row in found] == [(1, None), (2, reason), (3, None)]


def test_the_first_line_may_be_the_bad_one(file):
    assert [type(row) for row in rows(file, b'oops\n{"a": 1}\n')] == [Rejected, Row]


def test_a_rejected_row_keeps_its_text_as_far_as_it_is_text(file):
    found = rows(file, b'{"a": 1}\n{"a": "\xe9t\xe9"}\n')[1]
    assert isinstance(found, Rejected)
    assert found.raw == '{"a": "\\xe9t\\xe9"}'


def test_in_a_list_only_the_element_with_the_bad_byte_is_rejected(file):
    good, bad, after = rows(file, b'[{"a": "x"},\n{"a": "\xff"},\n{"a": NaN}]')
    assert isinstance(good, Row)
    assert (bad.line, bad.reason) == (2, "not valid UTF-8")
    assert bad.raw == '{"a": "\\xff"}'
    assert (after.line, after.reason) == (3, "NaN is not a JSON number")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"question,answer\nwhat,this\n", id="CSV"),
        pytest.param(bytes(range(256)) * 4, id="binary"),
        pytest.param('[{"a": 1}]'.encode("utf-16"), id="UTF-16"),
        pytest.param(b'[{"a": 1}, {"a": ', id="a list cut off"),
        pytest.param(b'[{"a": 1} {"a": 2}]', id="a list without a comma"),
        pytest.param(b'[{"a": 1},]', id="a list with a comma too many"),
        pytest.param(b'[{"a": 1}] and more', id="text after the list"),
        pytest.param(b'{\n  "a": 1\n}\n', id="one object over several lines"),
    ],
)
def test_a_file_that_is_no_such_json_ends_the_ingest_by_name(file, content):
    with pytest.raises(UserError, match=r"rows\.json"):
        rows(file, content)


def test_a_key_that_no_table_can_hold_is_named_in_a_reason_that_a_table_can_hold(file):
    (found,) = rows(file, rb'{"\ud800": 1, "\ud800": 2}')
    assert found.reason == "\\ud800: the same key twice in one object"


def test_a_stream_that_cannot_be_wound_back_is_read_as_a_file(file):
    content = b'\xef\xbb\xbf\n [{"a": 1},\n{"a": 2}]'
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as pipe:
        pipe.stdin.write(content)
        pipe.stdin.close()
        found = list(rows_of_stream("a pipe", pipe.stdout))
    assert [(row.file, row.line, row.value) for row in found] == [("a pipe", 2, {"a": 1}), ("a pipe", 3, {"a": 2})]
    assert [(row.line, row.value) for row in rows(file, content)] == [(2, {"a": 1}), (3, {"a": 2})]


def test_a_line_without_a_place_may_begin_with_a_byte_order_mark():
    # Spark's reader of text leaves the mark of a file to its first line.
    found = row_of_line("x", b'\xef\xbb\xbf{"a": 1}')
    assert isinstance(found, Row)
    assert found.value == {"a": 1}


def test_a_file_that_is_absent_or_a_folder_ends_the_ingest_by_name(tmp_path):
    for path in (tmp_path / "absent.json", tmp_path):
        with pytest.raises(UserError, match=path.name):
            list(rows_of(path))


def test_lines_are_read_one_after_the_other(file):
    file.write_bytes(b'{"a": 1}\n' * 3)
    reading = rows_of(file)
    assert isinstance(next(reading), Row)
    reading.close()


def test_an_object_file_is_told_from_lines(file):
    file.write_bytes(b'\xef\xbb\xbf{\n"a": 1}\n')
    assert object_of(file) == {"a": 1}
    file.write_bytes(b'{"a": 1}\n{"a": 2}\n')
    assert object_of(file) is None
    file.write_bytes(b'{"a": 1, "a": 2}')
    with pytest.raises(UserError, match="same key twice"):
        object_of(file)
