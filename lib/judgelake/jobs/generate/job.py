"""The generate job, as one call: its steps one after the other, each resumable by itself."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from rich.console import Console

from judgelake.asking import Stopping
from judgelake.errors import UserError
from judgelake.jobs.generate.answerer import Answerer, resolve_answerer
from judgelake.jobs.generate.answers import askers_of, pinned_seeds
from judgelake.jobs.generate.compared import compare
from judgelake.jobs.generate.config import GenerateJob
from judgelake.jobs.generate.dry_run import Planned, estimate
from judgelake.jobs.generate.examples import teach
from judgelake.jobs.generate.generated import Generated
from judgelake.jobs.generate.model_runs import ask_all
from judgelake.jobs.generate.seeds import add_seeds, check_sources
from judgelake.jobs.generate.sheets import sample
from judgelake.jobs.generate.tracking import GenerateTracker
from judgelake.lake import create_tables, register
from judgelake.runtime import in_job_settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

STEPS = ("seeds", "answers", "comparisons", "examples")
ALL_STEPS = (*STEPS, "sample")
"""Also the one that is run only if it is named."""
ASKING = frozenset(("seeds", "answers", "comparisons"))
"""The steps up to the comparisons of answers."""
NEEDED = ("seeds", "generated_answers", "generated_comparisons", "rejected_rows", "runs")
FOR_EXAMPLES = ("generated_comparisons", "judgments", "labels", "training_examples", "rejected_rows")


@in_job_settings
def generate(
    spark: SparkSession,
    job: GenerateJob,
    steps: Collection[str] = STEPS,
    *,
    console: Console | None = None,
    stopping: Stopping | None = None,
) -> Generated:
    """Run the steps; what earlier runs have done is not done again.

    Args:
        spark: a session with Delta.
        job: sources, models and how their answers are compared.
        steps: those of `ALL_STEPS` to run, always in that order.
        console: where progress goes; None prints to the terminal or the notebook.
        stopping: through which a signal handler requests a clean stop.

    Raises:
        UserError: something named in the job does not exist or does not fit.
        RunError: an engine failed more often than the job allows. All answers so far are kept.
        KeyboardInterrupt: a stop was requested. All answers so far are kept.
    """
    console, stopping = console or Console(), stopping or Stopping()
    if "seeds" in steps:
        check_sources(job.seeds)
    answerers = answerers_of(job) if {"answers", "comparisons"} & set(steps) else []
    asks, has_examples = not ASKING.isdisjoint(steps), "examples" in steps and bool(job.examples.teachers)
    if "examples" in steps and not asks and not has_examples:
        raise UserError("examples.teachers is empty: name whose judgments or labels are to be learned.")
    # What only writes sheets changes no table.
    settings = job.mlflow if asks or has_examples else job.mlflow.model_copy(update={"enabled": False})
    tracker = GenerateTracker(job, settings, partial(console.print, markup=False, highlight=False, soft_wrap=True))
    needed = {*(NEEDED if asks else ()), *(FOR_EXAMPLES if has_examples else ())}
    # Examples and samples can also be of comparisons that were ingested, but these need not exist.
    register(spark, job.tables, {*needed, "comparisons", "generated_comparisons", "labels"})
    create_tables(spark, job.tables, needed)
    with tracker.started(f"generate-{uuid.uuid4().hex[:8]}", steps):
        return _Steps(spark, job, steps, answerers, tracker).carry_out(console, stopping)


@dataclass(frozen=True, slots=True)
class _Steps:
    """The steps of one run, whose tables are there."""

    spark: SparkSession
    job: GenerateJob
    steps: Collection[str]
    answerers: list[Answerer]
    tracker: GenerateTracker

    def carry_out(self, console: Console, stopping: Stopping) -> Generated:
        """Do one after the other; what a step came to is logged before the next one begins."""
        spark, job, steps = self.spark, self.job, self.steps
        done = Generated()
        if "seeds" in steps:
            done = self._logged(done, seeds=add_seeds(spark, job))
        if self.answerers:
            pinned, asked = pinned_seeds(spark, job)
            self.tracker.asks(pinned)
            if "answers" in steps:
                askers = askers_of(job, self.answerers, asked)
                answers = ask_all(spark, job, pinned, askers, console, stopping, self.tracker.run_id)
                done = self._logged(done, answers=answers)
            if "comparisons" in steps:
                done = self._logged(done, comparisons=compare(spark, job, self.answerers, asked))
        if "examples" in steps and job.examples.teachers:
            done = self._logged(done, examples=teach(spark, job))
        return replace(done, sample=sample(spark, job)) if "sample" in steps else done

    def _logged(self, done: Generated, **step: Any) -> Generated:
        self.tracker.log(Generated(**step))
        return replace(done, **step)


@in_job_settings
def dry_run(spark: SparkSession, job: GenerateJob) -> Planned:
    """What `generate` would ask of the seeds that are in the table, without asking and writing only empty tables."""
    answerers = answerers_of(job)
    needed = (*NEEDED, *(FOR_EXAMPLES if job.examples.teachers else ()))
    register(spark, job.tables, (*needed, "comparisons"))
    _, asked = pinned_seeds(spark, job)
    create_tables(spark, job.tables, needed)
    return estimate(spark, job, askers_of(job, answerers, asked), asked)


def answerers_of(job: GenerateJob) -> list[Answerer]:
    """The models of the job, resolved.

    Raises:
        UserError: there is none, or one of them cannot be had.
    """
    if not job.models:
        raise UserError("models is empty, so nobody can answer: name at least two, each with name and model.")
    answerers = [resolve_answerer(model, place) for place, model in enumerate(job.models)]
    by_fingerprint: dict[str, str] = {}
    for one in answerers:
        same = by_fingerprint.setdefault(one.fingerprint, one.name)
        if same != one.name:
            raise UserError(
                f"models {same!r} and {one.name!r} are the same model asked in the same way: leave one out, or change "
                "its system prompt or decoding."
            )
    return answerers
