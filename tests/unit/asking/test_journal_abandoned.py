"""Answers in the journal that no run takes any more are deleted, and no others."""

import os
import time
from types import SimpleNamespace

import pyarrow as pa
import pytest

from judgelake.asking import drop_old_answers
from judgelake.asking.journal import Journal, JournalWriter, TaskName, drop_abandoned
from judgelake.errors import UserError
from judgelake.lake import TableIdentity

SCHEMA = pa.schema([("key", pa.string()), ("answer", pa.string())])
WEEK = 7 * 86_400.0


@pytest.fixture
def chunks(tmp_path):
    """Writes answers of a chunk, some days ago; returns their folder."""

    def write(app_id, days_ago, table_id="table", fingerprint="judge", number=0):
        journal = Journal(str(tmp_path / "_staged_answers"), table_id, fingerprint, SCHEMA, ("key",), "answer")
        with JournalWriter(journal, app_id, TaskName("job", 0, number)) as writer:
            writer.take(pa.RecordBatch.from_pylist([{"key": "k", "answer": "yes"}], SCHEMA))
        folder = tmp_path / "_staged_answers" / table_id / fingerprint / app_id
        (path,) = folder.glob(f"job-000000-{number}-*")
        os.utime(path, (time.time() - days_ago * 86_400,) * 2)
        return folder

    return write


def test_only_chunks_of_the_table_in_which_nothing_is_new_are_dropped(chunks, tmp_path):
    old = [chunks("a", 8), chunks("b", 30, fingerprint="another judge")]
    working = chunks("c", 30)
    kept = [chunks("d", 6), chunks("e", 30, table_id="another table"), chunks("c", 0, number=1)]
    place = str(tmp_path / "_staged_answers")
    assert drop_abandoned(place, "table", WEEK) == 2
    assert [folder.exists() for folder in [*old, working, *kept]] == [False] * 2 + [True] * 4
    assert len(list(working.iterdir())) == 2
    assert drop_abandoned(place, "table", WEEK) == 0
    assert drop_abandoned(place, "none", WEEK) == 0


def test_a_file_beside_the_folders_of_chunks_is_no_chunk(chunks, tmp_path):
    young = chunks("a", 1)
    beside = young.parent / "a_$folder$"
    beside.touch()
    os.utime(beside, (time.time() - 30 * 86_400,) * 2)
    assert drop_abandoned(str(tmp_path / "_staged_answers"), "table", WEEK) == 0
    assert young.exists()


@pytest.mark.parametrize("setting", [None, "folder", "off"])
def test_they_are_looked_for_where_the_journal_is(setting, chunks, tmp_path, monkeypatch):
    identity = TableIdentity("table", f"file:{tmp_path}" if setting is None else "hdfs://host/judgments")
    monkeypatch.setattr("judgelake.asking.staging.identity_of", lambda spark, table: identity)
    old = chunks("a", 8)
    setting = str(tmp_path / "_staged_answers") if setting == "folder" else setting
    dropped = drop_old_answers(SimpleNamespace(), "judgments", setting, WEEK)
    assert (dropped, old.exists()) == ((0, True) if setting == "off" else (1, False))


def test_a_table_whose_journal_python_cannot_open_has_none(monkeypatch):
    identity = TableIdentity("table", "hdfs://host/judgments")
    monkeypatch.setattr("judgelake.asking.staging.identity_of", lambda spark, table: identity)
    assert drop_old_answers(SimpleNamespace(), "judgments", None, WEEK) == 0


def test_a_place_that_cannot_be_looked_through_is_named(monkeypatch):
    def closed(address):
        raise PermissionError("Access Denied")

    identity = TableIdentity("table", "s3://bucket/judgments")
    monkeypatch.setattr("judgelake.asking.staging.identity_of", lambda spark, table: identity)
    monkeypatch.setattr("judgelake.asking.journal.abandoned.filesystem", closed)
    with pytest.raises(UserError, match=r"s3://bucket/judgments/_staged_answers .*Access Denied.*asking\.staging"):
        drop_old_answers(SimpleNamespace(), "judgments", None, WEEK)
