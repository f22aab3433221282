"""The parser options of a judge file, and whether a mode can be parsed with them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from judgelake.comparisons import LETTERS, TIE
from judgelake.config import Config

Label = Annotated[str, Field(min_length=1)]


class Options(Config):
    """Base of every parser's options."""

    def problem(self, most_answers: int) -> str | None:
        """Why a mode with at most so many answers cannot be parsed this way; None if it can."""
        return None


class Labelled(Options):
    """Options of a parser that looks for one of several labels."""

    labels: dict[Label, str] = Field(min_length=1)
    """Label in the output, in upper or lower case, to its verdict: "A" for the first answer shown, or "tie"."""

    def problem(self, most_answers: int) -> str | None:
        """A label without a valid verdict: every output with it would be lost, after it was paid for."""
        allowed = [*LETTERS[:most_answers], TIE]
        for label, verdict in self.labels.items():
            if verdict not in allowed:
                return f"labels: {label!r} means {verdict!r}, which is not one of {', '.join(allowed)}"
        return None


def only_for_one(most_answers: int) -> str | None:
    """The problem of a parser that gives one score, if the mode takes several answers."""
    return None if most_answers == 1 else "gives the score of one answer, so answers must be [1, 1]"
