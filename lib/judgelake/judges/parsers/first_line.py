"""A label on the first line, reasons after it (PandaLM)."""

from __future__ import annotations

from judgelake.comparisons import Failure, Reading, Status
from judgelake.judges.parsers.options import Labelled
from judgelake.judges.parsers.output import Output, decided, shown, unreadable


class FirstLine(Labelled):
    """Options of `first_line`."""

    end_marks: tuple[str, ...] = ()
    """Special tokens that an engine may leave at the end of the output."""


def read_first_line(output: Output, options: FirstLine) -> Reading | Failure:
    """The verdict for the label that is the whole first line; white space around it is ignored."""
    line, line_end, _ = _without(output.text, options.end_marks).lstrip().partition("\n")
    line = line.rstrip()
    if output.was_cut and not line_end:
        return Failure(Status.TRUNCATED, f"cut before the end of the first line: {shown(line, end=True)}")
    verdict = {label.lower(): verdict for label, verdict in options.labels.items()}.get(line.lower())
    if verdict is not None:
        return decided(output, verdict)
    expected = ", ".join(options.labels)
    failure = unreadable(output, f"first line is none of {expected}: {shown(line)}")
    # A complete first line that is not a label: more tokens would not have helped.
    return Failure(Status.UNPARSEABLE, failure.reason) if failure.status is Status.TRUNCATED else failure


def _without(text: str, end_marks: tuple[str, ...]) -> str:
    text = text.rstrip()
    while any(text.endswith(mark) for mark in end_marks):
        text = next(text.removesuffix(mark) for mark in end_marks if text.endswith(mark))
    return text
