"""What tasks write to the journal is read back whole, each row once, whatever ends them."""

import itertools
import logging
import os
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgelake.asking.journal import Journal, JournalWriter, KnownAnswers, TaskName, answered_before, files
from judgelake.lake import JUDGMENT, as_batch

SCHEMA = pa.schema([("key", pa.string()), ("attempt", pa.int32()), ("answer", pa.string())])
APP_ID = "0" * 32
FIRST, AGAIN, OTHER = TaskName("job1", 3, 7), TaskName("job1", 3, 12), TaskName("job1", 4, 8)


def journal_in(folder: Path, schema: pa.Schema = SCHEMA) -> Journal:
    return Journal(str(folder / "journal"), "table", "judge", schema, ("key", "attempt"), "answer")


@pytest.fixture
def journal(tmp_path):
    return journal_in(tmp_path)


def batch(*keys: str, answer: str | None = "yes") -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([{"key": key, "attempt": 1, "answer": answer} for key in keys], SCHEMA)


def write(journal: Journal, task: TaskName, *batches: pa.RecordBatch, **limits: float) -> JournalWriter:
    with JournalWriter(journal, APP_ID, task, **limits) as writer:
        for rows in batches:
            writer.take(rows)
    return writer


def keys_in(journal: Journal, task: TaskName | None = None) -> list[str]:
    return sorted(key for key, _ in answered_before(journal, APP_ID, task).places)


def taken(known: KnownAnswers, keys: Sequence[Any]) -> list[dict[str, Any]]:
    return [row for rows in known.take(keys) for row in rows.to_pylist()]


def paths(journal: Journal) -> list[Path]:
    return sorted(path for path in Path(journal.root).rglob("*") if path.is_file())


def test_what_is_written_is_read_back_with_all_columns(journal):
    rows = batch("a", "b")
    assert write(journal, FIRST, rows).why_off is None
    known = answered_before(journal, APP_ID, AGAIN)
    assert taken(known, [("b", 1), ("a", 1)]) == rows.to_pylist()[::-1]
    assert ("c", 1) not in known
    assert taken(known, []) == []


@dataclass
class InPieces:
    """A table of rows that are too long for one batch, as those with more than 2 GiB of text."""

    table: pa.Table

    def take(self, places):
        return InPieces(self.table.take(places))

    def combine_chunks(self):
        return self

    def to_batches(self):
        return self.table.to_batches(max_chunksize=1)


@pytest.mark.parametrize("at_once", [2, 100])
def test_many_answers_and_long_ones_are_read_back_in_several_batches(at_once, journal, monkeypatch):
    monkeypatch.setattr("judgelake.asking.journal.known.ROWS_AT_ONCE", at_once)
    write(journal, FIRST, batch(*"abcde"))
    known = answered_before(journal, APP_ID, AGAIN)
    wanted = [(key, 1) for key in "ecadb"]
    assert [row["key"] for row in taken(replace(known, rows=InPieces(known.rows)), wanted)] == list("ecadb")


def test_rows_of_every_type_of_a_judgment_are_read_back(tmp_path):
    journal = Journal(str(tmp_path), "table", "judge", JUDGMENT, ("judgment_id", "attempt"), "raw_output")
    values = {
        "judgment_id": "j",
        "attempt": 2,
        "raw_output": "A\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
        "scores": [1.0, None],
        "verdict_logprobs": [("A", -0.1)],
        "control_strings": ["</s>"],
    }
    rows = as_batch([{name: values.get(name) for name in JUDGMENT.names}], JUDGMENT)
    write(journal, FIRST, rows)
    assert taken(answered_before(journal, APP_ID), [("j", 2)]) == rows.to_pylist()


def test_a_retried_task_reads_only_what_its_own_rows_got(journal):
    write(journal, FIRST, batch("a"))
    write(journal, OTHER, batch("b"))
    assert keys_in(journal, AGAIN) == ["a"]
    assert keys_in(journal, TaskName("job2", 3, 1)) == []
    assert keys_in(journal) == ["a", "b"]


def test_tables_and_judges_that_share_a_folder_do_not_share_answers(journal):
    write(journal, FIRST, batch("a"))
    for other in (replace(journal, table_id="other"), replace(journal, fingerprint="other")):
        assert keys_in(other) == []
        assert other.left_behind() == {}


def test_rows_without_an_answer_are_not_kept(journal):
    write(journal, FIRST, batch("a", answer=None))
    assert paths(journal) == []
    write(journal, FIRST, batch("a", answer=None), batch("b"))
    assert keys_in(journal) == ["b"]


