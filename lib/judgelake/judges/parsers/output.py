"""What every parser gets, and the checks of an output that all of them use."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from judgelake.api import Ending, ending_of
from judgelake.comparisons import LETTERS, TIE, Failure, Reading, Status

MOST_SHOWN = 60
"""Characters of an output quoted in a reason: enough to see what went wrong, short enough for a table."""

# A refusal is at the very beginning; searching further through thousands of dots or line ends would take seconds.
OPENING_CHARACTERS = 300

# Only an opening that clearly refuses: a judge may well write "I cannot say which is better, but ..." later.
REFUSAL = re.compile(
    r"\W*(?:(?:(?:i['’]?m|i am) (?:very |so )?)?sorry|i apologi[sz]e|unfortunately)?\W*(?:but )?"
    r"(?:as an ai[^.\n]{0,40}, )?i(?:['’]m| am)? ?"
    r"(?:cannot|can['’]t|can not|unable to|not able to|won['’]t|will not) "
    r"(?:judge|evaluate|assess|compare|grade|rate|score|assist|help|fulfil|comply|"
    r"provide (?:a|an|any) (?:judge?ment|evaluation|assessment|comparison|rating|score))",
    re.IGNORECASE,
)
NUMBER = r"[0-9]+(?:\.[0-9]*)?"


@dataclass(frozen=True, slots=True)
class Output:
    """One answer of a judge model, as the engine returned it.

    `verdict_of` maps each label that the mode allows to a verdict ("A", `TIE`) or to a score;
    it is empty if the mode has no labels.
    """

    text: str
    answers: int
    finish_reason: str | None = None
    verdict_of: Mapping[str, str | float] = field(default_factory=dict)
    label_logprobs: Mapping[str, float] | None = None
    bounded_labels: tuple[str, ...] = ()
    """Those whose log-probability is an upper bound."""

    @property
    def was_cut(self) -> bool:
        """True if the model was stopped at its token limit, so that more text may have followed."""
        return ending_of(self.finish_reason) is Ending.CUT


def unreadable(output: Output, reason: str) -> Failure:
    """No verdict was found: the output is cut off, a refusal, or unparseable; the reason quotes its end or start."""
    if output.was_cut:
        return Failure(Status.TRUNCATED, f"{reason}; the output was cut at its token limit")
    if REFUSAL.match(output.text.lstrip()[:OPENING_CHARACTERS]):
        return Failure(Status.REFUSED, f"the model refuses to judge: {shown(output.text)}")
    return Failure(Status.UNPARSEABLE, reason)


def shown(text: str, *, end: bool = False) -> str:
    """The first (or last) characters of a text, quoted for a reason."""
    cut = text[-MOST_SHOWN:] if end else text[:MOST_SHOWN]
    return repr(cut)


def read_label(output: Output, label: str) -> Reading | None:
    """The reading that a label means; None if the mode has no such label."""
    value = output.verdict_of.get(label)
    if value is None:
        return None
    return Reading(verdict=value) if isinstance(value, str) else Reading(scores=(float(value),))


def decided(output: Output, verdict: str) -> Reading | Failure:
    """The reading of a verdict; a letter beyond the answers shown is a failure."""
    if verdict != TIE and verdict not in tuple(LETTERS[: output.answers]):
        return Failure(Status.UNPARSEABLE, f"{verdict} is not one of the {output.answers} answers")
    return Reading(verdict=verdict)


def in_range(value: float, lowest: float, highest: float) -> Failure | None:
    """The failure for a score outside the scale."""
    if lowest <= value <= highest:
        return None
    return Failure(Status.OUT_OF_RANGE, f"score {value:g} is not between {lowest:g} and {highest:g}")
