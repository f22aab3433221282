"""The generate job, as one call: its steps one after the other, each resumable by itself."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console

from judgelake.asking import Stopping
from judgelake.errors import UserError
from judgelake.jobs.generate.answerer import Answerer, resolve_answerer
from judgelake.jobs.generate.answers import askers_of, pinned_seeds
from judgelake.jobs.generate.compared import Compared, compare
from judgelake.jobs.generate.config import GenerateJob
from judgelake.jobs.generate.dry_run import Planned, estimate
from judgelake.jobs.generate.examples import Taught, teach
from judgelake.jobs.generate.model_runs import Answered, ask_all
from judgelake.jobs.generate.seeds import Seeded, add_seeds, check_sources
from judgelake.lake import create_tables, register
from judgelake.runtime import in_job_settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

STEPS = ("seeds", "answers", "comparisons", "examples")
NEEDED = ("seeds", "generated_answers", "generated_comparisons", "rejected_rows", "runs")
FOR_EXAMPLES = ("generated_comparisons", "judgments", "labels", "training_examples")


@dataclass(frozen=True, slots=True)
class Generated:
    """What the steps of one run came to; None for a step that was not run."""

    seeds: Seeded | None = None
    answers: tuple[Answered, ...] | None = None
    comparisons: Compared | None = None
    examples: tuple[Taught, ...] | None = None


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
        steps: those of `STEPS` to run, always in that order.
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
    has_examples = "examples" in steps and bool(job.examples.teachers)
    if set(steps) == {"examples"} and not has_examples:
        raise UserError("examples.teachers is empty: name whose judgments or labels are to be learned.")
    needed = {*(NEEDED if set(steps) - {"examples"} else ()), *(FOR_EXAMPLES if has_examples else ())}
    # Of comparisons that were ingested examples can be made too, but they need not exist.
    register(spark, job.tables, {*needed, "comparisons"} if has_examples else needed)
    create_tables(spark, job.tables, needed)
    seeds = add_seeds(spark, job) if "seeds" in steps else None
    answers = comparisons = None
    if answerers:
        pinned, asked = pinned_seeds(spark, job)
        if "answers" in steps:
            askers = askers_of(job, answerers, asked)
            answers = ask_all(spark, job, pinned, askers, console, stopping)
        if "comparisons" in steps:
            comparisons = compare(spark, job, answerers, asked)
    return Generated(seeds, answers, comparisons, teach(spark, job) if has_examples else None)


@in_job_settings
def dry_run(spark: SparkSession, job: GenerateJob) -> Planned:
    """What `generate` would ask of the seeds that are in the table, without asking and writing only empty tables."""
    answerers = answerers_of(job)
    register(spark, job.tables, NEEDED)
    _, asked = pinned_seeds(spark, job)
    create_tables(spark, job.tables, NEEDED)
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
