"""A training in MLflow, logged by the driver: what it is made of, its curves as they grow, and its model."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from typing import Any

from judgelake.errors import RunError
from judgelake.jobs.train.card import use_terms
from judgelake.jobs.train.config import TrainJob
from judgelake.jobs.train.prepared import Prepared
from judgelake.runtime import (
    BASE_TAG,
    CANDIDATE,
    MOST_CHARACTERS,
    REMEDY,
    TRAINING,
    accepted_by_mlflow,
    flat,
    table_dataset,
    tracked_run,
    tracking_errors,
)
from judgelake.trainer import MERGED_FLIPS, PREFERRED, RunFolder, events_of

IDENTITY_TAG = "judgelake_training"
"""The tag of a registered version that says by which training it was made."""
ONLY_OF_THE_RUN = ("judgelake.data_licences", "judgelake.use_terms", "judgelake.teachers")
"""Tags that may be longer than those of a version can be; the card has the same."""
OF_AN_EVENT = ("epoch", "learning_rate", "grad_norm", "loss", *PREFERRED, MERGED_FLIPS)
CARD = "judge_card.md"
# As many as MLflow's servers accept in one call.
METRICS_AT_ONCE = 1_000
KEPT = f"{REMEDY} What is trained is kept; the same command logs it without training again."
_accepted = partial(accepted_by_mlflow, "the training", KEPT)


@dataclass(slots=True)
class TrainTracker:
    """The MLflow run of one training; does nothing where MLflow is switched off."""

    job: TrainJob
    folder: RunFolder
    _mlflow: Any = None
    _logged: set[tuple[str, int]] = field(default_factory=set)
    """Names and steps: a trainer that goes on computes steps again, with the same figures."""
    run_id: str | None = None

    @contextmanager
    def started(self, prepared: Prepared) -> Iterator[None]:
        """Context in which the run is open; what the training is made of is logged at once.

        Raises:
            UserError: MLflow does not accept it.
        """
        name, describe = f"train-{prepared.run.identity[:8]}", partial(self._describe, prepared=prepared)
        with tracked_run(self.job.mlflow, name, describe, advice=KEPT) as self.run_id:
            yield

    def watch(self) -> None:
        """Log what the trainer has written since the last call; what MLflow does not accept now is logged later."""
        if self._mlflow is not None:
            with suppress(*tracking_errors()):
                self._log_events()

    def finished(self, prepared: Prepared, card: str) -> str | None:
        """Log the loss curve, the card and the model, and register it; returns the registered version's address.

        None if the model is not registered.

        A version gets its alias as the last thing: what breaks off before leaves `candidate` where it was, as does
        an old training that is run again. The same training is registered once.
        """
        if self._mlflow is None:
            return None
        with _accepted():
            self._log_events()
            self._mlflow.log_figure(loss_curve(events_of(self.folder.events)), "loss.png")
            self._mlflow.log_text(card, CARD)
            if self.folder.predictions.is_file():
                self._mlflow.log_artifact(str(self.folder.predictions))
            name = self.job.mlflow.register_as
            if name is None:
                if self.job.mlflow.log_model:
                    self._log_model(prepared)
                return None
            self._check_flips()
            return self._registered(name, prepared)

    def _check_flips(self) -> None:
        flips = [event[MERGED_FLIPS] for event in events_of(self.folder.events) if MERGED_FLIPS in event]
        if not flips and self.job.recipe.lora is not None:
            raise RunError(
                f"{str(self.folder.events)!r} does not say how many verdicts merging the adapter changed, so the "
                "model is not registered: delete this folder and train again."
            )
        if flips and flips[-1] > self.job.most_flips:
            raise RunError(
                f"The merged model gives another verdict than its adapter for {flips[-1]:.1%} of the validation's "
                f"prompts, more than most_flips ({self.job.most_flips:.1%}) allows, so it is not registered: serve the "
                f"adapter in {str(self.folder.adapter)!r} on its base, or take a base with weights in float32."
            )

    def _describe(self, mlflow: Any, prepared: Prepared) -> None:
        self._mlflow, job = mlflow, self.job
        mlflow.log_params(flat(job.model_dump(mode="json", exclude={"tables", "mlflow"})))
        mlflow.set_tags(tags_of(prepared))
        selected = prepared.selected
        dataset = table_dataset(job.tables, selected.table, selected.location, selected.version)
        mlflow.log_input(dataset, context=TRAINING)
        counts = counts_of(prepared)
        mlflow.log_text(json.dumps(counts, indent=2), "rows.json")
        mlflow.log_text(json.dumps(prepared.audit, indent=2, ensure_ascii=False), "audit.json")
        mlflow.log_metrics({name: float(value) for name, value in counts.items()})

    def _log_events(self) -> None:
        from mlflow.entities import Metric

        found = {
            (name, event["step"]): Metric(name, float(value), int(event["time"] * 1000), event["step"])
            for event in events_of(self.folder.events)
            for name, value in event.items()
            if name in OF_AN_EVENT or name.startswith("eval_")
        }
        new = [metric for key, metric in found.items() if key not in self._logged]
        for start in range(0, len(new), METRICS_AT_ONCE):
            self._mlflow.MlflowClient().log_batch(self.run_id, metrics=new[start : start + METRICS_AT_ONCE])
        self._logged |= found.keys()

    def _log_model(self, prepared: Prepared) -> Any:
        if self.folder.adapter.is_dir():
            self._mlflow.log_artifacts(str(self.folder.adapter), "adapter")
        with _no_warnings_of("mlflow.transformers", "mlflow.utils.environment"):
            return self._mlflow.transformers.log_model(
                # By its path: the weights are copied, never loaded.
                transformers_model=str(self.folder.model),
                name=prepared.spec.name,
                task="text-generation" if prepared.run.head == "generation" else "text-classification",
                pip_requirements=[f"{package}=={version(package)}" for package in ("transformers", "torch")],
                tags=tags_of(prepared),
            )

    def _registered(self, name: str, prepared: Prepared) -> str:
        client = self._mlflow.MlflowClient()
        found = client.search_model_versions(f"name='{name}'")
        # Each is read by itself: what a search in Unity Catalog finds has no tags.
        versions = (client.get_model_version(name, one.version) for one in found)
        made = next((one for one in versions if one.tags.get(IDENTITY_TAG) == prepared.run.identity), None)
        if made is None:
            uri = self._log_model(prepared).model_uri
            made = self._mlflow.register_model(uri, name, tags=version_tags(prepared))
        # An old training that is run again is not the newest.
        newest = client.get_registered_model(name).aliases.get(CANDIDATE, 0)
        if int(newest) < int(made.version):
            client.set_registered_model_alias(name, CANDIDATE, made.version)
        return f"models:/{name}/{made.version}"


@contextmanager
def _no_warnings_of(*loggers: str) -> Iterator[None]:
    """Card and licence, which MLflow looks for on the hub, are in the model's folder; of pip it needs no version."""
    levels = {name: logging.getLogger(name).level for name in loggers}
    for name in loggers:
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


