"""What the log of a table on this machine says, without Spark."""

import json

import pytest

from judgelake.lake.log import Noted, newest_version, noted

NOTE = {"metadata": {"id": "one"}, "numFiles": 3, "tableSizeBytes": 700}


@pytest.fixture
def log(tmp_path):
    (tmp_path / "_delta_log").mkdir()
    return tmp_path / "_delta_log"


def test_the_newest_version_is_the_last_commits_whatever_else_lies_there(log):
    names = [f"{number:020}.{ending}" for number in (8, 9, 10) for ending in ("json", "crc")]
    for name in (*names, f"{11:020}.crc", f"{10:020}.checkpoint.parquet", "_last_checkpoint", f".{12:020}.json.tmp"):
        (log / name).touch()
    assert newest_version(log.parent) == 10


def test_a_folder_without_commits_has_no_version(log):
    assert newest_version(log.parent) is None
    assert newest_version(log.parent / "not there") is None


def test_a_version_is_as_delta_has_noted_it(log):
    (log / f"{4:020}.crc").write_text(json.dumps(NOTE | {"more": []}))
    assert noted(log.parent, 4) == Noted("one", 3, 700)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("", id="empty"),
        pytest.param(json.dumps(NOTE)[:20], id="half of it"),
        pytest.param("[]", id="something else"),
        pytest.param(json.dumps({**NOTE, "metadata": None}), id="no metadata"),
        pytest.param(json.dumps({"metadata": {"id": "one"}}), id="no counts"),
    ],
)
def test_a_note_that_does_not_say_all_is_none(content, log):
    (log / f"{0:020}.crc").write_text(content)
    assert noted(log.parent, 0) is None
    assert noted(log.parent, 1) is None
