"""A decision in the last words, after the reasons (Auto-J): a phrase and a label, or a rating in brackets."""

from __future__ import annotations

import re

from pydantic import Field

from judgelake.config import Config
from judgelake.judges.parsers.output import NUMBER, Output, in_range, shown, unreadable
from judgelake.judges.verdict import Failure, Reading, Status


class FinalDecision(Config):
    """Options of `final_decision`: the words before the decision, and what each decision stands for."""

    after: tuple[str, ...] = Field(min_length=1)
    """The last of these phrases in the output counts; letters and spaces as written."""
    labels: dict[str, str]
    """Decision, in any case, to verdict ("A", "B", "tie")."""


class FinalRating(Config):
    """Options of `final_rating`: the words before `[[rating]]`, and the scale."""

    after: tuple[str, ...] = Field(min_length=1)
    lowest: float = 1
    highest: float = 10


def read_final_decision(output: Output, options: FinalDecision) -> Reading | Failure:
    """The label right after the last of the phrases.

    Only the last counts, because the reasons before it may quote an answer that uses the same words.
    A longer number ("Response 11"), a choice left open ("Response 1 / Response 2") and an unknown label
    are no decision. A cut output is only read when nothing but the finished decision follows the phrase.
    """
    start = max(output.text.rfind(phrase) + len(phrase) if phrase in output.text else -1 for phrase in options.after)
    if start < 0:
        return unreadable(output, f"no {options.after[0].strip()!r} in the output: {shown(output.text, end=True)}")
    rest = output.text[start:].strip() if not output.was_cut else output.text[start:].lstrip()
    names = "|".join(re.escape(label) for label in sorted(options.labels, key=len, reverse=True))
    found = re.match(rf"({names})(?![^\W_]|[.,]\d)", rest, re.IGNORECASE)
    if found is None or re.match(rf"\s*(?:/|&|and|or|和|或|与)\s*(?:{names}|\d)", rest[found.end() :], re.IGNORECASE):
        return unreadable(output, f"no decision after {options.after[0].strip()!r}: {shown(rest)}")
    if output.was_cut and not re.fullmatch(r"[.!。！\"”*]*[.!。！\n]\s*", rest[found.end() :]):
        return Failure(Status.TRUNCATED, f"cut before the decision was finished: {shown(rest)}")
    verdicts = {label.lower(): verdict for label, verdict in options.labels.items()}
    return Reading(verdict=verdicts[found.group(1).lower()])


def read_final_rating(output: Output, options: FinalRating) -> Reading | Failure:
    """The number in the last `[[...]]` that follows one of the words; decimals are allowed."""
    words = "|".join(re.escape(word) for word in options.after)
    ratings = list(re.finditer(rf"(?:{words})\s*\[\[([^\[\]\n]*)(\]\])?", output.text))
    if not ratings:
        return unreadable(output, f"no {options.after[0]} [[...]] in the output: {shown(output.text, end=True)}")
    last = ratings[-1]
    number = re.fullmatch(rf"-?{NUMBER}", last.group(1).strip(), re.ASCII)
    if number is None or last.group(2) is None:
        return unreadable(output, f"no rating in brackets: {shown(last.group(0))}")
    if output.was_cut and output.text[last.end() :].strip(" .。\n"):
        return Failure(Status.TRUNCATED, "the output goes on after the last rating and was cut at its token limit")
    score = float(number.group(0))
    return in_range(score, options.lowest, options.highest) or Reading(scores=(score,))
