"""A training in processes of its own: killed with -9 and gone on with, and shared by two; half a minute."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from filelock import FileLock
from tiny_model import losses, made_row, save_tiny_model, tiny_run

from judgelake.errors import RunError, UserError
from judgelake.jobs.train.launch import command_of, train_in_processes
from judgelake.trainer import RunFolder
from judgelake.trainer.process import train_here

# A last step of 3 rows: with two processes of 2 rows at once the second gets one row.
ROWS = [made_row(example, epoch, soft=example % 3 == 0) for epoch in range(5) for example in range(19)]
PATIENCE_S = 120


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("base"))


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="module")
def whole(base, tmp_path_factory) -> dict[int, float]:
    """The losses of the training that nothing disturbed, in this process: a new one takes seconds to start."""
    folder = tiny_run(tmp_path_factory.mktemp("whole"), ROWS, base, batch_rows=8, evaluate_steps=3)
    train_here(folder, lambda line: None)
    return losses(folder)


def test_two_processes_come_to_the_same_losses_as_one_with_double_accumulation(base, tmp_path, whole):
    folder = tiny_run(tmp_path, ROWS, base, batch_rows=8, evaluate_steps=1000)
    train_in_processes(folder, 2, lambda line: None)
    assert list(losses(folder)) == list(whole)
    assert losses(folder) == pytest.approx(whole, rel=1e-4)


def test_a_trainer_killed_between_checkpoints_goes_on_with_the_same_losses(base, tmp_path, whole):
    folder = tiny_run(tmp_path, ROWS, base, batch_rows=8, evaluate_steps=3)
    process = subprocess.Popen(command_of(folder, 1), stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        wait_for_step(folder, 5)
        os.killpg(process.pid, signal.SIGKILL)
    finally:
        process.kill()
        process.wait()
    assert len(losses(folder)) < len(whole)
    said: list[str] = []
    train_in_processes(folder, 1, said.append)
    assert said[0] == "going on after step 3"
    assert said[-1].startswith("step 12 of 12, epoch 5.00 of 5, loss ")
    assert (folder.model / "config.json").is_file()
    assert list(losses(folder)) == list(whole)
    assert losses(folder) == pytest.approx(whole, abs=1e-6)


def wait_for_step(folder: RunFolder, step: int) -> None:
    begun = time.monotonic()
    while not folder.events.exists() or len(losses(folder)) < step:
        assert time.monotonic() - begun < PATIENCE_S
        time.sleep(0.005)


def test_what_stops_the_trainer_stops_the_job_with_the_same_words(tmp_path):
    # Refused before torch is imported.
    folder = tiny_run(tmp_path, ROWS[:4], tmp_path)
    with FileLock(folder.trainer_lock), pytest.raises(UserError, match="Another training is writing into"):
        train_in_processes(folder, 1, lambda line: None)


def test_a_trainer_that_is_killed_is_said_to_lack_memory(tmp_path, monkeypatch):
    command = ["python3", "-c", "import os; os.kill(os.getpid(), 9)"]
    monkeypatch.setattr("judgelake.jobs.train.launch.command_of", lambda folder, processes: command)
    with pytest.raises(RunError, match=r"SIGKILL.*no memory left.*same command again"):
        train_in_processes(RunFolder(tmp_path), 1, lambda line: None)


def test_a_trainer_that_breaks_shows_its_last_line(tmp_path, monkeypatch):
    command = ["python3", "-c", "raise KeyError('weights')"]
    monkeypatch.setattr("judgelake.jobs.train.launch.command_of", lambda folder, processes: command)
    with pytest.raises(RunError, match=r"The trainer failed: KeyError: 'weights' \(all of it: .*trainer\.log\)"):
        train_in_processes(RunFolder(tmp_path), 1, lambda line: None)
