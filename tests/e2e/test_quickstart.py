"""The first command of a new user, run as that user runs it: a real model, vLLM, Spark, Delta, MLflow."""

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

# Only searched for: importing it would cost every test run four seconds and 0.9 GB.
pytestmark = pytest.mark.skipif(find_spec("vllm") is None, reason="needs vLLM")

# Six minutes on two idle cores with room to spare; CI machines are shared.
QUICKSTART_S = 1200


@pytest.fixture
def checkout(tmp_path, root, small_model):
    """A folder with the files of the checkout that the quickstart reads, so that its output does not mix with ours."""
    for name in ("conf", "samples", small_model.parent.name):
        (tmp_path / name).symlink_to(root / name)
    return tmp_path


@pytest.fixture
def output_of(checkout):
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("JUDGELAKE_", "MLFLOW_"))}

    def run(*command: str) -> str:
        answer = subprocess.run(
            command,
            cwd=checkout,
            env={**environment, "COLUMNS": "100"},
            capture_output=True,
            text=True,
            timeout=QUICKSTART_S,
        )
        assert answer.returncode == 0, answer.stdout + answer.stderr
        return answer.stdout

    return run


@pytest.mark.timeout(3 * QUICKSTART_S)
def test_the_quickstart_judges_the_sample_once_evaluates_it_and_asks_nothing_a_second_time(output_of, checkout):
    first = output_of(sys.executable, "-m", "judgelake.quickstart")
    assert "45 of the 53 comparisons are pairs of single answers: these are judged and evaluated." in first
    assert "90 requests to judge, 0 judged before" in first
    assert "Judgments by status: 90 ok" in first
    assert "15 of 45 comparisons" in first
    agreeing = r"Verdicts that agree with the label: \d+ of 45 shown A, B; \d+ of 45 shown B, A; \d+ of 45 by margin\."
    assert re.search(agreeing, first)
    agreement = re.search(r"^chat +first +([\d.]+) \(([\d.]+)-([\d.]+)\) +45 +100%", first, re.MULTILINE)
    assert agreement is not None, first
    value, low, high = map(float, agreement.groups())
    assert low <= value <= high
    assert f"report: {checkout / 'artifacts' / 'report.html'}" in first
    assert "Judges against labels" in first
    assert "<h1" in (checkout / "artifacts" / "report.html").read_text("utf-8")
    second = output_of(sys.executable, "-m", "judgelake.quickstart")
    assert "0 requests to judge, 90 judged before" in second
    assert "nothing was asked" in second
    judgelake = str(Path(sys.executable).with_name("judgelake"))
    query = "SELECT shown_order, count(*) AS n FROM judgments_latest GROUP BY ALL ORDER BY 1"
    assert output_of(judgelake, "sql", query).splitlines() == ["shown_order\tn", "AB\t45", "BA\t45"]
