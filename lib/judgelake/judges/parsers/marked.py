"""A label or score between two marks: in double brackets (`[[A]]`, `[[A>>B]]`) or in a tag (`<answer>A</answer>`)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from pydantic import Field

from judgelake.comparisons import Failure, Reading, Status
from judgelake.judges.parsers.options import Valued
from judgelake.judges.parsers.output import Output, shown, unreadable
from judgelake.judges.parsers.quoting import ALTERNATIVE, MOST_SAID, Said, why_doubtful
from judgelake.judges.parsers.slots import LONGEST_SLOT, QUOTED, names_several, read_slot


class Brackets(Valued):
    """Options of `brackets`: the marks around the label."""

    opening: str = Field(default="[[", min_length=1)
    closing: str = Field(default="]]", min_length=1)


class Tag(Valued):
    """Options of `tag`: the name of the tag."""

    tag: str = Field(pattern=r"^[A-Za-z][\w.:-]*$")


# "[[A]] or a tie", "[[A]]?"
ANOTHER = re.compile(rf"{ALTERNATIVE}|\s*+[?？]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Marked:
    """A text between two marks; `end` is behind the closing one."""

    start: int
    end: int
    text: str


def read_brackets(output: Output, options: Brackets) -> Reading | Failure:
    """The label or score in the last brackets; see `read_marked`."""
    opening, closing = options.opening, options.closing
    inside = rf"[^\n{re.escape(opening[0] + closing[0])}]{{1,{LONGEST_SLOT}}}"
    pattern = re.compile(rf"{re.escape(opening)}({inside}){re.escape(closing)}")
    found = (Marked(match.start(), match.end(), match[1]) for match in pattern.finditer(output.text))
    return read_marked(output, options, list(islice(found, MOST_SAID + 1)), f"{opening}...{closing}")


def read_tag(output: Output, options: Tag) -> Reading | Failure:
    """The label or score in the last tag; see `read_marked`.

    A tag at the very end may lack its end, if that is a stop.
    """
    marks = f"<{options.tag}>...</{options.tag}>"
    pattern = re.compile(rf"<(/?){re.escape(options.tag)}>", re.IGNORECASE)
    found = list(islice(pattern.finditer(output.text), 2 * MOST_SAID + 1))
    if len(found) > 2 * MOST_SAID:
        return unreadable(output, f"the output contains more than {MOST_SAID} {marks}")
    return read_marked(output, options, _in_tags(output, found), marks)


def _in_tags(output: Output, found: Sequence[re.Match[str]]) -> list[Marked]:
    """The text of each tag without another one inside."""
    text = output.text
    tags = [
        Marked(first.start(), second.end(), text[first.end() : second.start()])
        for first, second in pairwise(found)
        if not first[1] and second[1]
    ]
    if found and not found[-1][1] and not output.was_cut:
        tags.append(Marked(found[-1].start(), len(text), text[found[-1].end() :]))
    return tags


def read_marked(output: Output, options: Valued, found: Sequence[Marked], marks: str) -> Reading | Failure:
    """The reading of the last of the marked texts, if it is the judge's own.

    Text in quotation marks does not count, unless it is the whole output; if two outside of them differ, or one of
    them is left open ("[[A]] or a tie", "[[A/B]]"), it is not known which is the judge's.
    """
    text = output.text
    if not found:
        return unreadable(output, f"no {marks} in the output: {shown(text, end=True)}")
    last = found[-1]
    reading = read_slot(output, options, last.text)
    if reading is None:
        return unreadable(output, f"no label in the last {marks}: {shown(last.text)}")
    if output.was_cut and text[last.end :].strip(" .。*\n"):
        return Failure(Status.TRUNCATED, f"the output goes on after the last {marks} and was cut at its token limit")
    if len(found) > MOST_SAID:
        return unreadable(output, f"the output contains more than {MOST_SAID} {marks}")
    if _is_all(text, last):
        return reading
    said = [_said(output, options, one) for one in found]
    if (why := why_doubtful(text, said)) is not None:
        return unreadable(output, f"cannot tell which {marks} is the judge's own: {why}: {shown(text, end=True)}")
    return reading


def _is_all(text: str, one: Marked) -> bool:
    """Whether the output is this text in a pair of quotation marks, and nothing else: then it quotes nothing."""
    before, behind = text[: one.start].strip(), text[one.end :].strip()
    return len(before) == 1 and QUOTED.get(before) == behind


def _said(output: Output, options: Valued, one: Marked) -> Said:
    is_open = ANOTHER.match(output.text, one.end) is not None or names_several(output, options, one.text)
    return Said(one.start, one.end, read_slot(output, options, one.text), is_open=is_open)
