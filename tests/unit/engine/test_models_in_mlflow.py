"""Models that MLflow keeps: aliases, versions, artifacts of runs, in a store of SQLite."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from mlflow_store import mlflow_at
from model_folders import made_model

from judgelake.engine import ResolvedModel, model_here, model_identity, resolve_model
from judgelake.errors import UserError
from judgelake.jobs.judge import JudgeJob
from judgelake.jobs.judge.record import facts_of
from judgelake.jobs.judge.resolve import resolve_judge

# MLflow asks SQLAlchemy and others for what they deprecate.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


@pytest.fixture
def cache(tmp_path):
    return str(tmp_path / "cache")


@pytest.fixture
def mlflow(tmp_path, mlflow_store):
    folder = tmp_path / "mlflow"
    folder.mkdir()
    with mlflow_at(folder, mlflow_store) as mlflow:
        mlflow.set_experiment("judges")
        yield mlflow


@pytest.fixture
def register(mlflow, tmp_path):
    """Registers a folder as the next version of the model "judge": register(folder)."""

    def register(folder: Path):
        with mlflow.start_run() as run:
            mlflow.log_artifacts(str(folder), "model")
        client = mlflow.MlflowClient()
        if not client.search_registered_models():
            client.create_registered_model("judge")
        return client.create_model_version("judge", f"{run.info.artifact_uri}/model", run.info.run_id).version

    return register


def test_an_alias_is_the_version_it_stands_for_at_the_start_of_a_run(mlflow, register, tmp_path, cache):
    first, second = (made_model(tmp_path / str(hidden), hidden) for hidden in (8, 9))
    client = mlflow.MlflowClient()
    client.set_registered_model_alias("judge", "prod", register(first))
    before = resolve_model("models:/judge@prod", None, cache=cache)
    assert (before.model, before.identity) == ("models:/judge/1", model_identity(str(first), None))
    assert before.notes == ("models:/judge@prod is models:/judge/1 now.",)
    client.set_registered_model_alias("judge", "prod", register(second))
    after = resolve_model("models:/judge@prod", None, cache=cache)
    assert (after.model, after.identity) == ("models:/judge/2", model_identity(str(second), None))
    latest, number = (resolve_model(f"models:/judge/{version}", None, cache=cache) for version in ("latest", "1"))
    assert (latest.model, number) == ("models:/judge/2", ResolvedModel(**fields(before) | {"notes": ()}))
    assert model_here(before, f"{cache}-of-another-host").endswith(before.identity.removeprefix("local:"))


def fields(found: ResolvedModel) -> dict:
    return {name: getattr(found, name) for name in found.__slots__}


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("models:/judge/7", "does not know"),
        ("models:/judge@absent", "does not know"),
        ("models:/absent/latest", "no version"),
        ("models:/judge/Production", "stages are no longer"),
        ("models:/judge", "does not name a version"),
    ],
)
def test_a_version_that_is_not_there_is_the_users_mistake(register, tmp_path, cache, uri, said):
    register(made_model(tmp_path / "m"))
    with pytest.raises(UserError, match=said) as error:
        resolve_model(uri, None, cache=cache)
    assert uri in str(error.value)


def test_a_registry_that_does_not_answer_is_named_without_its_password(mlflow, cache, monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setattr(mlflow, "get_registry_uri", lambda: "http://me:pass5@127.0.0.1:9")
    client = mlflow.MlflowClient("http://me:pass5@127.0.0.1:9", "http://me:pass5@127.0.0.1:9")
    monkeypatch.setattr(mlflow, "MlflowClient", lambda: client)
    with pytest.raises(UserError, match=r"MLflow at 'http://127\.0\.0\.1:9' does not know") as error:
        resolve_model("models:/judge/1", None, cache=cache)
    assert "pass5" not in str(error.value)


def test_the_artifacts_of_a_run_are_read_by_mlflow(mlflow, tmp_path, cache):
    folder = made_model(tmp_path / "m")
    with mlflow.start_run() as run:
        mlflow.log_artifacts(str(folder), "weights")
    uri = f"runs:/{run.info.run_id}/weights"
    found = resolve_model(uri, None, cache=cache)
    assert (found.model, found.identity) == (uri, model_identity(str(folder), None))
    assert model_here(found, f"{cache}-of-another-host").endswith(found.identity.removeprefix("local:"))
    with pytest.raises(UserError, match="Cannot read 'runs:/0/absent'"):
        resolve_model("runs:/0/absent", None, cache=cache)


def test_a_package_that_mlflow_lacks_is_named(mlflow, tmp_path, cache, monkeypatch):
    def lacking(**keywords):
        raise ModuleNotFoundError("No module named 'boto3'", name="boto3")

    monkeypatch.setattr("mlflow.artifacts.download_artifacts", lacking)
    with pytest.raises(UserError, match="without the package 'boto3': install it on driver and executors"):
        resolve_model("runs:/0f/model", None, cache=cache)


def test_a_model_that_is_judged_with_keeps_its_version_in_the_record(register, tmp_path, cache):
    folder = made_model(tmp_path / "m")
    (folder / "config.json").write_text(json.dumps({"max_position_embeddings": 900}))
    register(folder)
    judge = {"name": "chat", "model": "models:/judge/latest"}
    job = JudgeJob.model_validate({"judge": judge, "engine": {"model_cache": cache}})
    resolved = resolve_judge(job)
    facts = facts_of(job, resolved)
    assert (facts["model"], facts["model_version"]) == ("models:/judge/1", model_identity(str(folder), None))
    assert resolved.context_length == 900
    local = JudgeJob.model_validate({"judge": {"name": "chat", "model": str(folder)}})
    assert resolve_judge(local).fingerprint == resolved.fingerprint, "wherever its files are, it is one judge"
