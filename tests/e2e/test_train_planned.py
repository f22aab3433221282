"""A training from examples at hand to the registered model, in a process of its own: half a minute."""

from __future__ import annotations

import json
import re

import pytest
from filelock import FileLock
from mlflow_store import empty_store, mlflow_at
from tiny_model import save_tiny_model
from tiny_training import examples, plan_here, train_job

from judgelake.engine import resolve_model
from judgelake.errors import RunError, UserError
from judgelake.jobs.train.job import train_planned
from judgelake.jobs.train.prepared import prepare
from judgelake.jobs.train.tracking import TrainTracker
from judgelake.trainer import MERGED_FLIPS, RunFolder, events_of

# SQLAlchemy and pydantic deprecate what MLflow asks of them.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    base = save_tiny_model(tmp_path_factory.mktemp("base"))
    (base / "README.md").write_text("---\nlicense: apache-2.0\n---\nA model of words.\n", "utf-8")
    return base


@pytest.fixture
def mlflow(tmp_path, tmp_path_factory):
    with mlflow_at(tmp_path, empty_store(tmp_path_factory.mktemp("store"))) as mlflow:
        yield mlflow


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def silent(line: str) -> None:
    pass


def test_a_training_is_logged_registered_and_done_once(tmp_path, base, mlflow, monkeypatch):
    job = train_job(tmp_path, base, mlflow={"enabled": True, "register_as": "tiny-judge"})
    plan, client, said = plan_here(job), mlflow.MlflowClient(), list[str]()

    def broken(*args: object, **more: object) -> None:
        raise OSError("the registry is gone")

    with monkeypatch.context() as patched:
        patched.setattr("mlflow.register_model", broken)
        with pytest.raises(UserError, match=r"the registry is gone.*What is trained is kept; the same command logs it"):
            train_planned(plan, said.append)
    assert said[1].startswith("80 rows, ")
    assert " 10 steps, about " in said[1]
    assert client.search_registered_models() == []
    events = events_of(RunFolder(tmp_path / "trained").events)
    # The same job again trains nothing, and registers what is there.
    monkeypatch.setattr("judgelake.jobs.train.job.train_in_processes", None)
    done = train_planned(plan_here(job), said.append)
    assert said[-3:] == ["the rows of 40 examples are there already", said[1], "this training is finished"]
    assert events_of(done.prepared.folder.events) == events
    run = mlflow.get_run(done.mlflow_run_id)
    assert run.info.status == "FINISHED"
    assert run.data.params["recipe.batch_rows"] == "8"
    assert run.data.params["judge.name"] == "tiny"
    tags = run.data.tags
    assert tags["judgelake.base_licence"] == "apache-2.0"
    assert json.loads(tags["judgelake.data_licences"]) == {"CC0-1.0": 40}
    assert json.loads(tags["judgelake.teachers"]) == {"rule": 40}
    assert tags["judgelake.data"] == "training_examples version 3"
    (source,) = (entry.dataset for entry in run.inputs.dataset_inputs)
    assert (source.name, source.digest) == ("training_examples", "v3")
    curve = client.get_metric_history(done.mlflow_run_id, "loss")
    assert [point.step for point in curve] == list(range(1, 11))
    assert [point.step for point in client.get_metric_history(done.mlflow_run_id, "eval_coverage")] == [5, 10]
    names = {one.path for one in client.list_artifacts(done.mlflow_run_id)}
    assert names >= {"loss.png", "rows.json", "audit.json", "predictions.jsonl", "judge_card.md"}
    card = (done.model / "README.md").read_text("utf-8")
    assert client.download_artifacts(done.mlflow_run_id, "judge_card.md", str(tmp_path))
    assert (tmp_path / "judge_card.md").read_text("utf-8") == card
    for fact in ("license: apache-2.0", "| `CC0-1.0` | 40 |", "| `rule` | 40 |", "models:/tiny-judge@champion"):
        assert fact in card.replace('"', "")
    # Ten examples in both orders; what they say of the finished model is in its predictions.
    assert re.search(r"Coverage: outputs with a verdict \| [^|]+ \| 20 \|", card)
    assert "chose the weights" in card
    assert (done.model / "BASE_README.md").read_text("utf-8").endswith("A model of words.\n")
    assert tags["judgelake.use"] == "commercial"
    version = client.get_model_version_by_alias("tiny-judge", "candidate")
    assert done.registered == f"models:/tiny-judge/{version.version}" == "models:/tiny-judge/1"
    assert version.tags["judgelake_base_licence"] == "apache-2.0"
    # As the judge job loads it.
    found = resolve_model("models:/tiny-judge@candidate", None, cache=str(tmp_path / "cache"), say=silent)
    assert found.folder is not None
    assert {path.name for path in found.folder.iterdir()} >= {"config.json", "model.safetensors", "tokenizer.json"}


def test_a_tracking_address_that_does_not_answer_ends_the_job_before_it_trains(tmp_path, base, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    job = train_job(tmp_path, base, mlflow={"enabled": True})
    with pytest.raises(UserError, match=r"127\.0\.0\.1:9 does not answer"):
        train_planned(plan_here(job), silent)
    assert not (tmp_path / "trained" / "events.jsonl").exists()


def test_two_trainings_into_one_folder_at_once_are_refused(tmp_path, base):
    job = train_job(tmp_path, base)
    (tmp_path / "trained").mkdir()
    with (
        FileLock(tmp_path / "trained" / ".lock"),
        pytest.raises(UserError, match="Another training is writing into"),
    ):
        train_planned(plan_here(job), silent)


def test_another_recipe_in_the_same_folder_is_refused(tmp_path, base, monkeypatch):
    monkeypatch.setattr("judgelake.jobs.train.job.train_in_processes", lambda *args: None)
    train_planned(plan_here(train_job(tmp_path, base)), silent)
    with pytest.raises(UserError, match="holds a training of other rows, another base or another recipe"):
        train_planned(plan_here(train_job(tmp_path, base, recipe={"learning_rate": 1e-3})), silent)
    with pytest.raises(UserError, match="holds a training of other rows"):
        train_planned(plan_here(train_job(tmp_path, base), examples()[:20]), silent)


def test_a_folder_that_cannot_be_written_is_named(tmp_path, base):
    (tmp_path / "trained").write_text("a file", "utf-8")
    with pytest.raises(RunError, match=r"Cannot write .*trained.*Set output to a writable folder"):
        train_planned(plan_here(train_job(tmp_path, base)), silent)


@pytest.mark.parametrize(("flips", "is_refused"), [((), False), ((0.3, 0.02), False), ((0.021,), True)])
def test_a_merged_model_with_other_verdicts_than_its_adapter_is_not_registered(tmp_path, base, flips, is_refused):
    folder = RunFolder(tmp_path)
    folder.events.write_text("".join(json.dumps({"step": 3, MERGED_FLIPS: one}) + "\n" for one in flips), "utf-8")
    tracker = TrainTracker(train_job(tmp_path, base), folder)
    if not is_refused:
        tracker._check_flips()
        return
    with pytest.raises(RunError, match=r"for 2.1% of the validation's prompts, more than most_flips \(2.0%\) allows"):
        tracker._check_flips()


def test_without_mlflow_nothing_is_logged(tmp_path, base):
    job = train_job(tmp_path, base)
    prepared = prepare(plan_here(job))
    tracker = TrainTracker(job, prepared.folder)
    with tracker.started(prepared):
        assert tracker.finished(prepared, "") is None
    assert tracker.run_id is None
