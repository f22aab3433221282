"""conf/spark: every key is known to Spark, has its reason, and says the same in all files that need it."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
import zipfile
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pyspark
import pytest

REPO = Path(__file__).resolve().parents[3]
CONF = REPO / "conf" / "spark"
FILES = sorted(CONF.glob("*.conf"))
ON_A_CLUSTER = [path for path in FILES if path.name != "local.conf"]
WITH_GPU_SCHEDULING = ("standalone-gpu.conf", "yarn.conf", "kubernetes.conf")
# What a cluster manager decides, not the jobs.
OF_THE_MANAGER = (
    *("spark.master", "spark.submit.deployMode", "spark.pyspark.python", "spark.executor.cores"),
    *("spark.dynamicAllocation.enabled", "spark.executorEnv.HF_HOME", "spark.executor.resource.gpu.discoveryScript"),
)
# Keys with a part that the user names, so that Spark's code has only their beginning; and one of Delta.
COMPOSED = re.compile(
    r"spark\.(executor|task)\.resource\.gpu\.(amount|vendor|discoveryScript)"
    r"|spark\.kubernetes\.executor\.volumes\.(persistentVolumeClaim|emptyDir)\.\w+\.(mount|options)\.\w+"
    r"|spark\.kubernetes\.authenticate\.driver\.serviceAccountName"
    r"|spark\.databricks\.delta\.snapshotPartitions"
    r"|spark\.executorEnv\.\w+|spark\.sql\.catalog\.spark_catalog"
)


def read(path: Path) -> dict[str, str]:
    """Spark's properties format: a key, white space, a value; a comment line begins with #."""
    lines = [line for line in path.read_text("utf-8").splitlines() if line.strip() and not line.startswith("#")]
    pairs = [tuple(line.split(None, 1)) for line in lines]
    assert all(len(pair) == 2 for pair in pairs), f"{path.name}: a key without a value"
    keys = [key for key, _ in pairs]
    assert len(keys) == len(set(keys)), f"{path.name}: a key twice"
    return dict(pairs)


@pytest.fixture(scope="module")
def known_to_spark() -> set[str]:
    """The names of settings in the classes of this Spark that define them."""
    jars, names = Path(pyspark.__file__).parent / "jars", set()
    for jar in sorted(jars.glob("spark-*.jar")):
        with zipfile.ZipFile(jar) as classes:
            for entry in classes.namelist():
                if re.search(r"/(config/[^/]*|[^/]*Conf(ig)?(Helper)?\$?)\.class$", entry):
                    names.update(re.findall(rb"spark\.[A-Za-z0-9_.\-]+", classes.read(entry)))
    return {name.decode() for name in names}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_each_key_is_known_to_this_spark(path, known_to_spark):
    unknown = [key for key in read(path) if key not in known_to_spark and not COMPOSED.fullmatch(key)]
    assert not unknown


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_each_key_has_its_reason_in_the_line_before(path):
    lines = path.read_text("utf-8").splitlines()
    without = [line.split()[0] for before, line in pairwise(["", *lines]) if line[:1].isalpha() and before[:1] != "#"]
    assert not without


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_file_limits_the_address_space_of_python(path):
    assert "spark.executor.pyspark.memory" not in read(path)


def test_what_several_files_set_they_set_alike():
    values: dict[str, set[str]] = {}
    for path in ON_A_CLUSTER:
        for key, value in read(path).items():
            values.setdefault(key, set()).add(value)
    assert {key: found for key, found in values.items() if len(found) > 1 and key not in OF_THE_MANAGER} == {}


def test_deltas_jars_are_those_of_the_pinned_packages():
    pinned = dict(
        requirement.split("==")
        for requirement in tomllib.loads((REPO / "pyproject.toml").read_text("utf-8"))["project"][
            "optional-dependencies"
        ]["spark"]
        if "==" in requirement
    )
    expected = f"io.delta:delta-spark_{pinned['pyspark'].rpartition('.')[0]}_2.13:{pinned['delta-spark']}"
    named = {path.name: read(path).get("spark.jars.packages") for path in FILES}
    assert {name for name, jars in named.items() if jars is None} == {"kubernetes.conf", "databricks.conf"}
    assert {jars for jars in named.values() if jars is not None} == {expected}


