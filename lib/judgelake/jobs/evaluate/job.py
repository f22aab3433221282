"""The evaluation job: compute, write, report; one call from a notebook or a command."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from judgelake.errors import RunError
from judgelake.jobs.evaluate.config import EvaluateJob
from judgelake.jobs.evaluate.content import report_content
from judgelake.jobs.evaluate.evaluation import Evaluation, compute
from judgelake.jobs.evaluate.inputs import gone_versions_named
from judgelake.jobs.evaluate.mlflow_run import IMPORTED_LATE, track
from judgelake.report import JudgeCard, ReportContent, judge_card, notebook_html, render_page
from judgelake.runtime import in_job_settings, submitted, tracking_errors, warm_up

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@dataclass(frozen=True, slots=True)
class Evaluated:
    """An evaluation with its report; `mlflow_run_id` is None if MLflow is disabled or did not answer."""

    evaluation: Evaluation
    content: ReportContent
    cards: dict[str, JudgeCard]
    """The judge cards, by fingerprint."""
    report: Path | None
    mlflow_run_id: str | None
    problem: str | None = None
    """MLflow's error, if it did not accept the evaluation."""

    def _repr_html_(self) -> str:
        """The report, for notebooks that show the value of a cell."""
        return notebook_html(self.content)


@in_job_settings
def evaluate_and_report(
    spark: SparkSession, job: EvaluateJob, say: Callable[[str], None] = lambda line: None
) -> Evaluated:
    """Evaluate, write the metrics table, the report and the judge cards, and log all to MLflow.

    Args:
        spark: a session with Delta.
        job: what is compared with what, and where the results go.
        say: gets progress messages.

    Raises:
        UserError: a table, version, column or label named in the job does not exist, or nothing can be evaluated.
        RunError: the report or a card cannot be written.
    """
    wait_until_warm = warm_up(job.mlflow, *IMPORTED_LATE)
    evaluation = compute(spark, job, say)
    # Delta's first commit takes seconds of one core, in which the report is made and logged.
    with ThreadPoolExecutor(1) as writer:
        writing = submitted(spark, writer, evaluation.write, spark)
        try:
            say("writing the report")
            with gone_versions_named(evaluation.inputs.versions):
                content = report_content(evaluation)
        finally:
            evaluation.release()
        judges = zip(evaluation.inputs.judges, content.judges, strict=True)
        cards = {judge.fingerprint: judge_card(section, content) for judge, section in judges}
        report = _written(Path(job.report), render_page(content)) if job.report else None
        if job.cards:
            _write_cards(Path(job.cards), evaluation, cards)
        mlflow_run_id, problem = None, None
        if job.mlflow.enabled:
            say("logging to MLflow")
            wait_until_warm()
            try:
                mlflow_run_id = track(evaluation, cards, report, until_written=writing.result)
            except tracking_errors() as error:
                problem = f"{type(error).__name__}: {error}"
        # Also raises what kept the rows from being written, if `track` has not.
        writing.result()
    return Evaluated(evaluation, content, cards, report, mlflow_run_id, problem)


def _write_cards(folder: Path, evaluation: Evaluation, cards: Mapping[str, JudgeCard]) -> None:
    for judge in evaluation.inputs.judges:
        stem = "".join(sign if sign.isalnum() or sign in "-_." else "-" for sign in judge.name)
        card = cards[judge.fingerprint]
        _written(folder / f"{stem}-{judge.fingerprint[:8]}.json", card.to_json())
        _written(folder / f"{stem}-{judge.fingerprint[:8]}.md", card.to_markdown())


def _written(path: Path, text: str) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    except OSError as error:
        raise RunError(
            f"Cannot write {str(path)!r}: {error.strerror}. Set report or cards to a writable path."
        ) from error
    return path.resolve()
