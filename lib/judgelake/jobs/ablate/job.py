"""The ablation job: every cell trained with every seed, each finished model asked the same held-out examples."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from judgelake.engine import Say, say_on_stderr
from judgelake.errors import RunError, UserError
from judgelake.jobs.ablate.config import AblateJob, folder_name, training_of
from judgelake.jobs.ablate.folder import AblationFolder
from judgelake.jobs.ablate.results import Result, Values, results_of
from judgelake.jobs.ablate.tracking import AblationTracker
from judgelake.jobs.train import Planner, TrainJob, train_planned
from judgelake.lake import read_pinned, register
from judgelake.runtime import in_job_settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@dataclass(frozen=True, slots=True)
class Ablation:
    """A finished ablation."""

    results: list[Result]
    failures: Mapping[str, str]
    """Why a training could not finish, by the name of its folder."""
    folder: AblationFolder
    mlflow_run_id: str | None


@in_job_settings
def ablate(spark: SparkSession, job: AblateJob, say: Say = say_on_stderr) -> Ablation:
    """Train every cell with every seed and compare them; trainings that are done are not done again.

    All cells are trained with the first seed, then with the next, so that a stopped ablation can compare them. A
    training that fails leaves the others.

    Args:
        spark: a session with Delta; the examples are read with it.
        job: what is trained, in which variants.
        say: gets progress messages.

    Raises:
        UserError: the config does not fit, MLflow does not accept the ablation, or no training could start.
        RunError: the folder cannot be written, or no training has finished.
    """
    folder = AblationFolder(Path(job.output).resolve())
    trainings = {key: training_of(job, *key) for key in _in_order(job)}
    known = folder.known()
    version = known["examples_version"] if known else _version(spark, job, trainings)
    trainings = {key: _of_version(training, version) for key, training in trainings.items()}
    tracker = AblationTracker(job.mlflow, folder)
    with tracker.started(job, known.get("mlflow_run_id")):
        run_id = tracker.run_id or known.get("mlflow_run_id")
        folder.remember({"examples_version": version, "mlflow_run_id": run_id})
        trained, errors = _trained(Planner(spark, say), job, trainings, folder, tracker, say)
        if not trained:
            _, first = next(iter(errors.items()))
            raise type(first)(f"No training of the ablation has finished. The first: {first}") from first
        failures = {name: str(error) for name, error in errors.items()}
        by_way = {(*key, way): values for key, of in trained.items() for way, values in of.items()}
        results = results_of(by_way, [*job.cells], job.shown, job.baseline)
        tracker.finished(results, job, failures)
    return Ablation(results, failures, folder, tracker.run_id)


def _in_order(job: AblateJob) -> list[tuple[str, int]]:
    return [(cell, seed) for seed, cell in itertools.product(job.seeds, job.cells)]


def _version(spark: SparkSession, job: AblateJob, trainings: Mapping[tuple[str, int], TrainJob]) -> int:
    """The version of the examples for all trainings, so that a table that grows meanwhile changes nothing."""
    chosen = {training.examples.version for training in trainings.values()}
    if len(chosen) > 1:
        raise UserError("examples.version differs between cells: all are compared on the same examples, so name one.")
    register(spark, job.tables, {"training_examples"})
    table = job.tables.training_examples
    return read_pinned(spark, table, chosen.pop(), needs=("example_id", "split")).version


def _of_version(training: TrainJob, version: int) -> TrainJob:
    return training.model_copy(update={"examples": training.examples.model_copy(update={"version": version})})


def _trained(
    planner: Planner,
    job: AblateJob,
    trainings: Mapping[tuple[str, int], TrainJob],
    folder: AblationFolder,
    tracker: AblationTracker,
    say: Say,
) -> tuple[dict[tuple[str, int], dict[str, Values]], dict[str, UserError | RunError]]:
    """What each finished model said, and why the others are not finished."""
    found: dict[tuple[str, int], dict[str, Values]] = {}
    errors: dict[str, UserError | RunError] = {}
    for number, (key, training) in enumerate(trainings.items(), start=1):
        name = folder_name(*key)
        say(f"training {number} of {len(trainings)}: {key[0]}, seed {key[1]}")
        values = folder.values(name, training, job.shown)
        if values is None:
            try:
                plan = planner.plan(training)
                done = train_planned(plan, say, tests=job.shown)
            except (UserError, RunError) as error:
                say(f"it could not finish: {error}")
                errors[name] = error
                continue
            tracker.name(done.mlflow_run_id, *key)
            groups = {example.example_id: example.group for example in plan.selected.validation}
            folder.finish(name, training, groups, done.mlflow_run_id)
            values = folder.values(name, training, job.shown)
        assert values is not None
        found[key] = values
    return found, errors
