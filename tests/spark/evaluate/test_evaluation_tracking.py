"""An evaluation in MLflow: a run a judge with what is needed to compare it with any other, below one for the whole."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from by_hand import RULES
from mlflow_store import mlflow_at

# SQLAlchemy deprecates what MLflow asks of it.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


@dataclass(frozen=True, slots=True)
class Logged:
    """What `by_hand` holds, evaluated a second time, now inside a run of MLflow."""

    mlflow: Any
    done: Any
    own_run_id: str


@pytest.fixture(scope="module")
def logged(by_hand, mlflow_store, tmp_path_factory):
    with mlflow_at(tmp_path_factory.mktemp("tracking"), mlflow_store) as mlflow:
        mlflow.set_experiment("tests")
        with mlflow.start_run() as own:
            done = by_hand.small.evaluate(**RULES, mlflow={"enabled": True})
            assert mlflow.active_run().info.run_id == own.info.run_id
        assert done.problem is None
        yield Logged(mlflow, done, own.info.run_id)


def test_the_same_evaluation_again_has_the_same_name_and_numbers_and_replaces_its_rows(spark, by_hand, logged):
    assert logged.done.evaluation.run_id == by_hand.done.evaluation.run_id
    again = by_hand.small.metrics(logged.done)
    assert {key: row["low"] for key, row in again.items()} == {key: row["low"] for key, row in by_hand.rows.items()}
    same = spark.read.table(by_hand.small.tables.metrics).where(f"run_id = '{by_hand.done.evaluation.run_id}'")
    assert same.count() == len(by_hand.rows)


def test_a_judges_run_can_be_compared_with_any_other_and_leads_to_its_model_version(logged):
    mlflow, done = logged.mlflow, logged.done
    whole = mlflow.get_run(done.mlflow_run_id)
    assert whole.data.tags["mlflow.parentRunId"] == logged.own_run_id
    assert whole.info.status == "FINISHED"
    assert "report.html" in names_of(mlflow, whole)

    one, two, _ = runs_below(mlflow, whole)
    metrics = one.data.metrics
    assert (metrics["agreement"], metrics["agreement_when_consistent"], metrics["agreement/both_right"]) == (
        5 / 7,
        4 / 5,
        4 / 7,
    )
    assert metrics["agreement.low"] < 5 / 7 < metrics["agreement.high"]
    assert (metrics["consistency"], metrics["coverage"], metrics["n"]) == (5 / 7, 7 / 8, 7)
    assert metrics["position_bias"] == metrics["bias_first"] - metrics["bias_second"]
    assert not [name for name in metrics if "confusion" in name or "games" in name or "win_rate" in name]

    params = one.data.params
    versions = {name: str(pinned.version) for name, pinned in done.evaluation.inputs.versions.items()}
    assert {name: params[f"versions.{name}"] for name in versions} == versions
    assert (params["swap_rules"], params["failure_rule"]) == ("first, strict, both_right", "left_out")
    assert (params["label_rule"], params["where"]) == ("gold: gold", "source = 'verdicts'")
    assert (params["judge"], params["model_version"]) == ("j1", "acme/judge@main")
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
    assert {metric.key: metric.value for metric in model.metrics}["agreement"] == 5 / 7
    assert {"confusion.png", "judge_card.json", "judge_card.md"} <= names_of(mlflow, one)
    attached = mlflow.MlflowClient().list_logged_model_artifacts(link.model_id)
    assert {file.path for file in attached} >= {"judge_card.json", "judge_card.md"}
    card = mlflow.artifacts.load_dict(f"{one.info.artifact_uri}/judge_card.json")
    assert card == json.loads(done.cards["fingerprint of j1"].to_json())


def runs_below(mlflow, whole):
    """The judges' runs, by the judge's name."""
    chosen = f"tags.`mlflow.parentRunId` = '{whole.info.run_id}'"
    found = mlflow.search_runs([whole.info.experiment_id], filter_string=chosen, output_format="list")
    return sorted((mlflow.get_run(run.info.run_id) for run in found), key=lambda run: run.data.tags["judgelake.judge"])


def names_of(mlflow, run):
    return {file.path for file in mlflow.MlflowClient().list_artifacts(run.info.run_id)}
