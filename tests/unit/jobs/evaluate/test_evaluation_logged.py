"""What goes to MLflow, and what becomes of an evaluation where MLflow does not take it."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
import requests
from evaluation_example import OF_PAIRS, OF_SCORES, cells, evaluation, judge_info, nothing, row, section
from mlflow.exceptions import MlflowException
from mlflow_store import mlflow_at
from threads import submitted_without_spark

from judgelake.errors import UserError
from judgelake.jobs.evaluate import evaluation as evaluation_module
from judgelake.jobs.evaluate import job
from judgelake.jobs.evaluate.mlflow_run import headline_metrics, track
from judgelake.report import ReportContent, Rules, judge_card


def test_only_what_stands_for_the_judge_goes_to_mlflow():
    rows = [
        *(row("agreement", value, swap_rule=rule) for rule, value in (("first", 0.8), ("second", 0.9))),
        row("agreement_when_consistent", 0.95, swap_rule="strict"),
        row("macro_f1", 0.7, 0.6, 0.8, swap_rule="first"),
        row("macro_f1", 0.75, swap_rule="strict"),
        row("f1", 0.6, subject="A", swap_rule="first"),
        row("both_right_accuracy", 0.55, swap_rule="both_right"),
        row("position_bias", -0.02),
        row("agreement", 0.4, swap_rule="first", slice="source=x"),
        *(row("games", 3.0, subject=game) for game in ("a > b", "a = b", "b > a")),
        row("win_rate", 0.6, subject="a"),
        row("agreement_difference", 0.03, subject="other"),
        nothing("cohen_kappa", swap_rule="first"),
        *cells("first", AA=3, AB=1),
    ]
    assert headline_metrics(rows, "first") == {
        "agreement": 0.8,
        "agreement/second": 0.9,
        "agreement_when_consistent": 0.95,
        "macro_f1": 0.7,
        "macro_f1.low": 0.6,
        "macro_f1.high": 0.8,
        "both_right_accuracy": 0.55,
        "position_bias": -0.02,
        "n": 90,
        "coverage": 0.9,
    }


def test_a_judge_of_scores_has_their_coverage_in_mlflow():
    assert headline_metrics(OF_SCORES, "first")["coverage"] == 0.996


@pytest.fixture
def mlflow(tmp_path, mlflow_store):
    """MLflow with an empty store of its own."""
    with mlflow_at(tmp_path, mlflow_store) as mlflow:
        yield mlflow


# SQLAlchemy deprecates what MLflow asks of it.
of_mlflow = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


@of_mlflow
def test_a_judge_has_one_model_version_in_whatever_experiment_it_is_evaluated(mlflow):
    def models_of(experiment, fingerprint):
        made = evaluation(OF_PAIRS, judges=(judge_info(fingerprint=fingerprint),), mlflow={"experiment": experiment})
        told = ReportContent("run", made.computed_at, Rules((), "left_out", "majority"), judges=(section(OF_PAIRS),))
        track(made, {fingerprint: judge_card(told.judges[0], told)}, None)
        (run,) = mlflow.search_runs(
            experiment_names=[experiment],
            filter_string=f"tags.`judgelake.judge_fingerprint` = '{fingerprint}'",
            max_results=1,
            output_format="list",
        )
        return [link.model_id for link in mlflow.get_run(run.info.run_id).inputs.model_inputs]

    (first,) = models_of("by people", "0f")
    assert models_of("by gold", "0f") == [first]
    assert models_of("by gold", "1f") != [first]
    assert models_of("by people", "0f") == [first]


@of_mlflow
def test_outside_of_any_run_an_evaluation_has_none_above_it_and_its_judge_the_confusion_of_whatever_rule(mlflow):
    rows = [
        row("agreement", 0.5, swap_rule="both_right"),
        row("agreement_when_consistent", 0.75, swap_rule="strict"),
        *cells("strict", AA=3, AB=1),
    ]
    rules = ("both_right", "strict")
    made = evaluation(rows, swap_rules=rules, mlflow={"experiment": "tests"})
    told = ReportContent(
        "run", made.computed_at, Rules(rules, "left_out", "majority"), judges=(section(rows, swap_rules=rules),)
    )
    run_id = track(made, {"0f": judge_card(told.judges[0], told)}, None)
    assert mlflow.active_run() is None
    assert "mlflow.parentRunId" not in mlflow.get_run(run_id).data.tags
    (run,) = mlflow.search_runs(
        experiment_names=["tests"], filter_string=f"tags.`mlflow.parentRunId` = '{run_id}'", output_format="list"
    )
    assert (run.data.metrics["agreement"], run.data.params["swap_rules"]) == (0.5, "both_right, strict")
    assert run.data.metrics["agreement_when_consistent"] == 0.75
    assert "confusion.png" in {file.path for file in mlflow.MlflowClient().list_artifacts(run.info.run_id)}


class Unpersisted:
    """The one thing that the job does with a table when it is done."""

    def unpersist(self):
        pass


class Session:
    """The one thing that the job itself does with a session: some settings are its own until it ends."""

    def __init__(self):
        self.conf = SimpleNamespace(
            get=lambda name, default: default, set=lambda name, value: None, unset=lambda name: None
        )


@pytest.fixture
def job_with(monkeypatch):
    """Runs the job on a made-up evaluation, with MLflow raising an error, and Spark too if it is given one."""

    def run(error, unwritten=None):
        made = replace(evaluation(OF_PAIRS, report=None, cards=None), persisted=(Unpersisted(),))
        told = ReportContent("run", made.computed_at, Rules((), "left_out", "majority"), judges=(section(OF_PAIRS),))

        def track(*arguments, until_written):
            until_written()
            raise error

        def write_rows(*arguments):
            if unwritten is not None:
                raise unwritten

        monkeypatch.setattr(evaluation_module, "write_rows", write_rows)
        monkeypatch.setattr(job, "submitted", submitted_without_spark)
        monkeypatch.setattr(job, "compute", lambda *arguments: made)
        monkeypatch.setattr(job, "report_content", lambda *arguments: told)
        monkeypatch.setattr(job, "warm_up", lambda *arguments: lambda: None)
        monkeypatch.setattr(job, "track", track)
        return job.evaluate_and_report(Session(), made.job)

    return run


@pytest.mark.parametrize(
    "error", [MlflowException("full"), ConnectionError("away"), requests.Timeout("slow"), UserError("no experiment")]
)
def test_an_evaluation_stands_though_mlflow_does_not_take_it(job_with, error):
    done = job_with(error)
    assert done.mlflow_run_id is None
    assert str(error) in done.problem
    assert list(done.cards) == ["0f"]


@pytest.mark.parametrize("unwritten", [OSError("the disk is full"), RuntimeError("no such table")])
def test_an_evaluation_whose_rows_are_not_written_fails_whatever_mlflow_says(job_with, unwritten):
    with pytest.raises(type(unwritten), match=str(unwritten)):
        job_with(MlflowException("full"), unwritten)


@of_mlflow
def test_the_run_of_an_evaluation_whose_rows_are_not_written_is_a_failed_one(mlflow):
    made = evaluation(OF_PAIRS, mlflow={"experiment": "tests"})
    told = ReportContent("run", made.computed_at, Rules((), "left_out", "majority"), judges=(section(OF_PAIRS),))

    def until_written():
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="disk is full"):
        track(made, {"0f": judge_card(told.judges[0], told)}, None, until_written)
    runs = mlflow.search_runs(experiment_names=["tests"], output_format="list")
    assert {run.info.run_name[:10]: run.info.status for run in runs}["evaluation"] == "FAILED"


@pytest.mark.parametrize("error", [KeyError("agreement"), TypeError("not a float")])
def test_a_mistake_of_ours_is_not_taken_for_one_of_mlflow(job_with, error):
    with pytest.raises(type(error)):
        job_with(error)
