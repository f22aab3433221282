"""Whether a decision is inside quotation marks: then it may quote what the judge was shown, not its decision."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

from judgelake.judges.parsers.plain import narrow

# Marks that open and close a quotation; the first two open and close with the same mark.
MARKS = (('"', '"'), ("`", "`"), ("“", "”"), ("«", "»"), ("「", "」"), ("『", "』"))
# A single mark opens before a word and closes behind one; inside a word it is an apostrophe.
SINGLES, CURLY = "'‘’", "‘’"
LAST_SINGLE = re.compile(r".*(?:(?P<closes>(?<=\S)['’](?!\w))|(?<!\w)['‘](?=\S))", re.DOTALL)

# Of these pairs the mark that opens is no apostrophe, so a quotation of several lines can be followed.
LAST_CURLY = re.compile(r".*(?:(?P<closes>(?<=\S)’(?!\w))|‘(?=\S))", re.DOTALL)
LINE_QUOTED = re.compile(r"[^\S\n]*>")

MOST_SAID = 200
"""So many places of one output are compared; a model that repeats itself more often is in a loop."""

# What may separate two choices in one statement, on one line: "1, 2", "1-2", "1 and 2".
BETWEEN = r"(?:[ \t,，、/／&|+=~*‐-―-]++|[(\[]?(?:\b(?:and|to|nor|perhaps|possibly|maybe)\b|和|与|及|以及|跟))*"
# These announce a second choice, or a condition, in whatever words.
ALTERNATIVE = (
    r"(?:[\s(\[,，;；…*\"”'’-]|\.{2,})*+"
    r"(?:(?:or|vs|versus|alternatively|otherwise|unless|either|if|provided|assuming|depending)(?![^\W_])|或|还是|如果)"
)

# Words at the end of a line that say that what follows is somebody else's, or an example: "Answer B ends with:".
INTRODUCES = re.compile(
    r"(?:(?:\b(?:ends|ended|ending|says|said|saying|writes|wrote|claims|claimed|states|stated|reads|concludes|closes|"
    r"finishes|instructs)(?:\s+(?:with|that|this|so|thus|as follows|like this|by saying))?"
    r"|\b(?:quote|quotes|quoting|cites|citing|format|example|template)(?:\s+[^\s:]+){0,3}"
    r"|['’]s\s+(?:last|final|closing)\s+(?:line|lines|words|sentence)|\b(?:such as|like))\s*[:：]"
    r"|\b(?:ends|ended|ending|closes|finishes|concludes)\s+with)[*_\s]*\Z",
    re.IGNORECASE,
)
LOOKED_BACK = 200


def introduces_quotation(before: str, own_word: str | None = None) -> bool:
    """Whether a line, or the beginning of one, says that a quotation or an example follows it.

    A line with the judge's own word does not: it is about its own verdict.
    """
    if own_word is not None and narrow(own_word).lower() in before.lower():
        return False
    return INTRODUCES.search(before[-LOOKED_BACK:].rstrip()) is not None


@dataclass(frozen=True, slots=True)
class Said:
    """A place in an output where a decision may be; `value` is None if it cannot be read.

    `is_open` if more than one choice is named there: then nothing is decided, and a decision elsewhere may be a quote.
    """

    start: int
    end: int
    value: Hashable | None
    is_open: bool = False


def why_doubtful(text: str, said: Sequence[Said]) -> str | None:
    """Why the last of several places cannot be accepted as the judge's decision; None if it can.

    It is in quotation marks and none outside them says the same, or another one outside them says something else or
    names several: which of them is the judge's own, and which quotes what it was shown, would be a guess.

    Args:
        text: the output.
        said: at least one place, in the order of the text.
    """
    if len(said) > MOST_SAID:
        return f"the output contains more than {MOST_SAID}"
    outside = [one for one, quoted in zip(said, quoted_of(text, said), strict=True) if not quoted]
    if any(one.is_open for one in outside):
        return "one of them names several"
    own = {one.value for one in outside if one.value is not None}
    if len(own) > 1:
        return "the output contains different ones"
    return "the last one is in quotation marks" if said[-1].value not in own else None


def quoted_of(text: str, said: Sequence[Said]) -> Iterator[bool]:
    """Whether each place is inside quotation marks, or on a line that begins with the mark of a quotation.

    An opening mark on the same line is enough; one on an earlier line counts only if it is closed after the place.
    The text is passed over once, however many places there are.
    """
    counted = _Counted(text)
    for one in said:
        counted.go_to(one.start)
        yield counted.is_quoted(one.end)


class _Counted:
    """The quotation marks of a text up to a place that only moves forward."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._place = self._line_start = 0
        self._in_text = {mark: 0 for pair in MARKS for mark in pair}
        self._in_line = dict(self._in_text)
        self._is_single_open = self._is_curly_open = False
        self._last_close = {closing: text.rfind(closing) for _, closing in MARKS}

    def go_to(self, place: int) -> None:
        """Count the marks up to a place."""
        newline = self._text.rfind("\n", self._place, place)
        begin = self._place
        if newline >= 0:
            self._line_start = begin = newline + 1
            self._count(self._in_text, self._place, begin)
            self._in_line = dict.fromkeys(self._in_text, 0)
            self._is_single_open = False
        self._count(self._in_text, begin, place)
        self._count(self._in_line, begin, place)
        self._is_single_open = self._opens(LAST_SINGLE, SINGLES, begin, place, self._is_single_open)
        self._is_curly_open = self._opens(LAST_CURLY, CURLY, self._place, place, self._is_curly_open)
        self._place = place

    def is_quoted(self, end: int) -> bool:
        """Whether the text from the place to `end` is quoted."""
        if self._is_curly_open and self._text.rfind("’") >= end:
            return True
        if self._is_single_open or LINE_QUOTED.match(self._text, self._line_start, self._place):
            return True
        return any(
            _is_open(self._in_line, *marks) or (_is_open(self._in_text, *marks) and self._last_close[marks[1]] >= end)
            for marks in MARKS
        )

    def _opens(self, last: re.Pattern[str], marks: str, start: int, end: int, before: bool) -> bool:
        """Whether the last of the marks in a part of the text opens a quotation; as before it, if there is none."""
        mark = max(self._text.rfind(each, start, end) for each in marks)
        # One character more, because what follows a mark decides whether it opens.
        match = last.match(self._text, start, mark + 2) if mark >= 0 else None
        return before if match is None else match["closes"] is None

    def _count(self, counts: dict[str, int], start: int, end: int) -> None:
        for mark in counts:
            counts[mark] += self._text.count(mark, start, end)


def _is_open(counts: dict[str, int], opening: str, closing: str) -> bool:
    if opening == closing:
        return counts[opening] % 2 == 1
    return counts[opening] > counts[closing]
