"""What a judge file says of its parser, and whether a mode can be read that way."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from judgelake.comparisons import LETTERS, TIE
from judgelake.config import Config

Label = Annotated[str, Field(min_length=1)]


class Options(Config):
    """Base of every parser's options."""

    def problem(self, most_answers: int) -> str | None:
        """Why a mode of at most so many answers cannot be read this way; None when it can."""
        return None


class Labelled(Options):
    """Options of a parser that looks for one of some labels."""

    labels: dict[Label, str] = Field(min_length=1)
    """What the output may say, in any case, to the verdict it stands for: "A" for the first answer shown, or "tie"."""

    def problem(self, most_answers: int) -> str | None:
        """A label that stands for no verdict: every output that says it would be lost, after it was paid for."""
        allowed = [*LETTERS[:most_answers], TIE]
        for label, verdict in self.labels.items():
            if verdict not in allowed:
                return f"labels: {label!r} stands for {verdict!r}, which is none of {', '.join(allowed)}"
        return None


def only_for_one(most_answers: int) -> str | None:
    """The problem of a parser that gives one score, where a mode takes several answers."""
    return None if most_answers == 1 else "gives the score of one answer, so answers must be [1, 1]"
