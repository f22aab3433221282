"""Drivers of a cluster test: spark-submit as its own process, with a conf file and a job's YAML."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from cluster.files import LakeOnDisk
from cluster.processes import end_group
from cluster.standalone import LOOPBACK, SPARK_HOME, Cluster

from judgelake.runtime.jars import known_jars, record_path

WAIT_S = 600.0
# What differs from conf/spark/standalone-gpu.conf, because a machine of two cores is the whole cluster.
SMALL = {
    "spark.driver.memory": "700m",
    "spark.driver.extraJavaOptions": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1",
    "spark.executor.memory": "500m",
    "spark.executor.extraJavaOptions": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1",
    # Fewer executors and tasks: each costs the two cores a JVM or a Python.
    "spark.executor.resource.gpu.amount": "2",
    # Where no executor is left for a task, Spark would wait two minutes for another one.
    "spark.scheduler.excludeOnFailure.unschedulableTaskSetTimeout": "5s",
    "spark.driver.host": LOOPBACK,
    "spark.driver.bindAddress": LOOPBACK,
    "spark.ui.enabled": "false",
    "spark.sql.catalogImplementation": "in-memory",
    # Each query runs once, over few rows; see `SMALL_SETTINGS`.
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
    "spark.databricks.delta.snapshotPartitions": "1",
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "4",
}


def delta_jars() -> dict[str, str]:
    """Delta's jars that are on this machine, in place of those that Ivy would look for; nothing if there are none."""
    jars = known_jars(record_path(), SPARK_HOME)
    return {} if jars is None else {"spark.jars": jars, "spark.jars.packages": ""}


def model_folder(folder: Path, name: str) -> Path:
    """A folder that is a model as far as judgelake reads it, and another one by any other name."""
    place = folder / name
    place.mkdir(exist_ok=True)
    (place / "config.json").write_text(json.dumps({"max_position_embeddings": 2048, "pretended": name}), "utf-8")
    return place


@dataclass(frozen=True, slots=True)
class Driver:
    """One driver and the file that its output goes to."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def output(self) -> str:
        """What it has printed so far, without Java's stack frames and Spark's smaller messages."""
        lines = self.log.read_text("utf-8", "replace").splitlines()
        return "\n".join(line for line in lines if " INFO " not in line and not line.startswith("\tat "))

    def finish(self, wait_s: float = WAIT_S) -> int:
        """Wait for its end; returns the exit code."""
        return self.process.wait(wait_s)

    def kill(self) -> None:
        """Kill the driver's JVM and its Python at once, as a machine that is lost does."""
        end_group(self.process, signal.SIGKILL)


class Drivers:
    """Starts drivers on a cluster, over one lake; those that still run are ended with the test."""

    def __init__(self, cluster: Cluster, lake: LakeOnDisk, folder: Path, root: Path) -> None:
        self.cluster, self.lake, self.folder, self.root = cluster, lake, folder, root
        self._started: list[Driver] = []

    def submit(
        self,
        *program: str,
        conf: Mapping[str, str] | None = None,
        library: Path | None = None,
        python: Path = Path(sys.executable),
    ) -> Driver:
        """spark-submit a program from an empty folder.

        Args:
            program: options of spark-submit, the script and its arguments.
            conf: settings in addition to the shipped ones for a cluster with GPUs, or in place of them.
            library: where driver and executors find judgelake; None: in the checkout.
            python: of driver and executors.
        """
        found = os.pathsep.join([str(library or self.root / "lib"), str(self.cluster.site)])
        pools = self.root / "conf" / "spark" / "fairscheduler.xml"
        own = {
            "spark.pyspark.python": str(python),
            "spark.executorEnv.PYTHONPATH": found,
            "spark.scheduler.allocation.file": pools.as_uri(),
            **delta_jars(),
        }
        shipped = (self.root / "conf" / "spark" / "standalone-gpu.conf").read_text("utf-8")
        changed = {**SMALL, **own, **(conf or {})}
        file = self.folder / f"spark-{len(self._started)}.conf"
        # The last value of a key counts.
        file.write_text(shipped + "".join(f"{name} {value}\n" for name, value in changed.items()), "utf-8")
        submit = str(SPARK_HOME / "bin" / "spark-submit")
        command = [submit, "--master", self.cluster.url, "--properties-file", str(file), *program]
        return self.start(command, {"PYTHONPATH": found, "PYSPARK_PYTHON": str(python)})

    def start(self, command: Sequence[str], environment: Mapping[str, str]) -> Driver:
        """Start a command in an empty folder, with these variables in addition to a clean environment."""
        number = len(self._started)
        empty = self.folder / f"driver-{number}"
        empty.mkdir()
        log = self.folder / f"driver-{number}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                env=self.cluster.environment(environment),
                cwd=empty,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        driver = Driver(process, log)
        self._started.append(driver)
        return driver

    def config(self, **changes: Mapping[str, Any]) -> str:
        """A judge job's YAML over the lake: config(asking={"chunk_requests": 20})."""
        job: dict[str, Any] = {
            "judge": {"name": "judgelm", "model": str(model_folder(self.folder, "model"))},
            "order": {"orders": "AB"},
            # One task a GPU: each costs the two cores a Python.
            "engine": {"folder": str(self.cluster.folder / "engines"), "gpus_a_task": 1},
            "tables": {"warehouse": str(self.lake.folder)},
            "mlflow": {"enabled": False},
        }
        for group, values in changes.items():
            job[group] = {**job.get(group, {}), **values}
        file = self.folder / f"judge-{len(list(self.folder.glob('judge-*.yaml')))}.yaml"
        file.write_text(yaml.safe_dump(job), "utf-8")
        return str(file)

    def judge(self, conf: Mapping[str, str] | None = None, **changes: Mapping[str, Any]) -> Driver:
        """spark-submit jobs/judge.py."""
        return self.submit(
            str(self.root / "jobs" / "judge.py"), "--config", self.config(**changes), "--debug", conf=conf
        )

    def end(self) -> None:
        """End the drivers that still run."""
        for driver in self._started:
            if driver.process.poll() is None:
                end_group(driver.process)
