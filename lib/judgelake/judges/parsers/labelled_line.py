"""A label or score on a line of its own behind a word and a colon (`Result: A`), with or without text after it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from judgelake.comparisons import Failure, Reading
from judgelake.judges.parsers.label import AFTER_WORD, BEFORE_WORD, LastLine
from judgelake.judges.parsers.marked import Marked, read_marked
from judgelake.judges.parsers.output import Output, unreadable
from judgelake.judges.parsers.plain import narrow
from judgelake.judges.parsers.quoting import MOST_SAID, introduces_quotation
from judgelake.judges.parsers.slots import LONGEST_SLOT

# A longer line is text: it cannot be the words before a label and a label.
LONGEST_LINE = 2 * LONGEST_SLOT
# More are a loop of the model, and their number would cost time.
MOST_WORDS = 5_000
NEXT_LINE = re.compile(r"\s*\n[^\S\n]*([^\n]*\S)")


class LabelledLine(LastLine):
    """Options of `labelled_line`: those of `last_line`."""


def read_labelled_line(output: Output, options: LabelledLine) -> Reading | Failure:
    """The label on the last line that has the word, a colon, the label and nothing else; see `read_marked`.

    Unlike `last_line`, text may follow it: for judges whose format is this line, and whose original code looks for it
    anywhere. The label may be on the line after the word. In a cut output, the line must be complete.
    """
    if output.text.lower().count(narrow(options.word).lower()) > MOST_WORDS:
        return unreadable(output, f"the output has the word {options.word!r} more than {MOST_WORDS} times")
    found = islice(_lines(output.text, options.word), MOST_SAID + 1)
    complete = [one for one in found if not (output.was_cut and "\n" not in output.text[one.end :])]
    return read_marked(output, options, complete, f"{options.word}: ...")


def _lines(text: str, word: str) -> Iterator[Marked]:
    """What is behind the word on each of its lines, or on the next line that is not empty."""
    named = re.compile(re.escape(narrow(word)), re.IGNORECASE)
    labelled = re.compile(rf"{BEFORE_WORD}{named.pattern}(?:{AFTER_WORD}|\s*:)", re.IGNORECASE)
    place = 0
    # From one line with the word to the next: an output may be a million empty lines.
    while (found := named.search(text, place)) is not None:
        start, end = text.rfind("\n", 0, found.start()) + 1, _line_end(text, found.end())
        match = _match(labelled, text[start:end])
        place = end
        if match is None or _is_introduced(text, start, word):
            continue
        if match["label"] is not None:
            yield Marked(start, end, match["label"])
        else:
            next_line = NEXT_LINE.match(text, end)
            if next_line is not None and _match(labelled, next_line[1]) is not None:
                next_line = None
            # Without a value it is no label, but it counts: so many of them are a loop of the model.
            yield Marked(start, end, "") if next_line is None else Marked(*next_line.span(1), next_line[1])


def _is_introduced(text: str, start: int, word: str) -> bool:
    """Whether the line before says that this one is somebody else's."""
    before = text[max(0, start - LONGEST_LINE) : start].rstrip().rpartition("\n")[2]
    return introduces_quotation(before, word)


def _line_end(text: str, place: int) -> int:
    end = text.find("\n", place)
    return len(text) if end < 0 else end


def _match(labelled: re.Pattern[str], line: str) -> re.Match[str] | None:
    return labelled.fullmatch(line.strip()) if len(line) <= LONGEST_LINE else None
