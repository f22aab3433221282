"""The cascade job: choose thresholds from what is stored, and run the cascade; one call each from a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from judgelake.asking import Stopping
from judgelake.engine import AskerFactory
from judgelake.jobs.cascade.choosing import Chosen, chosen_by
from judgelake.jobs.cascade.config import CascadeJob
from judgelake.jobs.cascade.evidence import evidence_of
from judgelake.jobs.cascade.picture import write_picture
from judgelake.jobs.cascade.rows import Stored, newest_stored, write_rows
from judgelake.jobs.cascade.running import Running, asking_jobs, check_judges
from judgelake.lake import create_tables, named_in, read_pinned, register
from judgelake.runtime import in_job_settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

OF_A_RUN = ("comparisons", "judgments", "cascades", "cascade_verdicts", "runs", "plans")


@dataclass(frozen=True, slots=True)
class Choice:
    """Chosen thresholds; `cascade_id` and `picture` are None where nothing was written."""

    chosen: Chosen
    cascade_id: str | None
    picture: Path | None


@dataclass(frozen=True, slots=True)
class Ran:
    """A finished run of a cascade."""

    stored: Stored
    run_key: str
    decided: dict[str, int]
    """Comparisons by the stage that decided them, then by the reason why none did."""


@in_job_settings
def choose(spark: SparkSession, job: CascadeJob, *, dry_run: bool = False) -> Choice:
    """Choose the thresholds of a cascade from stored judgments and labels; no judge is asked.

    Args:
        spark: a session with Delta.
        job: the stages, and by what their thresholds are chosen.
        dry_run: write nothing.

    Raises:
        UserError: labels, judgments or log-probabilities are missing, or the labels are too few for the promise.
        RunError: the picture cannot be written.
    """
    chosen = chosen_by(job, evidence_of(spark, job))
    if dry_run:
        return Choice(chosen, None, None)
    create_tables(spark, job.tables, ("cascades",))
    picture = write_picture(chosen, job.picture) if job.picture else None
    return Choice(chosen, write_rows(spark, job, chosen), picture)


@in_job_settings
def run(
    spark: SparkSession,
    job: CascadeJob,
    *,
    console: Console | None = None,
    askers: Sequence[AskerFactory | None] | None = None,
    stopping: Stopping | None = None,
) -> Ran:
    """Run the cascade with the thresholds that were chosen last under its name.

    Args:
        spark: a session with Delta.
        job: the stages, each with the file of its judge job.
        console: where progress goes.
        askers: for each stage what answers requests; None: the engines of the judge jobs.
        stopping: through which a signal handler requests a clean stop.

    Raises:
        UserError: no thresholds were chosen, or a stage asks another judge than they were chosen for.
        RunError: a stage's judge failed more often than its job allows. All judgments so far are kept.
        KeyboardInterrupt: a stop was requested. All judgments so far are kept.
    """
    running = ready(spark, job, is_resolved=askers is None)
    running.asked(console, askers or (None,) * len(job.stages), stopping)
    return Ran(running.stored, running.key, running.write())


@in_job_settings
def ready(spark: SparkSession, job: CascadeJob, *, is_resolved: bool = True) -> Running:
    """What `run` would do: thresholds, judge jobs and the version of the comparisons; nothing is asked.

    Raises:
        UserError: as `run`.
    """
    needed = {*OF_A_RUN, *named_in(job.tables, job.where)}
    register(spark, job.tables, needed)
    version = read_pinned(spark, job.tables.comparisons, job.versions.comparisons, needs=("comparison_id",)).version
    create_tables(spark, job.tables, needed)
    stored = newest_stored(spark, job)
    jobs = asking_jobs(job, stored)
    if is_resolved:
        check_judges(jobs, stored)
    return Running(spark, job, stored, jobs, version)
