"""The notebook that trains a judge, run with stand-ins of the jobs: every cell, each job's config and arguments."""

import runpy
from importlib import import_module
from types import SimpleNamespace
from unittest.mock import MagicMock, create_autospec

import pytest

from judgelake.errors import UserError

JOBS = {
    "ingest": ("ingest",),
    "generate": ("generate",),
    "train": ("plan_of", "show_plan", "train_planned"),
    "judge": ("judge",),
    "evaluate": ("evaluate_and_report", "show_headline"),
    "promote": ("promote", "show"),
}


@pytest.fixture
def jobs(monkeypatch, root, tmp_path):
    """The functions that the notebook calls, each of which checks its arguments by its signature."""
    monkeypatch.chdir(root)
    monkeypatch.setenv("JUDGELAKE_FOLDER", str(tmp_path))
    stand_ins = {}
    for job, names in JOBS.items():
        for name in names:
            place = f"judgelake.jobs.{job}.{name}"
            stand_ins[name] = create_autospec(getattr(import_module(f"judgelake.jobs.{job}"), name))
            monkeypatch.setattr(place, stand_ins[name])
    monkeypatch.setattr("judgelake.runtime.get_spark", lambda tables, app_name: MagicMock())
    stand_ins["judge"].side_effect = lambda spark, job: SimpleNamespace(
        judge=SimpleNamespace(fingerprint=job.judge.model)
    )
    return SimpleNamespace(**stand_ins)


@pytest.mark.parametrize(
    ("promoted", "alias"),
    [
        (SimpleNamespace(is_promoted=True), "champion"),
        (None, "champion"),
        (SimpleNamespace(is_promoted=False), "candidate"),
        (UserError("Too few labels."), "candidate"),
    ],
)
def test_the_notebook_calls_the_jobs_in_order_with_configs_that_they_accept(jobs, root, tmp_path, promoted, alias):
    jobs.promote.side_effect = [promoted]
    notebook = root / "notebooks" / "02_train_a_judge.py"
    assert notebook.read_text("utf-8").startswith("# Databricks notebook source\n")
    runpy.run_path(str(notebook))
    trained = jobs.plan_of.call_args.args[1]
    assert (trained.mlflow.register_as, trained.output) == ("my-judge", f"{tmp_path}/model")
    assert trained.tables.warehouse == f"{tmp_path}/learn"
    judged = [call.args[1] for call in jobs.judge.call_args_list]
    models = ["models/smollm2-135m", "models:/my-judge@candidate", f"models:/my-judge@{alias}"]
    assert [job.judge.model for job in judged] == models
    assert {(job.judge.name, job.judge.mode) for job in judged} == {(trained.judge.name, trained.judge.mode)}
    evaluated, promotion = jobs.evaluate_and_report.call_args.args[1], jobs.promote.call_args.args[1]
    assert judged[0].tables == judged[1].tables == evaluated.tables == promotion.tables
    assert evaluated.tables.warehouse == f"{tmp_path}/test"
    assert [call.args[1].tables.warehouse for call in jobs.ingest.call_args_list] == [
        f"{tmp_path}/{name}" for name in ("learn", "test", "new")
    ]
