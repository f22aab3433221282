"""What stands where a parser expects a label or a score and nothing else: after a colon, in a tag, in brackets."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from judgelake.comparisons import LETTERS, TIE, Failure, Reading
from judgelake.judges.parsers.options import Valued
from judgelake.judges.parsers.output import Output, decided, in_range, read_label
from judgelake.judges.parsers.plain import Form, narrow

LONGEST_SLOT = 200
"""Characters; more is text, not a label."""

# Brackets, stops and the signs of a formula around a label say nothing.
AROUND = " \t\r\n()[]{}$.。!:;；"
# A stop directly before a digit is part of the number: ".5" is not 5.
BEGINNING = re.compile(rf"(?:(?!\.[0-9])[{re.escape(AROUND)}])*")
# Quotation marks do, unless there is one on either side.
QUOTED = {'"': '"', "'": "'", "`": "`", "“": "”", "‘": "’", "«": "»", "「": "」", "『": "』", "【": "】"}

# "Answer A", "Response 2 is better": the label alone, in words.
NAMED = re.compile(
    r"(?:the\s+)?(?:answer|response|assistant|model|option|choice|candidate|output|system|回答|回应|助手)\s*(?P<label>.+?)"
    r"(?:\s+(?:is|was)\s+(?:the\s+)?(?:better|best|winner)(?:\s+(?:one|answer|response))?|\s+wins)?",
    re.IGNORECASE,
)
BETTER = re.compile(r"(?P<label>.+?)\s+(?:is\s+(?:the\s+)?(?:better|best|winner)(?:\s+one)?|wins)", re.IGNORECASE)
# Between two labels in one place; a scale ("8/10") is not divided before its whole was tried.
PARTS = re.compile(r"[,，、/／|]|\b(?:or|and|vs|versus)\b|或|还是", re.IGNORECASE)
TIED = re.compile(
    r"(?:(?:it\s*(?:'s|’s|\s+is)|they\s+are|both\s+are|both)\s+)?(?:(?:a\s+)?(?:tie|draw|tied)|equally\s+good|equal)|平局",
    re.IGNORECASE,
)
# "T (tie)": the same in other words; the closing bracket is gone.
TWICE = re.compile(r"(?P<first>[^(]+?)\s*\((?P<second>[^(]+)")

SCORE = re.compile(
    r"(?P<score>-?[0-9]+(?:\.[0-9]+)?)\s*\(?(?:(?:/|(?:out\s+)?of)\s*(?P<highest>[0-9]+(?:\.0+)?))?(?:\s*points?)?",
    re.IGNORECASE | re.ASCII,
)


def bare(text: str, faithful: Collection[Form] = ()) -> str:
    """The text without brackets, stops and pairs of quotation marks around it; a long text as it is.

    Of a judge whose original reads these as text, only white space is removed.
    """
    if Form.QUOTES in faithful:
        return text.strip()
    while len(text) <= LONGEST_SLOT:
        short = BEGINNING.sub("", text.rstrip(AROUND), count=1)
        if len(short) > 2 and "\n" not in short and QUOTED.get(short[0]) == short[-1]:
            short = short[1:-1]
        if short == text:
            break
        text = short
    return text


def label_in(
    meanings: Mapping[str, str | float], text: str, faithful: Collection[Form] = (), *, in_words: bool = True
) -> str | None:
    """The label that the text is, and nothing else; None if it is none, or may be several.

    Args:
        meanings: each label, and the verdict or score that it means.
        text: what is in the place of the label.
        faithful: forms that are read as they are written.
        in_words: whether it may be "Answer A", "A is better" or, for the label of a tie, "tie" and "a draw".
    """
    if len(text) > LONGEST_SLOT:
        return None
    said = bare(text, faithful)
    found = _same(meanings, said)
    if found is None:
        found = _graded(meanings, said)
    if found is not None or not in_words:
        return found
    if twice := TWICE.fullmatch(said):
        first, second = (label_in(meanings, part, faithful) for part in (twice["first"], twice["second"]))
        return first if first == second else None
    if TIED.fullmatch(said):
        ties = [label for label, meaning in meanings.items() if meaning == TIE]
        return ties[0] if len(ties) == 1 else None
    named = NAMED.fullmatch(said) or BETTER.fullmatch(said)
    found = None if named is None else _same(meanings, bare(named["label"]))
    return found if found is not None and isinstance(meanings[found], str) and meanings[found] != TIE else None


def score_in(text: str, highest: float, faithful: Collection[Form] = ()) -> float | None:
    """The number that the text is, alone or on the scale that ends at `highest` ("8/10"); None if it is neither."""
    match = SCORE.fullmatch(bare(text, faithful)) if len(text) <= LONGEST_SLOT else None
    if match is None or (match["highest"] is not None and float(match["highest"]) != highest):
        return None
    return float(match["score"])


def read_slot(output: Output, options: Valued, text: str) -> Reading | Failure | None:
    """The reading of a label or score by a parser's options; None if the text is neither."""
    if options.lowest is not None and options.highest is not None:
        score = score_in(text, options.highest, options.faithful)
        if score is None:
            return None
        return in_range(score, options.lowest, options.highest) or Reading(scores=(score,))
    label = label_in(options.labels or output.verdict_of, text, options.faithful)
    if label is None:
        return None
    if not options.labels:
        return read_label(output, label)
    reading = decided(output, options.labels[label])
    if isinstance(reading, Failure) or not options.strengths:
        return reading
    led = options.strengths.get(label, 0.0)
    scores = tuple(led if letter == reading.verdict else 0.0 for letter in LETTERS[: output.answers])
    return Reading(scores=scores, verdict=reading.verdict)


def names_several(output: Output, options: Valued, text: str) -> bool:
    """Whether the text is no label or score, but names two that mean different things ("A or B", "A, B or T")."""
    if len(text) > LONGEST_SLOT or read_slot(output, options, text) is not None:
        return False
    readings = {read_slot(output, options, part) for part in PARTS.split(text)}
    return len(readings - {None}) > 1


def _same(meanings: Mapping[str, str | float], said: str) -> str | None:
    """The label spelled exactly so, else the only one that differs by case, width or brackets around it."""
    if said in meanings:
        return said
    same = [label for label in meanings if bare(narrow(label)).lower() == said.lower()]
    return same[0] if len(same) == 1 else None


def _graded(meanings: Mapping[str, str | float], said: str) -> str | None:
    """The label of a score that is written with its scale: "8/10" and "8 out of 10" where 10 is the best."""
    grades = {label: meaning for label, meaning in meanings.items() if isinstance(meaning, float | int)}
    if not grades:
        return None
    score = score_in(said, max(grades.values()))
    same = [
        label
        for label in grades
        if score is not None and label.replace(".", "", 1).isdigit() and grades[label] == score
    ]
    return same[0] if len(same) == 1 else None