def counts_of(prepared: Prepared) -> dict[str, int]:
    """The counts of the rows, and of the examples that are not validated on by cause."""
    validation = prepared.run.validation
    left_out = {} if validation is None else validation.left_out
    return prepared.counts | {f"not_validated.{cause}": number for cause, number in left_out.items()}


def tags_of(prepared: Prepared) -> dict[str, str]:
    """What a trained model comes from, as tags of its run and of the logged model."""
    base, selected = prepared.base, prepared.selected
    terms = use_terms(base, selected)
    licences = {licence or "unknown": count for licence, count in selected.licences.items()}
    return {
        "judgelake.training": prepared.run.identity,
        "judgelake.judge": prepared.spec.name,
        "judgelake.mode": prepared.mode,
        "judgelake.head": prepared.run.head,
        BASE_TAG: base.model,
        "judgelake.base_version": base.identity,
        "judgelake.base_licence": base.licence or "unknown",
        "judgelake.data": f"{selected.table} version {selected.version}",
        "judgelake.data_licences": json.dumps(licences, sort_keys=True),
        "judgelake.use": terms.kind,
        "judgelake.use_terms": terms.line or "no licence that is named forbids commercial use",
        "judgelake.teachers": json.dumps(selected.teachers, sort_keys=True),
        **_own_tags(prepared),
        "judgelake.adapter": "merged" if prepared.run.recipe.lora is not None else "none",
        "judgelake.version": version("judgelake"),
    }


def _own_tags(prepared: Prepared) -> dict[str, str]:
    """The objective, and by whom the judgments are; nothing where those of the examples are learned."""
    own = prepared.own
    if own is None:
        return {}
    return {
        "judgelake.objective": "sft" if prepared.run.recipe.dpo is None else "dpo",
        "judgelake.judgments": f"{own.table} version {own.version}",
        "judgelake.judgments_by": own.fingerprint,
        "judgelake.judgments_model": own.model_version,
    }


def version_tags(prepared: Prepared) -> dict[str, str]:
    """The same as tags of the registered version, as Unity Catalog accepts them: `judgelake_base`, ..."""
    tags = {key: value for key, value in tags_of(prepared).items() if key not in ONLY_OF_THE_RUN}
    return {key.replace(".", "_"): value[:MOST_CHARACTERS] for key, value in tags.items()}


def loss_curve(events: Sequence[Mapping[str, Any]]) -> Any:
    """The loss of every step and the agreement of every validation as a picture."""
    from matplotlib.figure import Figure  # seconds to import

    picture = Figure(figsize=(7, 4))
    axes = picture.subplots()
    steps = [event for event in events if "loss" in event]
    axes.plot([event["step"] for event in steps], [event["loss"] for event in steps], color="#4477aa", linewidth=1)
    is_of_pairs = any(PREFERRED[0] in event for event in steps)
    axes.set(xlabel="step", ylabel="loss, nats a pair" if is_of_pairs else "loss, nats a target token")
    validations = [event for event in events if "eval_agreement" in event]
    if validations:
        beside = axes.twinx()
        values = [event["eval_agreement"] for event in validations]
        beside.plot([event["step"] for event in validations], values, "o-", color="#ee6677")
        beside.set(ylabel="agreement in the validation", ylim=(0, 1))
    picture.tight_layout()
    return picture
