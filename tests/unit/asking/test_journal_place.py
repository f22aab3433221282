"""Where the journal is, and when there is none."""

from pathlib import Path

import pytest
from pyarrow.fs import LocalFileSystem

from judgelake.asking.config import OFF
from judgelake.asking.journal import JournalRoot, journal_root
from judgelake.config import load_config
from judgelake.errors import UserError
from judgelake.jobs.judge import JudgeJob


@pytest.fixture
def bucket(tmp_path, monkeypatch):
    """A folder in the place of every object store; one that refuses where its name says so."""
    opened = []

    def filesystem(source):
        opened.append(source)
        if "closed" in source:
            raise PermissionError("Access Denied")
        if source.startswith("/"):
            return LocalFileSystem(), source
        folder = tmp_path / "stores" / source.partition("://")[2].partition("?")[0]
        folder.mkdir(parents=True, exist_ok=True)
        return LocalFileSystem(), str(folder)

    monkeypatch.setattr("judgelake.asking.journal.place.filesystem", filesystem)
    return opened


def test_without_a_setting_it_is_inside_the_storage_of_the_table(tmp_path):
    (tmp_path / "judgments").mkdir()
    root = journal_root(None, f"file:{tmp_path}/judgments")
    assert root == JournalRoot(f"{tmp_path}/judgments/_staged_answers")
    assert list(Path(root.address or "").iterdir()) == []


@pytest.mark.parametrize(
    ("location", "address"),
    [
        ("s3a://bucket/lake/judgments", "s3://bucket/lake/judgments/_staged_answers"),
        ("s3://bucket/lake/judgments/", "s3://bucket/lake/judgments/_staged_answers"),
        ("gs://bucket/judgments", "gs://bucket/judgments/_staged_answers?retry_limit_seconds=60"),
        (
            "abfss://box@account.dfs.core.windows.net/judgments",
            "abfss://box@account.dfs.core.windows.net/judgments/_staged_answers",
        ),
    ],
)
def test_a_table_in_an_object_store_has_it_there(location, address, bucket):
    assert journal_root(None, location) == JournalRoot(address)
    assert bucket == [address]


@pytest.mark.parametrize("location", ["s3://closed/judgments", "hdfs://host/judgments", "wasbs://box@a/judgments"])
def test_a_table_whose_storage_is_closed_to_python_has_none_and_the_user_is_told(location, bucket):
    root = journal_root(None, location)
    assert root.address is None
    assert root.note is not None
    assert location in root.note
    assert "set asking.staging to a folder" in root.note


@pytest.mark.parametrize(
    ("setting", "address"),
    [
        ("/Volumes/main/judging/answers/", "/Volumes/main/judging/answers"),
        ("dbfs:/Volumes/main/judging/answers", "/Volumes/main/judging/answers"),
        ("dbfs:/answers", "/dbfs/answers"),
        ("file:///mnt/answers", "/mnt/answers"),
        ("file:/mnt/answers", "/mnt/answers"),
        ("s3a://bucket/answers", "s3://bucket/answers"),
    ],
)
def test_a_folder_of_the_setting_is_used_as_python_sees_it(setting, address, monkeypatch):
    monkeypatch.setattr("judgelake.asking.journal.place.why_unusable", lambda address: None)
    assert journal_root(setting, "file:/nowhere") == JournalRoot(address)


def test_a_relative_folder_is_the_drivers(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert journal_root("answers", "file:/nowhere") == JournalRoot(f"{tmp_path}/answers")


def test_off_means_none_without_a_word():
    assert journal_root("off", "file:/nowhere") == JournalRoot(None)


@pytest.mark.parametrize("written", ["off", "Off", '"off"'])
def test_off_needs_no_quotes_in_yaml(written):
    # YAML's word for false, as false or as text.
    job = load_config(JudgeJob, None, ["judge.name=chat", f"asking.staging={written}"])
    assert job.asking.staging == OFF


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("s3://closed/answers", r"'s3://closed/answers' cannot be used: PermissionError: Access Denied .*AWS_ACCESS"),
        ("hdfs://host/answers", "'hdfs://host/answers' cannot be used: judgelake writes there neither"),
        ("s3://key:secret@bucket/answers", "holds a key"),
        ("s3://bucket/answers?secret_key=x", "holds a key"),
    ],
)
def test_a_setting_that_cannot_be_used_is_the_users_error(setting, said, bucket):
    with pytest.raises(UserError, match=said) as raised:
        journal_root(setting, "file:/nowhere")
    assert "secret@" not in str(raised.value)


def test_a_file_in_the_way_is_the_users_error(tmp_path):
    (tmp_path / "answers").write_text("", "utf-8")
    with pytest.raises(UserError, match=r"asking.staging .*answers' cannot be used"):
        journal_root(str(tmp_path / "answers"), "file:/nowhere")


def test_a_table_on_the_disk_of_another_machine_has_none_and_no_folder_is_made_for_it_here(tmp_path):
    """As over Spark Connect."""
    location = f"file:{tmp_path}/of_the_server/judgments"
    root = journal_root(None, location)
    assert root.address is None
    assert f"this machine has no folder {tmp_path}/of_the_server/judgments" in (root.note or "")
    assert list(tmp_path.iterdir()) == []
