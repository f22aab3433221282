"""Feedback first, then `[RESULT]` and an integer or a letter (Prometheus)."""

from __future__ import annotations

import re
from itertools import islice
from typing import Literal

from judgelake.comparisons import Failure, Reading, Status
from judgelake.judges.parsers.options import Options, only_for_one
from judgelake.judges.parsers.output import Output, decided, in_range, shown, unreadable
from judgelake.judges.parsers.quoting import MOST_SAID, Said, why_doubtful

FLAGS = re.IGNORECASE | re.ASCII
# Around a value alone: the prompt of Prometheus 2 itself shows the letters in quotation marks.
QUOTES = "\"'`“”‘’"
OF_FIVE = r"(?:\s*+(?:/|(?:out\s+)?of\b)\s*+5)?"
# What makes the value before it one of two, or one on another scale, even on the next line.
ANOTHER = r"(?:[0-9]|(?:[a-z]|one|two|three|four|five|ten|hundred)\b)"
GOES_ON = rf"\s*+(?:[/&,~]|(?:or|vs|versus)\b|(?:and|to|of|out\s+of)\s+{ANOTHER}|[0-9]++\s*+\Z)"
# Only another sentence may follow on the value's line: "4 to five" and "4 out of 10" have no end here.
END = rf"[ \t\r)\]{QUOTES}]*+(?:\Z|(?=\n)|\.[.)\]]*+(?=\s|\Z))(?!{GOES_ON})"

EXACT_MARKER = re.compile(r"\[RESULT\]")
MARKER = re.compile(r"\[(?:RESULT|SCORE)\]:?", FLAGS)

EXACT_SCORE = re.compile(r"\s*(?P<value>-?[0-9]+)\s*\Z", re.ASCII)
SCORE = re.compile(
    rf"\s*+(?:result:|score:?|score\s+of)?[\s(\[{QUOTES}]*+(?P<value>-?[0-9]+)(?![0-9]){OF_FIVE}(?![0-9]){END}", FLAGS
)
LETTER = re.compile(
    rf"\s*+(?:response\s+)?[({QUOTES}]?(?P<value>[A-Z])[)\].{QUOTES}]*+[ \t]*+(?=\n|\Z)(?!{GOES_ON})", FLAGS
)

# An earlier result need not end its line to contradict the last one.
LOOSE = re.compile(
    rf"[\s(\[]*+(?:(?:score|response|result)\b[:\s]*+)?[(\[{QUOTES}]*+(?P<value>-?[0-9]+|[A-Z]\b)", FLAGS
)
# But if it names several, nothing is decided there.
LEFT_OPEN = re.compile(
    rf"{OF_FIVE}[\s)\]{QUOTES}]*+(?:(?:or|vs|versus)\b|(?:[/&~‐-―-]|(?:and|to)\b)\s*(?:response\s+)?[{QUOTES}]?{ANOTHER})",
    FLAGS,
)

# Without a marker only the very last words count, and only if nothing else is with them: the rest may be a
# quote, or the "(Score 5)" with which the prompt names the reference answer.
SCORE_AT_END = re.compile(
    rf"(?:\A|[.!?\n][^\S\n]*|\[)(?:score|result)(?::|\s+of)?\s*(?P<value>-?[0-9]+){OF_FIVE}[\].]*\s*\Z", FLAGS
)
LETTER_AT_END = re.compile(r"(?:\[response\s+|\[result:\s*|(?:\A|\n)result:\s*)(?P<value>[A-Z])[\].]*\s*\Z", FLAGS)
# A space alone finishes nothing: "4 " may go on as "4 out of 10".
FINISHED = re.compile(rf"{OF_FIVE}[ \t]*(?:\.\s|\.?[)\]]|\n)[.)\]\s]*", FLAGS)


class Result(Options):
    """Options of `result`."""

    gives: Literal["score", "letter"]
    form: Literal["exact", "varied"] = "varied"
    """exact: `[RESULT]`, an integer, the end. varied: also "4/5", "(4)", "score of 4", "[Result: A]"."""
    lowest: float = 1
    highest: float = 5

    def problem(self, most_answers: int) -> str | None:
        """A problem if there are several answers, because a score is for one answer."""
        return only_for_one(most_answers) if self.gives == "score" else None


def read_result(output: Output, options: Result) -> Reading | Failure:
    """The value after the last `[RESULT]`; without one, in the varied form, the value in the very last words.

    The feedback may quote an answer with the marker: text in quotation marks does not count, and if two results
    outside of them differ, or one of them is left open, it is not known which is the judge's. If something else
    follows the last marker, an earlier one is not tried. The value is the last word on its line: two values
    ("3 or 4"), another scale ("4 out of 10") and a sentence that goes on are not results. A cut output is only parsed
    if nothing but the finished result follows the marker.
    """
    match, why = _search(output.text, options)
    if match is None:
        return unreadable(output, f"no {options.gives} after [RESULT]: {shown(output.text, end=True)}")
    if output.was_cut and not FINISHED.fullmatch(output.text, match.end("value")):
        return Failure(Status.TRUNCATED, f"cut before the result was finished: {shown(match.group(0))}")
    if why is not None:
        tail = shown(output.text, end=True)
        return unreadable(output, f"cannot tell which result is the judge's own: {why}: {tail}")
    value = match.group("value").upper()
    if options.gives == "score":
        return in_range(float(value), options.lowest, options.highest) or Reading(scores=(float(value),))
    return decided(output, value)


def _search(text: str, options: Result) -> tuple[re.Match[str] | None, str | None]:
    """The last result, and why it cannot be accepted as the judge's own; None if it can."""
    gives_letter = options.gives == "letter"
    is_exact = options.form == "exact"
    markers = list(islice((EXACT_MARKER if is_exact else MARKER).finditer(text), MOST_SAID + 1))
    if markers:
        pattern = LETTER if gives_letter else EXACT_SCORE if is_exact else SCORE
        last = pattern.match(text, markers[-1].end())
        earlier = [_said(marker, LOOSE.match(text, marker.end())) for marker in markers[:-1]]
        return last, why_doubtful(text, [*earlier, Said(markers[-1].start(), markers[-1].end(), _value(last))])
    if is_exact:
        return None, None
    return (LETTER_AT_END if gives_letter else SCORE_AT_END).search(text), None


def _said(marker: re.Match[str], match: re.Match[str] | None) -> Said:
    is_open = match is not None and LEFT_OPEN.match(match.string, match.end()) is not None
    return Said(marker.start(), marker.end(), _value(match), is_open=is_open)


def _value(match: re.Match[str] | None) -> str | None:
    return None if match is None else match.group("value").upper()
