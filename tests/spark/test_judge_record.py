"""What is kept of a run beside its judgments: its engine's settings, and its run in MLflow or below a notebook's."""

import json

import pytest

from judgelake.config import Mlflow
from judgelake.errors import UserError
from judgelake.judging import judge
from judgelake.judging.judge import resolve_judge
from judgelake.judging.record import Tracker
from judgelake.tracking import open_experiment

# SQLAlchemy deprecates what MLflow asks of it.
of_mlflow = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


def test_the_version_a_given_server_tells_is_kept_with_the_run(spark, lake, add_pairs, judge_job, test_server):
    add_pairs([("c1", "Q?", "a", "b")])
    url = test_server("instant")
    judge(spark, judge_job(url))
    row = spark.read.table(lake.runs).first()
    assert json.loads(row["engine_settings"]) == [{"url": url, "version": "test"}]
    assert (row["engine_start_s"], row["device_seconds"]) == (None, None)


def test_a_server_that_tells_nothing_leaves_null(spark, lake, add_pairs, judge_job, test_server):
    add_pairs([("c1", "Q?", "a", "b")])
    judge(spark, judge_job(test_server("plain")))
    assert spark.read.table(lake.runs).first()["engine_settings"] is None


@of_mlflow
def test_a_run_inside_a_notebooks_own_is_logged_below_it(spark, lake, add_pairs, judge_job, test_server, mlflow):
    add_pairs([("c1", "Q?", "a", "b")])
    url = test_server("instant")
    with mlflow.start_run() as own:
        run = judge(spark, judge_job(url, mlflow={"enabled": True}))
        assert mlflow.active_run().info.run_id == own.info.run_id
    logged = mlflow.get_run(run.record.mlflow_run_id)
    assert logged.data.tags["mlflow.parentRunId"] == own.info.run_id
    assert logged.info.status == "FINISHED"
    assert logged.data.metrics["coverage"] == 1
    settings = mlflow.artifacts.load_dict(f"{logged.info.artifact_uri}/engine_settings.json")
    assert settings == [{"url": url, "version": "test"}]
    second = judge(spark, judge_job(url, mlflow={"enabled": True}))
    assert "mlflow.parentRunId" not in mlflow.get_run(second.record.mlflow_run_id).data.tags


def test_an_unusable_tracking_address_ends_the_job_before_it_plans(
    spark, lake, add_pairs, judge_job, test_server, monkeypatch
):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    add_pairs([("c1", "Q?", "a", "b")])
    with pytest.raises(UserError, match=r"127\.0\.0\.1:9 does not answer.*MLFLOW_TRACKING_URI.*mlflow\.enabled: false"):
        judge(spark, judge_job(test_server("instant"), mlflow={"enabled": True}))
    assert spark.read.table(lake.judgments).isEmpty()
    assert spark.read.table(lake.runs).isEmpty()


def test_a_run_that_fails_right_after_it_was_planned_leaves_no_plan_and_is_told(
    spark, lake, add_pairs, judge_job, test_server, monkeypatch
):
    def gone(tracker, job, plan):
        raise OSError("the tracking server is gone")

    monkeypatch.setattr("judgelake.judging.job.Tracker.planned", gone)
    add_pairs([("c1", "Q?", "a", "b")])
    with pytest.raises(OSError, match="is gone"):
        judge(spark, judge_job(test_server("instant")))
    assert spark.read.table(lake.plans).isEmpty()
    assert spark.read.table(lake.runs).first()["outcome"] == "failed"


@of_mlflow
def test_a_store_that_goes_away_before_the_end_fails_no_job(mlflow, judge_job, monkeypatch, caplog):
    def gone(status):
        raise OSError(f"no route to https://me:secret@store for {status}")

    job = judge_job(None, mlflow={"enabled": True})
    tracker = Tracker(job.mlflow)
    with tracker.started(job, resolve_judge(job), "r"):
        monkeypatch.setattr("mlflow.tracking.fluent.end_run", gone)
    monkeypatch.undo()
    assert f"{tracker.run_id} has ended: OSError: no route to https://store for FINISHED" in caplog.text


@of_mlflow
def test_an_experiment_that_mlflow_does_not_take_is_the_users_error(mlflow):
    open_experiment(Mlflow(experiment="gone"))
    mlflow.delete_experiment(mlflow.get_experiment_by_name("gone").experiment_id)
    with pytest.raises(UserError, match=r"experiment 'gone'.*mlflow\.enabled: false") as raised:
        open_experiment(Mlflow(experiment="gone"))
    assert "\n" not in str(raised.value)