@pytest.mark.parametrize("path", ON_A_CLUSTER, ids=lambda path: path.name)
def test_one_bad_gpu_or_host_cannot_use_up_a_tasks_attempts(path):
    conf = {key.removeprefix("spark.excludeOnFailure."): value for key, value in read(path).items()}
    assert conf["enabled"] == "true"
    on_an_executor, on_a_host = int(conf["task.maxTaskAttemptsPerExecutor"]), int(conf["task.maxTaskAttemptsPerNode"])
    # Spark refuses to start unless the second holds.
    assert on_an_executor <= on_a_host < int(conf["spark.task.maxFailures"])


@pytest.mark.parametrize("name", WITH_GPU_SCHEDULING)
def test_an_executor_has_one_gpu_and_cores_for_the_tasks_that_share_it(name):
    from judgelake.asking.amounts import TASKS_A_GPU

    conf = read(CONF / name)
    share = float(conf.get("spark.task.resource.gpu.amount", 1 / TASKS_A_GPU))
    assert conf["spark.executor.resource.gpu.amount"] == "1"
    assert share <= 0.5
    assert (1 / share).is_integer()
    assert int(conf["spark.executor.cores"]) >= 1 / share


@pytest.mark.parametrize("name", WITH_GPU_SCHEDULING)
def test_only_the_asking_stage_takes_gpus_unless_executors_come_and_go(name):
    """For a stage with GPUs of its own Spark's dynamic allocation starts executors beside those that it has."""
    conf = read(CONF / name)
    is_dynamic = conf["spark.dynamicAllocation.enabled"] == "true"
    assert ("spark.task.resource.gpu.amount" in conf) == is_dynamic


@pytest.mark.parametrize("name", ["yarn.conf", "kubernetes.conf"])
def test_an_idle_executor_outlives_its_engine(name):
    from judgelake.engine import Engine

    idle = int(read(CONF / name)["spark.dynamicAllocation.executorIdleTimeout"].removesuffix("s"))
    assert idle > Engine().idle_stop_s


def test_the_pool_of_all_jobs_is_fair():
    pools = {
        pool.get("name"): pool.findtext("schedulingMode")
        for pool in ElementTree.parse(CONF / "fairscheduler.xml").getroot()
    }
    assert pools == {"default": "FAIR"}
    for name in WITH_GPU_SCHEDULING:
        conf = read(CONF / name)
        assert conf["spark.scheduler.mode"] == "FAIR"
        assert conf["spark.scheduler.allocation.file"].endswith("/conf/spark/fairscheduler.xml")


@pytest.fixture
def discover(tmp_path):
    """Runs the shipped script beside an nvidia-smi that prints what the test says."""

    def run(printed: str | None, status: int = 0) -> subprocess.CompletedProcess[str]:
        if printed is not None:
            smi = tmp_path / "nvidia-smi"
            smi.write_text(f"#!/bin/sh\nprintf '{printed}'\nexit {status}\n")
            smi.chmod(0o755)
        script = CONF / "discover-gpus.sh"
        return subprocess.run(
            ["/bin/sh", str(script)], env={"PATH": str(tmp_path)}, capture_output=True, text=True, timeout=60
        )

    return run


def test_the_script_names_the_gpus_as_spark_reads_them(discover):
    found = discover(r"0\n1\n10\n")
    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout) == {"name": "gpu", "addresses": ["0", "1", "10"]}


@pytest.mark.parametrize(
    ("printed", "status", "reason"),
    [
        pytest.param(None, 0, "not on the PATH", id="no driver"),
        pytest.param("No devices were found", 0, "not a number", id="words"),
        pytest.param("", 0, "sees no GPU", id="nothing"),
        pytest.param("lost", 9, "nvidia-smi failed: lost", id="error"),
    ],
)
def test_the_script_fails_with_a_reason(discover, printed, status, reason):
    found = discover(printed, status)
    assert (found.returncode, found.stdout) == (1, "")
    assert reason in found.stderr


def test_the_script_can_be_executed():
    assert (CONF / "discover-gpus.sh").stat().st_mode & 0o111
