"""What is recorded of a run in addition to its judgments: one row in `runs`, one run in MLflow."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from functools import partial
from importlib.metadata import version
from types import TracebackType
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F

from judgelake.asking import Plan, RunRecord, git_commit
from judgelake.config import fingerprint
from judgelake.errors import UserError
from judgelake.jobs.judge.config import JudgeJob, JudgeMlflow
from judgelake.jobs.judge.resolve import Judge
from judgelake.jobs.judge.summary import Counts
from judgelake.lake import RUN, append_once, check_names
from judgelake.runtime import REMEDY, flat, open_experiment, shown_error, table_dataset, tracking_errors, warm_up

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# Where MLflow stores the experiment of the process.
EXPERIMENT_VARIABLE = "MLFLOW_EXPERIMENT_ID"
EXPERIMENT_MODULE, EXPERIMENT_ATTRIBUTE = "mlflow.tracking.fluent", "_active_experiment_id"


def write_run(spark: SparkSession, job: JudgeJob, judge: Judge, plan: Plan, counts: Counts, record: RunRecord) -> None:
    """Append the run's row to the runs table."""
    values = run_row(job, judge, plan, counts, record)
    columns = spark.read.table(job.tables.runs).schema
    row = tuple(values.get(name) for name in columns.names)
    append_once(spark.createDataFrame([row], columns), job.tables.runs, record.run_id)


def run_row(job: JudgeJob, judge: Judge, plan: Plan, counts: Counts, record: RunRecord) -> dict[str, Any]:
    """The run as a row of the runs table, by column."""
    row = {
        **asdict(record),
        **facts_of(job, judge),
        "input_version": plan.source.version,
        "config": config_text(job),
        "engine": "; ".join(counts.engines) or None,
        "requests": plan.requests + plan.skipped,
        "asked": plan.to_ask,
        "skipped": plan.skipped,
        "answered_by_status": counts.statuses,
        "answered_by_order": counts.orders,
        "coverage": counts.coverage,
        "consistency": counts.consistency,
        "prompt_tokens": counts.prompt_tokens,
        "cached_tokens": counts.cached_tokens,
        "output_tokens": counts.output_tokens,
        "requests_per_s": record.requests_per_s(counts.judgments),
    }
    # Input of requests_per_s, not a column.
    del row["asking_s"]
    check_names(row, RUN)
    return row


def facts_of(job: JudgeJob, judge: Judge) -> dict[str, Any]:
    """What identifies the run's judge, config, input and code, as flat names."""
    return {
        "judge": judge.spec.name,
        "judge_fingerprint": judge.fingerprint,
        "mode": judge.mode,
        "model": judge.full_name,
        "model_revision": judge.revision,
        "model_version": judge.model_version,
        "config_sha256": fingerprint(job.model_dump(mode="json")),
        "input_table": job.tables.comparisons,
        "git_commit": git_commit(),
        "judgelake_version": version("judgelake"),
    }


def config_text(job: JudgeJob) -> str:
    """The config as JSON. It contains no secret: keys are only named by variable or scope."""
    return json.dumps(job.model_dump(mode="json"), indent=2, sort_keys=True)


