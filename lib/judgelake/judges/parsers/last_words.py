"""A decision in the last words, after the reasons (Auto-J): a phrase and a label, or a rating in brackets."""

from __future__ import annotations

import re
from collections.abc import Collection

from pydantic import Field

from judgelake.comparisons import Failure, Reading, Status
from judgelake.judges.parsers.options import Labelled, Options, only_for_one
from judgelake.judges.parsers.output import NUMBER, Output, decided, in_range, shown, unreadable
from judgelake.judges.parsers.quoting import Said, why_doubtful

# What may separate two choices in one statement, on one line: "1, 2", "1-2", "1 and 2".
BETWEEN = r"(?:[ \t,，、/／&|+=~*‐-―-]|[(\[]?(?:\b(?:and|to|nor|perhaps|possibly|maybe)\b|和|与|及|以及|跟))*"
# These announce a second choice, in whatever words.
ALTERNATIVE = r"[\s(\[,，*\"”'’]*(?:(?:or|vs|versus)(?![^\W_])|或|还是)"
OPEN_RATING = re.compile(rf"{ALTERNATIVE}|{BETWEEN}\[\[", re.IGNORECASE)


class FinalDecision(Labelled):
    """Options of `final_decision`: the words before the decision, and what each decision means."""

    after: tuple[str, ...] = Field(min_length=1)
    """The last of these phrases in the output counts; letters and spaces as written."""


class FinalRating(Options):
    """Options of `final_rating`: the words before `[[rating]]`, and the scale."""

    after: tuple[str, ...] = Field(min_length=1)
    lowest: float = 1
    highest: float = 10

    def problem(self, most_answers: int) -> str | None:
        """A problem if there are several answers, because a rating is for one answer."""
        return only_for_one(most_answers)


def read_final_decision(output: Output, options: FinalDecision) -> Reading | Failure:
    """The label right after the last of the phrases.

    The reasons may quote an answer that uses the same words: text in quotation marks does not count, and if two
    decisions outside of them differ, it is not known which is the judge's.
    A longer number ("Response 11"), an open choice ("Response 1 / Response 2", "Response 1 or ...") and an unknown
    label are not decisions. A cut output is only parsed if nothing but the finished decision follows the phrase.
    """
    text = output.text if output.was_cut else output.text.rstrip()
    starts = sorted({match.end() for phrase in options.after for match in re.finditer(re.escape(phrase), output.text)})
    if not starts:
        return unreadable(output, f"no {options.after[0].strip()!r} in the output: {shown(output.text, end=True)}")
    decisions = [_decision(text, start, options) for start in starts]
    last, rest = decisions[-1], text[starts[-1] :].lstrip()
    if last.value is None:
        return unreadable(output, f"no decision after {options.after[0].strip()!r}: {shown(rest)}")
    if output.was_cut and not re.fullmatch(r"[.!。！\"”*]*[.!。！\n]\s*", text[last.end :]):
        return Failure(Status.TRUNCATED, f"cut before the decision was finished: {shown(rest)}")
    if (why := why_doubtful(text, decisions)) is not None:
        return unreadable(output, f"cannot tell which decision is the judge's own: {why}: {shown(rest)}")
    return decided(output, str(last.value))


def _decision(text: str, start: int, options: FinalDecision) -> Said:
    """The decision at this place; no value if there is no label or the choice is left open."""
    longest_first = sorted(options.labels, key=len, reverse=True)
    match = re.compile(rf"\s*(?:{_groups(longest_first)})(?![^\W_]|[.,]\d)", re.IGNORECASE).match(text, start)
    if match is None or match.lastindex is None:
        return Said(start, start, None)
    another = "|".join(map(re.escape, longest_first))
    is_open = re.compile(rf"{ALTERNATIVE}|\s*[?？]|{BETWEEN}(?:{another}|\d)", re.IGNORECASE).match(text, match.end())
    # By position and not by letters: a case-insensitive search matches "ſ" with "s", other comparisons do not.
    verdict = options.labels[longest_first[match.lastindex - 1]]
    return Said(start, match.end(), None if is_open else verdict)


def _groups(labels: Collection[str]) -> str:
    return "|".join(f"({re.escape(label)})" for label in labels)


def read_final_rating(output: Output, options: FinalRating) -> Reading | Failure:
    """The number in the last `[[...]]` that follows one of the words; decimals are allowed.

    An open rating ("[[5]] or [[6]]") is not a rating, nor is one in quotation marks, or one that differs from
    another: it may be part of the answer.
    """
    words = "|".join(re.escape(word) for word in options.after)
    matches = list(re.finditer(rf"(?:{words})\s*\[\[([^\[\]\n]*)(\]\])?", output.text))
    if not matches:
        return unreadable(output, f"no {options.after[0]} [[...]] in the output: {shown(output.text, end=True)}")
    ratings = [Said(match.start(), match.end(), _number(match)) for match in matches]
    last, written = ratings[-1], matches[-1].group(0)
    if last.value is None:
        return unreadable(output, f"no rating in brackets: {shown(written)}")
    if OPEN_RATING.match(output.text, last.end):
        return unreadable(output, f"more than one rating: {shown(output.text[last.start :])}")
    if output.was_cut and output.text[last.end :].strip(" .。\n"):
        return Failure(Status.TRUNCATED, "the output goes on after the last rating and was cut at its token limit")
    if (why := why_doubtful(output.text, ratings)) is not None:
        return unreadable(output, f"cannot tell which rating is the judge's own: {why}: {shown(written)}")
    score = float(last.value)
    return in_range(score, options.lowest, options.highest) or Reading(scores=(score,))


def _number(rating: re.Match[str]) -> float | None:
    number = re.fullmatch(rf"-?{NUMBER}", rating.group(1).strip(), re.ASCII)
    return None if number is None or rating.group(2) is None else float(number.group(0))
