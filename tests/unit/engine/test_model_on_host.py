"""Whether the model on an executor's host is the one under whose fingerprint its judgments are kept."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from model_folders import made_model

from judgelake.engine import Engine, Launch, StartRefused, ensure_engine, local_model, model_identity, stop_engines
from judgelake.engine.model.identity import check_model
from judgelake.errors import UserError


@pytest.fixture
def engine_folder():
    # A short path: pytest's temporary path would be too long for a socket.
    place = tempfile.mkdtemp(prefix="jl-")
    yield place
    shutil.rmtree(place)


@pytest.fixture
def owner(engine_folder):
    with subprocess.Popen(["sleep", "120"]) as process:
        yield process
        stop_engines(process.pid, engine_folder)
        process.kill()


@pytest.fixture
def start(root, engine_folder, owner, monkeypatch):
    """Finds or starts an engine with a stand-in for vLLM: start(model, identity)."""
    stand_in = str(root / "tests" / "support" / "server" / "stand_in.py")

    def command(*launch_and_socket, is_cpu):
        return [sys.executable, "-S", stand_in, str(launch_and_socket[-1])]

    monkeypatch.setattr("judgelake.engine.server.start.server_command", command)
    monkeypatch.setattr("judgelake.engine.server.start.is_cpu_build", lambda: True)
    engine = Engine(folder=engine_folder, start_timeout_s=30)

    def start(model: Path | str, identity: str | None, revision: str | None = None):
        started = ensure_engine(
            Launch(engine, str(model), revision, 2048, gpus=(), owner_pid=owner.pid, cores=2, identity=identity)
        )
        started.lease.release()
        return started

    return start


def test_another_model_than_the_drivers_is_refused_before_a_server_starts(start, engine_folder, tmp_path):
    drivers, here = made_model(tmp_path / "driver"), made_model(tmp_path / "here", hidden=9)
    expected, found = (model_identity(str(folder), None) for folder in (drivers, here))
    with pytest.raises(StartRefused) as error:
        start(here, expected)
    for part in (str(here), socket.gethostname(), expected, found, "judge.model"):
        assert part in str(error.value)
    assert list(Path(engine_folder).iterdir()) == []


def test_files_that_are_exchanged_while_a_server_loads_them_end_it(start, engine_folder, tmp_path, monkeypatch):
    from judgelake.engine.server import start as start_room

    folder = made_model(tmp_path / "model")
    stand_in = start_room.server_command

    def command(launch, socket, *, is_cpu):
        (folder / "model.safetensors").write_bytes(b"weights of\t9")
        return stand_in(launch, socket, is_cpu=is_cpu)

    identity = model_identity(str(folder), None)
    monkeypatch.setattr(start_room, "server_command", command)
    with pytest.raises(StartRefused, match=identity):
        start(folder, identity)
    assert not list(Path(engine_folder).glob("*.json")), "no engine is left"
    assert not list(Path(engine_folder).glob("*.sock"))


def test_a_folder_that_is_not_on_a_host_is_reported_with_the_host(start, tmp_path):
    with pytest.raises(StartRefused, match=rf"On host {socket.gethostname()}.*absent.*not a folder"):
        start(tmp_path / "absent", "local:0")


def test_a_running_engine_is_not_joined_once_the_files_have_changed(start, tmp_path):
    folder = made_model(tmp_path / "model")
    before = model_identity(str(folder), None)
    first = start(folder, before)
    second = start(folder, before)
    assert second.was_running
    for started in (first, second):
        started.lease.release()
    (folder / "model.safetensors").write_bytes(b"weights of\t9")
    with pytest.raises(UserError, match=socket.gethostname()):
        start(folder, before)
    other = start(folder, model_identity(str(folder), None))
    assert not other.was_running
    assert other.log_path != first.log_path


@pytest.mark.parametrize(
    ("revision", "identity"),
    [pytest.param("v1", "org/model@v1", id="pinned"), pytest.param(None, "org/model@unpinned", id="unpinned")],
)
def test_a_name_on_hugging_face_is_the_drivers_at_the_same_revision(revision, identity):
    check_model("org/model", revision, identity)
    with pytest.raises(UserError, match="org/model@other"):
        check_model("org/model", revision, "org/model@other")


def test_a_folder_of_an_executor_does_not_pass_for_a_name_on_hugging_face(tmp_path, monkeypatch):
    made_model(tmp_path / "org" / "model")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="org/model@abc"):
        check_model("org/model", "abc", "org/model@abc")


def test_the_files_mlflow_has_written_around_a_model_are_not_part_of_it(tmp_path):
    plain = made_model(tmp_path / "plain")
    written = tmp_path / "written"
    shutil.copytree(plain, written / "model")
    (written / "MLmodel").write_text("flavors: {}")
    (written / "requirements.txt").write_text("transformers")
    assert model_identity(str(written), None) == model_identity(str(plain), None)
    assert local_model(str(written)) == written / "model"


def test_a_tokenizer_that_mlflow_keeps_apart_is_part_of_the_model(tmp_path):
    plain = made_model(tmp_path / "plain")
    written = tmp_path / "written"
    shutil.copytree(plain, written / "model")
    tokenizer = written / "components" / "tokenizer"
    tokenizer.mkdir(parents=True)
    (written / "model" / "tokenizer.json").rename(tokenizer / "tokenizer.json")
    assert model_identity(str(written), None) == model_identity(str(plain), None)
    (tokenizer / "tokenizer.json").write_text("{ }")
    assert model_identity(str(written), None) != model_identity(str(plain), None)


def test_a_folder_with_two_models_is_refused(tmp_path):
    for name in ("a", "b"):
        made_model(tmp_path / "artifacts" / name)
    with pytest.raises(UserError, match=r"more than one model, in 'artifacts/a' and 'artifacts/b'"):
        local_model(str(tmp_path))


def test_an_adapter_is_not_a_model(tmp_path):
    (tmp_path / "adapter_config.json").write_text("{}")
    with pytest.raises(UserError, match=r"config\.json.*judge\.adapter"):
        local_model(str(tmp_path))
