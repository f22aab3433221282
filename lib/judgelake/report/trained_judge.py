"""The card of a judge that was trained: what it comes from, what its validation says, and what it may be used for.

The card of `card.py` says how good a judge is, by an evaluation on labels; this one is written when a training ends,
and says what a later evaluation cannot know.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from judgelake.markdown import bullets
from judgelake.measures import Scale
from judgelake.report import inert
from judgelake.report.card_markdown import code, prose, table
from judgelake.report.numbers import NOT_KNOWN, count_text, value_text

ALIAS = "champion"
CHOSE_THE_WEIGHTS = (
    "These examples also chose the weights: of all checkpoints the one that agrees with them most was kept. So the "
    "figures are too good, and no estimate for new questions. Judge comparisons with labels that had no part in the "
    "training, and evaluate that (jobs/judge.py, jobs/evaluate.py)."
)
FIGURE_TITLES = {
    "agreement": "Agreement, mean of both orders, failed verdicts left out",
    "agreement_failed_is_wrong": "Agreement, mean of both orders, failed verdicts counted as wrong",
    "consistency": "Consistency: the same verdict in both orders",
    "delta_bias": "Delta bias: by how much inconsistent verdicts favour one place",
    "coverage": "Coverage: outputs with a verdict",
}


@dataclass(frozen=True, slots=True)
class Material:
    """Something that training used, how many examples, and what it forbids or leaves open; None: nothing known."""

    name: str
    examples: int
    remark: str | None = None


@dataclass(frozen=True, slots=True)
class ValidationFigures:
    """What the finished model said to the examples of the validation.

    `numbers` gives each figure and the number of comparisons, or of outputs, that it is made of. `left_out`: examples
    that were not asked, by cause.
    """

    numbers: Mapping[str, tuple[float, int]]
    comparisons: int
    step: int | None = None
    """After which the best checkpoint was written; None if it is not known."""
    left_out: Mapping[str, int] = field(default_factory=dict)
    shows_reference: bool = False


@dataclass(frozen=True, slots=True)
class OwnTexts:
    """A judge's own judgments, sampled, that were learned in the place of those of the examples."""

    data: str
    """Table and version."""
    judge: str
    """Its fingerprint."""
    model: str
    """That wrote them, by content."""
    is_the_base: bool
    """Whether that is the model whose training began."""
    beta: float | None
    """Of direct preference optimisation; None: those that agree with the label were learned as targets."""
    counts: Mapping[str, int]
    """What became of them."""


@dataclass(frozen=True, slots=True)
class TrainedJudge:
    """Everything that the card of a trained judge says."""

    judge: str
    mode: str
    base: str
    base_version: str
    base_licence: str | None
    registered_as: str | None
    """Name in MLflow's registry; None: it is served from its folder."""
    is_servable: bool
    """Whether the judge job can ask it: a model with a head on top is none that an engine lets write."""
    data: str
    """Table and version."""
    where: str | None
    licences: Sequence[Material]
    teachers: Sequence[Material]
    recipe: Mapping[str, str]
    rows: Mapping[str, int]
    labels: Mapping[str, int]
    left_out: Mapping[str, int]
    validation: ValidationFigures | None
    own: OwnTexts | None = None
    forbidden: Sequence[str] = ()
    """Why commercial use is forbidden, a sentence each."""
    unknown: Sequence[str] = ()
    """Of what the licence is not known, a sentence each."""
    identity: str = ""
    software: str = ""


def training_card(judge: TrainedJudge) -> str:
    """The card as Markdown with a head that model hubs read; texts from tables are written as code."""
    name = judge.registered_as or f"{judge.judge}, trained"
    blocks = [
        *_head(judge),
        f"# Judge card: {code(name)}",
        *_use(judge),
        *_origin(judge),
        *_data(judge),
        *_rows(judge),
        *_validated(judge.validation),
        *_serving(judge),
    ]
    return "\n\n".join(blocks) + "\n"


def _head(judge: TrainedJudge) -> Iterator[str]:
    licence = judge.base_licence
    lines = [f"license: {json.dumps(licence)}"] if licence else []
    # Hubs, and a training that begins with this judge, read nothing but the head.
    if judge.forbidden:
        lines = ["license: other", 'license_name: "non-commercial: see the card"']
    elif judge.unknown:
        lines = ["license: other", 'license_name: "terms not known: see the card"']
    lines += [f"base_model: {json.dumps(judge.base)}", "tags: [judgelake, llm-as-a-judge]"]
    yield "\n".join(["---", *lines, "---"])


def _use(judge: TrainedJudge) -> Iterator[str]:
    if judge.forbidden:
        yield "> **NOT FOR COMMERCIAL USE.** " + " ".join(map(prose, judge.forbidden))
    if judge.unknown:
        yield (
            "> **Terms not known.** "
            + " ".join(map(prose, judge.unknown))
            + (" Clear them before you use the judge for anything but research.")
        )
    if not judge.forbidden and not judge.unknown:
        yield (
            "None of the licences named below forbids commercial use; their other conditions hold. If a teacher is a "
            "model, the terms of its provider may restrict training with its outputs: that is in no licence here."
        )


