"""One engine at a time on a GPU: the next judge's engine waits for calls in flight, then takes the place."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from judgelake.engine import Engine, Launch, ensure_engine, stop_engines
from judgelake.engine.server.gpus import Gpu, wait_until_free
from judgelake.engine.server.lease import without_users
from judgelake.engine.server.processes import members_of_group
from judgelake.engine.server.start import LOGS_KEPT_S
from judgelake.engine.server.state import Note, read_note
from judgelake.errors import RunError, UserError

# Takes an exclusive lock for each of its GPUs, as if it filled their memory; without it, it does not start.
HOLDER = """
import fcntl, os, runpy, sys
for gpu in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(","):
    held = open(os.path.join(sys.argv[2], "gpu-" + gpu), "w")
    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    globals()["held_" + gpu] = held
sys.argv = sys.argv[:2]
runpy.run_path(STAND_IN, run_name="__main__")
"""


@pytest.fixture
def folder():
    # A short path: pytest's temporary path would be too long for a socket.
    place = Path(tempfile.mkdtemp(prefix="jl-"))
    yield place
    for note in map(read_note, place.glob("*.json")):
        if note is not None:
            stop_engines(note.owner.pid, str(place))
    shutil.rmtree(place)


@pytest.fixture
def owner():
    with subprocess.Popen(["sleep", "120"]) as process:
        yield process
        process.kill()


@pytest.fixture(autouse=True)
def exclusive_server(root, folder, monkeypatch):
    stand_in = root / "tests" / "support" / "server" / "stand_in.py"
    program = folder / "holder.py"
    program.write_text(HOLDER.replace("STAND_IN", repr(str(stand_in))))

    def command(launch, socket, *, is_cpu):
        return [sys.executable, "-S", str(program), str(socket), str(folder)]

    monkeypatch.setattr("judgelake.engine.server.start.server_command", command)
    monkeypatch.setattr("judgelake.engine.server.start.is_cpu_build", lambda: True)


def start(folder, owner, gpus=("0",), **engine):
    config = Engine(folder=str(folder), **{"start_timeout_s": 30, **engine})
    return ensure_engine(Launch(config, "org/model", None, 2048, gpus, owner.pid, cores=2))


def judge(folder, owner, gpus=("0",), **engine):
    """A task that has asked all it had to ask."""
    started = start(folder, owner, gpus, **engine)
    started.lease.release()
    return started


def note_of(started) -> Note:
    note = read_note(Path(started.log_path).with_suffix(".json"))
    assert note is not None
    return note


OTHER = {"options": {"dtype": "half"}}


@pytest.mark.parametrize(("first", "second"), [(("0",), ("0",)), (("0", "1"), ("1",)), (("1",), ("0", "1")), ((), ())])
def test_a_second_judge_on_the_same_gpu_takes_the_place_of_the_first(folder, owner, first, second):
    group = note_of(judge(folder, owner, first)).group
    started = judge(folder, owner, second, **OTHER)
    assert not started.was_running
    assert members_of_group(group) == []
    assert stop_engines(owner.pid, str(folder)) == 1


def test_the_same_judge_finds_its_engine_warm_and_so_does_one_with_other_gpus_beside_it(folder, owner):
    judge(folder, owner, ("0",))
    judge(folder, owner, ("1",), **OTHER)
    assert judge(folder, owner, ("0",), timeout_s=601).was_running
    assert judge(folder, owner, ("1",), **OTHER).was_running


def test_a_set_of_gpus_is_one_set_in_any_order(folder, owner):
    first = judge(folder, owner, ("1", "0"))
    assert first.settings["gpus"] == ["0", "1"]
    assert judge(folder, owner, ("0", "1")).was_running


def test_an_engine_in_use_is_waited_for_and_its_calls_are_not_cut_off(folder, owner):
    first = start(folder, owner)
    done = threading.Event()
    second = threading.Thread(target=lambda: (judge(folder, owner, **OTHER), done.set()))
    second.start()
    assert not done.wait(1.0)
    assert note_of(first).phase == "ready"
    first.lease.release()
    second.join(30)
    assert done.is_set()


def test_an_engine_that_stays_in_use_fails_the_second_judge_by_name(folder, owner):
    first = start(folder, owner)
    with pytest.raises(RunError, match=r"GPU 0 stayed in use by calls to the model 'org/model'.*start_timeout_s"):
        start(folder, owner, start_timeout_s=0.5, **OTHER)
    assert note_of(first).phase == "ready"
    assert judge(folder, owner).was_running


def test_the_engine_of_another_living_owner_is_waited_for_and_named(folder, owner):
    with subprocess.Popen(["sleep", "120"]) as other:
        judge(folder, other)
        with pytest.raises(RunError, match=rf"GPU 0 stayed in use by an engine of process {other.pid}"):
            start(folder, owner, start_timeout_s=0.5)
        other.kill()
        other.wait()
        assert not judge(folder, owner).was_running


def test_a_task_that_dies_no_longer_uses_its_engine(folder, owner):
    first = judge(folder, owner)
    users = Path(first.log_path).with_suffix(".users")
    code = "import sys, time; sys.path.insert(0, sys.argv[2]); from judgelake.engine.server.lease import Lease; "
    code += "from pathlib import Path; lease = Lease(Path(sys.argv[1])); print(1, flush=True); time.sleep(60)"
    library = str(Path(__file__).parents[3] / "lib")
    with subprocess.Popen([sys.executable, "-c", code, str(users), library], stdout=subprocess.PIPE) as task:
        assert task.stdout is not None
        task.stdout.readline()
        with pytest.raises(RunError, match="stayed in use"):
            start(folder, owner, start_timeout_s=0.3, **OTHER)
        task.kill()
    assert not judge(folder, owner, **OTHER).was_running


def test_an_owner_of_many_days_uses_its_engine_after_a_later_start_too(folder, owner):
    judge(folder, owner)
    stop_engines(owner.pid, str(folder))
    (users,) = folder.glob("*.users")
    os.utime(users, (time.time() - 2 * LOGS_KEPT_S,) * 2)
    again = start(folder, owner)
    with without_users(users) as is_free:
        assert not is_free
    again.lease.release()


def test_a_server_that_no_longer_answers_is_replaced_at_once(folder, owner, monkeypatch):
    monkeypatch.setattr("judgelake.engine.server.probe.PROBE_TIMEOUT_S", 0.2)
    note = note_of(judge(folder, owner))
    os.killpg(note.group, signal.SIGSTOP)
    began = time.monotonic()
    started = judge(folder, owner)
    assert not started.was_running
    assert note_of(started).group != note.group
    assert members_of_group(note.group) == []
    assert time.monotonic() - began < 20


def test_a_note_of_another_container_is_left_alone(folder, owner):
    started = judge(folder, owner)
    path = Path(started.log_path).with_suffix(".json")
    foreign = path.read_text().replace(note_of(started).pid_space, "elsewhere")
    (folder / "other.json").write_text(foreign.replace(f'"pid": {owner.pid}', '"pid": 999999999'))
    assert stop_engines(owner.pid, str(folder)) == 1
    assert (folder / "other.json").exists()
    assert not judge(folder, owner).was_running


@pytest.fixture
def shared_server(root, folder, monkeypatch):
    """A server that leaves the CPU to others, and says when it starts."""
    stand_in = root / "tests" / "support" / "server" / "stand_in.py"
    turns = f"echo begin >> {folder}/turns; sleep 0.5; echo end >> {folder}/turns"

    def command(launch, socket, *, is_cpu):
        return ["/bin/sh", "-c", f"{turns}; exec {sys.executable} -S {stand_in} {socket}"]

    monkeypatch.setattr("judgelake.engine.server.start.server_command", command)


@pytest.mark.usefixtures("shared_server")
def test_cpu_engines_of_two_owners_start_one_after_another(folder, owner):
    with subprocess.Popen(["sleep", "120"]) as other:
        threads = [threading.Thread(target=judge, args=(folder, who, ())) for who in (owner, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        stop_engines(other.pid, str(folder))
        other.kill()
    assert (folder / "turns").read_text().split() == ["begin", "end", "begin", "end"]


@pytest.mark.usefixtures("shared_server")
def test_cpu_engines_of_two_owners_are_bound_to_different_cores(folder, owner, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3}, raising=False)
    with subprocess.Popen(["sleep", "120"]) as other:
        bound = [judge(folder, who, ()).settings["env"]["VLLM_CPU_OMP_THREADS_BIND"] for who in (owner, other)]
        stop_engines(other.pid, str(folder))
        other.kill()
    assert bound == ["0-1", "2-3"]


def test_sizes_that_do_not_fit_the_gpus_are_refused_before_anything_is_ended(folder, owner):
    first = judge(folder, owner, ("0", "1"))
    with pytest.raises(UserError, match="tensor-parallel-size 4"):
        start(folder, owner, ("0", "1"), options={"tp": 4})
    assert note_of(first).phase == "ready"


GIB = 1024**3


@pytest.mark.parametrize(
    ("used", "looks"),
    [
        pytest.param([70, 70, 30, 1], 4, id="until it is free"),
        pytest.param([70] * 100, 11, id="what does not change is somebody else's"),
        pytest.param([1], 1, id="at once"),
        pytest.param([None], 1, id="not where the driver does not say it"),
    ],
)
def test_memory_is_waited_for_while_it_gets_free(used, looks):
    seen = iter(used)
    count = []

    def look():
        value = next(seen)
        count.append(value)
        return (Gpu("0", "GPU-0", 80 * GIB, None if value is None else value * GIB), Gpu("7", "x", 1, 1))

    wait_until_free(["0"], look, pause=lambda _: None)
    assert len(count) == looks
