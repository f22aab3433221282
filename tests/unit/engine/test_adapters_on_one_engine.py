"""Several adapters on one engine of the same base: each is loaded once, and every request is for its own."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from model_folders import made_adapter

from judgelake.comparisons import Failure
from judgelake.engine import (
    Adapter,
    Ask,
    Client,
    Endpoint,
    Engine,
    EngineGone,
    Launch,
    Reply,
    Started,
    StartRefused,
    adapter_here,
    check_adapter_options,
    ensure_engine,
    resolve_adapter,
    resolve_model,
    stop_engines,
)
from judgelake.engine.errors import StartFailed
from judgelake.engine.server import adapters
from judgelake.engine.server.adapters import adapter_options, put_on
from judgelake.engine.server.command import server_command
from judgelake.engine.server.environment import server_environment
from judgelake.engine.server.probe import get
from judgelake.errors import RunError, UserError
from judgelake.judges import Decoding, Prompt

MODEL = "org/base"
BASE = resolve_model(MODEL, None, commit_of=lambda name, revision: "c" * 40)
REAL_POST = adapters.post
TEXT = Ask(Prompt(text="Score both."), Decoding(max_tokens=64))


@pytest.fixture(scope="module")
def folder():
    # A short path: pytest's temporary path would be too long for a socket.
    place = Path(tempfile.mkdtemp(prefix="jl-"))
    yield place
    shutil.rmtree(place)


@pytest.fixture(scope="module")
def owner(folder):
    """Owns one server for all tests: a test that ends it starts it again."""
    with subprocess.Popen(["sleep", "120"]) as process:
        yield process
        stop_engines(process.pid, str(folder))
        process.kill()


@pytest.fixture(scope="module", autouse=True)
def loading_server(root):
    serve = str(root / "tests" / "support" / "server" / "serve.py")

    def command(launch, socket, *, is_cpu):
        return [sys.executable, serve, "--uds", str(socket), "--rule", "lora", "--model", launch.model]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("judgelake.engine.server.start.server_command", command)
        patch.setattr("judgelake.engine.server.start.is_cpu_build", lambda: True)
        yield


@pytest.fixture
def made(tmp_path):
    """Adapters of the base, by what their weights say."""

    def adapter(weights: str, **config: object) -> Adapter:
        made_adapter(tmp_path / weights, weights=weights.encode(), **config)
        return adapter_here(resolve_adapter(str(tmp_path / weights), BASE), None)

    return adapter


def start(folder: Path, owner: subprocess.Popen, adapter: Adapter | None) -> Started:
    engine = Engine(folder=str(folder), start_timeout_s=30)
    return ensure_engine(Launch(engine, MODEL, None, 2048, (), owner.pid, cores=2, adapter=adapter))


def judge(folder: Path, owner: subprocess.Popen, adapter: Adapter | None) -> Started:
    """A task that has asked all it had to ask."""
    started = start(folder, owner, adapter)
    started.lease.release()
    return started


def asked(endpoint: Endpoint, times: int = 1) -> list[Reply | Failure]:
    async def ask_all() -> list[Reply | Failure]:
        async with Client(endpoint, Engine(max_retries=0)) as client:
            return await asyncio.gather(*(client.ask(TEXT) for _ in range(times)))

    return asyncio.run(ask_all())


def answered_with(started: Started) -> str:
    (reply,) = asked(started.endpoint)
    assert isinstance(reply, Reply)
    return reply.text.rpartition("\n")[2]


def test_the_second_judges_first_task_loads_its_adapter_into_the_running_server(folder, owner, made):
    first = start(folder, owner, made("one"))
    # The first judge still asks: its lease keeps nobody of another adapter waiting.
    second = start(folder, owner, made("two"))
    assert second.was_running
    assert first.endpoint.uds == second.endpoint.uds
    assert [answered_with(started) for started in (first, second, first)] == [
        "answered with one",
        "answered with two",
        "answered with one",
    ]
    first.lease.release()
    second.lease.release()


def test_an_adapter_is_loaded_once_for_all_tasks(folder, owner, made, monkeypatch):
    sent = []
    monkeypatch.setattr(adapters, "post", lambda *what: (sent.append(what[1]), REAL_POST(*what))[1])
    adapter = made("asked for by three tasks")
    for _ in range(3):
        judge(folder, owner, adapter)
    assert sent == [adapters.LOAD]


def test_without_an_adapter_a_judge_has_an_engine_without_any(folder, owner, made):
    judge(folder, owner, made("one"))
    plain = judge(folder, owner, None)
    assert not plain.was_running
    assert answered_with(plain) == "answered with no adapter"


def test_an_adapter_that_the_server_does_not_have_is_answered_by_no_other(folder, owner, made):
    """As after a crash: another judge's task has started the server again, with its own adapter alone."""
    first = judge(folder, owner, made("one"))
    stop_engines(owner.pid, str(folder))
    judge(folder, owner, made("two"))
    with pytest.raises(EngineGone, match="started again"):
        asked(first.endpoint, times=8)


