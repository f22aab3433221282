"""Scores on the first line, reasons after it (JudgeLM)."""

from __future__ import annotations

import re

from judgelake.comparisons import LETTERS, Failure, Reading, Status, verdict_of_scores
from judgelake.judges.parsers.options import Options
from judgelake.judges.parsers.output import NUMBER, Output, in_range, shown, unreadable

# A comma alone never separates digits from digits of one number: "7,5 8" holds three values and fails the count.
SEPARATOR = re.compile(r"[ \t]*,[ \t]*|[ \t]+")
SCORE = re.compile(rf"[+-]?{NUMBER}", re.ASCII)


class ScoreLine(Options):
    """Options of `score_line`: the scale, both ends included."""

    lowest: float = 0
    highest: float = 10


def read_score_line(output: Output, options: ScoreLine) -> Reading | Failure:
    """One score per answer, all on the first line; the best score is the verdict, equal best scores are a tie.

    White space before the line is ignored. Without a line end the last number of a cut output may lack
    its last digit ("7 1" of "7 10"): that is truncated, not a score. A stop at the line end removes the
    line end from the text, so none is needed then.
    """
    line, line_end, _ = output.text.lstrip().partition("\n")
    line = line.strip()
    if output.was_cut and not line_end:
        return Failure(Status.TRUNCATED, f"cut before the end of the score line: {shown(line, end=True)}")
    # No more than a comparison may have answers: a line of a million numbers would cost time.
    parts = SEPARATOR.split(line, maxsplit=len(LETTERS))
    if not line or not all(SCORE.fullmatch(part) for part in parts):
        return _no_scores(output, line)
    if len(parts) != output.answers:
        return Failure(Status.UNPARSEABLE, f"{len(parts)} scores for {output.answers} answers: {shown(line)}")
    scores = tuple(float(part) for part in parts)
    for score in scores:
        if failure := in_range(score, options.lowest, options.highest):
            return failure
    return Reading(scores=scores, verdict=verdict_of_scores(scores))


def _no_scores(output: Output, line: str) -> Failure:
    failure = unreadable(output, f"first line holds no scores: {shown(line)}")
    if failure.status is Status.TRUNCATED:
        # The first line is complete and is not a score line: more tokens would not have helped.
        return Failure(Status.UNPARSEABLE, f"first line holds no scores: {shown(line)}")
    return failure
