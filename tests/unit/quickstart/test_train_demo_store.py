"""The training demo's own MLflow, away from the one that its user works with."""

import os
import shutil

import pytest
from mlflow_store import FILE, mlflow_at

from judgelake.quickstart.train_demo.store import TRACKING, use_own_store

# SQLAlchemy deprecates what MLflow asks of it.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


def test_runs_and_models_of_the_demo_are_in_its_folder_however_often_it_runs(tmp_path, mlflow_store):
    folder = tmp_path / "a demo"
    folder.mkdir()
    shutil.copy(mlflow_store, folder / FILE)
    with mlflow_at(tmp_path, mlflow_store) as mlflow:
        addresses = {use_own_store(folder) for _ in range(2)}
        assert addresses == {os.environ[TRACKING]} == {mlflow.get_tracking_uri()} == {f"sqlite:///{folder / FILE}"}
        experiment = mlflow.get_experiment_by_name("judgelake")
        assert experiment.artifact_location == (folder / "mlartifacts").as_uri()
