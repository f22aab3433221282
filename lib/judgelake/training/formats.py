"""How a verdict is written so that the judge's own parser reads it: one line for each kind of parser."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from judgelake.comparisons import TIE, Failure, Status
from judgelake.judges import ModeSpec
from judgelake.training.example import Judged, label_of


class Style(StrEnum):
    """What a judge learns to write, and in which order."""

    VERDICT_FIRST = "verdict_first"
    """The scores or the label, then the reasons (JudgeLM, PandaLM); the label alone where there are no reasons."""
    REASONS_FIRST = "reasons_first"
    VERDICT_ONLY = "verdict_only"
    THINKING_FIRST = "thinking_first"
    """The reasons as thinking, between the marks of it, then the verdict."""
    SOFT = "soft"
    """The label alone, learned as the teacher's distribution over all labels."""


WITHOUT_REASONS = (Style.VERDICT_ONLY, Style.SOFT)


class Place(StrEnum):
    """Where a judge's format has the verdict."""

    FIRST = "first"
    LAST = "last"
    ALONE = "alone"


STYLES = {
    Place.FIRST: (Style.VERDICT_FIRST, Style.VERDICT_ONLY, Style.THINKING_FIRST),
    Place.LAST: (Style.REASONS_FIRST, Style.VERDICT_ONLY, Style.THINKING_FIRST),
    Place.ALONE: (Style.VERDICT_ONLY, Style.THINKING_FIRST),
}

Written = str | Failure
"""The text of a verdict, or why the judge's format cannot say it."""


@dataclass(frozen=True, slots=True)
class Format:
    """How one kind of parser's verdict is written, and where it stands."""

    write: Callable[[ModeSpec, Judged, int], Written]
    place: Place
    before: str = "\n"
    """Between the reasons and the verdict."""
    begins_with_label: bool = False
    """Whether its first token is that of the label, so that a distribution over labels can be learned there."""

    @property
    def styles(self) -> tuple[Style, ...]:
        """The styles in which a judge of this format can be trained."""
        return (*STYLES[self.place], *([Style.SOFT] if self.begins_with_label else []))


def labels_of(mode: ModeSpec, answers: int) -> dict[str, str | float]:
    """Each label that the mode's format has, and the verdict or score that it means."""
    labels = {} if mode.labels_decide else getattr(mode.parser_options, "labels", {})
    return dict(labels) or ({} if mode.choices is None else mode.choices.verdict_of(answers))


def _number(score: float) -> str:
    return str(int(score)) if score.is_integer() else repr(score)


def _cannot(reason: str) -> Failure:
    return Failure(Status.INVALID_INPUT, reason)


def _scores(options: Any, judged: Judged, answers: int) -> list[str] | Failure:
    if judged.scores is None:
        return _cannot("the judge writes scores, and the example has only a verdict")
    wrong = [score for score in judged.scores if not options.lowest <= score <= options.highest]
    if wrong:
        return _cannot(f"score {wrong[0]:g} is not between {options.lowest:g} and {options.highest:g}")
    if len(judged.scores) != answers:
        return _cannot(f"{len(judged.scores)} scores for {answers} answers")
    return list(map(_number, judged.scores))


def _joined(options: Any, judged: Judged, answers: int, form: str, between: str = "") -> Written:
    scores = _scores(options, judged, answers)
    return scores if isinstance(scores, Failure) else between.join(form.format(score) for score in scores)


def _label(
    meanings: Mapping[str, str | float], judged: Judged, answers: int, strengths: Mapping[str, float]
) -> Written:
    """The label of what was judged; of several for one verdict the mildest, and then the first in the judge's file."""
    said: str | float | None = label_of(judged, answers)
    if said is None and judged.scores is not None:
        said = judged.scores[0]
    same = [label for label, meaning in meanings.items() if meaning == said]
    if same:
        return min(same, key=lambda label: strengths.get(label, 0.0))
    what = "a tie" if said == TIE else f"the score {said:g}" if isinstance(said, float) else f"the verdict {said}"
    return _cannot(f"the judge has no label for {what}")


