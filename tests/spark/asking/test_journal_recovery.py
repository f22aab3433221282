"""What a run that ended left in the journal gets into the table once, and whatever else is there does no harm."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from small_lake import lake_of_its_own

from judgelake.asking.journal import Journal, JournalWriter, TaskName, journal_root, journal_rows, recover
from judgelake.errors import RunError
from judgelake.lake import JUDGMENT, app_ids, append_once, as_batch, quoted, read_pinned


@pytest.fixture(scope="module")
def table(spark, empty_warehouse, tmp_path_factory) -> str:
    return lake_of_its_own(spark, empty_warehouse, tmp_path_factory.mktemp("lake"), "of_journal").judgments


@pytest.fixture
def journal(spark, table, request) -> Journal:
    """Inside the table, for a fingerprint of the test's own."""
    pinned = read_pinned(spark, table)
    root = journal_root(None, pinned.location)
    assert root.address is not None
    return Journal(root.address, pinned.table_id, request.node.name, JUDGMENT, ("judgment_id", "attempt"), "raw_output")


def judgments(fingerprint: str, *names: str, raw_output: str = "A", status: str = "ok") -> pa.RecordBatch:
    of_all = {
        "judge_fingerprint": fingerprint,
        "attempt": 1,
        "status": status,
        "verdict": "A",
        "raw_output": raw_output,
        "judged_at": datetime(2026, 11, 30, tzinfo=UTC),
    }
    rows = [{**dict.fromkeys(JUDGMENT.names), **of_all, "judgment_id": f"{fingerprint} {name}"} for name in names]
    return as_batch(rows, JUDGMENT)


def left_by(journal: Journal, app_id: str, task: TaskName, *names: str, **values: str) -> None:
    with JournalWriter(journal, app_id, task) as writer:
        writer.take(judgments(journal.fingerprint, *names, **values))


def where(journal: Journal) -> str:
    return f"judge_fingerprint = '{journal.fingerprint}'"


def recovered(spark, journal: Journal, table: str) -> int:
    return recover(spark, journal, table, of_journal=lambda rows: rows.where(where(journal)))


def in_table(spark, table: str, journal: Journal) -> dict[str, str]:
    """The judgments of the test: outputs by name; a name that is there twice fails."""
    found = spark.read.table(table).where(where(journal)).collect()
    outputs = {row["judgment_id"].rpartition(" ")[2]: row["raw_output"] for row in found}
    assert len(outputs) == len(found)
    return outputs


def test_what_was_left_is_appended_once_and_deleted(spark, table, journal):
    left_by(journal, "a" * 32, TaskName("job1", 0, 1), "x", "y")
    # A task that was tried again has written one row a second time, with another answer.
    left_by(journal, "a" * 32, TaskName("job1", 0, 2), "y", "z", raw_output="B")
    left_by(journal, "b" * 32, TaskName("job1", 0, 3), "w")
    assert recovered(spark, journal, table) == 4
    assert in_table(spark, table, journal) == {"x": "A", "y": "A", "z": "B", "w": "A"}
    assert journal.left_behind() == {}
    assert recovered(spark, journal, table) == 0


def test_a_chunk_that_was_appended_before_the_run_ended_is_only_deleted(spark, table, journal):
    app_id = "c" * 32
    left_by(journal, app_id, TaskName("job1", 0, 1), "x", "y")
    rows = journal_rows(spark, journal, app_id)
    assert rows is not None
    append_once(rows.where("judgment_id LIKE '% x'"), table, app_id)
    assert recovered(spark, journal, table) == 1
    assert in_table(spark, table, journal) == {"x": "A", "y": "A"}
    assert recovered(spark, journal, table) == 0
    assert journal_rows(spark, journal, app_id) is None


def test_two_drivers_that_recover_at_once_append_each_row_once(spark, table, journal):
    names = [f"n{i}" for i in range(20)]
    left_by(journal, "d" * 32, TaskName("job1", 0, 1), *names)
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda _: recovered(spark, journal, table), range(3)))
    assert max(found) <= 20
    assert in_table(spark, table, journal).keys() == set(names)
    assert journal.left_behind() == {}


