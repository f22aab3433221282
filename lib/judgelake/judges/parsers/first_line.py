"""A label on the first line, reasons after it (PandaLM)."""

from __future__ import annotations

from judgelake.comparisons import Failure, Reading, Status
from judgelake.judges.parsers.options import Labelled
from judgelake.judges.parsers.output import Output, decided, shown, unreadable
from judgelake.judges.parsers.slots import bare


class FirstLine(Labelled):
    """Options of `first_line`."""


def read_first_line(output: Output, options: FirstLine) -> Reading | Failure:
    """The verdict for the label that is the whole first line; white space around it is ignored."""
    line, line_end, _ = output.text.lstrip().partition("\n")
    line = line.rstrip()
    if output.was_cut and not line_end:
        return Failure(Status.TRUNCATED, f"cut before the end of the first line: {shown(line, end=True)}")
    verdicts = {bare(label, options.faithful).lower(): verdict for label, verdict in options.labels.items()}
    verdict = verdicts.get(bare(line, options.faithful).lower())
    if verdict is not None:
        return decided(output, verdict)
    expected = ", ".join(options.labels)
    failure = unreadable(output, f"first line is none of {expected}: {shown(line)}")
    # A complete first line that is not a label: more tokens would not have helped.
    return Failure(Status.UNPARSEABLE, failure.reason) if failure.status is Status.TRUNCATED else failure