def test_an_adapter_that_is_exchanged_while_it_is_loaded_is_taken_off_again(folder, owner, made, monkeypatch):
    one, two = made("one"), made("exchanged")
    started = judge(folder, owner, one)

    def exchanging(socket, target, body, timeout_s):
        (Path(two.path) / "adapter_model.safetensors").write_bytes(b"other")
        return REAL_POST(socket, target, body, timeout_s)

    monkeypatch.setattr(adapters, "post", exchanging)
    with pytest.raises(StartRefused, match=r"The adapter .* and this run's judge is local:"):
        start(folder, owner, two)
    listed = get(str(started.endpoint.uds), "/v1/models", 5.0)
    assert listed is not None
    assert one.name in listed
    assert two.name not in listed


def test_what_vllm_says_of_an_adapter_that_it_does_not_load_is_told(folder, owner, made):
    started = judge(folder, owner, made("one"))
    two = made("lost")
    (Path(two.path) / "adapter_model.safetensors").unlink()
    with pytest.raises(StartRefused, match=r"HTTP 404: Loading lora adapter-\w+ failed.*judge\.adapter"):
        put_on(two, str(started.endpoint.uds), 5.0)


def test_a_server_that_does_not_answer_fails_the_task_and_not_the_job(tmp_path, made):
    with pytest.raises(StartFailed, match="did not answer when it was asked for its adapters") as failed:
        put_on(made("one"), str(tmp_path / "none.sock"), 5.0)
    assert isinstance(failed.value, RunError)


@pytest.mark.parametrize(
    ("options", "at_once", "held"),
    [
        ({}, 4, 16),
        ({"max_loras": 2}, 2, 16),
        ({"max-loras": "32"}, 32, 32),
        ({"max-cpu-loras": 2}, 2, 2),
        ({"max-loras": 3, "max-cpu-loras": 5}, 3, 5),
        ({"max-loras": None}, 4, 16),
    ],
)
def test_the_numbers_of_adapters_fit_each_other(made, options, at_once, held):
    found = adapter_options(made("one"), options)
    assert (found["max-loras"], found["max-cpu-loras"]) == (at_once, held)
    assert (found["max-lora-rank"], found["api-server-count"]) == (16, 1)
    assert adapter_options(None, options) == {}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"api-server-count": 2}, "api-server-count must be 1.*Leave it out"),
        ({"max-loras": 8, "max-cpu-loras": 4}, r"max-cpu-loras \(4\) must be at least max-loras \(8\)"),
        ({"max-loras": 0}, "max-loras must be a number of adapters"),
        ({"max-cpu-loras": True}, "max-cpu-loras must be a number of adapters"),
    ],
)
def test_options_that_do_not_go_with_an_adapter_are_refused(options, said):
    with pytest.raises(UserError, match=said):
        check_adapter_options(options)
    check_adapter_options({"api-server-count": "1"})


def test_only_a_server_with_adapters_can_load_them_and_none_is_there_from_its_start(tmp_path, made):
    engine = Engine(options={"max-loras": 2}, env={"VLLM_ALLOW_RUNTIME_LORA_UPDATING": "0"})
    launch = Launch(engine, MODEL, None, 2048, (), owner_pid=1, cores=1, adapter=made("one"))
    words = server_command(launch, tmp_path / "s.sock", is_cpu=True)
    assert words.count("--max-loras") == 1
    assert words[words.index("--max-loras") + 1] == "2"
    assert "--lora-modules" not in words
    env = server_environment(launch, tmp_path, is_cpu=True, inherited={})
    assert env["VLLM_ALLOW_RUNTIME_LORA_UPDATING"] == "True"
    plain = Launch(Engine(), MODEL, None, 2048, (), owner_pid=1, cores=1)
    assert not [name for name in server_environment(plain, tmp_path, is_cpu=True, inherited={}) if "LORA" in name]
