"""Whether a decision is inside quotation marks: then it may quote what the judge was shown, not its decision."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

# Marks that open and close a quotation; the first two open and close with the same mark.
MARKS = (('"', '"'), ("`", "`"), ("“", "”"), ("«", "»"), ("「", "」"), ("『", "』"))
# A single mark opens before a word and closes behind one; inside a word it is an apostrophe.
SINGLE_OPENS = re.compile(r"(?<!\w)['‘](?=\S)")
SINGLE_CLOSES = re.compile(r"(?<=\S)['’](?!\w)")


@dataclass(frozen=True, slots=True)
class Said:
    """A place in an output where a decision may be; `value` is None if it cannot be read."""

    start: int
    end: int
    value: str | float | None


def why_doubtful(text: str, said: Sequence[Said]) -> str | None:
    """Why the last of several places cannot be accepted as the judge's decision; None if it can.

    It is in quotation marks and none outside them says the same, or another one outside them says something else:
    which of them is the judge's own, and which quotes what it was shown, would be a guess.
    """
    own = {one.value for one in said if one.value is not None and not is_quoted(text, one.start, one.end)}
    if len(own) > 1:
        return "the output contains different ones"
    last = said[-1]
    return "the last one is in quotation marks" if last.value not in own else None


def is_quoted(text: str, start: int, end: int) -> bool:
    """Whether `text[start:end]` is inside quotation marks, or on a line that begins with the mark of a quotation.

    An opening mark on the same line is enough; one on an earlier line counts only if it is closed after `end`.
    """
    line = text[text.rfind("\n", 0, start) + 1 : start]
    if line.lstrip().startswith(">") or _last(SINGLE_OPENS, line) > _last(SINGLE_CLOSES, line):
        return True
    return any(_is_open(line, *marks) or (_is_open(text[:start], *marks) and marks[1] in text[end:]) for marks in MARKS)


def _is_open(text: str, opening: str, closing: str) -> bool:
    if opening == closing:
        return text.count(opening) % 2 == 1
    return text.count(opening) > text.count(closing)


def _last(mark: re.Pattern[str], text: str) -> int:
    return max((match.start() for match in mark.finditer(text)), default=-1)
