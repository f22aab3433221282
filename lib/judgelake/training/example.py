"""What a judge is trained on: a comparison, how it was judged with and without the reference, and by whom."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from judgelake.comparisons import TIE, Comparison, comparison_to_record, said_problem, verdict_of_scores

Split = Literal["train", "validation"]
SPLITS: tuple[Split, ...] = ("train", "validation")
ID_CHARACTERS = 32
# Probabilities that were added up in another order, or rounded by a table.
ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class Judged:
    """A judgment to learn, in the comparison's own order: a verdict, or a score for each answer, or both.

    `verdict` is a letter or `TIE`; None for a single answer. `reasons` is free text without the verdict's line.
    """

    verdict: str | None = None
    scores: tuple[float, ...] | None = None
    reasons: str | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """One example; everything in it is in the comparison's own order.

    `judged` was said without sight of the reference, `referenced` with it (None: nobody judged with it).
    `probabilities` gives each label's probability, made from both orders of a teacher; they sum to 1.
    `group` is shared by near-duplicate questions, which never stand on both sides of a split.
    """

    example_id: str
    group: str
    comparison: Comparison
    judged: Judged
    referenced: Judged | None = None
    probabilities: Mapping[str, float] | None = None
    teacher: str = ""
    split: Split = "train"
    source: str = ""
    licence: str = ""


def identified(example: Example) -> Example:
    """The example with its id: of what it teaches, and not of its split, group, source or licence."""
    canonical = json.dumps(
        {
            "comparison": _content_of(example.comparison),
            "judged": _judged_content(example.judged),
            "referenced": None if example.referenced is None else _judged_content(example.referenced),
            "probabilities": None if example.probabilities is None else dict(example.probabilities),
            "teacher": example.teacher,
        },
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    return replace(example, example_id=digest[:ID_CHARACTERS])


def example_problem(example: Example) -> str | None:
    """Why nothing can be learned from an example; None if all of it fits together."""
    answers = len(example.comparison.answers)
    problem = judged_problem(example.judged, answers)
    if problem is not None:
        return problem
    if example.referenced is not None:
        if example.comparison.reference is None:
            return "referenced: the comparison has no reference"
        problem = judged_problem(example.referenced, answers)
        if problem is not None:
            return f"referenced: {problem}"
    return None if example.probabilities is None else _probabilities_problem(example.probabilities, answers)


def judged_problem(judged: Judged, answers: int) -> str | None:
    """Why a judgment does not fit a comparison with so many answers; None if it fits."""
    if judged.verdict is None and judged.scores is None:
        return "neither a verdict nor scores"
    problem = said_problem(judged.verdict, judged.scores, answers)
    if problem is not None or judged.verdict is None or judged.scores is None:
        return problem
    best = verdict_of_scores(judged.scores)
    return None if best == judged.verdict else f"verdict {judged.verdict!r}, but by the scores it is {best!r}"


def _probabilities_problem(probabilities: Mapping[str, float], answers: int) -> str | None:
    for label, share in probabilities.items():
        problem = said_problem(label, None, answers)
        if problem is not None or not 0 <= share <= 1:
            return f"probabilities: {problem or f'{label!r} has {share:g}, expected 0 to 1'}"
    total = sum(probabilities.values())
    return None if abs(total - 1) <= ROUNDING else f"probabilities: they sum to {total:g}, expected 1"


def _content_of(comparison: Comparison) -> dict[str, object]:
    record = comparison_to_record(comparison)
    return {key: record[key] for key in ("messages", "input", "answers", "reference", "rubric")}


def _judged_content(judged: Judged) -> list[object]:
    return [judged.verdict, None if judged.scores is None else list(judged.scores), judged.reasons]


def label_of(judged: Judged, answers: int) -> str | None:
    """The verdict, or that of the scores; None for a single answer."""
    if judged.verdict is not None or judged.scores is None or answers < 2:
        return judged.verdict
    return verdict_of_scores(judged.scores) or TIE
