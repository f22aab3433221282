"""What is kept of a run beside its judgments: one row in `runs`, one run in MLflow."""

from __future__ import annotations

import json
import os
import subprocess
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F

from judgelake.config import JudgeJob, Mlflow, fingerprint
from judgelake.judging.judge import Judge
from judgelake.judging.plan import Plan
from judgelake.judging.progress import Tally
from judgelake.judging.summary import Counts
from judgelake.lake import append_once

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

DEFAULT_TRACKING = "sqlite:///mlflow.db"


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run from its first to its last second; None where something is not known."""

    run_id: str
    started_at: datetime
    ended_at: datetime
    outcome: str
    """finished, failed or stopped."""
    wall_s: float
    asking_s: float
    engine_start_s: float | None
    device_seconds: float | None
    mlflow_run_id: str | None

    def requests_per_s(self, counts: Counts) -> float | None:
        """Judgments a second while asking, engine start left out; None when nothing was asked."""
        seconds = self.asking_s - (self.engine_start_s or 0)
        return counts.judgments / seconds if counts.judgments and seconds > 0 else None


class Clock:
    """When a run began, and when it began to ask."""

    def __init__(self) -> None:
        self._started_at = datetime.now(UTC)
        self._started = self._asking = time.monotonic()

    def asking_starts(self) -> None:
        """Planning is over."""
        self._asking = time.monotonic()

    def record(self, run_id: str, outcome: str, tally: Tally, mlflow_run_id: str | None) -> RunRecord:
        """The record of a run that ends now."""
        now = time.monotonic()
        asking_s = now - self._asking
        return RunRecord(
            run_id=run_id,
            started_at=self._started_at,
            ended_at=datetime.now(UTC),
            outcome=outcome,
            wall_s=now - self._started,
            asking_s=asking_s,
            engine_start_s=tally.engine_start_s,
            device_seconds=tally.devices * asking_s if tally.devices else None,
            mlflow_run_id=mlflow_run_id,
        )


def write_run(spark: SparkSession, job: JudgeJob, judge: Judge, plan: Plan, counts: Counts, record: RunRecord) -> None:
    """Append the run's row to the runs table."""
    values = {
        **asdict(record),
        **facts_of(job, judge),
        "input_version": plan.comparisons.version,
        "config": config_text(job),
        "engine": "; ".join(counts.engines) or None,
        "requests": plan.requests + plan.skipped,
        "asked": plan.to_ask,
        "skipped": plan.skipped,
        "answered_by_status": counts.statuses,
        "coverage": counts.coverage,
        "consistency": counts.consistency,
        "prompt_tokens": counts.prompt_tokens,
        "cached_tokens": counts.cached_tokens,
        "output_tokens": counts.output_tokens,
        "requests_per_s": record.requests_per_s(counts),
    }
    columns = spark.read.table(job.tables.runs).schema
    row = tuple(values[field.name] for field in columns.fields)
    append_once(spark.createDataFrame([row], columns), job.tables.runs, record.run_id)


def facts_of(job: JudgeJob, judge: Judge) -> dict[str, Any]:
    """What identifies the run's judge, config, input and code, as flat names."""
    return {
        "judge": judge.spec.name,
        "judge_fingerprint": judge.fingerprint,
        "mode": judge.mode,
        "model": judge.model,
        "model_revision": judge.revision,
        "model_version": judge.model_version,
        "config_sha256": fingerprint(job.model_dump(mode="json")),
        "input_table": job.tables.comparisons,
        "git_commit": git_commit(),
        "judgelake_version": version("judgelake"),
    }


def config_text(job: JudgeJob) -> str:
    """The config as JSON. It holds no secret: keys are only ever named by variable or scope."""
    return json.dumps(job.model_dump(mode="json"), indent=2, sort_keys=True)


def git_commit() -> str | None:
    """The commit the code runs from, with "+changes" where files differ from it; None outside a checkout."""
    here = Path(__file__).parent
    try:
        head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=here, capture_output=True, text=True, timeout=10)
        state = subprocess.run(["git", "status", "--porcelain"], cwd=here, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    if head.returncode:
        return None
    return head.stdout.strip() + ("+changes" if state.stdout.strip() else "")


class Tracker:
    """The run in MLflow, from its start to its end; does nothing where it is switched off."""

    def __init__(self, settings: Mlflow) -> None:
        self._settings = settings
        self.run_id: str | None = None

    def started(self, job: JudgeJob, judge: Judge, run_id: str) -> AbstractContextManager[Any]:
        """Open the MLflow run and log what is known before anything is asked."""
        if not self._settings.enabled:
            return nullcontext()
        import mlflow  # seconds to import, and not needed where it is switched off

        if "MLFLOW_TRACKING_URI" not in os.environ and "DATABRICKS_RUNTIME_VERSION" not in os.environ:
            mlflow.set_tracking_uri(DEFAULT_TRACKING)
        mlflow.set_experiment(self._settings.experiment)
        run = mlflow.start_run(run_name=f"{judge.spec.name}-{judge.mode}-{run_id[:8]}")
        self.run_id = run.info.run_id
        mlflow.set_tags(
            {f"judgelake.{name}": value for name, value in facts_of(job, judge).items() if value is not None}
        )
        mlflow.log_params(_flat(job.model_dump(mode="json")))
        mlflow.log_text(config_text(job), "config.json")
        manager: AbstractContextManager[Any] = run
        return manager

    def planned(self, job: JudgeJob, plan: Plan) -> None:
        """Log the pinned input as the run's dataset, without reading it."""
        if self.run_id is None:
            return
        import mlflow
        from mlflow.data.delta_dataset_source import DeltaDatasetSource
        from mlflow.data.meta_dataset import MetaDataset

        pinned = plan.comparisons
        place = {"path": pinned.location} if job.tables.warehouse else {"delta_table_name": job.tables.comparisons}
        source = DeltaDatasetSource(**place, delta_table_version=pinned.version)
        mlflow.log_input(
            MetaDataset(source, name=job.tables.comparisons, digest=f"v{pinned.version}"), context="judging"
        )

    def finished(self, judgments: DataFrame, plan: Plan, counts: Counts, record: RunRecord) -> None:
        """Log the run's figures and a small sample of its judgments."""
        if self.run_id is None:
            return
        import mlflow

        figures = {
            **{f"status_{status}": count for status, count in counts.statuses.items()},
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
            "requests_per_s": record.requests_per_s(counts),
            "engine_start_s": record.engine_start_s,
            "device_seconds": record.device_seconds,
            "wall_s": record.wall_s,
        }
        mlflow.log_metrics({name: float(value) for name, value in figures.items() if value is not None})
        mlflow.set_tags({"judgelake.outcome": record.outcome, "judgelake.engine": "; ".join(counts.engines)})
        if self._settings.sample_rows:
            mlflow.log_table(_sample(judgments, record.run_id, self._settings.sample_rows), "judgments_sample.json")


def _sample(judgments: DataFrame, run_id: str, rows: int) -> dict[str, list[Any]]:
    columns = ("comparison_id", "shown_order", "status", "verdict", "scores", "raw_output", "error")
    found = judgments.where(F.col("run_id") == run_id).orderBy("judgment_id").limit(rows).select(*columns).collect()
    return {name: [row[name] for row in found] for name in columns}


def _flat(values: dict[str, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, dict) and value:
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = str(value)
    return flat
