"""What every test may ask for.

The folder of a test tells its cost: unit (seconds), spark (one session), cluster (several), e2e (vLLM).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

import pytest
from mlflow_store import empty_store

pytest_plugins = ["headless_chromium"]
ROOT = Path(__file__).resolve().parent.parent
if "PYTEST_XDIST_WORKER" in os.environ:
    # A worker's main module has no name, and PySpark ends a process like that: it takes it for one of its doctests.
    sys.modules["__main__"].__spec__ = ModuleSpec("__main__", None)
# No test asks Hugging Face, and none waits for it: what a hub says is injected.
os.environ["HF_HUB_OFFLINE"] = "1"
# One address line comes within this time, or the server never will.
SERVER_START_S = 30


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Cheap tests first, whatever order the folders have: a plain mistake shows before Spark or vLLM starts.

    With two workers those with vLLM or a cluster come first: they take longest, and one worker must do them all.
    """
    is_alone = "PYTEST_XDIST_WORKER" not in os.environ
    cost = {"unit": 0, "spark": 1, "cluster": 2 if is_alone else -1, "e2e": 3 if is_alone else -2}
    items.sort(key=lambda item: cost.get(item.path.relative_to(ROOT / "tests").parts[0], 0))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Whole files to a worker, since what is slow to make is shared in a file; vLLM and clusters never side by side."""
    from xdist.scheduler import LoadFileScheduling

    class ByFile(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            is_large = nodeid.startswith(("tests/e2e/", "tests/cluster/"))
            return "large" if is_large else super()._split_scope(nodeid)

    config.option.loadscopereorder = False
    return ByFile(config, log)


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference data beside the checkout; tests that need it are skipped where it is absent."""
    folder = ROOT.parent / "shared"
    if not (folder / "golden").is_dir():
        pytest.skip(f"needs the reference data in {folder}, which is not there")
    return folder


@pytest.fixture(scope="session")
def small_model() -> Path:
    """SmolLM2-135M-Instruct as a local folder, made once a checkout and kept in models/."""
    from judgelake.quickstart.small_model import make_small_model

    return make_small_model(ROOT / "models" / "smollm2-135m")


@pytest.fixture(scope="session")
def server_maker() -> Iterator[subprocess.Popen[str]]:
    """The process that makes the test servers; all it has made end with it."""
    command = [sys.executable, str(ROOT / "tests" / "support" / "server" / "serve.py"), "--each-line"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        # Leaving the block closes its input, and waits for it.


@pytest.fixture(scope="session")
def mlflow_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MLflow store without a run, to be copied; see `mlflow_at`."""
    return empty_store(tmp_path_factory.mktemp("mlflow"))


@pytest.fixture
def test_server(server_maker: subprocess.Popen[str]) -> Iterator[Callable[[str], str]]:
    """Starts the deterministic test server with a rule and gives its base URL; all are stopped at the end."""
    yield from started_servers(server_maker)


@pytest.fixture(scope="module")
def shared_server(server_maker: subprocess.Popen[str]) -> Iterator[Callable[[str], str]]:
    """As `test_server`, for the tests of a whole module."""
    yield from started_servers(server_maker)


def started_servers(maker: subprocess.Popen[str]) -> Iterator[Callable[[str], str]]:
    running: list[int] = []

    def start(rule: str) -> str:
        assert maker.stdin is not None
        print(rule, file=maker.stdin, flush=True)
        number, url = next_line(maker).split()
        running.append(int(number))
        return url

    yield start
    for number in running:
        os.kill(number, signal.SIGKILL)


def next_line(process: subprocess.Popen[str]) -> str:
    """The next line a server writes, its address; killed, and an error, when none comes in time."""
    assert process.stdout is not None
    timer = threading.Timer(SERVER_START_S, process.kill)
    timer.start()
    line = process.stdout.readline().strip()
    timer.cancel()
    if not line:
        raise RuntimeError(f"the test server wrote no address within {SERVER_START_S} s (exit code {process.poll()})")
    return line
