"""The unmodified notebook, run from top to bottom, with the project's test server instead of a judge model."""

import os
import subprocess
import sys

RUN_S = 900


def test_the_notebook_judges_evaluates_and_ends_with_a_report(root, test_server, tmp_path):
    settings = (
        "judge.name=judgelm",
        "judge.model=test-judge",
        f"engine.url={test_server('instant')}",
        f"tables.warehouse={tmp_path / 'warehouse'}",
        "mlflow.experiment=notebook",
    )
    environment = {
        **os.environ,
        "JUDGELAKE_SAMPLE": str(root / "samples" / "comparisons.jsonl"),
        "JUDGELAKE_SETTINGS": " ".join(settings),
        "MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path}/mlflow.db",
        "COLUMNS": "100",
    }
    notebook = root / "notebooks" / "01_judge_and_evaluate.py"
    assert notebook.read_text("utf-8").startswith("# Databricks notebook source\n")
    done = subprocess.run(
        [sys.executable, str(notebook)], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=RUN_S
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Judges against labels (gold: judgelake authors)" in done.stdout
    report = (tmp_path / "artifacts" / "report.html").read_text("utf-8")
    assert "How good are the judges?" in report
    assert len(list((tmp_path / "artifacts" / "cards").glob("judgelm-*.md"))) == 1
