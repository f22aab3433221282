"""The first thing a new user runs, as that user runs it: a real model, vLLM, Spark, Delta, MLflow."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("vllm", reason="needs vLLM")

# Six minutes on two idle cores with room to spare; CI machines are shared.
QUICKSTART_S = 1200


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    place = tmp_path_factory.mktemp("quickstart")
    return {
        **os.environ,
        "JUDGELAKE_WAREHOUSE": str(place / "warehouse"),
        "MLFLOW_TRACKING_URI": f"sqlite:///{place}/mlflow.db",
        "COLUMNS": "100",
    }


@pytest.fixture
def output_of(root, environment):
    def run(*command: str) -> str:
        answer = subprocess.run(
            command, cwd=root, env=environment, capture_output=True, text=True, timeout=QUICKSTART_S
        )
        assert answer.returncode == 0, answer.stdout + answer.stderr
        return answer.stdout

    return run


@pytest.mark.timeout(3 * QUICKSTART_S)
def test_the_quickstart_judges_the_sample_once_and_a_second_run_asks_nothing(output_of, small_model):
    first = output_of(sys.executable, "-m", "judgelake.quickstart")
    assert "90 requests to judge, 0 judged before" in first
    assert "Judgments by status: 90 ok" in first
    assert "15 of 45 comparisons" in first
    second = output_of(sys.executable, "-m", "judgelake.quickstart")
    assert "0 requests to judge, 90 judged before" in second
    assert "nothing was asked" in second
    judgelake = str(Path(sys.executable).with_name("judgelake"))
    query = "SELECT shown_order, count(*) AS n FROM judgments_latest GROUP BY ALL ORDER BY 1"
    assert output_of(judgelake, "sql", query).splitlines() == ["shown_order\tn", "AB\t45", "BA\t45"]
