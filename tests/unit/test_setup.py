"""The errors on a machine where judgelake cannot be installed or run."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

SETUP = Path(__file__).resolve().parents[2] / "setup"


def load(name):
    spec = importlib.util.spec_from_file_location(name, SETUP / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


preflight = load("preflight")


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('openjdk version "21" 2023-09-19', 21),
        ('java version "1.8.0_392"', 8),
        ('Picked up JAVA_TOOL_OPTIONS: -Xmx1g\nopenjdk version "25-ea" 2025-09-16', 25),
        ("java: command not found", None),
    ],
)
def test_the_java_version_is_read(text, version):
    assert preflight.java_version(text) == version


@pytest.fixture
def java_home(tmp_path):
    def make(output):
        command = tmp_path / "bin" / "java"
        command.parent.mkdir()
        command.write_text(f"#!/bin/sh\necho '{output}' >&2\n")
        command.chmod(0o755)
        return {"JAVA_HOME": str(tmp_path)}

    return make


def test_a_supported_java_is_not_a_problem(java_home):
    assert preflight.java_problem(java_home('openjdk version "17.0.15"')) is None


def test_an_old_java_is_named_with_its_place_and_what_to_install(java_home, tmp_path):
    problem = preflight.java_problem(java_home('java version "1.8.0_392"'))
    assert "Java 8" in problem
    assert str(tmp_path) in problem
    assert "install Java 17 or newer" in problem


def test_a_missing_java_says_what_to_install(tmp_path):
    assert "install Java 17 or newer" in preflight.java_problem({"PATH": str(tmp_path)})


def test_a_java_home_without_java_is_named(tmp_path):
    assert str(tmp_path) in preflight.java_problem({"JAVA_HOME": str(tmp_path)})


@pytest.mark.parametrize("version", [(3, 8), (3, 10), (3, 13)])
def test_a_wrong_python_is_named_with_the_right_ones(version):
    problem = preflight.python_problem(version, "python")
    assert "{}.{}".format(*version) in problem
    assert "install Python 3.11 or 3.12" in problem


@pytest.mark.parametrize("version", [(3, 11), (3, 12)])
def test_a_supported_python_is_not_a_problem(version):
    assert preflight.python_problem(version, "python") is None


def test_too_little_disk_is_reported_with_the_place(tmp_path):
    problem = preflight.disk_problem(str(tmp_path / "not" / "yet"), 10**9)
    assert f"The disk of {tmp_path} has" in problem


def test_too_little_memory_is_reported_and_unknown_memory_is_not():
    assert "2.0 GiB of memory are free, but 6 GiB are needed" in preflight.memory_problem(6, 2.0)
    assert preflight.memory_problem(6, None) is None
    assert preflight.memory_problem(0, 2.0) is None


def test_a_containers_limit_counts(tmp_path):
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 16000000 kB\nMemAvailable: 8388608 kB\n")
    assert preflight.free_memory_gib(str(meminfo), str(tmp_path)) == 8
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("1073741824\n")
    assert preflight.free_memory_gib(str(meminfo), str(tmp_path)) == 8
    (tmp_path / "memory.max").write_text("4294967296\n")
    (tmp_path / "memory.stat").write_text("anon 5\ninactive_file 536870912\n")
    assert preflight.free_memory_gib(str(meminfo), str(tmp_path)) == 3.5


def test_a_problem_ends_with_code_2_and_one_sentence(tmp_path):
    command = [sys.executable, str(SETUP / "preflight.py"), "--java", "--installed"]
    environ = {"PATH": os.defpath, "JAVA_HOME": str(tmp_path)}
    answer = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60)
    assert answer.returncode == 2
    assert answer.stdout == ""
    assert len(answer.stderr.splitlines()) == 1
