"""Starting, sharing and ending a server, with a stand-in for vLLM: the same processes, in seconds."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from judgelake.engine import Engine, Launch, Started, ensure_engine, owner_of_this_worker, stop_engines
from judgelake.engine.server.processes import ProcessId, members_of_group
from judgelake.engine.server.state import Note, read_note
from judgelake.errors import RunError, UserError

MODEL = "org/model"


def short_folder() -> Iterator[Path]:
    # A short path: pytest's temporary path would be too long for a socket.
    place = tempfile.mkdtemp(prefix="jl-")
    yield Path(place)
    for note in map(read_note, Path(place).glob("*.json")):
        if note is not None:
            stop_engines(note.owner.pid, place)
    shutil.rmtree(place)


@pytest.fixture
def folder() -> Iterator[Path]:
    yield from short_folder()


@pytest.fixture
def owner():
    process = subprocess.Popen(["sleep", "120"])
    yield process
    process.kill()
    process.wait()


def command_of(program: str):
    def command(*launch_and_socket, is_cpu):
        return ["/bin/sh", "-c", program.replace("SOCKET", str(launch_and_socket[-1])), "vllm-test", "x"]

    return command


@pytest.fixture(scope="module", autouse=True)
def stand_in(root):
    """A stand-in for vLLM with a child that outlives a killed parent, and the variables Spark sets in its workers."""
    program = (
        f'sleep 100 & exec "{sys.executable}" -S "{root / "tests" / "support" / "server" / "stand_in.py"}" "SOCKET"'
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("judgelake.engine.server.start.server_command", command_of(program))
        patch.setattr("judgelake.engine.server.start.is_cpu_build", lambda: True)
        patch.setenv("OMP_NUM_THREADS", "1")
        patch.setenv("SPARK_SECRET", "1")
        yield


@pytest.fixture
def program(monkeypatch):
    """Replaces vLLM by another program."""
    return lambda text: monkeypatch.setattr("judgelake.engine.server.start.server_command", command_of(text))


@dataclass(frozen=True)
class Shared:
    """A folder and an owner with a running server: a test that ends the server starts it again."""

    folder: Path
    owner: subprocess.Popen
    starts: list[Started]

    def start(self) -> Started:
        return start(self.folder, self.owner)


@pytest.fixture(scope="module")
def shared(stand_in):
    places = short_folder()
    folder = next(places)
    with subprocess.Popen(["sleep", "1000"]) as owner:
        with ThreadPoolExecutor(3) as pool:
            futures = [pool.submit(start, folder, owner) for _ in range(3)]
        yield Shared(folder, owner, [future.result() for future in futures])
        next(places, None)
        owner.kill()


def start(folder: Path, owner: subprocess.Popen, gpus: tuple[str, ...] = (), **engine):
    config = Engine(folder=str(folder), **{"start_timeout_s": 30, **engine})
    return ensure_engine(Launch(config, MODEL, None, 2048, gpus, owner.pid, cores=2))


def note_of(started) -> Note:
    note = read_note(Path(started.log_path).with_suffix(".json"))
    assert note is not None
    return note


def is_gone(group: int, seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while members_of_group(group) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not members_of_group(group)


def test_the_first_starts_it_and_the_others_find_it(shared):
    assert sorted(started.was_running for started in shared.starts) == [False, True, True]
    assert {started.version for started in shared.starts} == {"test"}
    assert len({started.endpoint.uds for started in shared.starts}) == 1
    assert shared.start().was_running


def test_another_owner_or_gpu_has_an_engine_beside_it(folder, owner):
    other = subprocess.Popen(["sleep", "120"])
    try:
        with ThreadPoolExecutor(4) as pool:
            starts = [
                pool.submit(start, folder, owner),
                pool.submit(start, folder, other),
                pool.submit(start, folder, owner, gpus=("1",)),
                pool.submit(start, folder, owner, gpus=("0", "2")),
            ]
        assert len({one.result().endpoint.uds for one in starts}) == 4
        assert stop_engines(other.pid, str(folder)) == 1
        assert stop_engines(owner.pid, str(folder)) == 3
    finally:
        other.kill()
        other.wait()


def test_stopping_ends_the_whole_group_and_leaves_no_socket(shared):
    started = shared.start()
    group = note_of(started).group
    assert len(members_of_group(group)) >= 2
    assert stop_engines(shared.owner.pid, str(shared.folder)) == 1
    assert is_gone(group, 0.1)
    assert not Path(started.endpoint.uds).exists()
    assert not shared.start().was_running


def test_the_end_of_the_owner_ends_everything(folder, owner):
    note = note_of(start(folder, owner))
    owner.kill()
    assert is_gone(note.group)
    deadline = time.monotonic() + 10
    while note.supervisor.process() is not None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert note.supervisor.process() is None


def test_killing_the_supervisor_kills_the_server(shared):
    note = note_of(shared.start())
    os.kill(note.supervisor.pid, signal.SIGKILL)
    assert is_gone(note.group)
    assert not shared.start().was_running


def test_killing_the_supervisor_also_kills_a_child_with_a_group_of_its_own(folder, owner, program, root):
    serve = root / "tests" / "support" / "server" / "stand_in.py"
    code = "import os; os.setpgid(0, 0); os.execlp('sleep', 'sleep', '60')"
    program(f'"{sys.executable}" -S -c "{code}" & exec "{sys.executable}" -S "{serve}" "SOCKET"')
    note = note_of(start(folder, owner))
    children = []
    while not children:
        family = psutil.Process(note.supervisor.pid).children(recursive=True)
        children = [process.pid for process in family if process.cmdline()[:1] == ["sleep"]]
    (child,) = children
    assert os.getpgid(child) == child != note.group
    os.kill(note.supervisor.pid, signal.SIGKILL)
    assert is_gone(note.group)
    assert is_gone(child)


def test_killing_the_server_ends_its_children_and_the_next_task_starts_a_new_one(shared):
    note = note_of(shared.start())
    os.kill(note.group, signal.SIGKILL)
    assert is_gone(note.group)
    assert note_of(shared.start()).group != note.group


def test_a_server_nobody_asks_ends_itself(folder, owner):
    note = note_of(start(folder, owner, idle_stop_s=1))
    assert is_gone(note.group)


def test_a_server_that_makes_no_token_while_requests_wait_is_killed(folder, owner):
    started = start(folder, owner, idle_stop_s=60, stall_stop_s=2)
    code = (
        'import socket,sys,time; s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); b=b\'{"prompt":"x"}\';'
        "s.sendall(b'POST /v1/completions HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 14\\r\\n\\r\\n'+b); time.sleep(60)"
    )
    asking = subprocess.Popen([sys.executable, "-c", code, started.endpoint.uds])
    try:
        assert is_gone(note_of(started).group, 15)
        assert "no token" in Path(started.log_path).read_text()
    finally:
        asking.kill()
        asking.wait()


def test_a_server_that_cannot_start_says_why_and_leaves_nothing(folder, owner, program):
    program("echo 'api_server.py: error: unrecognized arguments: --wrong' >&2; exit 2")
    with pytest.raises(UserError, match=r"--wrong.*whole log"):
        start(folder, owner)
    assert not list(folder.glob("*.sock"))
    program("echo 'KeyError: 3' >&2; exit 1")
    with pytest.raises(RunError, match="KeyError: 3"):
        start(folder, owner)


def test_a_supervisor_that_does_not_start_is_reported_with_the_models_name(folder, owner, monkeypatch):
    monkeypatch.setattr("judgelake.engine.server.start.FIRST_NOTE_S", -1.0)
    with pytest.raises(RunError, match=f"did not start with the model '{MODEL}'"):
        start(folder, owner)


def test_who_waited_for_a_start_that_failed_does_not_try_it_again(folder, owner, program):
    program(f"echo once >> {folder}/starts; sleep 1; echo 'KeyError: 3' >&2; exit 1")
    errors = []

    def try_it():
        with pytest.raises(RunError, match="KeyError: 3") as error:
            start(folder, owner)
        errors.append(error)

    threads = [threading.Thread(target=try_it) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(errors) == 3
    assert (folder / "starts").read_text() == "once\n"


def test_a_server_that_never_answers_is_given_up(folder, owner, program):
    program("sleep 100")
    with pytest.raises(RunError, match="start_timeout_s"):
        start(folder, owner, start_timeout_s=1)
    assert not [p for p in psutil.process_iter(["cmdline"]) if str(folder) in " ".join(p.info["cmdline"] or ())]


def test_a_pid_used_again_is_not_the_owner(owner):
    right = ProcessId.of(owner.pid)
    assert right.process() is not None
    assert ProcessId(right.pid, right.started - 100).process() is None


def test_without_java_above_the_parent_owns_the_engine():
    assert owner_of_this_worker() == os.getppid() or "java" in psutil.Process(owner_of_this_worker()).name()


def test_the_engine_does_not_get_the_variables_spark_sets_in_its_workers(shared):
    note = note_of(shared.start())
    environments = [Path(f"/proc/{member.pid}/environ").read_bytes() for member in members_of_group(note.group)]
    assert environments
    assert not [found for found in environments if b"OMP_NUM_THREADS" in found or b"SPARK_SECRET" in found]
