"""A generation in MLflow: what it is made with at its start, and what each step came to."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from judgelake.asking import code_facts
from judgelake.config import Mlflow
from judgelake.jobs.generate.config import GenerateJob
from judgelake.jobs.generate.generated import Generated
from judgelake.lake import Pinned
from judgelake.runtime import flat, shown_error, table_dataset, tracked_run, tracking_errors, warm_up

# Lists of models, sources and teachers may be longer than MLflow's parameters; they are in config.json.
NO_PARAMS: Any = {
    "seeds": {"sources"},
    "examples": {"teachers"},
    **dict.fromkeys(("models", "sample", "tables", "mlflow"), True),
}
LONGEST_PARAM = 500
NOT_IN_A_NAME = re.compile(r"[^\w\- ]")
"""Signs in names of models, teachers and statuses that MLflow takes in no name of a metric, or in no place of it."""


class GenerateTracker:
    """The MLflow run of one generation; does nothing where MLflow is switched off."""

    def __init__(self, job: GenerateJob, settings: Mlflow, say: Callable[[str], None]) -> None:
        """Begins to load MLflow.

        Args:
            job: what is done.
            settings: whether it is enabled, and the experiment.
            say: is told what MLflow does not accept while the steps run, which fails none of them.
        """
        self._job, self._settings, self._say = job, settings, say
        self._wait_until_warm = warm_up(settings)
        self.run_id: str | None = None

    @contextmanager
    def started(self, name: str, steps: Collection[str]) -> Iterator[None]:
        """Context in which the run is open; what it is made with is logged at once.

        Raises:
            UserError: MLflow does not accept the run.
        """
        describe = partial(_describe, job=self._job, steps=steps)
        with tracked_run(self._settings, name, describe, self._wait_until_warm) as self.run_id:
            yield

    def asks(self, pinned: Pinned) -> None:
        """Log the seeds at their pinned version as the run's dataset, without reading them."""
        tables = self._job.tables
        self._log(
            lambda mlflow: mlflow.log_input(
                table_dataset(tables, tables.seeds, pinned.location, pinned.version), context="seeds"
            )
        )

    def log(self, done: Generated) -> None:
        """Log what a step, or several, came to."""
        self._log(lambda mlflow: mlflow.log_metrics(figures_of(done)))
        self._log(partial(_log_reasons, done=done))

    def _log(self, to_log: Callable[[Any], None]) -> None:
        if self.run_id is None:
            return
        import mlflow

        try:
            to_log(mlflow)
        except tracking_errors() as error:
            self._say(f"The tables are as they should be, but MLflow did not accept the figures: {shown_error(error)}")


def _describe(mlflow: Any, job: GenerateJob, steps: Collection[str]) -> None:
    mlflow.set_tags({f"judgelake.{name}": value for name, value in code_facts().items() if value is not None})
    lists = {
        "steps": tuple(steps),
        "models": [one.name for one in job.models],
        "teachers": [one.name for one in job.examples.teachers],
    }
    named = {name: ", ".join(texts)[:LONGEST_PARAM] for name, texts in lists.items()}
    mlflow.log_params(flat(job.model_dump(mode="json", exclude=NO_PARAMS)) | named)
    # It contains no secret: keys are only named by variable or scope.
    mlflow.log_text(json.dumps(job.model_dump(mode="json"), indent=2, sort_keys=True), "config.json")


def _log_reasons(mlflow: Any, done: Generated) -> None:
    for step, reasons in reasons_of(done).items():
        mlflow.log_dict(reasons, f"left_out/{step}.json")


def figures_of(done: Generated) -> dict[str, float]:
    """The counts of the steps, by the names of metrics: STEP/COUNT, and STEP/NAME/COUNT of models and teachers."""
    figures: dict[tuple[str, ...], float | None] = {}
    if done.seeds is not None:
        for name in ("added", "left_out", "held", "rejected"):
            figures["seeds", name] = getattr(done.seeds, name)
    for run in done.answers or ():
        tokens = {"prompt_tokens": run.written.prompt_tokens, "output_tokens": run.written.output_tokens}
        for name, count in {"skipped": run.skipped, **tokens, **run.statuses}.items():
            figures["answers", run.answerer.name, name] = count
    if done.comparisons is not None:
        made = done.comparisons
        counts = {"added": made.added, "held": made.held, "left_out": sum(made.left_out.values())}
        figures |= {("comparisons", name): count for name, count in counts.items()}
    for taught in done.examples or ():
        counts = {name: getattr(taught, name) for name in ("added", "held", "replaced", "withdrawn")}
        counts |= {**taught.splits, "left_out": sum(taught.left_out.values())}
        figures |= {("examples", taught.teacher, name): count for name, count in counts.items()}
    return {
        "/".join(NOT_IN_A_NAME.sub("_", part) for part in place): float(count)
        for place, count in figures.items()
        if count is not None
    }


def reasons_of(done: Generated) -> dict[str, dict[str, Any]]:
    """How many were left out for which reason, for each step that leaves some out."""
    reasons: dict[str, dict[str, Any]] = {}
    if done.comparisons is not None:
        reasons["comparisons"] = dict(done.comparisons.left_out)
    if done.examples is not None:
        reasons["examples"] = {taught.teacher: taught.left_out for taught in done.examples}
    return reasons
