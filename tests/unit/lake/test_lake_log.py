"""What the log of a table on this machine says, without Spark."""

import json

import pytest

from judgelake.lake.log import DataFile, newest_version, noted

NOTE = {"metadata": {"id": "one"}, "numFiles": 3, "tableSizeBytes": 700}
STATS = {"numRecords": 2, "minValues": {"run_id": "b"}, "maxValues": {"run_id": "d"}}
PLAIN = {
    "metadata": {"id": "one", "partitionColumns": []},
    "protocol": {"minReaderVersion": 1, "minWriterVersion": 7},
    "numFiles": 2,
    "tableSizeBytes": 700,
    "allFiles": [{"path": "one.parquet", "stats": json.dumps(STATS)}, {"path": "the%20other.parquet"}],
}


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
    note = noted(log.parent, 4)
    assert (note.table_id, note.files, note.size_bytes, note.data_files()) == ("one", 3, 700, None)


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


def test_the_files_of_a_plain_table_are_known_with_the_ends_of_their_values(log):
    for name in ("one.parquet", "the other.parquet"):
        (log.parent / name).touch()
    (log / f"{0:020}.crc").write_text(json.dumps(PLAIN))
    without = [PLAIN["allFiles"][0] | {"stats": stats} for stats in ("null", json.dumps({"minValues": None}))]
    (log / f"{1:020}.crc").write_text(json.dumps(PLAIN | {"allFiles": without}))
    assert all(one.may_hold("run_id", "a") for one in noted(log.parent, 1).data_files())
    one, other = noted(log.parent, 0).data_files()
    assert one == DataFile(log.parent / "one.parquet", {"run_id": "b"}, {"run_id": "d"})
    assert other == DataFile(log.parent / "the other.parquet")
    assert [one.may_hold("run_id", value) for value in ("a", "b", "c", "d", "e")] == [False, True, True, True, False]
    assert one.may_hold("another", "a")
    assert other.may_hold("run_id", "a")


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"allFiles": None}, id="no list"),
        pytest.param({"allFiles": PLAIN["allFiles"][:1]}, id="not all of them"),
        pytest.param({"allFiles": [*PLAIN["allFiles"][:1], {"path": "gone.parquet"}]}, id="one was removed"),
        pytest.param({"allFiles": [*PLAIN["allFiles"][:1], {"path": "s3://b/x.parquet"}]}, id="one is elsewhere"),
        pytest.param(
            {"protocol": {"minReaderVersion": 3, "readerFeatures": ["deletionVectors"]}}, id="deletion vectors"
        ),
        pytest.param({"protocol": {}}, id="an unknown protocol"),
        pytest.param({"protocol": None}, id="no protocol"),
        pytest.param({"metadata": {"id": "one", "partitionColumns": ["run_id"]}}, id="partitions"),
        pytest.param({"metadata": {"id": "one"}}, id="unknown partitions"),
        pytest.param({"allFiles": [{"path": "one.parquet", "stats": "{"}] * 2}, id="statistics that are no JSON"),
        pytest.param({"allFiles": ["one.parquet"] * 2}, id="no description of a file"),
        pytest.param({"protocol": ["1"]}, id="a protocol of another form"),
    ],
)
def test_files_that_only_delta_can_read_are_not_known(changes, log):
    for name in ("one.parquet", "the other.parquet"):
        (log.parent / name).touch()
    (log / f"{0:020}.crc").write_text(json.dumps(PLAIN | changes))
    note = noted(log.parent, 0)
    assert (note.files, note.data_files()) == (2, None)
