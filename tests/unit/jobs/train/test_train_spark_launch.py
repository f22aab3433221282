"""What is said when Spark's tasks stop: the trainer's own words first, else what can be done."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import pytest

from judgelake.errors import RunError, UserError
from judgelake.jobs.train.spark_launch import OF_TASKS, _failed, _of_a_task, train_on_spark
from judgelake.trainer import RunFolder


@pytest.mark.parametrize(
    ("words", "kind", "expected"),
    [
        pytest.param(
            "[SPARK-24819]: Barrier execution mode does not allow run a barrier stage that requires more slots than",
            UserError,
            "cannot run the 4 processes of the training at the same time: lower processes",
            id="too few slots",
        ),
        pytest.param(
            "Job aborted\nat org.apache", RunError, r"The training stopped: Job aborted \(.*log", id="a lost node"
        ),
    ],
)
def test_a_stage_that_fails_says_what_to_do(tmp_path, words, kind, expected):
    with pytest.raises(kind, match=expected):
        raise _failed(RunFolder(tmp_path), 4, RuntimeError(words))


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        pytest.param(lambda: 2, "name another base", id="refused"),
        pytest.param(lambda: 1 / 0, "name another base", id="a failed stage"),
    ],
)
def test_what_stops_the_tasks_is_said_in_the_trainers_words(tmp_path, monkeypatch, ends, expected):
    folder, looks = RunFolder(tmp_path), list[int]()
    folder.write_failure(0, RunError("of an earlier try"))

    class Distributor:
        def __init__(self, processes: int, local_mode: bool, use_gpu: bool) -> None:
            assert (processes, local_mode, use_gpu) == (2, False, True)

        def run(self, function: object, path: str, paths: list[str]) -> int:
            folder.write_failure(1, UserError("name another base"))
            return ends()

    monkeypatch.setattr("pyspark.ml.torch.distributor.TorchDistributor", Distributor)
    session = SimpleNamespace(conf={OF_TASKS: "1"})
    monkeypatch.setattr("pyspark.sql.SparkSession.active", lambda: session)
    with pytest.raises(UserError, match=expected):
        train_on_spark(folder, 2, lambda: looks.append(1), on_driver=False)
    assert looks
    session.conf[OF_TASKS] = "0.5"
    with pytest.raises(UserError, match="needs whole GPUs: set it to 1"):
        train_on_spark(folder, 2, lambda: None, on_driver=False)


def test_what_a_task_runs_travels_with_its_code(tmp_path):
    """A task's process finds the library only after that code has looked for what spark-submit has shipped."""
    from pyspark import cloudpickle

    path = tmp_path / "function"
    path.write_bytes(cloudpickle.dumps(_of_a_task()))
    code = "import pickle, sys; pickle.load(open(sys.argv[1], 'rb')); sys.exit('judgelake' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code, str(path)]).returncode == 0
