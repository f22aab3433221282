"""Whether a decision stands inside quotation marks: then it may be what the judge was shown, not what it decided."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

# Marks that open and close a quotation; the first two close as they open.
MARKS = (('"', '"'), ("`", "`"), ("“", "”"), ("«", "»"), ("「", "」"), ("『", "』"))
# A single mark opens before a word and closes behind one; inside a word it is an apostrophe.
SINGLE_OPENS = re.compile(r"(?<!\w)['‘](?=\S)")
SINGLE_CLOSES = re.compile(r"(?<=\S)['’](?!\w)")


@dataclass(frozen=True, slots=True)
class Said:
    """One of the places of an output where a decision may stand; `value` is None where it cannot be read."""

    start: int
    end: int
    value: str | float | None


def why_doubtful(text: str, said: Sequence[Said]) -> str | None:
    """Why the last of several places cannot be taken for what the judge decided; None where it can.

    It stands in quotation marks and none outside them says the same, or another one outside them says otherwise:
    which of them is the judge's, and which what it was shown, would be a guess.
    """
    own = {one.value for one in said if one.value is not None and not is_quoted(text, one.start, one.end)}
    if len(own) > 1:
        return "they differ"
    last = said[-1]
    return "it stands in quotation marks" if last.value not in own else None


def is_quoted(text: str, start: int, end: int) -> bool:
    """Whether `text[start:end]` stands inside quotation marks, or on a line that begins with the mark of a quotation.

    A mark that its own line leaves open is enough; one on an earlier line counts where it is closed behind `end`.
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
