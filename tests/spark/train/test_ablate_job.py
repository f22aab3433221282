"""An ablation from its config to the table of results; the tiny model is trained in this process."""

from __future__ import annotations

import json

import pytest
from mlflow_store import empty_store, mlflow_at
from small_lake import lake_of_its_own
from tiny_model import save_tiny_model
from tiny_training import examples, train_job

from judgelake.config import Mlflow
from judgelake.errors import UserError
from judgelake.jobs.ablate import AblateJob, ablate
from judgelake.jobs.train import job as training
from judgelake.jobs.train import plan
from judgelake.jobs.train.examples import selected_examples
from judgelake.lake import create_tables
from judgelake.trainer.process import train_here
from judgelake.training import record_of

# MLflow and matplotlib call what their own libraries deprecate.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")

CELLS = {"baseline": {}, "swap": {"rows.swap": 0.5}, "no room": {"rows.max_tokens": 3}}


@pytest.fixture(scope="module")
def job(spark, empty_warehouse, tmp_path_factory):
    folder = tmp_path_factory.mktemp("ablation")
    tables = lake_of_its_own(spark, empty_warehouse, tmp_path_factory.mktemp("lake"), "of_test_ablate_job")
    create_tables(spark, tables, {"training_examples"})
    columns = spark.read.table(tables.training_examples).schema
    rows = [record_of(one) for one in (*examples(), *examples("validation"))]
    spark.createDataFrame(rows, columns).write.format("delta").mode("append").saveAsTable(tables.training_examples)
    usual = train_job(folder, save_tiny_model(tmp_path_factory.mktemp("base"))).model_dump(
        mode="json", include={"judge", "rows", "recipe"}, exclude_unset=True
    )
    usual["rows"]["swap"] = 0.0
    usual["recipe"]["epochs"] = 6
    return AblateJob(
        train=usual,
        cells=CELLS,
        baseline="baseline",
        held_out=20,
        output=str(folder / "ablation"),
        tables=tables,
    )


@pytest.fixture(scope="module")
def started(job, spark, tmp_path_factory):
    """The ablation, run once and once more, how many trainings each has started, and how often examples were read."""
    counts, read = [], []

    def train_in_this_process(folder, processes, say, watch):
        counts[-1] += 1
        train_here(folder, say)
        watch()

    def read_and_counted(spark, job):
        read.append(job.examples)
        return selected_examples(spark, job)

    store = tmp_path_factory.mktemp("store")
    with pytest.MonkeyPatch.context() as patch, mlflow_at(store, empty_store(tmp_path_factory.mktemp("empty"))):
        patch.setattr(training, "train_in_processes", train_in_this_process)
        patch.setattr(plan, "selected_examples", read_and_counted)
        done = []
        for _ in range(2):
            counts.append(0)
            done.append(ablate(spark, job, lambda line: None))
        import mlflow

        runs = mlflow.search_runs(search_all_experiments=True, output_format="list")
    return done, counts, runs, read


def test_each_cell_is_trained_with_each_seed_and_a_second_run_trains_nothing(started):
    done, counts, _, _ = started
    assert counts == [6, 0]
    assert done[0].results == done[1].results


def test_the_examples_of_all_trainings_are_read_once(started):
    _, _, _, read = started
    # And once more for those that could not finish, in the second run.
    assert len(read) == 2


def test_a_cell_that_cannot_be_trained_leaves_the_others(started):
    (first, _), *_ = started
    assert {*first.failures} == {f"no room-{seed}" for seed in range(3)}
    assert "There are no rows to train on: all 240 are left out" in first.failures["no room-0"]
    missing = {one.value.reason for one in first.results if one.cell == "no room"}
    assert missing == {"no seed of this cell and the baseline has finished"}


def test_the_results_are_of_all_seeds_on_the_same_questions(started):
    (first, _), *_ = started
    found = {(one.cell, one.measure): one for one in first.results}
    assert {one.questions for one in first.results} == {20}
    assert found["swap", "agreement"].seeds == (0, 1, 2)
    assert found["swap", "coverage"].value.value > 0.9
    assert found["swap", "agreement"].difference.value == pytest.approx(
        found["swap", "agreement"].value.value - found["baseline", "agreement"].value.value
    )
    assert json.loads(first.folder.results.read_text("utf-8")) == [one.record() for one in first.results]
    assert first.folder.picture.read_bytes().startswith(b"\x89PNG")


def test_mlflow_has_one_run_with_a_child_for_each_training(started):
    (first, second), _, runs, _ = started
    assert first.mlflow_run_id == second.mlflow_run_id
    children = [run for run in runs if run.data.tags.get("mlflow.parentRunId") == first.mlflow_run_id]
    tags = [run.data.tags for run in children if "judgelake.cell" in run.data.tags]
    cells = {(of["judgelake.cell"], of["judgelake.seed"]) for of in tags}
    assert cells == {(cell, str(seed)) for cell in ("baseline", "swap") for seed in range(3)}
    parent = next(run for run in runs if run.info.run_id == first.mlflow_run_id)
    assert parent.data.metrics["swap/ignore/agreement"] == next(
        one.value.value for one in first.results if (one.cell, one.measure) == ("swap", "agreement")
    )


def test_a_training_that_was_not_asked_in_this_way_is_named(started, spark, job):
    both = job.model_copy(update={"shown": ("ignore", "use"), "mlflow": Mlflow(enabled=False)})
    with pytest.raises(UserError, match=r"is finished and was not asked with shown: use\. Delete this folder"):
        ablate(spark, both, lambda line: None)


def test_a_training_with_other_settings_in_its_folder_is_not_taken_for_this_one(started, spark, job):
    changed = job.model_copy(update={"cells": {**CELLS, "swap": {"rows.swap": 0.4}}, "mlflow": Mlflow(enabled=False)})
    with pytest.raises(UserError, match=r"swap-0' is finished and had other settings\. Delete this folder"):
        ablate(spark, changed, lambda line: None)


def test_if_nothing_can_be_trained_it_is_said_as_the_first_error_is(spark, job, tmp_path):
    none = job.model_copy(
        update={
            "cells": {"no room": CELLS["no room"]},
            "baseline": "no room",
            "seeds": (0,),
            "output": str(tmp_path),
            "mlflow": Mlflow(enabled=False),
        }
    )
    with pytest.raises(UserError, match=r"No training of the ablation has finished\. The first: There are no rows"):
        ablate(spark, none, lambda line: None)
