"""A label or score on a line of its own behind a word and a colon (`Result: A`), with or without text after it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from judgelake.comparisons import Failure, Reading
from judgelake.judges.parsers.label import AFTER_WORD, BEFORE_WORD, LastLine
from judgelake.judges.parsers.marked import Marked, read_marked
from judgelake.judges.parsers.output import Output
from judgelake.judges.parsers.plain import narrow
from judgelake.judges.parsers.quoting import MOST_SAID
from judgelake.judges.parsers.slots import LONGEST_SLOT

# A longer line is text: it cannot be the words before a label and a label.
LONGEST_LINE = 2 * LONGEST_SLOT


class LabelledLine(LastLine):
    """Options of `labelled_line`: those of `last_line`."""


def read_labelled_line(output: Output, options: LabelledLine) -> Reading | Failure:
    """The label on the last line that has the word, a colon, the label and nothing else; see `read_marked`.

    Unlike `last_line`, text may follow it: for judges whose format is this line, and whose original code looks for it
    anywhere. The label may be on the line after the word. In a cut output, the line must be complete.
    """
    found = islice(_lines(output.text, options.word), MOST_SAID + 1)
    complete = [one for one in found if not (output.was_cut and "\n" not in output.text[one.end :])]
    return read_marked(output, options, complete, f"{options.word}: ...")


def _lines(text: str, word: str) -> Iterator[Marked]:
    labelled = re.compile(rf"{BEFORE_WORD}{re.escape(narrow(word))}(?:{AFTER_WORD}|\s*:)", re.IGNORECASE)
    place = 0
    is_heading = False
    for line in text.split("\n"):
        end = place + len(line)
        said = line.strip()
        match = labelled.fullmatch(said) if len(said) <= LONGEST_LINE else None
        if match is not None and match["label"] is not None:
            yield Marked(place, end, match["label"])
        elif is_heading and said:
            yield Marked(place, end, said)
        if said:
            is_heading = match is not None and match["label"] is None
        place = end + 1
