"""A Spark standalone cluster on this machine, whose workers say that they have GPUs."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pyspark
from cluster.journal import Journal, read_journal
from cluster.processes import end_group, left_over, processes_of
from cluster.site import make_site

SPARK_HOME = Path(pyspark.__file__).resolve().parent
LOOPBACK = "127.0.0.1"
# A hang, not slowness, must trip it: beside other work two cores take minutes for a first answer.
WAIT_S = 300.0
# Of the caller's environment; anything else could lead Spark or Python to other code than the test's.
KEPT = ("HOME", "JAVA_HOME", "LANG", "LOGNAME", "PATH", "TMPDIR", "USER")
# Daemons do next to nothing, and start sooner without the second compiler.
DAEMON = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


@dataclass(frozen=True, slots=True)
class Worker:
    """One worker: its process, and the addresses of its GPUs."""

    process: subprocess.Popen[bytes]
    gpus: tuple[str, ...]


class Cluster:
    """A master and its workers; all that they start ends with them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.site = make_site(folder / "site")
        self.workers: list[Worker] = []
        self._logs: list[IO[bytes]] = []
        self._tests = 0
        for name in ("logs", "work", "locks", "conf", "tmp"):
            (folder / name).mkdir()
        self.port, self._web_port = free_port(), free_port()
        address = ["--host", LOOPBACK, "--port", str(self.port), "--webui-port", str(self._web_port)]
        self._master = self._start("master", "org.apache.spark.deploy.master.Master", *address)
        self.wait(lambda: bool(self._state()), "the master answers")
        self.pretend()

    @property
    def url(self) -> str:
        """What spark-submit takes as --master."""
        return f"spark://{LOOPBACK}:{self.port}"

    @property
    def gpus(self) -> int:
        """GPUs of the workers that run."""
        return sum(len(worker.gpus) for worker in self.workers if worker.process.poll() is None)

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """A clean environment for a process of this cluster; it names the folder by which the process is known."""
        own = {name: value for name, value in os.environ.items() if name in KEPT}
        own |= {"SPARK_HOME": str(SPARK_HOME), "SPARK_CONF_DIR": str(self.folder / "conf"), "SPARK_LOCAL_IP": LOOPBACK}
        return own | {"SPARK_LOCAL_DIRS": str(self.folder / "tmp")} | (more or {})

    def add_worker(self, gpus: Sequence[str], cores: int) -> Worker:
        """Start a worker with these GPUs, and wait until the master knows it."""
        name = f"worker-{'-'.join(gpus)}-{len(self.workers)}"
        script = self.folder / "conf" / f"{name}.sh"
        script.write_text("#!/bin/sh\necho '" + json.dumps({"name": "gpu", "addresses": list(gpus)}) + "'\n", "utf-8")
        script.chmod(0o700)
        gpu = "-Dspark.worker.resource.gpu"
        options = f"{gpu}.amount={len(gpus)} {gpu}.discoveryScript={script} -Dspark.worker.cleanup.enabled=false"
        known = len(self._alive())
        # An address of the loopback of its own: for Spark these are different hosts.
        host = f"127.0.0.{len(self.workers) + 2}"
        size = ["--host", host, "--cores", str(cores), "--memory", "4g", "--webui-port", "0"]
        place = ["--work-dir", str(self.folder / "work" / name), self.url]
        more = {"SPARK_WORKER_OPTS": options, "SPARK_LOCAL_IP": host}
        process = self._start(name, "org.apache.spark.deploy.worker.Worker", *size, *place, more=more)
        self.wait(lambda: len(self._alive()) > known, f"{name} is registered")
        worker = Worker(process, tuple(gpus))
        self.workers.append(worker)
        return worker

    def pretend(self, **settings: Any) -> None:
        """Set how engines behave that start from now on, by the `Settings` of api_server.py, with an empty journal."""
        self._tests += 1
        journal = self.folder / f"journal-{self._tests}"
        journal.mkdir()
        content = {"journal": str(journal), "locks": str(self.folder / "locks"), **settings}
        (self.site / "pretended.json").write_text(json.dumps(content), "utf-8")

    def journal(self) -> Journal:
        """What the engines have done since the last `pretend`."""
        return read_journal(self.folder / f"journal-{self._tests}")

    def executors(self) -> list[int]:
        """The process ids of the executors."""
        return [p.pid for p in processes_of(self.folder) if "CoarseGrainedExecutorBackend" in " ".join(p.cmdline())]

    def left_over(self) -> list[str]:
        """Processes of this cluster, except its own daemons, that do not end by themselves."""
        return left_over(self.folder, {self._master.pid, *(worker.process.pid for worker in self.workers)})

    def wait(self, happened: Callable[[], bool], what: str, wait_s: float = WAIT_S) -> None:
        """Wait until something has happened; an error that says what did not, if it takes too long."""
        end = time.monotonic() + wait_s
        while not happened():
            assert time.monotonic() < end, f"it did not happen within {wait_s:g} s that {what}"
            time.sleep(0.2)

    def end(self) -> list[str]:
        """End all; returns what was left over, after having ended that too."""
        for process in (*(worker.process for worker in self.workers), self._master):
            end_group(process)
        for log in self._logs:
            log.close()
        left = left_over(self.folder, set())
        for process in processes_of(self.folder):
            process.kill()
        return left

    def _alive(self) -> list[dict[str, Any]]:
        return [worker for worker in self._state().get("workers", []) if worker["state"] == "ALIVE"]

    def _state(self) -> dict[str, Any]:
        try:
            with urllib.request.urlopen(f"http://{LOOPBACK}:{self._web_port}/json/", timeout=10) as answer:
                return dict(json.load(answer))
        except OSError:
            return {}

    def _start(self, name: str, kind: str, *arguments: str, more: Mapping[str, str] | None = None) -> Any:
        log = (self.folder / "logs" / f"{name}.log").open("wb")
        self._logs.append(log)
        environment = self.environment(
            {"SPARK_DAEMON_MEMORY": "200m", "SPARK_DAEMON_JAVA_OPTS": DAEMON, **(more or {})}
        )
        return subprocess.Popen(
            [str(SPARK_HOME / "bin" / "spark-class"), kind, *arguments],
            env=environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def free_port() -> int:
    """A port of the loopback that was free a moment ago."""
    with socket.socket() as one:
        one.bind((LOOPBACK, 0))
        return int(one.getsockname()[1])


def is_open(port: int) -> bool:
    """Whether something listens on a port of the loopback."""
    with socket.socket() as one:
        return one.connect_ex((LOOPBACK, port)) == 0