def _origin(judge: TrainedJudge) -> Iterator[str]:
    yield "## What it comes from"
    facts = {
        "Judge (prompts and parser)": judge.judge,
        "Mode": judge.mode,
        "Base": judge.base,
        "Base, by content": judge.base_version,
        "Licence of the base": judge.base_licence,
        "Training": judge.identity,
        "Software": judge.software,
    }
    yield bullets(f"{name}: {code(text) if text else NOT_KNOWN}" for name, text in facts.items())
    yield "The recipe:"
    yield table(("Setting", "Value"), ((code(name), code(value)) for name, value in judge.recipe.items()))


def _data(judge: TrainedJudge) -> Iterator[str]:
    yield "## What it was trained on"
    lines = [f"Examples: {code(judge.data)}"] + ([f"Only where {code(judge.where)}"] if judge.where else [])
    yield bullets(lines)
    for title, found in (("Licence of the examples", judge.licences), ("Labels by", judge.teachers)):
        cells = ((code(one.name), count_text(one.examples), prose(one.remark or "")) for one in found)
        yield table((title, "Examples", "Remark"), cells)
    yield from _own_texts(judge.own)


def _own_texts(own: OwnTexts | None) -> Iterator[str]:
    if own is None:
        return
    yield "### Judgments of its own"
    if own.beta is None:
        yield (
            "It learned sampled judgments of a judge, as they were written: those that agree with the labels above "
            "(rejection sampling)."
        )
    else:
        yield (
            "It was trained by direct preference optimisation (DPO, arXiv 2305.18290) with beta "
            f"{code(f'{own.beta:g}')}: to prefer sampled judgments of a judge that agree with the labels above to "
            "those of the same prompt that do not. A row is such a pair."
        )
    by = "the base before this training" if own.is_the_base else "another model than the base, or another version of it"
    facts = {"Judgments": own.data, "By the judge": own.judge, "Of the model": own.model}
    yield bullets([*(f"{name}: {code(text)}" for name, text in facts.items()), f"That model is {by}."])
    yield table(("Judgments that", ""), ((prose(name), count_text(count)) for name, count in own.counts.items()))


def _rows(judge: TrainedJudge) -> Iterator[str]:
    yield "## Rows"
    yield bullets(f"{prose(name)}: {count_text(count)}" for name, count in judge.rows.items())
    if judge.labels:
        yield table(
            ("Label, as shown", "Rows"), ((code(label), count_text(count)) for label, count in judge.labels.items())
        )
    if not judge.left_out:
        yield "No row was left out."
        return
    yield "Left out, by cause:"
    yield table(("Cause", "Rows"), ((code(cause), count_text(count)) for cause, count in judge.left_out.items()))


def _validated(found: ValidationFigures | None) -> Iterator[str]:
    yield "## Validation"
    if found is None:
        yield "None: the weights after the last step were kept, and nothing is known of how well it judges."
        return
    yield f"**{CHOSE_THE_WEIGHTS}**"
    reference = " The reference was shown." if found.shows_reference else ""
    step = "" if found.step is None else f", kept after step {count_text(found.step)}"
    yield f"The finished model on {count_text(found.comparisons)} comparisons, each in both orders{step}.{reference}"
    cells = [(title, *_number_cells(found.numbers.get(name))) for name, title in FIGURE_TITLES.items()]
    yield table(("Figure", "Value", "n"), cells)
    if found.left_out:
        missing = ", ".join(f"{count_text(count)} {code(cause)}" for cause, count in found.left_out.items())
        yield f"Not asked: {missing}."


def _number_cells(number: tuple[float, int] | None) -> tuple[str, str]:
    if number is None:
        return NOT_KNOWN, ""
    value, n = number
    return value_text(value, Scale.RATE) or NOT_KNOWN, count_text(n)


def _serving(judge: TrainedJudge) -> Iterator[str]:
    yield "## How to judge with it"
    if not judge.is_servable:
        yield (
            "It is a baseline for comparison: a head on top of the model gives a class or a score, and no text. "
            "transformers loads it (`AutoModelForSequenceClassification`, on the ids of the judge's prompt); the judge "
            "job does not serve it."
        )
        return
    model = f"models:/{judge.registered_as}@{ALIAS}" if judge.registered_as else "FOLDER"
    named = {"name": judge.judge, "mode": judge.mode, "model": model}
    settings = " ".join(f"--set {shlex.quote(f'judge.{key}={inert.name(value)}')}" for key, value in named.items())
    yield f"```bash\npython jobs/judge.py {settings}\n```"
    if judge.registered_as:
        yield (
            f"`{ALIAS}` is the version that a promotion has chosen; `candidate` is the newest trained one. Another "
            "judge or mode shows the model prompts that it was not trained on."
        )
    else:
        yield "FOLDER is the folder of this card. Another judge or mode shows prompts that it was not trained on."
