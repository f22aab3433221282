"""A file appears with all that belongs in it, or stays as it was."""

import os

import pytest

from judgelake.whole_files import written_whole


@pytest.mark.parametrize("before", [None, "old"])
def test_a_file_is_as_it_was_until_all_is_written(tmp_path, before):
    path = tmp_path / "record.json"
    if before is not None:
        path.write_text(before)

    def found():
        return path.read_text() if path.exists() else None

    def write(broken_off):
        with written_whole(path) as draft:
            draft.write_text("ne")
            assert found() == before
            if broken_off:
                raise ValueError("half of it")
            draft.write_text("new")

    with pytest.raises(ValueError, match="half of it"):
        write(broken_off=True)
    assert found() == before
    write(broken_off=False)
    assert found() == "new"
    assert os.listdir(tmp_path) == ["record.json"]


def test_a_folder_that_is_not_there_is_said_by_the_system(tmp_path):
    with pytest.raises(FileNotFoundError), written_whole(tmp_path / "none" / "record.json") as draft:
        draft.write_text("new")
