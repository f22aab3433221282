"""What is recorded of a run in addition to its judgments: one row in `runs`, one run in MLflow."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F

from judgelake.asking import Plan, RunRecord, code_facts, run_row
from judgelake.config import fingerprint
from judgelake.jobs.judge.config import JudgeJob, JudgeMlflow
from judgelake.jobs.judge.resolve import Judge
from judgelake.jobs.judge.summary import Counts
from judgelake.runtime import accepted_by_mlflow, flat, table_dataset, tracked_run, warm_up

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def row_of_run(job: JudgeJob, judge: Judge, plan: Plan, counts: Counts, record: RunRecord) -> dict[str, Any]:
    """The run as a row of the runs table, by column."""
    figures = {"answered_by_order": counts.orders, "consistency": counts.consistency}
    return run_row(record, plan, counts, {**facts_of(job, judge), **figures, "config": config_text(job)})


def facts_of(job: JudgeJob, judge: Judge) -> dict[str, Any]:
    """What identifies the run's judge, config and input, as flat names."""
    return {
        "judge": judge.spec.name,
        "judge_fingerprint": judge.fingerprint,
        "mode": judge.mode,
        "model": judge.full_name,
        "model_revision": judge.revision,
        "model_version": judge.model_version,
        "config_sha256": fingerprint(job.model_dump(mode="json")),
        "input_table": job.tables.comparisons,
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
        name = f"{judge.spec.name}-{judge.mode}-{run_id[:8]}"
        describe = partial(_log_start, job=job, judge=judge)
        with tracked_run(self._settings, name, describe, self._wait_until_warm) as self.run_id:
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
        with accepted_by_mlflow("the run's input"):
            mlflow.log_input(dataset, context="judging")

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
            "requests_per_s": record.requests_per_s(counts.results),
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


def _log_start(mlflow: Any, job: JudgeJob, judge: Judge) -> None:
    facts = {**facts_of(job, judge), **code_facts()}
    mlflow.set_tags({f"judgelake.{name}": value for name, value in facts.items() if value is not None})
    mlflow.log_params(flat(job.model_dump(mode="json")))
    mlflow.log_text(config_text(job), "config.json")


def _sample(judgments: DataFrame, run_id: str, rows: int) -> dict[str, list[Any]]:
    columns = ("comparison_id", "shown_order", "status", "verdict", "scores", "raw_output", "error")
    sample = judgments.where(F.col("run_id") == run_id).orderBy("judgment_id").limit(rows).select(*columns).collect()
    return {name: [row[name] for row in sample] for name in columns}
