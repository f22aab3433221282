"""What a version was trained on, if its base was trained by judgelake too."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_DOES_NOT_EXIST

from judgelake.jobs.promote.registry import Registry
from judgelake.jobs.promote.trained_on import CONTEXT, Examples, training_of
from judgelake.runtime import TRAINING


class Store:
    """In place of MLflow: versions by address with their run, and runs with the base and table of a training."""

    MlflowException = MlflowException

    def __init__(self, **runs: tuple[str | None, int | None]) -> None:
        self.runs = runs

    def MlflowClient(self) -> Any:  # noqa: N802  # MLflow's name
        return self

    def get_model_version(self, name: str, number: str) -> Any:
        if f"{name}_{number}" not in self.runs:
            raise MlflowException("no version", error_code=RESOURCE_DOES_NOT_EXIST)
        return SimpleNamespace(run_id=f"{name}_{number}", tags={})

    def get_run(self, run_id: str) -> Any:
        base, table_version = self.runs[run_id]
        source = json.dumps({"delta_table_version": table_version})
        dataset = SimpleNamespace(name="training_examples", source=source)
        one = SimpleNamespace(dataset=dataset, tags=[SimpleNamespace(key=CONTEXT, value=TRAINING)])
        inputs = SimpleNamespace(dataset_inputs=[] if table_version is None else [one])
        tags = {} if base is None else {"judgelake.base": base}
        return SimpleNamespace(inputs=inputs, data=SimpleNamespace(tags=tags))


NO_TABLE = "in MLflow names no table of examples"


@pytest.mark.parametrize(
    ("runs", "tables", "unknown"),
    [
        pytest.param({"judge_3": ("org/name", 3)}, [3], None, id="a base of others"),
        pytest.param({"judge_3": (None, 3)}, [3], None, id="no base is named"),
        pytest.param({"judge_3": ("org/name", None)}, [], f"its run {NO_TABLE}", id="its own are not known"),
        pytest.param(
            {"judge_3": ("models:/judge/2", 3), "judge_2": ("models:/other/1", 2), "other_1": ("/a/folder", 1)},
            [3, 2, 1],
            None,
            id="its base and the base of that",
        ),
        pytest.param(
            {"judge_3": ("models:/judge/2", 3), "judge_2": ("org/name", None)},
            [3],
            f"the run of its base models:/judge/2 {NO_TABLE}",
            id="those of its base are not known",
        ),
        pytest.param(
            {"judge_3": ("models:/judge/2", 3)}, [3], "'judge' has no version 2 any more", id="its base is deleted"
        ),
        pytest.param(
            {"judge_3": ("models:/m-0f", 3)}, [3], "its base models:/m-0f is not a version in", id="not registered"
        ),
        pytest.param({"judge_3": ("models:/judge/3", 3)}, [3], None, id="a ring that somebody has made"),
    ],
)
def test_the_examples_of_a_version_are_those_of_all_its_bases(runs, tables, unknown):
    registry = Registry(Store(**runs), "judge")
    found = training_of(registry, registry.version("3"))
    assert found.examples == tuple(Examples("training_examples", version, None) for version in tables)
    if unknown is None:
        assert found.unknown is None
    else:
        assert found.unknown.startswith(unknown), found.unknown
