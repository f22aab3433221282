"""Which GPUs an engine gets: those Spark gave to the task or the executor, or all that the machine shows."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from judgelake.engine import Assigned, Engine, assigned_gpus, cores_of_executor
from judgelake.engine.server.gpus import Gpu, gpus_of_executor, in_order, read_gpus, smallest_memory, visible
from judgelake.errors import UserError

GIB = 1024**3
FOUR = tuple(Gpu(str(index), f"GPU-{index}f00", 80 * GIB, 0) for index in range(4))


def assigned(of_task=(), machine=FOUR, is_cpu=False, inherited=None, owner_pid=0, **engine):
    return assigned_gpus(
        Engine(**engine),
        of_task,
        owner_pid,
        is_cpu_build=lambda: is_cpu,
        machine=lambda: machine,
        inherited=inherited or {},
    )


@pytest.fixture
def executor(tmp_path):
    """A process whose command line is that of a standalone executor with three of the host's GPUs."""
    allocations = [
        {"id": {"componentName": "spark.executor", "resourceName": "fpga"}, "addresses": ["f1"]},
        {"id": {"componentName": "spark.executor", "resourceName": "gpu"}, "addresses": ["3", "1", "10"]},
    ]
    resources = tmp_path / "resource-executor-1.json"
    resources.write_text(json.dumps(allocations))
    words = ["--cores", "4", "--resourcesFile", str(resources)]
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", *words]) as process:
        yield process.pid
        process.kill()


def test_the_gpus_of_a_task_are_its_engines():
    assert assigned(("2", "1")) == Assigned(("1", "2"), "task")
    assert assigned(("2", "1"), scope="gpu", machine=()) == Assigned(("1", "2"), "task")


def test_an_executor_of_a_standalone_cluster_is_known_by_its_resources_file(executor):
    assert gpus_of_executor(executor) == ("1", "3", "10")
    assert assigned(owner_pid=executor) == Assigned(("1", "3", "10"), "executor")
    assert assigned(("3",), owner_pid=executor) == Assigned(("3",), "task")
    assert assigned(("3",), owner_pid=executor, scope="executor") == Assigned(("1", "3", "10"), "executor")


def test_the_cores_of_an_executor_are_those_that_spark_gave_it(executor):
    assert cores_of_executor(executor) == 4
    assert cores_of_executor(2**22 + 1) == os.cpu_count()


@pytest.mark.parametrize("words", [[], ["--resourcesFile"], ["--resourcesFile", "/no/such"], ["--resourcesFile", "{}"]])
def test_without_a_readable_resources_file_nothing_is_known_of_the_executor(words, tmp_path):
    broken = tmp_path / "broken.json"
    broken.write_text('{"id": 1}')
    command = [word.replace("{}", str(broken)) for word in words]
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", *command]) as process:
        assert gpus_of_executor(process.pid) == ()
        process.kill()
    assert gpus_of_executor(2**22 + 1) == ()


def test_without_spark_all_gpus_of_the_machine_are_used():
    assert assigned() == Assigned(("0", "1", "2", "3"), "machine")
    assert assigned(scope="executor") == Assigned(("0", "1", "2", "3"), "machine")
    assert assigned(inherited={"CUDA_VISIBLE_DEVICES": "2,1"}) == Assigned(("1", "2"), "machine")
    assert assigned(env={"CUDA_VISIBLE_DEVICES": "3"}) == Assigned(("3",), "machine")
    assert assigned(env_operational={"CUDA_VISIBLE_DEVICES": "3"}) == Assigned(("3",), "machine")


def test_a_cpu_build_and_a_machine_without_gpus_use_none():
    assert assigned(is_cpu=True) == Assigned((), "machine")
    assert assigned(machine=()) == Assigned((), "machine")
    assert assigned(machine=(), scope="gpu") == Assigned((), "machine")


def test_an_engine_for_each_task_needs_gpus_from_spark():
    with pytest.raises(UserError, match=r"engine\.scope: gpu needs.*spark\.task\.resource\.gpu\.amount"):
        assigned(scope="gpu")


def test_the_config_cannot_choose_other_gpus_than_spark():
    with pytest.raises(UserError, match=r"CUDA_VISIBLE_DEVICES.*Spark has assigned GPU 2"):
        assigned(("2",), env={"CUDA_VISIBLE_DEVICES": "0"})


@pytest.mark.parametrize(
    ("setting", "gpus"),
    [
        pytest.param(None, ("0", "1", "2", "3"), id="not set"),
        pytest.param("", (), id="empty hides all"),
        pytest.param("-1", (), id="none"),
        pytest.param("3, 0", ("0", "3"), id="indices"),
        pytest.param("GPU-2", ("2",), id="the beginning of a UUID"),
        pytest.param("1,9,2", ("1",), id="the first unknown ends the list, as in CUDA"),
        pytest.param("MIG-aa", ("MIG-aa",), id="a part of a GPU"),
    ],
)
def test_cuda_visible_devices_is_read_as_cuda_does(setting, gpus):
    assert visible(FOUR, setting) == gpus


def test_what_cuda_visible_devices_names_is_believed_where_nvidia_smi_is_missing():
    assert visible((), "0,1") == ("0", "1")
    assert visible((), None) == ()


def test_the_lines_of_nvidia_smi_are_read():
    shown = "0, GPU-aa, 81559, 12, H100, 580.9\n1, GPU-bb, [N/A], [N/A], GB10, 580.9\nNo devices were found\n"
    mib = 1024**2
    assert read_gpus(shown) == (
        Gpu("0", "GPU-aa", 81559 * mib, 12 * mib, "H100", "580.9"),
        Gpu("1", "GPU-bb", None, None, "GB10", "580.9"),
    )
    assert read_gpus("") == ()


def test_numbers_are_in_the_order_of_their_values():
    assert in_order(["10", "2", "GPU-a", "2"]) == ("2", "10", "GPU-a")


def test_the_smallest_memory_counts_and_is_unknown_if_one_is():
    mixed = (*FOUR, Gpu("4", "x", 24 * GIB, 0), Gpu("5", "y", None, None))
    assert smallest_memory(["0", "4"], lambda: mixed) == 24 * GIB
    assert smallest_memory(["0", "5"], lambda: mixed) is None
    assert smallest_memory(["7"], lambda: mixed) is None
    assert smallest_memory([], lambda: mixed) is None
