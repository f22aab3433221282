"""What is kept of a run beside its judgments: its run in MLflow or below a notebook's, and what a failed one leaves."""

import pytest
from judge_lake import JudgeLake, pairs

from judgelake.config import Mlflow
from judgelake.errors import UserError
from judgelake.jobs.judge import judge
from judgelake.jobs.judge.record import Tracker
from judgelake.jobs.judge.resolve import resolve_judge
from judgelake.runtime.tracking import open_experiment

# SQLAlchemy deprecates what MLflow asks of it.
of_mlflow = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


@pytest.fixture(scope="module")
def lake(spark, empty_warehouse, tmp_path_factory) -> JudgeLake:
    lake = JudgeLake(spark, empty_warehouse, tmp_path_factory.mktemp("lake"), "of_test_judge_record")
    lake.add(pairs("recorded", 1))
    return lake


@of_mlflow
def test_a_run_inside_a_notebooks_own_is_logged_below_it(spark, lake, shared_server, mlflow):
    url = shared_server("instant")
    job = lake.job(url, mlflow={"enabled": True})
    with mlflow.start_run() as own:
        run = judge(spark, job)
        assert mlflow.active_run().info.run_id == own.info.run_id
    logged = mlflow.get_run(run.record.mlflow_run_id)
    assert logged.data.tags["mlflow.parentRunId"] == own.info.run_id
    assert logged.info.status == "FINISHED"
    assert logged.data.metrics["coverage"] == 1
    settings = mlflow.artifacts.load_dict(f"{logged.info.artifact_uri}/engine_settings.json")
    assert settings == [{"url": url, "version": "test"}]
    outside = Tracker(job.mlflow)
    with outside.started(job, resolve_judge(job), "outside of a notebook's run"):
        pass
    assert "mlflow.parentRunId" not in mlflow.get_run(outside.run_id).data.tags


def test_an_unusable_tracking_address_ends_the_job_before_it_plans(lake, shared_server, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    before = lake.runs(), lake.judgments()
    with pytest.raises(UserError, match=r"127\.0\.0\.1:9 does not answer.*MLFLOW_TRACKING_URI.*mlflow\.enabled: false"):
        lake.judge(shared_server("instant"), mlflow={"enabled": True})
    assert (lake.runs(), lake.judgments()) == before


def test_a_run_that_fails_right_after_it_was_planned_leaves_no_plan_and_is_told(lake, shared_server, monkeypatch):
    def gone(tracker, job, plan):
        raise OSError("the tracking server is gone")

    monkeypatch.setattr("judgelake.jobs.judge.job.Tracker.planned", gone)
    with pytest.raises(OSError, match="is gone"):
        lake.judge(shared_server("instant"), order={"repeats": 2})
    assert not lake.has_plans()
    assert "failed" in {run["outcome"] for run in lake.runs()}


@of_mlflow
def test_a_store_that_goes_away_before_the_end_fails_no_job(mlflow, lake, monkeypatch, caplog):
    def gone(status):
        raise OSError(f"no route to https://me:secret@store for {status}")

    job = lake.job(None, mlflow={"enabled": True})
    tracker = Tracker(job.mlflow)
    with tracker.started(job, resolve_judge(job), "r"):
        monkeypatch.setattr("mlflow.tracking.fluent.end_run", gone)
    monkeypatch.undo()
    assert f"the end of run {tracker.run_id} to MLflow: OSError: no route to https://store for FINISHED" in caplog.text


@of_mlflow
def test_an_experiment_that_mlflow_does_not_take_is_the_users_error(mlflow):
    open_experiment(Mlflow(experiment="gone"))
    mlflow.delete_experiment(mlflow.get_experiment_by_name("gone").experiment_id)
    with pytest.raises(UserError, match=r"experiment 'gone'.*mlflow\.enabled: false") as raised:
        open_experiment(Mlflow(experiment="gone"))
    assert "\n" not in str(raised.value)
