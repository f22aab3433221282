"""What is kept of a decision: an MLflow run with thresholds, figures and table versions, and tags on the version."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from judgelake.jobs.evaluate import PLAIN, label_rule_text
from judgelake.jobs.promote.config import PromoteJob
from judgelake.jobs.promote.contenders import IDENTITY_TAG
from judgelake.jobs.promote.decision import number
from judgelake.jobs.promote.evidence import Figures, questions_text
from judgelake.jobs.promote.promotion import Promotion
from judgelake.jobs.promote.registry import (
    DATE_TAG,
    DECISION_TAG,
    NONE,
    PREVIOUS_TAG,
    Registry,
    Verdict,
    history_with,
)
from judgelake.jobs.promote.terminal import text_of
from judgelake.runtime import (
    CANDIDATE,
    CHAMPION,
    MOST_CHARACTERS,
    accepted_by_mlflow,
    flat,
    table_dataset,
    tracked_run,
)

FIGURES_TAG = "judgelake_promotion_figures"
RUN_TAG = "judgelake_promotion_run"
NO_PARAMS = {"tables", "mlflow", "model_cache"}
TEXT = "promotion.txt"


def logged(job: PromoteJob, found: Promotion) -> str:
    """Log the decision; returns the id of the MLflow run.

    Raises:
        UserError: MLflow does not accept it.
    """
    candidate, verdict = found.candidate.version, _verdict(found)
    with tracked_run(job.mlflow, f"promote-{candidate.name}-{candidate.number}") as run_id:
        import mlflow

        assert run_id is not None, "a config without MLflow is refused"
        with accepted_by_mlflow("the decision"):
            _log(mlflow, job, found)
            mlflow.set_tags({"judgelake.promotion": verdict.value, "judgelake.registered_model": candidate.address})
    return run_id


def marks_of(found: Promotion, run_id: str) -> dict[str, str]:
    """The tags of the candidate: refused, or passed with the version to go back to; the alias has not moved yet.

    Args:
        found: the decision.
        run_id: of the MLflow run in which it is logged.
    """
    tags = {
        DECISION_TAG: _verdict(found).value,
        DATE_TAG: datetime.now(UTC).isoformat("T", "seconds"),
        FIGURES_TAG: _deciding_figure(found),
        RUN_TAG: run_id,
    }
    if found.is_promoted:
        champion = None if found.champion is None else found.champion.version.number
        tags[PREVIOUS_TAG] = history_with(found.candidate.version, champion)
    return tags


def _deciding_figure(found: Promotion) -> str:
    """The number that decides, in a tag's few characters; all figures are in the run."""
    words, row = found.evidence.deciding
    questions = questions_text(found.evidence.questions)
    return f"{words}, {number(row)}, rests on {questions}".translate(PLAIN)[:MOST_CHARACTERS]


def mark_identities(registry: Registry, found: Promotion) -> None:
    """Write on both versions what their content is, so that the next run need not read the files again.

    Raises:
        UserError: MLflow does not accept it.
    """
    for one in (found.candidate, found.champion):
        if one is not None and IDENTITY_TAG not in one.version.tags:
            registry.tag(one.version.number, {IDENTITY_TAG: one.identity})


def _verdict(found: Promotion) -> Verdict:
    return Verdict.PASSED if found.is_promoted else Verdict.REFUSED


def figures_of(found: Promotion) -> dict[str, float]:
    """The numbers of a decision as metrics: candidate.agreement, champion.coverage, difference.low, and so on."""
    figures = _of(CANDIDATE, found.evidence.candidate)
    if found.evidence.champion is not None:
        figures |= _of(CHAMPION, found.evidence.champion)
    if (difference := found.evidence.difference) is not None:
        figures |= {
            "difference": difference.value,
            "difference.low": difference.low,
            "difference.high": difference.high,
        }
    counted = {"comparisons": found.counts.used, "questions": found.evidence.questions}
    return {name: float(value) for name, value in (figures | counted).items() if value is not None}


def _of(alias: str, of: Figures) -> dict[str, float | int | None]:
    consistency, delta_bias = (None if row is None else row.value for row in (of.consistency, of.delta_bias))
    figures = {"agreement": of.agreement.value, "agreement.low": of.agreement.low, "agreement.high": of.agreement.high}
    figures |= {"consistency": consistency, "delta_bias": delta_bias, "coverage": of.coverage}
    return {f"{alias}.{name}": value for name, value in figures.items()}


def _log(mlflow: Any, job: PromoteJob, found: Promotion) -> None:
    """Log to the open run what was decided by which thresholds, and from which versions of the tables."""
    inputs = found.evaluation.inputs
    versions = {f"versions.{name}": pinned.version for name, pinned in inputs.versions.items()}
    rules = {
        "swap_rule": found.evaluation.job.headline.value,
        "label_rule": label_rule_text(found.evaluation.job, inputs),
        "candidate": found.candidate.version.address,
        "champion": found.champion.version.address if found.champion is not None else NONE,
    }
    mlflow.log_params(flat(job.model_dump(mode="json", exclude=NO_PARAMS) | versions | rules))
    mlflow.log_metrics(figures_of(found))
    mlflow.log_text(text_of(found), TEXT)
    names = list(inputs.versions)
    tables = [table_dataset(job.tables, one.table, one.location, one.version) for one in inputs.versions.values()]
    mlflow.log_inputs(tables, contexts=names, tags_list=[None] * len(names))
