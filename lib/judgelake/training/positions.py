"""The words of a judge's reasons that name answers by their place, exchanged as the answers are.

Only words that surely name a place: a number or letter behind a word such as Assistant, "the first answer", and a bare
letter where a sentence speaks of an answer. Everything else stays, above all numbers: a score is never touched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from judgelake.comparisons import LETTERS

# "the answer 1", "output 2" and "model A" may be about what was answered, so these count with a capital only.
NOUN = (
    r"(?:(?<![^\W_])(?:(?i:assistant|response|chatbot)s?|(?:AI|Answer|ANSWER|Output|Model|Candidate|Reply|Completion)s?)"
    r"|回应|回答|回复|答案|助手)"
)
# Not "1.5", "1,000", "10 %", "1/2" or "2 points".
AMOUNT = r"[0-9]|[.,/][0-9]|\s?[%/]\s?[0-9]?|\s(?:points?|stars?|marks?|out\sof|of)\b"
PLACE = rf"(?:[1-9][0-9]?(?!{AMOUNT})|(?i:one|two|three|four)\b|[A-Z](?![^\W_]))"
# "Assistant 1", "Assistants 1 and 2", "Response A's", "response #2", "Output (a)", "Model [B]".
NAMED = re.compile(
    rf"{NOUN}\s?(?:#\s?|(?:number|no\.)\s)?"
    rf"(?:(?P<places>{PLACE}(?:\s(?:and|or|vs\.?|versus|&)\s{PLACE})*)|(?:\((?P<round>\w)\)|\[(?P<square>\w)\]))"
)
ONE_PLACE = re.compile(PLACE)
NUMBERS = ("one", "two", "three", "four")
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
SHORT_ORDINALS = ("1st", "2nd", "3rd", "4th", "5th", "6th", "7th", "8th", "9th", "10th")
CHINESE_ORDINALS = tuple("一二三四五六七八九")
SERIES = (NUMBERS, ORDINALS, SHORT_ORDINALS, CHINESE_ORDINALS)
ORDINAL = rf"(?:{'|'.join((*ORDINALS, *SHORT_ORDINALS))})"
# "the first answer", "the second AI assistant's", "the first and second responses"; not "should first answer".
ORDERED = re.compile(
    rf"\bthe\s(?P<places>{ORDINAL}(?:\s(?:and|or)\s(?:the\s)?{ORDINAL})?)"
    r"\s(?:(?:AI|given|provided)\s)?(?:assistant|answer|response|reply|chatbot)s?(?![^\W_])"
    r"(?!\s(?:choice|option|key|sheet|line|part|time)s?\b)",
    re.IGNORECASE,
)
ONE_ORDINAL = re.compile(ORDINAL, re.IGNORECASE)
CHINESE_ORDERED = re.compile(rf"第(?P<place>[{''.join(CHINESE_ORDINALS)}])[个位条]?(?:回应|回答|回复|答案|助手)")
FORMER = re.compile(r"\bthe\s(?P<english>former|latter)\b|(?P<chinese>前者|后者)", re.IGNORECASE)
FORMER_AND_LATTER = {"former": "latter", "latter": "former", "前者": "后者", "后者": "前者"}

BARE = re.compile(r"(?<![\w'’.\-/(\[])[A-Z](?![\w\-/]|\.\w)")
# A letter of an answer begins a sentence or a part of one, and something is said of it; so an article never does.
BEGINS = re.compile(
    r"(?:\A|[.!?:;,。\n]\s*|\b(?:while|whereas|but|because|since|that|so|although|though|if|whether|both|and|however)\s)\Z",
    re.IGNORECASE,
)
SAID_OF = re.compile(
    r"['’]s\b|\s(?:and|or)\s[A-Z](?![^\W_])|\s(?:is|was|has|had|does|did|gives|gave|provides|provided|offers|offered|"
    r"lacks|lacked|misses|fails|failed|follows|answers|answered|explains|includes|contains|omits|makes|made|adds|wins|"
    r"also|only|correctly|clearly|better)\b"
)
COMPARED = re.compile(r"\b(?:than|over|prefer|choose|chose|between|neither)\s\Z", re.IGNORECASE)
ENDS = re.compile(r"\s*(?:[.,;:!?)\n]|\Z)|\s(?:and|or|nor)\s[A-Z](?![^\W_])|\s(?:because|since|for|in|as)\b")
JOINED = re.compile(r"(?<![^\W_])[A-Z]\s(?:and|or|nor)\s\Z")
LOOKED_BACK = 20


@dataclass(frozen=True, slots=True)
class Place:
    """A word that names an answer's place, and the word for its place in the reversed order."""

    start: int
    end: int
    reversed: str


