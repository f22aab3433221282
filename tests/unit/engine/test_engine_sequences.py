"""How many sequences a server computes at the same time: by its options, or as its vLLM says."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile

import pytest
from cluster.site import make_site

from judgelake.engine import Engine, Launch, ensure_engine, sequences_at_once, stop_engines
from judgelake.engine.server.sequences import answer, asked, question

UDS = "--uds"
COMMAND = ["python", "-m", "vllm.entrypoints.openai.api_server", UDS, "x.sock", "--model", "m", "--seed", "1"]


@pytest.mark.parametrize(
    ("settings", "sequences"),
    [
        ({}, None),
        ({"options": {"max-num-seqs": "64"}}, None),
        ({"max_num_seqs": 1024, "options": {}}, 1024),
        ({"max_num_seqs": 256, "options": {"data-parallel-size": "4"}}, 1024),
        ({"max_num_seqs": 256, "options": {"tensor-parallel-size": "4"}}, 256),
    ],
)
def test_each_data_parallel_copy_of_a_model_computes_its_own_sequences(settings, sequences):
    assert sequences_at_once(settings) == sequences


def test_a_server_is_asked_only_for_what_its_options_leave_open():
    assert question(COMMAND, {"max-num-seqs": "64"}, UDS) is None
    assert question(["sh", "-c", "sleep 1"], {}, UDS) is None
    asking = question(COMMAND, {"max-num-seqs": None}, UDS)
    assert asking is not None
    assert asking[-4:] == ["--model", "m", "--seed", "1"]


@pytest.mark.parametrize(
    ("program", "found"),
    [
        ("print('INFO x'); print('judgelake-max-num-seqs 512'); print('done')", 512),
        ("print('judgelake-max-num-seqs None')", None),
        ("raise SystemExit(1)", None),
        ("import time; time.sleep(60)", None),
    ],
)
def test_an_answer_that_does_not_come_is_no_number(program, found, monkeypatch):
    monkeypatch.setattr("judgelake.engine.server.sequences.ANSWER_S", 2.0)
    process = asked([sys.executable, "-S", "-c", program], {})
    assert answer(process) == found
    assert process.returncode is not None


@pytest.fixture
def site(tmp_path):
    """The pretended vLLM of the cluster tests, which computes 24 sequences."""
    place = make_site(tmp_path / "site")
    (place / "pretended.json").write_text(json.dumps({"sequences": 24}), "utf-8")
    return place


@pytest.mark.parametrize(("options", "sequences"), [({}, 24), ({"max-num-seqs": 7}, 7)])
def test_a_started_server_is_recorded_with_its_sequences(options, sequences, site, root, monkeypatch):
    stand_in = root / "tests" / "support" / "server" / "stand_in.py"

    def command(launch, socket, *, is_cpu):
        words = [word for name, value in launch.engine.options.items() for word in (f"--{name}", str(value))]
        return [sys.executable, "-S", str(stand_in), str(socket), UDS, str(socket), "--model", "m", *words]

    monkeypatch.setattr("judgelake.engine.server.start.server_command", command)
    monkeypatch.setattr("judgelake.engine.server.start.is_cpu_build", lambda: True)
    with tempfile.TemporaryDirectory(prefix="jl-") as folder, subprocess.Popen(["sleep", "60"]) as owner:
        engine = Engine(folder=folder, options=options, env={"PYTHONPATH": str(site)}, start_timeout_s=30)
        started = ensure_engine(Launch(engine, "m", None, 2048, (), owner.pid, cores=1))
        assert sequences_at_once(started.settings) == sequences
        assert stop_engines(owner.pid, folder) == 1
        owner.kill()