class Tracker:
    """The run in MLflow, from its start to its end; does nothing if it is switched off."""

    def __init__(self, settings: JudgeMlflow) -> None:
        self._settings = settings
        self._wait_until_warm = warm_up(settings)
        self.run_id: str | None = None

    @contextmanager
    def started(self, job: JudgeJob, judge: Judge, run_id: str) -> Iterator[None]:
        """Context in which the MLflow run is open; what is known before anything is asked is logged at once.

        Raises:
            UserError: MLflow does not accept the run.
        """
        if not self._settings.enabled:
            yield
            return
        with ExitStack() as stack:
            try:
                self._wait_until_warm()
                stack.enter_context(_experiment_put_back())
                mlflow = open_experiment(self._settings)
                # A notebook may have its own run open; judgelake's then becomes a child of it.
                name = f"{judge.spec.name}-{judge.mode}-{run_id[:8]}"
                run = mlflow.start_run(run_name=name, nested=True)
                stack.push(partial(_end, run))
                self.run_id = run.info.run_id
                _log_start(mlflow, job, judge)
            except UserError:
                raise
            except Exception as error:  # any error of its store, also that the store's driver is not installed
                raise UserError(f"MLflow does not accept the run: {shown_error(error)}. {REMEDY}") from error
            yield

    def planned(self, job: JudgeJob, plan: Plan) -> None:
        """Log the pinned input as the run's dataset, without reading it.

        Raises:
            UserError: MLflow does not accept it.
        """
        if self.run_id is None:
            return
        import mlflow

        pinned = plan.source
        dataset = table_dataset(job.tables, job.tables.comparisons, pinned.location, pinned.version)
        try:
            mlflow.log_input(dataset, context="judging")
        except tracking_errors() as error:
            raise UserError(f"MLflow does not accept the run's input: {shown_error(error)}. {REMEDY}") from error

    def finished(self, judgments: DataFrame, plan: Plan, counts: Counts, record: RunRecord) -> None:
        """Log the run's figures and a small sample of its judgments."""
        if self.run_id is None:
            return
        import mlflow

        figures = {
            **{f"status_{status}": count for status, count in counts.statuses.items()},
            **{f"order_{order}": count for order, count in counts.orders.items()},
            "requests": plan.requests + plan.skipped,
            "asked": plan.to_ask,
            "skipped": plan.skipped,
            "coverage": counts.coverage,
            "consistency": counts.consistency,
            "both_orders": counts.both_orders,
            "prompt_tokens": counts.prompt_tokens,
            "cached_tokens": counts.cached_tokens,
            "output_tokens": counts.output_tokens,
            "cached_share": counts.cached_share,
            "requests_per_s": record.requests_per_s(counts.judgments),
            "engine_start_s": record.engine_start_s,
            "device_seconds": record.device_seconds,
            "wall_s": record.wall_s,
        }
        mlflow.log_metrics({name: float(value) for name, value in figures.items() if value is not None})
        mlflow.set_tags({"judgelake.outcome": record.outcome, "judgelake.engine": "; ".join(counts.engines)})
        if record.engine_settings is not None:
            mlflow.log_text(record.engine_settings, "engine_settings.json")
        if self._settings.sample_rows:
            mlflow.log_table(_sample(judgments, record.run_id, self._settings.sample_rows), "judgments_sample.json")


def _end(run: Any, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
    """End the MLflow run with the job's outcome; a store that is no longer available then does not fail the job."""
    try:
        run.__exit__(kind, error, trace)
    except tracking_errors() as gone:
        logging.getLogger(__name__).warning(
            "could not report the end of run %s to MLflow: %s", run.info.run_id, shown_error(gone)
        )


def _log_start(mlflow: Any, job: JudgeJob, judge: Judge) -> None:
    mlflow.set_tags({f"judgelake.{name}": value for name, value in facts_of(job, judge).items() if value is not None})
    mlflow.log_params(flat(job.model_dump(mode="json")))
    mlflow.log_text(config_text(job), "config.json")


@contextmanager
def _experiment_put_back() -> Iterator[None]:
    """Restore a notebook's own experiment at the end: `open_experiment` sets the job's for the whole process."""
    # MLflow has no public way to get the experiment without creating one, nor to unset it. Not imported here: that
    # takes seconds, and an address that does not answer is reported before.
    variable = os.environ.get(EXPERIMENT_VARIABLE)
    chosen = getattr(sys.modules.get(EXPERIMENT_MODULE), EXPERIMENT_ATTRIBUTE, None)
    try:
        yield
    finally:
        if EXPERIMENT_MODULE in sys.modules:
            setattr(sys.modules[EXPERIMENT_MODULE], EXPERIMENT_ATTRIBUTE, chosen)
        if variable is None:
            os.environ.pop(EXPERIMENT_VARIABLE, None)
        else:
            os.environ[EXPERIMENT_VARIABLE] = variable


def _sample(judgments: DataFrame, run_id: str, rows: int) -> dict[str, list[Any]]:
    columns = ("comparison_id", "shown_order", "status", "verdict", "scores", "raw_output", "error")
    sample = judgments.where(F.col("run_id") == run_id).orderBy("judgment_id").limit(rows).select(*columns).collect()
    return {name: [row[name] for row in sample] for name in columns}
