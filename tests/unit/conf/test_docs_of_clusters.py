"""docs/cluster.md and docs/databricks.md: every command, config key, file, resource and variable in them exists."""

from __future__ import annotations

import re
import shlex
import tomllib
from typing import Any

import pytest
from bundle import REPO, whole_bundle
from pydantic import BaseModel

from judgelake.jobs.evaluate import EvaluateJob
from judgelake.jobs.ingest import IngestJob
from judgelake.jobs.judge import JudgeJob

DOCS = {name: (REPO / "docs" / name).read_text("utf-8") for name in ("cluster.md", "databricks.md")}
JOBS: tuple[type[BaseModel], ...] = (JudgeJob, IngestJob, EvaluateJob)
SECTIONS = "|".join(sorted({name for job in JOBS for name in job.model_fields}))
OF_THE_SCRIPTS = {"judge": JudgeJob, "ingest": IngestJob, "evaluate": EvaluateJob}


def commands(text: str) -> list[str]:
    """The lines of the code blocks, those that end in a backslash joined with the next."""
    blocks = re.findall(r"^ *```\n(.*?)^ *```$", text, re.DOTALL | re.MULTILINE)
    return [line.strip() for block in blocks for line in block.replace("\\\n", " ").splitlines() if line.strip()]


def has_key(job: type[BaseModel], path: str) -> bool:
    model: Any = job
    for part in path.split("."):
        if not (isinstance(model, type) and issubclass(model, BaseModel)):
            # Inside a mapping of free names, such as engine.options.
            return "dict" in str(model)
        if part not in model.model_fields:
            return False
        model = model.model_fields[part].annotation
    return True


@pytest.mark.parametrize("name", DOCS)
def test_each_key_in_the_text_is_a_key_of_a_config(name):
    keys = re.findall(rf"`((?:{SECTIONS})\.[a-z_.]+)", DOCS[name])
    keys = [key for key in keys if not key.endswith((".yaml", ".yml", ".md", ".py"))]
    assert keys
    assert [key for key in keys if not any(has_key(job, key) for job in JOBS)] == []


@pytest.mark.parametrize("name", DOCS)
def test_each_key_that_a_command_sets_is_one_of_its_job(name):
    for command in commands(DOCS[name]):
        for script, job in OF_THE_SCRIPTS.items():
            if f"jobs/{script}.py" in command:
                for item in re.findall(r"--set (\S+)", command):
                    assert has_key(job, item.partition("=")[0]), command


@pytest.mark.parametrize("name", DOCS)
def test_each_command_is_an_entry_point(name):
    scripts = tomllib.loads((REPO / "pyproject.toml").read_text("utf-8"))["project"]["scripts"]
    assert set(re.findall(r"\b(judgelake-(?:judge|ingest|evaluate|tables|\w+))(?=[ `])", DOCS[name])) - {
        "judgelake-models"
    } <= set(scripts)


@pytest.mark.parametrize("name", DOCS)
def test_each_file_of_this_repository_exists(name):
    named = re.findall(r"\b((?:conf|jobs|resources|docs|notebooks)/[\w./-]+\w)", DOCS[name])
    linked = [f"docs/{link}" for link in re.findall(r"\]\(([^)#:]+)(?:#[\w-]+)?\)", DOCS[name])]
    assert named
    assert [path for path in (*named, *linked) if not (REPO / path).exists()] == []


@pytest.mark.parametrize("name", DOCS)
def test_each_setting_of_spark_is_in_conf_spark(name):
    shipped = "".join(path.read_text("utf-8") for path in (REPO / "conf" / "spark").glob("*.conf"))
    named = set(re.findall(r"`(spark\.[\w.]+\w)", DOCS[name]))
    assert {key for key in named if key not in shipped} == set()


def test_each_target_of_make_exists():
    targets = set(re.findall(r"^([a-z-]+):", (REPO / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {command.split()[1] for text in DOCS.values() for command in commands(text) if command.startswith("make ")}
    assert named
    assert named <= targets


def test_each_command_of_the_bundle_names_what_the_bundle_has():
    bundle, seen = whole_bundle(), 0
    for command in commands(DOCS["databricks.md"]):
        words = shlex.split(command)
        if words[:2] != ["databricks", "bundle"]:
            continue
        seen += 1
        if words[2] == "run":
            assert words[3] in bundle["resources"]["jobs"]
        assert words[words.index("--target") + 1] in bundle["targets"]
        given = {words[place + 1].partition("=")[0] for place, word in enumerate(words) if word == "--var"}
        assert given <= set(bundle["variables"])
        assert {name for name, one in bundle["variables"].items() if "default" not in one} <= given
    assert seen >= 4


def test_variables_named_in_the_text_exist():
    section = DOCS["databricks.md"].partition("Variables worth a look")[2].partition("```")[0]
    named = set(re.findall(r"`([a-z_]+)`", section))
    assert named
    assert named <= set(whole_bundle()["variables"])


def test_the_example_of_the_costs_is_computed_right():
    tokens_a_second = 70e12 / 2 / (2 * 7.6e9)
    rate = tokens_a_second / (1_200 - 400 + 8)
    hours = 1e6 * 2 / rate / 3600
    texts = {name: re.sub(r"\s+", " ", text) for name, text in DOCS.items()}
    assert (
        f"{tokens_a_second:,.0f} tokens a second, r = {tokens_a_second:,.0f} / 808 = {rate:.2f}" in texts["cluster.md"]
    )
    assert f"{hours:.0f} GPU hours or {hours * 2:.0f} per million pairs" in texts["cluster.md"]
    assert f"with `mixed` {hours * 1.1:.0f}." in texts["cluster.md"]
    assert f"{hours / 4:.1f} hours of 5 nodes" in texts["databricks.md"]
    assert f"{hours / 4 * 5 * 2:.0f} per million pairs" in texts["databricks.md"]