def test_a_file_is_written_after_some_time_or_bytes_and_at_the_end(journal):
    now = 0.0
    with JournalWriter(journal, APP_ID, FIRST, seconds_a_file=20, bytes_a_file=1000, clock=lambda: now) as writer:
        writer.take(batch("a"))
        now = 19.0
        writer.take(batch("b"))
        assert keys_in(journal) == []
        now = 20.0
        writer.take(batch("c"))
        assert keys_in(journal) == ["a", "b", "c"]
        writer.take(batch("d", answer="long" * 250))
        assert keys_in(journal) == ["a", "b", "c", "d"]
        writer.take(batch("e"))
    assert keys_in(journal) == ["a", "b", "c", "d", "e"]
    assert len(paths(journal)) == 3


@pytest.mark.parametrize("seconds", [0.05, 1000.0], ids=["in time", "at once, as the task may be ended"])
def test_what_is_held_is_written_though_no_other_answer_comes(seconds, journal, monkeypatch):
    monkeypatch.setattr("judgelake.asking.journal.writer.LOOK_SECONDS", 0.01)
    is_urgent = threading.Event()
    with JournalWriter(journal, APP_ID, FIRST, seconds_a_file=seconds, is_urgent=is_urgent.is_set) as writer:
        writer.take(batch("a"))
        assert keys_in(journal) == []
        if seconds == 1000.0:
            is_urgent.set()
        end = time.monotonic() + 10
        while not keys_in(journal) and time.monotonic() < end:
            time.sleep(0.01)
        assert keys_in(journal) == ["a"]
    assert len(paths(journal)) == 1


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError, GeneratorExit])
def test_what_is_held_is_written_whatever_ends_the_task(error, journal):
    writer = JournalWriter(journal, APP_ID, FIRST)
    writer.take(batch("a"))
    with pytest.raises(error), writer:
        raise error
    assert keys_in(journal) == ["a"]


def test_a_journal_that_cannot_be_written_does_not_fail_the_task(tmp_path, caplog):
    (tmp_path / "journal").write_text("a file in the way", "utf-8")
    caplog.set_level(logging.WARNING)
    writer = write(journal_in(tmp_path), FIRST, batch("a"), batch("b"), seconds_a_file=0)
    assert writer.why_off is not None
    assert len(caplog.records) == 1
    assert "writes no more answers" in caplog.text


