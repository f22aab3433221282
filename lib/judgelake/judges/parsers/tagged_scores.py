"""Scores of several answers in tags at the end: `<answer>8</answer><answer>7</answer>` (JudgeLRM)."""

from __future__ import annotations

import re
from itertools import islice, pairwise

from pydantic import Field

from judgelake.comparisons import LETTERS, Failure, Reading, Status, verdict_of_scores
from judgelake.judges.parsers.options import Options
from judgelake.judges.parsers.output import NUMBER, Output, in_range, shown, unreadable
from judgelake.judges.parsers.slots import LONGEST_SLOT

SEPARATOR = re.compile(r"\s*[,;]\s*|\s+")
SCORE = re.compile(rf"[+-]?{NUMBER}", re.ASCII)


class TaggedScores(Options):
    """Options of `tagged_scores`: the name of the tag, and the scale, both ends included."""

    tag: str = Field(pattern=r"^[A-Za-z][\w.:-]*$")
    lowest: float = 0
    highest: float = 10
    after: str | None = Field(default=None, min_length=1)
    """A mark that must be in the output, with the scores behind its last place: the end of thinking that the prompt
    has begun. Together with `faithful: [thinking]`, as this mark would be gone otherwise."""


def read_tagged_scores(output: Output, options: TaggedScores) -> Reading | Failure:
    """One score per answer, in the order shown; the best is the verdict, equal best scores are a tie.

    The scores are in tags that begin a line and end the output, or the numbers are all there is; anywhere else a number
    may be about something else. A tag may have one score or several.
    """
    text = output.text
    if options.after is not None:
        _, mark, text = text.rpartition(options.after)
        if not mark:
            return _still_thinking(output, options.after)
    numbers = _numbers(text, options.tag)
    if numbers is None or not all(SCORE.fullmatch(number) for number in numbers):
        return unreadable(output, f"no scores in <{options.tag}> at the end of the output: {shown(text, end=True)}")
    if output.was_cut and not text.rstrip().endswith(">"):
        # "7 1" may be "7 10".
        return Failure(Status.TRUNCATED, f"cut before the end of the scores: {shown(text, end=True)}")
    if len(numbers) != output.answers:
        what = f"{len(numbers)} scores for {output.answers} answers"
        return Failure(Status.UNPARSEABLE, f"{what}: {shown(text, end=True)}")
    scores = tuple(map(float, numbers))
    for score in scores:
        if failure := in_range(score, options.lowest, options.highest):
            return failure
    return Reading(scores=scores, verdict=verdict_of_scores(scores))


def _still_thinking(output: Output, mark: str) -> Failure:
    status = Status.TRUNCATED if output.was_cut else Status.UNPARSEABLE
    return Failure(status, f"the thinking has no end ({mark}): {shown(output.text, end=True)}")


def _numbers(text: str, tag: str) -> list[str] | None:
    """The texts in the tags, or of an output without tags; None if text follows, or precedes them on their line."""
    name = re.escape(tag)
    pattern = re.compile(rf"<{name}>([^<]{{1,{LONGEST_SLOT}}})</{name}>[ \t]*[,;]?\s*", re.IGNORECASE)
    # One more than a comparison may have answers: that many are counted and refused.
    found = list(islice(pattern.finditer(text), len(LETTERS) + 1))
    if not found:
        return SEPARATOR.split(text.strip(), maxsplit=len(LETTERS)) if len(text) <= LONGEST_SLOT else None
    first, last = found[0], found[-1]
    follow_each_other = all(one.end() == other.start() for one, other in pairwise(found))
    begins_a_line = not text[: first.start()].rpartition("\n")[2].strip()
    if not follow_each_other or not begins_a_line or last.end() != len(text):
        return None
    return [number for one in found for number in SEPARATOR.split(one[1].strip())]
