"""One of the labels that a mode allows: as the whole output, on the last line, or by log-probability."""

from __future__ import annotations

import math
import re

from judgelake.comparisons import Failure, Reading, Status
from judgelake.judges.parsers.options import Options
from judgelake.judges.parsers.output import Output, read_label, shown, unreadable


class Choice(Options):
    """Options of `choice`: none, because the mode's choices are the labels."""


class LastLine(Options):
    """Options of `last_line`: the word at the start of the line, before a colon and the label."""

    word: str


def read_choice(output: Output, options: Choice) -> Reading | Failure:
    """The verdict for the label that is the whole output, exactly as written; white space around it is ignored."""
    label = output.text.strip()
    reading = read_label(output, label)
    if reading is None:
        return unreadable(output, f"not one of {_labels(output)}: {shown(output.text)}")
    return _unless_cut(output, label) or reading


def read_last_line(output: Output, options: LastLine) -> Reading | Failure:
    """The label on the last line that is not empty; the line has the word, a colon, the label and nothing else.

    Only the last line counts: the explanation before it may quote an answer with such a line. A cut output has no
    last line: its end may be such a quote, before the verdict was written.
    Bold type around it or a part of it, and a full stop after it, are ignored.
    """
    lines = output.text.split("\n")
    while lines and not lines[-1].strip():
        lines.pop()
    last = lines[-1].strip() if lines else ""
    match = re.fullmatch(rf"[*_#\s]*{re.escape(options.word)}[*_]*\s*:[*_\[(\s]*(.+?)[\])*_.]*", last, re.IGNORECASE)
    reading = read_label(output, match.group(1)) if match else None
    if match is None or reading is None:
        return unreadable(output, f"last line is not {options.word!r}, a colon and a label: {shown(last)}")
    if output.was_cut:
        return Failure(Status.TRUNCATED, f"the output was cut at its token limit; it ends with: {shown(last)}")
    return reading


def read_logprobs(output: Output) -> Reading | Failure:
    """The most likely label, and every label's log-probability by the verdict (or score) that it means.

    Two labels that are exactly equally likely give no verdict: choosing one would be a guess, and a tie has
    its own label.
    """
    logprobs = output.label_logprobs
    if not logprobs:
        return Failure(Status.UNPARSEABLE, "the engine returned no log-probabilities of the labels")
    missing = [label for label in output.verdict_of if not _is_number(logprobs.get(label))]
    if missing:
        return Failure(Status.UNPARSEABLE, f"no log-probability of the label {missing[0]!r}")
    ranked = sorted(output.verdict_of, key=lambda label: logprobs[label], reverse=True)
    if len(ranked) > 1 and logprobs[ranked[0]] == logprobs[ranked[1]]:
        return Failure(Status.UNPARSEABLE, f"the labels {ranked[0]!r} and {ranked[1]!r} are exactly equally likely")
    best = read_label(output, ranked[0])
    assert best is not None  # ranked contains only labels of verdict_of
    by_verdict = {_name(output.verdict_of[label]): logprobs[label] for label in output.verdict_of}
    return Reading(scores=best.scores, verdict=best.verdict, logprobs=by_verdict)


def _unless_cut(output: Output, label: str) -> Failure | None:
    longer = [other for other in output.verdict_of if other != label and other.startswith(label)]
    if output.was_cut and longer:
        return Failure(Status.TRUNCATED, f"{label!r} was cut and may be {longer[0]!r}")
    return None


def _is_number(value: float | None) -> bool:
    return value is not None and not math.isnan(value)


def _name(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def _labels(output: Output) -> str:
    return ", ".join(output.verdict_of) or "no labels"
