"""What is kept of a trust run in MLflow: parameters, table versions, figures and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from judgelake.jobs.evaluate import label_rule_text
from judgelake.jobs.trust.config import TrustJob
from judgelake.jobs.trust.trusted import Trusted
from judgelake.runtime import accepted_by_mlflow, flat, table_dataset, tracked_run

NO_PARAMS = {"tables", "mlflow", "pictures"}


def log(job: TrustJob, found: Trusted, pictures: Sequence[Path]) -> str | None:
    """Log the run; returns its id in MLflow, None where MLflow is switched off.

    Raises:
        UserError: MLflow does not accept it.
    """
    with tracked_run(job.mlflow, f"trust-{found.run_id[:8]}") as run_id:
        if run_id is None:
            return None
        import mlflow

        with accepted_by_mlflow("the figures of reliability"):
            _log(mlflow, job, found, pictures)
    return run_id


def figures_of(found: Trusted) -> dict[str, float]:
    """The numbers by judge, metric and subject: "my-judge/reliability_auroc/margin", and its ends .low and .high."""
    names = {one.judge.fingerprint: one.judge.name for one in found.judges}
    figures: dict[str, float | None] = {}
    for row in found.rows:
        name = "/".join(map(_accepted, (names[row.judge_fingerprint or ""], row.metric, row.subject or "")))
        figures |= {name: row.value, f"{name}.low": row.low, f"{name}.high": row.high}
    return {name: value for name, value in figures.items() if value is not None}


def _accepted(text: str) -> str:
    return "".join(sign if sign.isalnum() or sign in "-_. " else "-" for sign in text)


def _log(mlflow: Any, job: TrustJob, found: Trusted, pictures: Sequence[Path]) -> None:
    inputs = found.inputs
    versions = {f"versions.{name}": pinned.version for name, pinned in inputs.versions.items()}
    rules = {"swap_rule": found.evaluation.headline.value, "label_rule": label_rule_text(found.evaluation, inputs)}
    mlflow.log_params(flat(job.model_dump(mode="json", exclude=NO_PARAMS) | versions | rules))
    mlflow.set_tags({"judgelake.reliability": found.run_id})
    if figures := figures_of(found):
        mlflow.log_metrics(figures)
    for picture in pictures:
        mlflow.log_artifact(str(picture))
    names = list(inputs.versions)
    tables = [table_dataset(job.tables, one.table, one.location, one.version) for one in inputs.versions.values()]
    mlflow.log_inputs(tables, contexts=names, tags_list=[None] * len(names))
