"""One of the labels that a mode allows: as the whole output, or on the last line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from judgelake.comparisons import Failure, Reading, Status
from judgelake.judges.parsers.options import Options, Valued
from judgelake.judges.parsers.output import Output, read_label, shown, unreadable
from judgelake.judges.parsers.plain import narrow
from judgelake.judges.parsers.quoting import introduces_quotation
from judgelake.judges.parsers.slots import LONGEST_SLOT, label_in, names_several, read_slot

# What may be before the word: "- **Final verdict:** A", "2. My overall score is 7".
BEFORE_WORD = r"(?:[-*+•#]++\s*+|[0-9]++[.)]\s++)*+(?:(?:so|thus|therefore|my|the|our|final|overall),?\s+)*"
# Between the word and the label: a colon, an equals sign, "is", or a dash with spaces around it.
AFTER_WORD = r"(?:\s*[:=]|\s+is\b\s*:?|\s+[-–—](?=\s))\s*(?P<label>\S.*)"
# A line of these alone is drawn, not written.
RULE = " \t\r-_=*"
# The end of an output in which the last lines are looked for; so long a line holds no label alone.
TAIL_CHARACTERS = 20 * LONGEST_SLOT
# More such lines together are a loop of the model.
MOST_LINES = 20


class Choice(Options):
    """Options of `choice`: the mode's choices are the labels."""

    @property
    def needs_choices(self) -> bool:
        """Always."""
        return True


class LastLine(Valued):
    """Options of `last_line`: the word at the start of the line, before a colon and the label or score."""

    word: str


def read_choice(output: Output, options: Choice) -> Reading | Failure:
    """The verdict for the label that is the whole output; white space, brackets and a full stop around it count not."""
    label = label_in(output.verdict_of, output.text.strip(), options.faithful, in_words=False)
    reading = None if label is None else read_label(output, label)
    if label is None or reading is None:
        return unreadable(output, f"not one of {', '.join(output.verdict_of) or 'no labels'}: {shown(output.text)}")
    return _unless_cut(output, label) or reading


def read_last_line(output: Output, options: LastLine) -> Reading | Failure:
    """The label on the last line that is not empty; the line has the word, a colon, the label and nothing else.

    The word may also be on a line of its own, as a heading of the last line.
    Only the last line counts: the explanation before it may quote an answer with such a line. If the lines directly
    before it are also such lines and say something else, they are a list of what could be said, and nothing is decided;
    nor is it by a line that the one before it introduces as somebody else's ("Answer B ends with:").
    A cut output has no last line: its end may be such a quote, before the verdict was written.
    """
    lines = [line for line in output.text.rstrip()[-TAIL_CHARACTERS:].split("\n") if line.strip(RULE)]
    last = lines[-1].strip() if lines else ""
    slots = _slots(lines, options)
    slot = next(slots, None)
    reading = None if slot is None else read_slot(output, options, slot)
    if reading is None:
        return unreadable(output, f"last line is not {options.word!r}, a colon and a label: {shown(last)}")
    if output.was_cut:
        return Failure(Status.TRUNCATED, f"the output was cut at its token limit; it ends with: {shown(last)}")
    line = lines[-2] if len(lines) > 1 else ""
    if introduces_quotation(line, options.word):
        return unreadable(output, f"the line before introduces the last one as a quotation: {shown(line, end=True)}")
    earlier = list(islice(slots, MOST_LINES + 1))
    if len(earlier) > MOST_LINES:
        return unreadable(output, f"the output contains more than {MOST_LINES} such lines: {shown(last)}")
    said = [(read_slot(output, options, text), text) for text in earlier]
    if any(other not in (None, reading) or names_several(output, options, text) for other, text in said):
        return unreadable(output, f"the last lines say different things or leave it open: {shown(last)}")
    return reading


# A line of its own between two labelled lines, of which then neither is the decision.
JOINING = ("or", "and", "and/or", "或", "还是")


def _slots(lines: list[str], options: LastLine) -> Iterator[str]:
    """What follows the word on the last line, the line before it and so on, up to a line without the word."""
    word = f"{BEFORE_WORD}{re.escape(narrow(options.word))}"
    pattern = re.compile(f"{word}{AFTER_WORD}", re.IGNORECASE)
    heading = re.compile(rf"{word}\s*:?", re.IGNORECASE)
    if len(lines) > 1 and heading.fullmatch(lines[-2].strip()) and not pattern.fullmatch(lines[-1].strip()):
        yield lines[-1]
        lines = lines[:-2]
    for line in reversed(lines):
        match = pattern.fullmatch(line.strip())
        if match is None and line.strip().lower() in JOINING:
            continue
        if match is None:
            return
        yield match["label"]


def _unless_cut(output: Output, label: str) -> Failure | None:
    longer = [other for other in output.verdict_of if other != label and other.startswith(label)]
    if output.was_cut and longer:
        return Failure(Status.TRUNCATED, f"{label!r} was cut and may be {longer[0]!r}")
    return None