def _valued(mode: ModeSpec, judged: Judged, answers: int) -> Written:
    options: Any = mode.parser_options
    if options.highest is not None:
        return _joined(options, judged, answers, "{}")
    return _label(labels_of(mode, answers), judged, answers, options.strengths)


def _choice(mode: ModeSpec, judged: Judged, answers: int) -> Written:
    return _label(labels_of(mode, answers), judged, answers, {})


def _score_line(mode: ModeSpec, judged: Judged, answers: int) -> Written:
    return _joined(mode.parser_options, judged, answers, "{}", " ")


def _final_decision(mode: ModeSpec, judged: Judged, answers: int) -> Written:
    options: Any = mode.parser_options
    return _around(_choice(mode, judged, answers), options.after[0], "")


def _final_rating(mode: ModeSpec, judged: Judged, answers: int) -> Written:
    options: Any = mode.parser_options
    return _joined(options, judged, answers, f"{options.after[0]} [[{{}}]]")


def _result(mode: ModeSpec, judged: Judged, answers: int) -> Written:
    options: Any = mode.parser_options
    if options.gives == "score":
        if judged.scores is not None and not all(score.is_integer() for score in judged.scores):
            return _cannot("the judge writes whole numbers, and the example's score is none")
        return _joined(options, judged, answers, "[RESULT] {}")
    verdict = label_of(judged, answers)
    return _cannot("the judge has no label for a tie") if verdict in (TIE, None) else f"[RESULT] {verdict}"


def _labelled(mode: ModeSpec, judged: Judged, answers: int) -> Written:
    options: Any = mode.parser_options
    return _around(_valued(mode, judged, answers), f"{options.word}: ", "")


def _brackets(mode: ModeSpec, judged: Judged, answers: int) -> Written:
    options: Any = mode.parser_options
    return _around(_valued(mode, judged, answers), options.opening, options.closing)


def _tag(mode: ModeSpec, judged: Judged, answers: int) -> Written:
    options: Any = mode.parser_options
    return _around(_valued(mode, judged, answers), f"<{options.tag}>", f"</{options.tag}>")


def _tagged_scores(mode: ModeSpec, judged: Judged, answers: int) -> Written:
    options: Any = mode.parser_options
    return _joined(options, judged, answers, f"<{options.tag}>{{}}</{options.tag}>")


def _json(mode: ModeSpec, judged: Judged, answers: int) -> Written:
    options: Any = mode.parser_options
    value = _valued(mode, judged, answers)
    return value if isinstance(value, Failure) else json.dumps({options.field: value}, ensure_ascii=False)


def _around(value: Written, before: str, behind: str) -> Written:
    return value if isinstance(value, Failure) else f"{before}{value}{behind}"


LABEL_PROBABILITY = "label_probability"
"""In the table below: a mode that decides by the probabilities of its labels, and has no parser."""

TRAINABLE: dict[str, Format] = {
    "score_line": Format(_score_line, Place.FIRST),
    "first_line": Format(_choice, Place.FIRST, begins_with_label=True),
    "final_decision": Format(_final_decision, Place.LAST),
    "final_rating": Format(_final_rating, Place.LAST),
    # As Prometheus writes it: behind the feedback, on its line.
    "result": Format(_result, Place.LAST, before=" "),
    "choice": Format(_choice, Place.ALONE, begins_with_label=True),
    LABEL_PROBABILITY: Format(_choice, Place.ALONE, begins_with_label=True),
    "last_line": Format(_labelled, Place.LAST),
    "labelled_line": Format(_labelled, Place.LAST),
    "brackets": Format(_brackets, Place.LAST),
    "tag": Format(_tag, Place.LAST),
    "tagged_scores": Format(_tagged_scores, Place.LAST),
    "json": Format(_json, Place.LAST),
}
"""Every kind of parser whose output can be trained, with how its verdicts are written."""


def format_of(mode: ModeSpec) -> Format:
    """The format of a mode.

    Raises:
        KeyError: its kind of parser cannot be trained.
    """
    return TRAINABLE[LABEL_PROBABILITY if mode.labels_decide else mode.parser["kind"]]