def test_a_driver_that_still_works_on_the_chunk_doubles_nothing(spark, table, journal):
    app_id = "e" * 32
    left_by(journal, app_id, TaskName("job1", 0, 1), "x")
    recovered(spark, journal, table)
    whole = spark.createDataFrame(
        pa.Table.from_batches([judgments(journal.fingerprint, "x", "y")]), spark.read.table(table).schema
    )
    append_once(whole, table, app_id)
    assert in_table(spark, table, journal).keys() == {"x"}
    assert next(iter(app_ids(app_id))) == app_id


def test_garbage_is_left_out_and_goes_with_the_rest(spark, table, journal):
    app_id = "f" * 32
    left_by(journal, app_id, TaskName("job1", 0, 1), "x")
    left_by(journal, app_id, TaskName("job1", 1, 2), "y")
    folder = Path(journal.address, app_id)
    damaged = folder / journal.files(app_id)[1]
    damaged.write_bytes(damaged.read_bytes()[:-50])
    (folder / "notes.txt").write_text("?", "utf-8")
    assert recovered(spark, journal, table) == 1
    assert in_table(spark, table, journal).keys() == {"x"}
    assert not folder.exists()


def test_readers_and_vacuum_ignore_the_folder_inside_the_table(spark, table, journal):
    left_by(journal, "0" * 32, TaskName("job1", 0, 1), "x")
    beside = Path(journal.root).parent / "staged_answers" / "x.parquet"
    beside.parent.mkdir()
    beside.write_bytes(b"?")
    assert in_table(spark, table, journal) == {}
    check = "spark.databricks.delta.retentionDurationCheck.enabled"
    spark.conf.set(check, "false")
    try:
        spark.sql(f"VACUUM {quoted(table)} RETAIN 0 HOURS")
    finally:
        spark.conf.unset(check)
    assert not beside.exists()
    assert len(journal.files("0" * 32)) == 1
    assert read_pinned(spark, table).df.where(where(journal)).isEmpty()


def test_a_row_that_the_table_refuses_is_named_and_kept(spark, table, journal):
    left_by(journal, "1" * 32, TaskName("job1", 0, 1), "x", raw_output="refused")
    spark.sql(f"ALTER TABLE {quoted(table)} ADD CONSTRAINT not_refused CHECK (raw_output <> 'refused')")
    try:
        with pytest.raises(RunError, match=r"not_refused") as raised:
            recovered(spark, journal, table)
    finally:
        spark.sql(f"ALTER TABLE {quoted(table)} DROP CONSTRAINT not_refused")
    assert f"{journal.address}/{'1' * 32}" in str(raised.value)
    assert "\n" not in str(raised.value)
    assert recovered(spark, journal, table) == 1
    assert in_table(spark, table, journal) == {"x": "refused"}


def test_answers_that_cannot_be_read_for_a_while_are_not_deleted(spark, table, journal, monkeypatch):
    app_id = "2" * 32
    left_by(journal, app_id, TaskName("job1", 0, 1), "x")
    left_by(journal, app_id, TaskName("job1", 1, 2), "y")
    listed = journal.left_behind()
    file = Path(journal.address, app_id, listed[app_id][1])
    file.rename(file.with_suffix(".elsewhere"))
    # As a file of a store that refuses: it is there, and reading it is an error.
    file.mkdir()
    with monkeypatch.context() as as_listed:
        as_listed.setattr(Journal, "left_behind", lambda journal, least_age_s=0.0: listed)
        with pytest.raises(RunError, match="could not be compared with") as raised:
            recovered(spark, journal, table)
    assert f"{journal.address}/{app_id}" in str(raised.value)
    file.rmdir()
    file.with_suffix(".elsewhere").rename(file)
    assert recovered(spark, journal, table) == 2
    assert in_table(spark, table, journal).keys() == {"x", "y"}
