"""Disagreements of a judge with a label as the page shows them: every text cut, escaped and inert."""

from __future__ import annotations

import string
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from judgelake.report import inert
from judgelake.report.content import Disagreement, OrderVerdict, ShownAnswer
from judgelake.report.numbers import margin_text

MOST_DISAGREEMENTS = 20
MOST_TURNS = 20
LETTERS = string.ascii_uppercase


@dataclass(frozen=True, slots=True)
class AnswerView:
    """An answer with its letter, whether the label names it, and in which orders the judge does."""

    letter: str
    model: str | None
    texts: tuple[inert.Passage, ...]
    more_texts: int
    is_label: bool
    judge_mark: str | None


@dataclass(frozen=True, slots=True)
class VerdictView:
    """The judge's answer for one order: short, for the sentence with the label, and in full."""

    order: str
    said: str
    verdict: str | None
    scores: str | None
    margin: str | None
    raw_output: inert.Passage | None


@dataclass(frozen=True, slots=True)
class DisagreementView:
    """A disagreement, every text ready for the page."""

    judge: str
    comparison_id: str
    source: str | None
    label: str
    turns: tuple[tuple[str, inert.Passage], ...]
    more_turns: int
    input: inert.Passage | None
    reference: inert.Passage | None
    answers: tuple[AnswerView, ...]
    verdicts: tuple[VerdictView, ...]


def disagreement_views(disagreements: Iterable[Disagreement]) -> list[DisagreementView]:
    """The first `MOST_DISAGREEMENTS`, with at most `MOST_TURNS` turns and answers cut at `inert.LONGEST_TEXT`."""
    return [_disagreement_view(one) for one in islice(disagreements, MOST_DISAGREEMENTS)]


def _disagreement_view(one: Disagreement) -> DisagreementView:
    return DisagreementView(
        judge=inert.name(one.judge),
        comparison_id=inert.name(one.comparison_id),
        source=None if one.source is None else inert.name(one.source),
        label=verdict_words(one.label),
        turns=tuple((inert.name(turn.role), inert.passage(turn.text)) for turn in one.messages[:MOST_TURNS]),
        more_turns=max(0, len(one.messages) - MOST_TURNS),
        input=None if one.input is None else inert.passage(one.input),
        reference=None if one.reference is None else inert.passage(one.reference),
        answers=tuple(_answer_view(place, answer, one) for place, answer in enumerate(one.answers)),
        verdicts=tuple(_verdict_view(verdict, one.is_scored) for verdict in one.verdicts),
    )


def verdict_words(verdict: str) -> str:
    """A verdict or label as it is written in a sentence: "answer A", "tie"."""
    return f"answer {verdict}" if len(verdict) == 1 and verdict in LETTERS else inert.name(verdict)


def _answer_view(place: int, answer: ShownAnswer, one: Disagreement) -> AnswerView:
    letter = LETTERS[place] if place < len(LETTERS) else str(place + 1)
    orders = [inert.name(verdict.shown_order) for verdict in one.verdicts if verdict.verdict == letter]
    return AnswerView(
        letter,
        None if answer.model is None else inert.name(answer.model),
        tuple(map(inert.passage, answer.texts[:MOST_TURNS])),
        max(0, len(answer.texts) - MOST_TURNS),
        one.label == letter,
        f"the judge's choice when shown {' and '.join(orders)}" if orders else None,
    )


def _verdict_view(said: OrderVerdict, is_scored: bool) -> VerdictView:
    scores = [] if said.scores is None else [f"{score:g}" for score in said.scores]
    verdict = None if said.verdict is None else verdict_words(said.verdict)
    in_short = ", ".join(scores)
    if said.verdict is None and not scores:
        verdict = f"no verdict ({inert.name(said.status)})"
    if len(scores) > 1:
        scores = [f"{letter} {score}" for letter, score in zip(LETTERS, scores, strict=False)]
    return VerdictView(
        order=inert.name(said.shown_order),
        said=in_short if is_scored and in_short else verdict or in_short,
        verdict=verdict,
        scores=", ".join(scores) or None,
        margin=margin_text(said.margin),
        raw_output=None if said.raw_output is None else inert.passage(said.raw_output),
    )
