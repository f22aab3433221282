"""An evaluation in MLflow: a run a judge with what is needed to compare it with any other, below one for the whole."""

from __future__ import annotations

import datetime
import json

import pytest

from judgelake.config import validated
from judgelake.evaluating import evaluate_and_report
from judgelake.evaluation import EvaluateJob

# SQLAlchemy deprecates what MLflow asks of it.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
NAMES = [f"c{i}" for i in range(8)]
LABELS = dict(zip(NAMES, "AAAABBBB", strict=True))
# The comparison's own order is wrong on two of eight, and the reversed one on one of those.
OWN = dict(zip(NAMES, "AAABBBBA", strict=True))
REVERSED = dict(zip(NAMES, "AAABBBBB", strict=True))


@pytest.fixture
def evaluated(spark, lake, tmp_path):
    """Evaluates two judges of eight comparisons: evaluated(swap_rules=["strict"])."""

    def add(table, rows):
        name = getattr(lake, table)
        columns = spark.read.table(name).schema
        data = [tuple(row.get(column) for column in columns.fieldNames()) for row in rows]
        spark.createDataFrame(data, columns).write.format("delta").mode("append").saveAsTable(name)

    # Names that only differ in what MLflow's names may not hold: their games must not end up under one key.
    answers = [("m > n", "an answer", None), ("m = n", "another", None)]
    about = {"messages": [("user", "Which?")], "answers": answers, "source": "test"}
    add("comparisons", [{"comparison_id": name, "question_id": name, **about} for name in NAMES])
    labels = {"labeler": "gold", "kind": "gold"}
    add("labels", [{"comparison_id": name, "verdict": verdict, **labels} for name, verdict in LABELS.items()])
    for judge in ("one", "two"):
        for order, said in (("AB", OWN), ("BA", REVERSED)):
            known = {"run_id": "r", "judge": judge, "judge_fingerprint": f"{judge}-0f", "mode": "pair", "repeat": 0}
            more = {"model_version": "acme/judge@main", "status": "ok", "attempt": 1, "engine": "test"}
            add(
                "judgments",
                [
                    {
                        "judgment_id": f"{judge}-{name}-{order}",
                        "comparison_id": name,
                        "question_id": name,
                        "shown_order": order,
                        "verdict": verdict,
                        "judged_at": datetime.datetime(2026, 11, 1),
                        **known,
                        **more,
                    }
                    for name, verdict in said.items()
                ],
            )

    def run(**changes):
        places = {"report": str(tmp_path / "report.html"), "cards": None}
        return evaluate_and_report(
            spark, validated(EvaluateJob, {"tables": lake.model_dump(), **places, **changes}, "test")
        )

    return run


def test_a_judges_run_can_be_compared_with_any_other_and_leads_to_its_model_version(mlflow, evaluated):
    with mlflow.start_run() as own:
        done = evaluated(swap_rules=["first", "strict", "both_right"], where="source = 'test'")
        assert mlflow.active_run().info.run_id == own.info.run_id
    assert done.problem is None
    whole = mlflow.get_run(done.mlflow_run_id)
    assert whole.data.tags["mlflow.parentRunId"] == own.info.run_id
    assert whole.info.status == "FINISHED"
    assert "report.html" in names_of(mlflow, whole)

    one, two = runs_below(mlflow, whole)
    metrics = one.data.metrics
    assert (metrics["agreement"], metrics["agreement/strict"], metrics["agreement/both_right"]) == (6 / 8, 6 / 7, 6 / 8)
    assert metrics["agreement.low"] < 6 / 8 < metrics["agreement.high"]
    assert (metrics["consistency"], metrics["coverage"], metrics["n"]) == (7 / 8, 1, 8)
    assert metrics["position_bias"] == metrics["bias_first"] - metrics["bias_second"]
    assert not [name for name in metrics if "confusion" in name or "games" in name or "win_rate" in name]

    params = one.data.params
    versions = {name: str(pinned.version) for name, pinned in done.evaluation.inputs.versions.items()}
    assert {name: params[f"versions.{name}"] for name in versions} == versions
    assert (params["swap_rules"], params["failure_rule"]) == ("first, strict, both_right", "left_out")
    assert (params["label_rule"], params["where"]) == ("gold: gold", "source = 'test'")
    assert (params["judge"], params["model_version"]) == ("one", "acme/judge@main")
    assert set(params) == set(two.data.params)

    read = {tag.value: one.dataset for one in one.inputs.dataset_inputs for tag in one.tags}
    tables = {name: pinned.table for name, pinned in done.evaluation.inputs.versions.items()}
    assert {name: (dataset.name, dataset.digest) for name, dataset in read.items()} == {
        name: (tables[name], f"v{version}") for name, version in versions.items()
    }
    assert set(read) == {"comparisons", "judgments", "labels"}

    (link,) = one.inputs.model_inputs
    model = mlflow.get_logged_model(link.model_id)
    assert model.params["model_version"] == "acme/judge@main"
    assert {metric.key: metric.value for metric in model.metrics}["agreement"] == 6 / 8
    assert {"confusion.png", "judge_card.json", "judge_card.md"} <= names_of(mlflow, one)
    attached = mlflow.MlflowClient().list_logged_model_artifacts(link.model_id)
    assert {file.path for file in attached} >= {"judge_card.json", "judge_card.md"}
    card = mlflow.artifacts.load_dict(f"{one.info.artifact_uri}/judge_card.json")
    assert card == json.loads(done.cards["one-0f"].to_json())

    # Again, by another rule and outside of any run: the same judge leads to the same model version.
    again = evaluated(swap_rules=["both_right", "strict"])
    second = mlflow.get_run(again.mlflow_run_id)
    assert "mlflow.parentRunId" not in second.data.tags
    changed = runs_below(mlflow, second)[0]
    assert changed.inputs.model_inputs[0].model_id == link.model_id
    assert (changed.data.metrics["agreement"], changed.data.params["swap_rules"]) == (6 / 8, "both_right, strict")
    assert "confusion.png" in names_of(mlflow, changed)
    assert mlflow.active_run() is None


def runs_below(mlflow, whole):
    """The judges' runs, by the judge's name."""
    chosen = f"tags.`mlflow.parentRunId` = '{whole.info.run_id}'"
    found = mlflow.search_runs([whole.info.experiment_id], filter_string=chosen, output_format="list")
    return sorted((mlflow.get_run(run.info.run_id) for run in found), key=lambda run: run.data.tags["judgelake.judge"])


def names_of(mlflow, run):
    return {file.path for file in mlflow.MlflowClient().list_artifacts(run.info.run_id)}
