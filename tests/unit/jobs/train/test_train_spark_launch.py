"""What is said when Spark's tasks stop: the trainer's own words first, else what can be done."""

from __future__ import annotations

import subprocess
import sys

import pytest

from judgelake.errors import RunError, UserError
from judgelake.jobs.train.spark_launch import _failed, _of_a_task
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


def test_what_a_task_runs_travels_with_its_code(tmp_path):
    """A task's process finds the library only after that code has looked for what spark-submit has shipped."""
    from pyspark import cloudpickle

    path = tmp_path / "function"
    path.write_bytes(cloudpickle.dumps(_of_a_task()))
    code = "import pickle, sys; pickle.load(open(sys.argv[1], 'rb')); sys.exit('judgelake' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code, str(path)]).returncode == 0