def reversed_places(reasons: str, answers: int) -> str:
    """The reasons with every word for a place changed to that of the same answer in the reversed order.

    Doing it twice gives the same text. Scores, quoted numbers and all other words stay as they are; upper and lower
    case, brackets and possessives are kept. "The former" and "the latter" follow the order in which a text names the
    answers, which changes with their names, so they stay; only where no place is named before them do they mean the
    order shown.

    Args:
        reasons: free text.
        answers: how many answers there are; places beyond them stay.
    """
    pieces, end = [], 0
    for place in sorted(_places(reasons, answers), key=lambda place: place.start):
        pieces += [reasons[end : place.start], place.reversed]
        end = place.end
    return "".join([*pieces, reasons[end:]])


def _places(text: str, answers: int) -> Iterator[Place]:
    found = {(start, end): other for start, end, other in _in_words(text, answers)}
    found |= {(start, start + 1): other for start, other in _bare(text, answers) if (start, start + 1) not in found}
    first = min((start for start, _ in found), default=len(text))
    yield from (Place(*span, other) for span, other in found.items())
    if answers == 2:
        for match in FORMER.finditer(text, 0, first):
            word = match["english"] or match["chinese"]
            end = match.end()
            yield Place(end - len(word), end, _cased(FORMER_AND_LATTER[word.lower()], word))


def _in_words(text: str, answers: int) -> Iterator[tuple[int, int, str]]:
    for match in NAMED.finditer(text):
        for group in ("round", "square"):
            if match[group] is not None:
                yield from _one(match[group], match.start(group), answers)
        if match["places"] is not None:
            for place in ONE_PLACE.finditer(text, *match.span("places")):
                yield from _one(place.group(), place.start(), answers)
    for match in ORDERED.finditer(text):
        for place in ONE_ORDINAL.finditer(text, *match.span("places")):
            yield from _one(place.group(), place.start(), answers)
    for match in CHINESE_ORDERED.finditer(text):
        yield from _one(match["place"], match.start("place"), answers)


def _one(word: str, start: int, answers: int) -> Iterator[tuple[int, int, str]]:
    other = _reversed(word, answers)
    if other is not None:
        yield start, start + len(word), other


def _bare(text: str, answers: int) -> Iterator[tuple[int, str]]:
    """Letters alone that a sentence says something of, or compares: "A is better than B", "both A and B"."""
    known: set[int] = set()
    for match in BARE.finditer(text):
        start, end = match.span()
        other = _reversed(match.group(), answers)
        before = text[max(0, start - LOOKED_BACK) : start]
        joined = JOINED.search(before)
        if joined is not None:
            is_place = start - (len(before) - joined.start()) in known
        else:
            begins = (start <= LOOKED_BACK or len(before) > 1) and BEGINS.search(before) is not None
            is_place = (begins and SAID_OF.match(text, end) is not None) or (
                COMPARED.search(before) is not None and ENDS.match(text, end) is not None
            )
        if is_place:
            known.add(start)
            if other is not None:
                yield start, other


def _reversed(word: str, answers: int) -> str | None:
    """The word for the same answer's place in the reversed order; None if it names none of the answers."""
    if word.isdecimal():
        return str(answers + 1 - int(word)) if 1 <= int(word) <= answers else None
    if len(word) == 1 and word.upper() in LETTERS:
        index = LETTERS.index(word.upper())
        return _cased(LETTERS[answers - 1 - index].lower(), word) if index < answers else None
    series = next((series for series in SERIES if word.lower() in series[:answers]), None)
    if series is None or answers > len(series):
        return None
    return _cased(series[answers - 1 - series.index(word.lower())], word)


def _cased(word: str, as_in: str) -> str:
    """The word in upper case, capitalised or in lower case, as another one is."""
    if as_in.isupper():
        return word.upper()
    return word.capitalize() if as_in[0].isupper() else word
