"""What is recorded of an engine for a run: its real options and environment, and never a key."""

import asyncio
import json
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from judgelake.asking.executor import notes_on_server, open_asker
from judgelake.asking.progress import EngineNote, Tally
from judgelake.engine import (
    Endpoint,
    Engine,
    Launch,
    ensure_engine,
    owner_of_this_worker,
    settings_of_server,
    stop_engines,
)
from judgelake.engine.server.command import server_command, settings_of
from judgelake.engine.server.lease import without_users
from judgelake.jobs.judge import JudgeJob
from judgelake.jobs.judge.resolve import resolve_judge
from judgelake.judges import Prompt


def test_the_options_of_a_command_are_recorded_without_its_socket(tmp_path):
    engine = Engine(options={"max_model_len": 512, "enforce-eager": False, "dtype": "half", "tp": 2})
    launch = Launch(engine, "org/m", "abc", 2048, gpus=(), owner_pid=1, cores=2)
    command = server_command(launch, tmp_path / "s.sock", is_cpu=True)
    options = settings_of(command, {})["options"]
    assert {
        name: options[name] for name in ("model", "revision", "max-model-len", "dtype", "tensor-parallel-size")
    } == {
        "model": "org/m",
        "revision": "abc",
        "max-model-len": "512",
        "dtype": "half",
        "tensor-parallel-size": "2",
    }
    assert options["no-enforce-eager"] is None
    assert "uds" not in options
    assert not [name for name in options if name.startswith("-")]


def test_only_vllms_part_of_the_environment_is_recorded_and_no_key():
    environment = {
        "VLLM_CPU_KVCACHE_SPACE": "4",
        "VLLM_API_KEY": "very secret",
        "VLLM_SOME_TOKEN": "very secret",
        "HF_TOKEN": "very secret",
        "PATH": "/bin",
    }
    command = [
        "python",
        "-m",
        "server",
        "--hf-token",
        "very secret",
        "--tokenizer",
        "t",
        "--max-num-batched-tokens",
        "8",
    ]
    settings = settings_of(command, environment)
    assert settings["env"] == {"VLLM_CPU_KVCACHE_SPACE": "4"}
    assert settings["options"] == {"hf-token": "***", "max-num-batched-tokens": "8", "tokenizer": "t"}
    assert "very secret" not in json.dumps(settings)


def endpoint(url):
    return Endpoint(base_url=url, uds=None, api_key="very secret", model="m")


def test_a_given_server_reports_its_version(test_server):
    url = test_server("instant")
    assert settings_of_server(endpoint(url)) == {"url": url, "version": "test"}
    note = notes_on_server(endpoint(url))[url]
    assert (note.start_s, note.devices) == (None, 0)


def test_a_server_that_reports_no_version_gives_no_settings(test_server):
    assert settings_of_server(endpoint(test_server("plain"))) is None
    assert settings_of_server(endpoint("http://127.0.0.1:9/v1")) is None
    assert notes_on_server(endpoint("http://127.0.0.1:9/v1")) == {}
    assert notes_on_server(None) == {}


@pytest.fixture
def engine_folder():
    # A short path: pytest's temporary path would be too long for a socket.
    place = tempfile.mkdtemp(prefix="jl-")
    yield place
    shutil.rmtree(place)


def test_the_settings_a_server_was_really_started_with_are_reported_also_to_callers_who_found_it(
    root, engine_folder, monkeypatch
):
    serve = str(root / "tests" / "support" / "server" / "serve.py")

    def command(launch, socket, *, is_cpu):
        return [sys.executable, serve, "--uds", str(socket), "--rule", "instant"]

    monkeypatch.setattr("judgelake.engine.server.start.server_command", command)
    monkeypatch.setattr("judgelake.engine.server.start.is_cpu_build", lambda: True)
    engine = Engine(folder=engine_folder, start_timeout_s=30, env={"VLLM_OF_THE_JOB": "1"})
    with subprocess.Popen(["sleep", "120"]) as owner:
        try:
            launch = Launch(engine, "org/model", None, 2048, gpus=(), owner_pid=owner.pid, cores=2)
            first, second = (ensure_engine(launch) for _ in range(2))
        finally:
            stop_engines(owner.pid, engine_folder)
            owner.kill()
    assert (first.was_running, second.was_running) == (False, True)
    assert first.settings == second.settings
    assert first.settings["options"] == {"rule": "instant"}
    assert first.settings["env"]["VLLM_OF_THE_JOB"] == "1"
    assert "VLLM_CPU_KVCACHE_SPACE" in first.settings["env"]


def test_a_task_uses_its_engine_until_its_asker_closes(root, engine_folder, monkeypatch):
    serve = str(root / "tests" / "support" / "server" / "serve.py")
    monkeypatch.setattr(
        "judgelake.engine.server.start.server_command",
        lambda launch, socket, *, is_cpu: [sys.executable, serve, "--uds", str(socket), "--rule", "instant"],
    )
    for module in ("judgelake.engine.server.start", "judgelake.asking.executor"):
        monkeypatch.setattr(f"{module}.is_cpu_build", lambda: True)
    job = JudgeJob.model_validate({"judge": {"name": "chat", "model": "org/model"}})
    judge = resolve_judge(job, commit_of=lambda name, revision: "c" * 40)
    try:
        opened = open_asker(judge, Engine(folder=engine_folder, start_timeout_s=30), None, None, Prompt(text="?"))
        ((place, note),) = opened.notes.items()
        assert place.partition(":")[0] == socket.gethostname()
        assert (note.devices, "gpus" in note.settings) == (1, False)
        users = Path(place.partition(":")[2]).with_suffix(".users")

        async def use():
            async with opened.factory():
                with without_users(users) as is_free:
                    return is_free

        assert asyncio.run(use()) is False
        with without_users(users) as is_free:
            assert is_free
    finally:
        stop_engines(owner_of_this_worker(), engine_folder)


def test_the_settings_of_all_engines_are_one_list_without_duplicates():
    tally = Tally()
    assert tally.engine_settings is None
    small, large = {"env": {"VLLM_CPU_KVCACHE_SPACE": "1"}}, {"env": {"VLLM_CPU_KVCACHE_SPACE": "4"}}
    notes = {"a.log": small, "b.log": large, "c.log": small}
    for key, settings in notes.items():
        tally.add({"engines": {key: {"start_s": 1.5, "devices": 1, "settings": settings}}})
    assert json.loads(tally.engine_settings) == [small, large]


def test_a_given_server_has_no_start_and_no_devices_of_ours():
    tally = Tally()
    tally.engines["http://judge/v1"] = EngineNote(None, 0, {"version": "test"})
    assert (tally.engine_start_s, tally.devices) == (None, 0)
