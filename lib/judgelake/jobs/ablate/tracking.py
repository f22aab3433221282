"""An ablation in MLflow: a run of its own, with the trainings as its children."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from judgelake.config import Mlflow
from judgelake.jobs.ablate.config import AblateJob
from judgelake.jobs.ablate.folder import AblationFolder
from judgelake.jobs.ablate.picture import picture_of
from judgelake.jobs.ablate.results import Result
from judgelake.runtime import REMEDY, accepted_by_mlflow, flat, tracked_run

CELL_TAG, SEED_TAG, NAME_TAG = "judgelake.cell", "judgelake.seed", "mlflow.runName"
KEPT = f"{REMEDY} What is trained is kept; the same command goes on."
_accepted = partial(accepted_by_mlflow, "the ablation", KEPT)


@dataclass(slots=True)
class AblationTracker:
    """The MLflow run of an ablation, and its results on disk; without MLflow only these."""

    settings: Mlflow
    folder: AblationFolder
    run_id: str | None = None

    @contextmanager
    def started(self, job: AblateJob, run_id: str | None) -> Iterator[None]:
        """Context in which the run is open, a new one or the one of an earlier try.

        Raises:
            UserError: MLflow does not accept it.
        """
        describe = partial(_describe, job=job)
        with tracked_run(self.settings, "ablation", describe, continued=run_id, advice=KEPT) as self.run_id:
            yield

    def name(self, run_id: str | None, cell: str, seed: int) -> None:
        """Say in a training's own run which cell it is."""
        if self.run_id is None or run_id is None:
            return
        import mlflow

        with _accepted():
            client = mlflow.MlflowClient()
            for tag, value in ((NAME_TAG, f"{cell}, seed {seed}"), (CELL_TAG, cell), (SEED_TAG, str(seed))):
                client.set_tag(run_id, tag, value)

    def finished(self, results: Sequence[Result], job: AblateJob, failures: Mapping[str, str]) -> None:
        """Write table and picture into the folder, and log them.

        Raises:
            UserError: MLflow does not accept them; they are in the folder.
            RunError: the folder cannot be written.
        """
        picture = picture_of(results, job.baseline)
        records = [result.record() for result in results]
        with self.folder.writable():
            self.folder.results.write_text(json.dumps(records, indent=1, ensure_ascii=False), "utf-8")
            picture.savefig(self.folder.picture, dpi=150)
        if self.run_id is None:
            return
        import mlflow

        with _accepted():
            mlflow.log_artifact(str(self.folder.results))
            mlflow.log_figure(picture, self.folder.picture.name)
            mlflow.log_dict(dict(failures), "failures.json")
            mlflow.log_metrics(
                {
                    f"{one.cell}/{one.shown}/{one.measure}": one.value.value
                    for one in results
                    if one.value.value is not None
                }
            )


def _describe(mlflow: Any, job: AblateJob) -> None:
    mlflow.log_params(flat(job.model_dump(mode="json", exclude={"tables", "mlflow"})))
