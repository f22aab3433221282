"""JudgeLM's published training rows as examples: both judgments of the teacher, with and without the reference."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from judgelake.comparisons import Check, Comparison, list_of, number, problem_of, text, verdict_of_scores
from judgelake.training.example import Example, Judged, Split, example_problem, identified

TEACHER = "gpt-4"
NO_SCORE = -1.0
LICENCE = "CC-BY-NC-4.0"
"""Of the published data, BAAI/JudgeLM-100K on Hugging Face: no commercial use."""
WITHOUT, WITH = ("text", "score"), ("text_w_reference", "score_w_reference")
SCORE = r"-?[0-9]+(?:\.[0-9]+)?"
SCORE_LINE = re.compile(rf"\s*({SCORE}(?:[ \t,]+{SCORE})*)\s*")


@dataclass(frozen=True, slots=True)
class JudgelmRow:
    """The example of a row, or None; and why it, or its judgment with the reference, cannot be learned."""

    example: Example | None
    problems: tuple[str, ...] = ()


def from_judgelm(row: Mapping[str, Any], comparison: Comparison, *, group: str, split: Split) -> JudgelmRow:
    """The example of a training row.

    A judgment is its scores and, behind the first line of its text, the reasons. A text whose first line says other
    scores, such as "error", is a problem. Scores of -1, with which the source marks what the teacher did not judge,
    are none: there is nothing to learn.

    Args:
        row: with the keys of the published file; `text` and `score`, and the same with `_w_reference`.
        comparison: the comparison of the row.
        group: shared by near-duplicate questions.
        split: where the example goes.

    Source: JudgeLM, judgelm/train/train.py.
    """
    judged = _judged(row, *WITHOUT)
    if not isinstance(judged, Judged):
        return JudgelmRow(None, () if judged is None else (judged,))
    referenced = _judged(row, *WITH) if row.get(WITH[1]) is not None else None
    problems = [referenced] if isinstance(referenced, str) else []
    example = Example(
        example_id="",
        group=group,
        comparison=comparison,
        judged=judged,
        referenced=referenced if isinstance(referenced, Judged) else None,
        teacher=TEACHER,
        split=split,
        source="judgelm",
        licence=LICENCE,
    )
    problem = example_problem(example)
    return JudgelmRow(identified(example), tuple(problems)) if problem is None else JudgelmRow(None, (problem,))


def _judged(row: Mapping[str, Any], text_key: str, score_key: str) -> Judged | str | None:
    fields: dict[str, Check] = {score_key: list_of(number), text_key: text}
    problem = problem_of(row, fields)
    if problem is not None:
        return problem
    scores = tuple(float(score) for score in row[score_key])
    if NO_SCORE in scores:
        return None
    line, _, reasons = row[text_key].lstrip().partition("\n")
    said = _scores_of(line)
    if said != scores:
        return f"{text_key}: its first line is not the scores {_shown(scores)}: {line[:60]!r}"
    return Judged(verdict_of_scores(scores), scores, reasons.strip() or None)


def _scores_of(line: str) -> tuple[float, ...] | None:
    match = SCORE_LINE.fullmatch(line)
    return None if match is None else tuple(map(float, re.findall(SCORE, match[1])))


def _shown(scores: Sequence[float]) -> str:
    return " ".join(f"{score:g}" for score in scores)
