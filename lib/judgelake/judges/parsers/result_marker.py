"""Feedback first, then `[RESULT]` and an integer or a letter (Prometheus)."""

from __future__ import annotations

import re
from typing import Literal

from judgelake.config import Config
from judgelake.judges.parsers.output import Output, in_range, shown, unreadable
from judgelake.judges.verdict import LETTERS, Failure, Reading, Status

FLAGS = re.IGNORECASE | re.ASCII
OF_FIVE = r"(?:\s*/\s*5|\s*out\s+of\s+5)?"

EXACT_MARKER = re.compile(r"\[RESULT\]")
MARKER = re.compile(r"\[(?:RESULT|SCORE)\]:?", FLAGS)

EXACT_SCORE = re.compile(r"\s*(?P<value>-?[0-9]+)\s*\Z", re.ASCII)
SCORE = re.compile(
    r"\s*(?:result:|score:?|score\s+of)?[\s(\[]*(?P<value>-?[0-9]+)"
    rf"(?![0-9]|\.[0-9]|\s*(?:or|to|-)\s*[0-9]){OF_FIVE}(?=[)\].\s]|\Z)",
    FLAGS,
)
LETTER = re.compile(r"\s*(?:response\s+)?\(?(?P<value>[A-Z])[)\].]*[ \t]*(?=\n|\Z)", FLAGS)

# Without a marker only the very last words count, and only as words of their own: anything else may be a
# quote, or the "(Score 5)" by which the prompt calls the reference answer.
SCORE_AT_END = re.compile(
    rf"(?:\A|[.!?\n]\s*|\[)(?:score|result)(?::|\s+of)?\s*(?P<value>-?[0-9]+){OF_FIVE}[\].]*\s*\Z", FLAGS
)
LETTER_AT_END = re.compile(r"(?:\[response\s+|\[result:\s*|(?:\A|\n)result:\s*)(?P<value>[A-Z])[\].]*\s*\Z", FLAGS)
FINISHED = re.compile(rf"{OF_FIVE}[.]?[)\]\s]+", FLAGS)


class Result(Config):
    """Options of `result`."""

    gives: Literal["score", "letter"]
    form: Literal["exact", "varied"] = "varied"
    """exact: `[RESULT]`, an integer, the end. varied: also "4/5", "(4)", "score of 4", "[Result: A]"."""
    lowest: float = 1
    highest: float = 5


def read_result(output: Output, options: Result) -> Reading | Failure:
    """What the last `[RESULT]` says; without one, in the varied form, what the very last words say.

    The last counts, because the feedback before it may quote an answer that holds the marker. When the last
    marker is followed by something else, an earlier one is not tried. A cut output is only read when
    nothing but the finished result follows the marker.
    """
    found = _search(output.text, options)
    if found is None:
        return unreadable(output, f"no {options.gives} after [RESULT]: {shown(output.text, end=True)}")
    if output.was_cut and not FINISHED.fullmatch(output.text, found.end("value")):
        return Failure(Status.TRUNCATED, f"cut before the result was finished: {shown(found.group(0))}")
    value = found.group("value").upper()
    if options.gives == "score":
        return in_range(float(value), options.lowest, options.highest) or Reading(scores=(float(value),))
    if value not in LETTERS[: output.answers]:
        return Failure(Status.UNPARSEABLE, f"{value} is none of the {output.answers} answers")
    return Reading(verdict=value)


def _search(text: str, options: Result) -> re.Match[str] | None:
    gives_letter = options.gives == "letter"
    is_exact = options.form == "exact"
    markers = list((EXACT_MARKER if is_exact else MARKER).finditer(text))
    if markers:
        pattern = LETTER if gives_letter else EXACT_SCORE if is_exact else SCORE
        return pattern.match(text, markers[-1].end())
    if is_exact:
        return None
    return (LETTER_AT_END if gives_letter else SCORE_AT_END).search(text)
