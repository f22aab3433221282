"""MLflow stores for tests: the tables are made once, for that takes seconds."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

FILE = "mlflow.db"


def empty_store(folder: Path) -> Path:
    """A new store in this folder, with its tables and no run."""
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    with warnings.catch_warnings():
        # SQLAlchemy deprecates what MLflow asks of it.
        warnings.simplefilter("ignore")
        SqlAlchemyStore(f"sqlite:///{folder / FILE}", str(folder))
    return folder / FILE


@contextmanager
def mlflow_at(folder: Path, empty: Path) -> Iterator[Any]:
    """MLflow with a copy of the empty store in this folder, which is the working directory meanwhile.

    Afterwards all that MLflow keeps in the process, its address and the experiment chosen last, is as before: another
    store would be searched for that experiment by its number.
    """
    import mlflow

    address = f"sqlite:///{folder / FILE}"
    before = mlflow.get_tracking_uri()
    shutil.copy(empty, folder / FILE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", address)
        # Where MLflow notes the experiment chosen last.
        patch.setenv("MLFLOW_EXPERIMENT_ID", "")
        patch.setattr("mlflow.tracking.fluent._active_experiment_id", None)
        patch.chdir(folder)
        mlflow.set_tracking_uri(address)
        yield mlflow
        while mlflow.active_run() is not None:
            mlflow.end_run()
    mlflow.set_tracking_uri(before)