def test_nothing_is_visible_of_a_file_until_it_is_complete(journal, monkeypatch):
    seen = []
    really = "judgelake.asking.journal.files._write"

    def halfway(system, path, content):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_bytes(content.to_pybytes()[: len(content) // 2])
        seen.append(keys_in(journal))
        raise OSError("No space left on device")

    monkeypatch.setattr(really, halfway)
    assert "No space left" in (write(journal, FIRST, batch("a")).why_off or "")
    assert seen == [[]]
    assert journal.left_behind() == {}


def test_another_driver_may_delete_the_folder_at_any_time(journal):
    with JournalWriter(journal, APP_ID, FIRST, seconds_a_file=0) as writer:
        writer.take(batch("a"))
        journal.discard(APP_ID)
        writer.take(batch("b"))
    assert writer.why_off is None
    assert keys_in(journal) == ["b"]


def test_another_driver_may_delete_the_folder_while_a_file_in_it_gets_its_name(journal, monkeypatch):
    write(journal, OTHER, batch("b"))
    really, deletions = files._write, iter([journal.discard])

    def written(system, path, content):
        really(system, path, content)
        next(deletions, lambda app_id: None)(APP_ID)

    monkeypatch.setattr(files, "_write", written)
    assert write(journal, FIRST, batch("a")).why_off is None
    assert keys_in(journal) == ["a"]


@pytest.mark.parametrize(
    "harm",
    [
        pytest.param(lambda content: b"", id="empty"),
        pytest.param(lambda content: content[:-100], id="cut off"),
        pytest.param(lambda content: content[:40] + b"\0" * 20 + content[60:], id="overwritten"),
        pytest.param(lambda content: b"no parquet", id="something else"),
    ],
)
def test_a_file_that_is_not_as_it_was_written_is_left_out(harm, journal, caplog):
    write(journal, FIRST, batch("a"))
    (path,) = paths(journal)
    path.write_bytes(harm(path.read_bytes()))
    write(journal, AGAIN, batch("b"))
    assert keys_in(journal) == ["b"]
    assert path.name in caplog.text


def test_a_file_that_cannot_be_read_for_a_while_is_left_out_or_an_error(journal, caplog):
    write(journal, FIRST, batch("a"))
    (path,) = paths(journal)
    path.rename(path.with_suffix(".elsewhere"))
    assert journal.read(APP_ID, path.name, must_read=True) is None
    path.mkdir()
    assert journal.read(APP_ID, path.name) is None
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]
    with pytest.raises(OSError, match=path.name):
        journal.read(APP_ID, path.name, must_read=True)


def test_files_of_others_are_not_touched_by_a_reader(journal):
    write(journal, FIRST, batch("a"))
    folder = paths(journal)[0].parent
    (folder / "_SUCCESS").touch()
    (folder / f".{FIRST}-00009-00000000.parquet.part").write_bytes(b"half")
    (folder / "notes.parquet").write_bytes(b"?")
    assert keys_in(journal) == ["a"]
    assert len(journal.left_behind()[APP_ID]) == 1


def test_columns_that_an_earlier_version_did_not_write_are_null(tmp_path, caplog):
    write(journal_in(tmp_path), FIRST, batch("a"))
    newer = journal_in(tmp_path, SCHEMA.append(pa.field("more", pa.list_(pa.float64()))))
    (row,) = answered_before(newer, APP_ID).rows.to_pylist()
    assert row == {"key": "a", "attempt": 1, "answer": "yes", "more": None}
    other = journal_in(tmp_path, SCHEMA.set(2, pa.field("answer", pa.int64())))
    assert len(answered_before(other, APP_ID)) == 0
    assert "columns answer" in caplog.text


def test_discarding_deletes_what_was_named_and_the_folder_when_it_is_empty(journal):
    write(journal, FIRST, batch("a"))
    listed = journal.files(APP_ID)
    write(journal, OTHER, batch("b"))
    journal.discard(APP_ID, listed)
    assert keys_in(journal) == ["b"]
    journal.discard(APP_ID)
    assert not Path(journal.address, APP_ID).exists()
    journal.discard(APP_ID)


def test_a_journal_that_cannot_be_deleted_is_a_warning(journal, monkeypatch, caplog):
    write(journal, FIRST, batch("a"))

    def refuse(*_):
        raise PermissionError("not yours")

    monkeypatch.setattr("judgelake.asking.journal.files._names", refuse)
    journal.discard(APP_ID)
    assert "not yours" in caplog.text


STEPS = st.lists(
    st.tuples(
        st.integers(0, 2).map(str),  # which of three tasks with the same rows
        st.lists(st.integers(0, 9).map(str), max_size=4),  # the keys of a batch
        st.booleans(),  # whether they were answered
        st.sampled_from(["goes on", "ends", "is killed"]),
    ),
    max_size=12,
)


@settings(deadline=None, max_examples=60)
@given(STEPS)
def test_what_is_read_back_is_what_was_written_each_key_once(tmp_path_factory, steps):
    journal = journal_in(tmp_path_factory.mktemp("law"))
    attempts, running, held, kept = itertools.count(), {}, defaultdict(list), defaultdict(set)
    for task, keys, is_answered, then in steps:
        if task not in running:
            running[task] = JournalWriter(journal, APP_ID, TaskName("job", 0, next(attempts)))
        running[task].take(batch(*keys, answer=task if is_answered else None))
        held[task] += keys if is_answered else []
        if then == "ends":
            running[task].__exit__(None, None, None)
            for key in held[task]:
                kept[key].add(task)
        if then != "goes on":
            del running[task]
            held[task] = []
    known = answered_before(journal, APP_ID, TaskName("job", 0, next(attempts)))
    assert {key for key, _ in known.places} == kept.keys()
    for row in taken(known, list(known.places)):
        assert row["answer"] in kept[row["key"]]


def test_a_chunk_that_was_written_to_lately_may_still_be_worked_on(journal):
    write(journal, FIRST, batch("a"))
    assert set(journal.left_behind()) == {APP_ID}
    assert journal.left_behind(least_age_s=600) == {}
    for path in paths(journal):
        os.utime(path, (time.time() - 700,) * 2)
    assert set(journal.left_behind(least_age_s=600)) == {APP_ID}
    write(journal, OTHER, batch("b"))
    assert journal.left_behind(least_age_s=600) == {}


def test_what_is_left_behind_is_listed_at_once_and_only_where_chunks_are(journal, monkeypatch):
    listings, really = [], files.files_in
    monkeypatch.setattr(files, "files_in", lambda *place, **how: listings.append(place) or really(*place, **how))
    assert journal.left_behind() == {}
    write(journal, FIRST, batch("a"))
    (path,) = paths(journal)
    for other in (path.parent.parent / path.name, path.parent / "deeper" / path.name):
        other.parent.mkdir(exist_ok=True)
        other.write_bytes(path.read_bytes())
    listings.clear()
    assert journal.left_behind() == {APP_ID: [path.name]}
    assert len(listings) == 1
