"""What may be done with a trained judge, and its card: from what the run knows already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version

from judgelake.errors import RunError
from judgelake.jobs.train.base import Base
from judgelake.jobs.train.config import TrainJob
from judgelake.jobs.train.examples import Selected
from judgelake.jobs.train.prepared import Prepared
from judgelake.report import Material, OwnTexts, TrainedJudge, ValidationFigures, training_card
from judgelake.runtime import flat
from judgelake.trainer import CHOSEN_BY, RunFolder, events_of, figures_of_predictions
from judgelake.training import STRICTNESS, Terms, terms_of_licence

CARD = "README.md"
"""In the folder of the model, where hubs look for it; it does not count as part of the model."""
REMARKS: Mapping[Terms, str | None] = {
    "non_commercial": "forbids commercial use",
    "unknown": "terms not known",
    "commercial": None,
}
OF_JUDGMENTS = {
    "agree": "agree with the label",
    "disagree": "disagree with it",
    "no_verdict": "failed, or could not be read: in no row and no pair",
    "cut_off": "did not end by themselves",
    "thinking_apart": "lack their thinking",
    "other_prompt": "answer another prompt than that of the example",
    "no_label": "have no label to be compared with",
    "repeated": "are the same text as another one",
}
OF_THE_ROWS = {
    "asked": "Examples times epochs",
    "rows": "Rows trained on",
    "tokens": "Tokens",
    "supervised": "Tokens learned",
    "longest": "Tokens of the longest row",
    "swapped": "Rows with the answers swapped",
    "with_reference": "Rows with the reference shown",
    "trimmed": "Rows with answers cut to fit",
}


@dataclass(frozen=True, slots=True)
class UseTerms:
    """Why a trained judge may not be used commercially, and what of its terms is not known; a sentence each."""

    forbidden: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def kind(self) -> Terms:
        """The strictest of all."""
        return "non_commercial" if self.forbidden else "unknown" if self.unknown else "commercial"

    @property
    def line(self) -> str | None:
        """What is to be said before anybody trains; None if no licence forbids commercial use and all are known."""
        if self.forbidden:
            return "NOT FOR COMMERCIAL USE: " + " ".join((*self.forbidden, *self.unknown))
        return " ".join(self.unknown) + " Clear the terms before the judge is used." if self.unknown else None


def use_terms(base: Base, selected: Selected) -> UseTerms:
    """What the licences of the base and of the training examples say of the use of the trained judge."""
    found: dict[Terms, list[str]] = {kind: [] for kind in STRICTNESS}
    kind, under = _terms(base.licence, "comes under")
    found[kind].append(f"The base {base.model} {under or 'names no licence'}.")
    for licence, count in sorted(selected.licences.items()):
        kind, under = _terms(licence, "come under")
        examples = f"{count:,} of {len(selected.train):,} training examples"
        found[kind].append(f"{examples} {under or 'come under terms that nobody named'}.")
    return UseTerms(tuple(found["non_commercial"]), tuple(found["unknown"]))


def _terms(licence: str | None, come_under: str) -> tuple[Terms, str]:
    """The terms of a licence, and the words that name it; empty if it has no name."""
    kind = terms_of_licence(licence)
    doubt = ", of which is not known whether it allows commercial use" if kind == "unknown" else ""
    return kind, f"{come_under} {licence}{doubt}" if licence else ""


def write_card(prepared: Prepared, job: TrainJob) -> str:
    """Write the card into the folder of the finished model, and of its adapter; returns it.

    Raises:
        RunError: it cannot be written.
    """
    text = training_card(trained_judge(prepared, job))
    try:
        for folder in (prepared.folder.model, prepared.folder.adapter):
            if folder.is_dir():
                (folder / CARD).write_text(text, "utf-8")
    except OSError as error:
        raise RunError(
            f"Cannot write the card of the trained judge into {str(prepared.folder.path)!r}: {error.strerror}. The "
            "model is kept; run the same command again."
        ) from error
    return text


def trained_judge(prepared: Prepared, job: TrainJob) -> TrainedJudge:
    """What the card of a finished training says."""
    selected, base, counts = prepared.selected, prepared.base, prepared.counts
    terms = use_terms(base, selected)
    return TrainedJudge(
        judge=prepared.spec.name,
        mode=prepared.mode,
        base=base.model,
        base_version=base.identity,
        base_licence=base.licence,
        registered_as=job.mlflow.register_as if job.mlflow.enabled else None,
        is_servable=job.rows.head == "generation",
        data=f"{selected.table} version {selected.version}",
        where=job.examples.where,
        licences=[
            Material(licence or "not named", count, REMARKS[terms_of_licence(licence)])
            for licence, count in _most_first(selected.licences)
        ],
        teachers=[Material(teacher, count) for teacher, count in _most_first(selected.teachers)],
        recipe={
            name: str(value)
            for part in ("rows", "recipe")
            for name, value in flat({part: getattr(job, part).model_dump(mode="json")}).items()
        },
        rows={title: counts[name] for name, title in OF_THE_ROWS.items()},
        own=_own(prepared),
        labels=_below(counts, "labels."),
        left_out=_below(counts, "faults."),
        validation=_validation(prepared, job),
        forbidden=terms.forbidden,
        unknown=terms.unknown,
        identity=prepared.run.identity,
        software=f"judgelake {version('judgelake')}",
    )


def _own(prepared: Prepared) -> OwnTexts | None:
    own, dpo = prepared.own, prepared.run.recipe.dpo
    if own is None:
        return None
    return OwnTexts(
        data=f"{own.table} version {own.version}",
        judge=own.fingerprint,
        model=own.model_version,
        is_the_base=own.model_version == prepared.base.identity,
        beta=None if dpo is None else dpo.beta,
        counts={title: own.counts[name] for name, title in OF_JUDGMENTS.items() if name in own.counts},
    )


def _validation(prepared: Prepared, job: TrainJob) -> ValidationFigures | None:
    folder, validation = prepared.folder, prepared.run.validation
    if validation is None or not folder.predictions.is_file():
        return None
    numbers = figures_of_predictions(folder.predictions)
    return ValidationFigures(
        numbers=numbers,
        comparisons=numbers[CHOSEN_BY][1],
        step=_best_step(folder),
        left_out=validation.left_out,
        shows_reference=job.examples.validated_with == "use",
    )


def _best_step(folder: RunFolder) -> int | None:
    """The step of the first validation with the best agreement, whose checkpoint is kept."""
    name = f"eval_{CHOSEN_BY}"
    found = [event for event in events_of(folder.events) if name in event]
    best = max(found, key=lambda event: event[name], default=None)
    return None if best is None else int(best["step"])


def _most_first(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda one: (-one[1], one[0]))


def _below(counts: Mapping[str, int], prefix: str) -> dict[str, int]:
    return {name.removeprefix(prefix): count for name, count in counts.items() if name.startswith(prefix)}
