"""The training job: from a table of examples to a model in a folder and in MLflow."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from judgelake.engine import Say, say_on_stderr
from judgelake.errors import RunError
from judgelake.jobs.train.card import use_terms, write_card
from judgelake.jobs.train.config import Reference, TrainJob
from judgelake.jobs.train.launch import MODULE, train_in_processes
from judgelake.jobs.train.plan import Plan, plan_of
from judgelake.jobs.train.prepared import Prepared, prepare
from judgelake.jobs.train.spark_launch import train_on_spark
from judgelake.jobs.train.tracking import TrainTracker
from judgelake.runtime import in_job_settings
from judgelake.trainer import RunFolder

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@dataclass(frozen=True, slots=True)
class Trained:
    """A finished training; `registered` is the address of the model's version, None if it was not registered."""

    prepared: Prepared
    model: Path
    mlflow_run_id: str | None
    registered: str | None


@in_job_settings
def train(spark: SparkSession, job: TrainJob, say: Say = say_on_stderr) -> Trained:
    """Train a judge and return the model.

    Args:
        spark: a session with Delta; the examples are read with it, and the processes started if the job says so.
        job: what is trained, and how.
        say: gets progress messages.

    Raises:
        UserError: something that the job names does not exist or does not fit.
        RunError: the training could not finish. The same job goes on where it stopped.
    """
    return train_planned(plan_of(spark, job, say), say)


def train_planned(plan: Plan, say: Say = say_on_stderr, tests: Sequence[Reference] = ()) -> Trained:
    """The rest of `train`, which needs a session only if the job's `launch` is one of Spark; raises as `train` does.

    For `tests` see `prepare`.
    """
    job = plan.job
    with _alone_in(Path(job.output)):
        made = prepare(plan, say, tests)
        say(summary_of(made))
        if (warning := use_terms(plan.base, plan.selected).line) is not None:
            say(warning)
        tracker = TrainTracker(job, made.folder)
        with tracker.started(made):
            if made.folder.is_finished:
                say("this training is finished")
            elif job.launch == "torchrun":
                train_in_processes(made.folder, job.processes, say, tracker.watch)
            else:
                on_driver = job.launch == "spark_driver"
                train_on_spark(made.folder, job.processes, tracker.watch, on_driver=on_driver)
            registered = tracker.finished(made, write_card(made, job))
    return Trained(made, made.folder.model, tracker.run_id, registered)


def prepare_only(plan: Plan, say: Say = say_on_stderr) -> str:
    """Write the rows and the record of a training that somebody else starts; returns the command that trains.

    The same job logs and registers the model when it is there. Raises as `train`.
    """
    with _alone_in(Path(plan.job.output)):
        made = prepare(plan, say)
        say(summary_of(made))
    return shlex.join(["torchrun", "--nproc-per-node", str(plan.job.processes), "-m", MODULE, str(made.folder.path)])


def summary_of(made: Prepared) -> str:
    """A training in one line, before it starts."""
    counts = made.counts
    left_out = counts["asked"] - counts["rows"]
    without = f" ({left_out:,} left out)" if left_out else ""
    validation = made.run.validation
    missing = {} if validation is None else validation.left_out
    not_asked = ", ".join(f"{number:,} {cause}" for cause, number in missing.items())
    what = "rows" if made.run.recipe.dpo is None else "pairs"
    return (
        f"{counts['rows']:,} {what}{without}, {counts['tokens']:,} tokens, {made.steps:,} steps, about "
        f"{made.memory.total / 1e9:,.1f} GB in each process" + (f"; not validated on: {not_asked}" if not_asked else "")
    )


@contextmanager
def _alone_in(output: Path) -> Iterator[None]:
    """Context in which no other training of this machine writes into the folder."""
    folder = RunFolder(output)
    with ExitStack() as held:
        try:
            output.mkdir(parents=True, exist_ok=True)
            held.enter_context(folder.alone(output / ".lock"))
            # Only looked at: this job's own trainer takes it.
            with folder.alone(folder.trainer_lock):
                pass
        except OSError as error:
            raise RunError(
                f"Cannot write {str(output)!r}: {error.strerror}. Set output to a writable folder."
            ) from error
        yield
