"""The demo's own MLflow: runs, models and registry in its folder, away from those that one works with."""

from __future__ import annotations

import os
from pathlib import Path

from judgelake.config import Mlflow
from judgelake.runtime import open_store

TRACKING, REGISTRY = "MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI"


def use_own_store(folder: Path) -> str:
    """Point this process, and those that it starts, to the store in a folder; returns its address.

    The experiment that jobs log to is made there, with its files in the folder: MLflow would put them into the working
    folder.
    """
    address = f"sqlite:///{folder / 'mlflow.db'}"
    os.environ[TRACKING] = address
    os.environ.pop(REGISTRY, None)
    mlflow = open_store()
    experiment = Mlflow().experiment
    if mlflow.get_experiment_by_name(experiment) is None:
        mlflow.create_experiment(experiment, artifact_location=(folder / "mlartifacts").resolve().as_uri())
    return address
