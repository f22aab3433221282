"""One trainer at a time writes into a folder, also when the job that started it was killed."""

from __future__ import annotations

from pathlib import Path

import pytest
from filelock import FileLock

from judgelake.errors import UserError
from judgelake.jobs.train.job import _alone_in
from judgelake.trainer import RunFolder
from judgelake.trainer.entry import run_process as main


@pytest.fixture
def trained(monkeypatch) -> list[bool]:
    """For each training that took place, whether others were kept out of its folder."""
    calls: list[bool] = []

    def train_here(folder: RunFolder, say: object) -> None:
        with pytest.raises(UserError, match="Another training is writing into"), _alone_in(folder.path):
            pass
        calls.append(True)

    monkeypatch.setattr("judgelake.trainer.process.train_here", train_here)
    return calls


def test_a_job_waits_for_a_trainer_whose_own_job_is_gone(tmp_path: Path, trained: list[bool]):
    assert main(RunFolder(tmp_path)) == 0
    assert trained == [True]
    with _alone_in(tmp_path):
        pass


def test_a_second_trainer_is_refused(tmp_path: Path, trained: list[bool]):
    folder = RunFolder(tmp_path)
    with FileLock(folder.trainer_lock):
        assert main(folder) == 2
    (failure,) = folder.failures()
    assert str(failure).startswith("Another training is writing into")
    assert trained == []


def test_the_processes_of_one_training_do_not_keep_each_other_out(tmp_path: Path, trained: list[bool], monkeypatch):
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    with FileLock(RunFolder(tmp_path).trainer_lock):
        assert main(RunFolder(tmp_path)) == 0
    assert trained == [True]
