"""The parser options of a judge file, and whether a mode can be parsed with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, PositiveFloat

from judgelake.comparisons import LETTERS, TIE
from judgelake.config import Config
from judgelake.judges.parsers.plain import Form

Label = Annotated[str, Field(min_length=1)]


class Options(Config):
    """Base of every parser's options."""

    faithful: tuple[Form, ...] = ()
    """Forms that are read as they are written, because the judge's original code reads them so."""
    end_marks: tuple[Label, ...] = ()
    """The model's own special tokens that an engine may leave at the end, besides those of common models."""

    @property
    def needs_choices(self) -> bool:
        """Whether the mode's choices are the labels."""
        return False

    def problem(self, most_answers: int) -> str | None:
        """Why a mode with at most so many answers cannot be parsed this way; None if it can."""
        return None


class Labelled(Options):
    """Options of a parser that looks for one of several labels."""

    labels: dict[Label, str] = Field(min_length=1)
    """Label in the output, in upper or lower case, to its verdict: "A" for the first answer shown, or "tie"."""

    def problem(self, most_answers: int) -> str | None:
        """A label without a valid verdict: every output with it would be lost, after it was paid for."""
        return not_a_verdict(self.labels, most_answers)


class Valued(Options):
    """Options of a parser that finds the place of a label or score: what may be there, and what it means.

    Labels, or a scale, or neither: then the mode's choices are the labels.
    """

    labels: dict[Label, str] = Field(default_factory=dict)
    """Label in the output to its verdict: "A" for the first answer shown, or "tie"."""
    strengths: dict[Label, PositiveFloat] = Field(default_factory=dict)
    """By how much an answer leads if its label is given, for all labels but those of a tie; kept as scores."""
    lowest: float | None = None
    """The scale of a score of one answer, both ends included."""
    highest: float | None = None

    @property
    def needs_choices(self) -> bool:
        """Whether the mode's choices are the labels."""
        return not self.labels and self.highest is None

    def problem(self, most_answers: int) -> str | None:
        """A scale with one end, together with labels or for several answers; a label without a valid verdict."""
        if (self.lowest is None) != (self.highest is None):
            return "needs both lowest and highest, or neither"
        if self.highest is not None:
            return "takes labels or a scale, not both" if self.labels else only_for_one(most_answers)
        led = {label for label, verdict in self.labels.items() if verdict != TIE}
        if self.strengths and set(self.strengths) != led:
            wrong = min(set(self.strengths) ^ led)
            return f"strengths: {wrong!r}, expected one for every label of an answer and for no other"
        return not_a_verdict(self.labels, most_answers)


def not_a_verdict(labels: Mapping[str, str], most_answers: int) -> str | None:
    """The first label without a valid verdict; None if all have one."""
    allowed = [*LETTERS[:most_answers], TIE]
    for label, verdict in labels.items():
        if verdict not in allowed:
            return f"labels: {label!r} means {verdict!r}, which is not one of {', '.join(allowed)}"
    return None


def only_for_one(most_answers: int) -> str | None:
    """The problem of a parser that gives one score, if the mode takes several answers."""
    return None if most_answers == 1 else "gives the score of one answer, so answers must be [1, 1]"
