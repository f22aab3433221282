"""Whether a place can be written is found out by writing, so that root and network file systems get a true answer."""

import os
from pathlib import Path

import pytest

from judgelake.writability import is_writable, nearest_existing, why_unwritable


@pytest.fixture
def closed(tmp_path, monkeypatch):
    """A folder that takes no file although os.access says it would: an administrator may write everywhere."""

    def refused(**keywords):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", refused)
    assert os.access(tmp_path, os.W_OK | os.X_OK)
    return tmp_path


@pytest.mark.parametrize("name", [".", "new", "new/deeper/still", "file"])
def test_what_can_be_written_or_made_is_writable_and_left_as_it_was(tmp_path, name):
    (tmp_path / "file").write_text("kept")
    assert is_writable(tmp_path / name)
    assert is_writable(str(tmp_path / name))
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "kept"


def test_nothing_can_be_made_below_a_file(tmp_path):
    (tmp_path / "file").touch()
    assert why_unwritable(tmp_path / "file" / "below") == f"{tmp_path.resolve() / 'file'} is a file"
    assert nearest_existing(tmp_path / "file" / "below") == tmp_path.resolve() / "file"


@pytest.mark.parametrize("name", [".", "new", "file"])
def test_a_folder_that_takes_no_file_is_not_writable_and_says_why(closed, name):
    (closed / "file").touch()
    assert not is_writable(closed / name)
    assert why_unwritable(closed / name) == "Permission denied"


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs Linux's /proc, which takes no files from anybody")
def test_a_file_system_that_takes_no_files_is_not_writable_for_root_either():
    assert not is_writable("/proc/new-folder")
