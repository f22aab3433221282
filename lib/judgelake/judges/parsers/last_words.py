"""A decision in the last words, after the reasons (Auto-J): a phrase and a label, or a rating in brackets."""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import islice

from pydantic import Field

from judgelake.comparisons import Failure, Reading, Status
from judgelake.judges.parsers.options import Labelled, Options, only_for_one
from judgelake.judges.parsers.output import NUMBER, Output, decided, in_range, shown, unreadable
from judgelake.judges.parsers.plain import narrow
from judgelake.judges.parsers.quoting import ALTERNATIVE, BETWEEN, MOST_SAID, Said, why_doubtful

# Marks that may enclose a label alone.
CLOSING = {'"': '"', "'": "'", "`": "`", "“": "”", "‘": "’", "「": "」", "『": "』", "(": ")", "[": "]"}
OPENING = f"(?P<opening>[{re.escape(''.join(CLOSING))}])?"
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
    decisions outside of them differ, or one of them is left open, it is not known which is the judge's.
    A longer number ("Response 11"), an open choice ("Response 1 / Response 2", "Response 1 or ...") and an unknown
    label are not decisions. A cut output is only parsed if nothing but the finished decision follows the phrase.
    """
    text = output.text if output.was_cut else output.text.rstrip()
    phrases = [narrow(phrase) for phrase in options.after]
    found = (islice(re.finditer(re.escape(phrase), output.text), MOST_SAID + 1) for phrase in phrases)
    starts = sorted({match.end() for matches in found for match in matches})
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
    names = [narrow(label) for label in longest_first]
    another = "|".join(map(re.escape, names))
    # Chinese does not separate words: there, what joins a second label follows directly.
    ends = rf"(?:(?![^\W_]|[.,]\d)|(?=或|还是|(?:和|与|及|以及|跟)(?:{another})))"
    match = re.compile(rf"\s*{OPENING}(?:{_groups(names)}){ends}", re.IGNORECASE).match(text, start)
    if match is None or match.lastindex is None:
        return Said(start, start, None)
    closing = CLOSING.get(match["opening"] or "", "")
    is_alone = text.startswith(closing, match.end())
    end = match.end() + (len(closing) if is_alone else 0)
    open_ = rf"{ALTERNATIVE}|\s*+[?？]|{BETWEEN}[{re.escape(''.join(CLOSING))}]?(?:{another}|\d)"
    is_open = re.compile(open_, re.IGNORECASE).match(text, end)
    # By position and not by letters: a case-insensitive search matches "ſ" with "s", other comparisons do not.
    # The first group is the opening mark.
    verdict = options.labels[longest_first[match.lastindex - 2]]
    return Said(start, end, verdict if is_alone and not is_open else None, is_open=is_open is not None)


def _groups(labels: Collection[str]) -> str:
    return "|".join(f"({re.escape(label)})" for label in labels)


def read_final_rating(output: Output, options: FinalRating) -> Reading | Failure:
    """The number in the last `[[...]]` that follows one of the words; decimals are allowed.

    An open rating ("[[5]] or [[6]]") is not a rating, nor is one in quotation marks, or one that differs from
    another: it may be part of the answer.
    """
    words = "|".join(re.escape(narrow(word)) for word in options.after)
    pattern = rf"(?:{words})\s*\[\[([^\[\]\n]*)(\]\])?"
    matches = list(islice(re.finditer(pattern, output.text), MOST_SAID + 1))
    if not matches:
        return unreadable(output, f"no {options.after[0]} [[...]] in the output: {shown(output.text, end=True)}")
    ratings = [_rating(match) for match in matches]
    last, written, rating = ratings[-1], matches[-1].group(0), _number(matches[-1])
    if rating is None:
        return unreadable(output, f"no rating in brackets: {shown(written)}")
    if last.is_open:
        return unreadable(output, f"more than one rating: {shown(output.text[last.start :])}")
    if output.was_cut and output.text[last.end :].strip(" .。\n"):
        return Failure(Status.TRUNCATED, "the output goes on after the last rating and was cut at its token limit")
    if (why := why_doubtful(output.text, ratings)) is not None:
        return unreadable(output, f"cannot tell which rating is the judge's own: {why}: {shown(written)}")
    return in_range(rating, options.lowest, options.highest) or Reading(scores=(rating,))


def _rating(match: re.Match[str]) -> Said:
    is_open = OPEN_RATING.match(match.string, match.end()) is not None
    return Said(match.start(), match.end(), _number(match), is_open=is_open)


def _number(rating: re.Match[str]) -> float | None:
    number = re.fullmatch(rf"-?{NUMBER}", rating.group(1).strip(), re.ASCII)
    return None if number is None or rating.group(2) is None else float(number.group(0))
