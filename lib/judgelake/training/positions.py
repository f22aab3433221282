"""The words of a judge's reasons that name answers by their place, exchanged as the answers are: all or none.

Words that surely name a place: a number or letter behind a word such as Assistant, "the first answer", and a bare
letter or "the first" where a sentence speaks of an answer. Numbers stay: a score is never touched. A text with a word
that may name a place as well as something else is ambiguous, and nothing of it is exchanged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from judgelake.comparisons import LETTERS
from judgelake.training.place_doubts import is_doubtful
from judgelake.training.place_words import CHINESE_ORDINALS, ORDINAL, SERIES

# "the answer 1", "output 2" and "model A" may be about what was answered, so these count with a capital only.
NOUN = (
    r"(?:(?<![^\W_])(?:(?i:assistant|response|chatbot)s?|(?:AI|Answer|ANSWER|Output|Model|Candidate|Reply|Completion)s?)"
    r"|回应|回答|回复|答案|助手)"
)
# Not "1.5", "1,000", "10 %", "1/2" or "2 points".
AMOUNT = r"[0-9]|[.,/][0-9]|\s?[%/]\s?[0-9]?|\s(?:points?|stars?|marks?|out\sof|of)\b"
PLACE = rf"(?:[1-9][0-9]?(?!{AMOUNT})|(?i:one|two|three|four)\b|[A-Z](?![^\W_]))"
# "Assistant 1", "Assistants 1 and 2", "Response A's", "response #2", "Output (a)", "Model [B]".
BEHIND = (
    r"\s?(?:#\s?|(?:number|no\.)\s)?"
    rf"(?:(?P<places>{PLACE}(?:\s(?:and|or|vs\.?|versus|&)\s{PLACE})*)|(?:\((?P<round>\w)\)|\[(?P<square>\w)\]))"
)
NAMED = re.compile(rf"(?P<noun>{NOUN}){BEHIND}")
LOWER = {"answer", "output", "model", "candidate", "reply", "completion"}
ONE_PLACE = re.compile(PLACE)
# "the first answer", "the second AI assistant's", "the first and second responses"; not "should first answer".
ORDERED = re.compile(
    rf"\bthe\s(?P<places>{ORDINAL}(?:\s(?:and|or)\s(?:the\s)?{ORDINAL})?)"
    r"\s(?:(?:AI|given|provided)\s)?(?:assistant|answer|response|reply|chatbot)s?(?![^\W_])"
    r"(?!\s(?:choice|option|key|sheet|line|part|time)s?\b)",
    re.IGNORECASE,
)
# "The first is clearer", "better than the second one."; whoever counts other things says of them the same.
ALONE = re.compile(
    rf"\bthe\s(?P<places>{ORDINAL})(?:\sone)?"
    r"(?=['’]s\b|\s*(?:[.,;:!?)]|\Z)|\s(?:is|was|has|had|does|did|gives|gave|provides|offers|lacks|misses|fails|follows|"
    r"answers|explains|includes|contains|omits|makes|adds|wins|and|or|but|because|since|while|whereas|as)\b)",
    re.IGNORECASE,
)
ONE_ORDINAL = re.compile(ORDINAL, re.IGNORECASE)
CHINESE_ORDERED = re.compile(rf"第(?P<place>[{''.join(CHINESE_ORDINALS)}])[个位条]?(?:回应|回答|回复|答案|助手)")
FORMER = re.compile(r"\bthe\s(?P<english>former|latter)\b|(?P<chinese>前者|后者)", re.IGNORECASE)
FORMER_AND_LATTER = {"former": "latter", "latter": "former", "前者": "后者", "后者": "前者"}

BARE = re.compile(r"(?<![\w'’.\-/(\[])[A-Z](?![\w\-/]|\.\w)")
# A letter of an answer begins a sentence or a part of one, and something is said of it; so an article never does.
BEGINS = re.compile(
    r"(?:\A|[.!?:;,。\n]\s*|\b(?:while|whereas|but|because|since|that|which|so|although|though|if|whether|both|and|however)\s)"
    r"\Z",
    re.IGNORECASE,
)
SAID_OF = re.compile(
    r"['’]s\b|\s(?:and|or)\s[A-Z](?![^\W_])|\s(?:is|was|has|had|does|did|gives|gave|provides|provided|offers|offered|"
    r"lacks|lacked|misses|fails|failed|follows|answers|answered|explains|includes|contains|omits|makes|made|adds|wins)"
    r"\b"
)
COMPARED = re.compile(r"\b(?:than|over|prefer|choose|chose|between|neither)\s\Z", re.IGNORECASE)
ENDS = re.compile(
    r"\s*(?:[.,;:!?)\n]|\Z)|\s(?:and|or|nor)\s[A-Z](?![^\W_])|\s(?:because|since|for|in|as|at|by|over|than|when)\b"
)
JOINED = re.compile(r"(?<![^\W_])[A-Z]\s(?:and|or|nor)\s\Z")
LOOKED_BACK = 20
TWO = 2


@dataclass(frozen=True, slots=True)
class Place:
    """A word that names an answer's place, and the word for its place in the reversed order."""

    start: int
    end: int
    reversed: str


def reversed_places(reasons: str, answers: int) -> str | None:
    """The reasons with every word for a place changed to that of the same answer in the reversed order.

    Doing it twice gives the same text. Scores, quoted numbers and all other words stay as they are; upper and lower
    case, brackets and possessives are kept. "The former" and "the latter" follow the order in which a text names the
    answers, which changes with their names, so they stay; only where no place is named before them do they mean the
    order shown.

    Args:
        reasons: free text.
        answers: how many answers there are; places beyond them stay.

    Returns:
        None if a word of the text may name a place or something else, so that it could only be reversed by half.
    """
    if answers < TWO:
        return reasons
    there = _reversed_once(reasons, answers)
    return there if there is not None and _reversed_once(there, answers) == reasons else None


def _reversed_once(text: str, answers: int) -> str | None:
    places = sorted(_places(text, answers), key=lambda place: place.start)
    if is_doubtful(text, [(place.start, place.end) for place in places], answers):
        return None
    pieces, end = [], 0
    for place in places:
        pieces += [text[end : place.start], place.reversed]
        end = place.end
    return "".join([*pieces, text[end:]])


def _places(text: str, answers: int) -> Iterator[Place]:
    found = {(start, end): other for start, end, other in _in_words(text, answers)}
    # Who numbers the answers means others of his own by "A" and "the first": is_doubtful then finds them left.
    if not found:
        found = {(start, start + 1): other for start, other in _bare(text, answers)}
    elif any(text[start:end] in LETTERS for start, end in found):
        found |= {(start, start + 1): other for start, other in _bare(text, answers) if (start, start + 1) not in found}
    if all(ONE_ORDINAL.fullmatch(text[start:end]) for start, end in found):
        found |= {(start, end): other for start, end, other in _ordinals(ALONE, text, answers)}
    first = min((start for start, _ in found), default=len(text))
    yield from (Place(*span, other) for span, other in found.items())
    if answers == TWO:
        for match in FORMER.finditer(text, 0, first):
            word = match["english"] or match["chinese"]
            end = match.end()
            yield Place(end - len(word), end, _cased(FORMER_AND_LATTER[word.lower()], word))


def _in_words(text: str, answers: int) -> Iterator[tuple[int, int, str]]:
    named = list(NAMED.finditer(text))
    for match in [*named, *_in_lower_case(text, named)]:
        for group in ("round", "square"):
            if match[group] is not None:
                yield from _one(match[group], match.start(group), answers)
        if match["places"] is not None:
            for place in ONE_PLACE.finditer(text, *match.span("places")):
                yield from _one(place.group(), place.start(), answers)
    yield from _ordinals(ORDERED, text, answers)
    for match in CHINESE_ORDERED.finditer(text):
        yield from _one(match["place"], match.start("place"), answers)


def _in_lower_case(text: str, named: Sequence[re.Match[str]]) -> Iterator[re.Match[str]]:
    """The nouns of the capitalised names in lower case, as in "Answer A is better than answer B"."""
    nouns = {match["noun"].lower().removesuffix("s") for match in named} & LOWER
    for noun in sorted(nouns):
        same = rf"(?<![^\W_])(?<!\bthe\s)(?<!\ban\s)(?P<noun>{noun}s?)"
        yield from re.finditer(same + BEHIND, text)


def _ordinals(pattern: re.Pattern[str], text: str, answers: int) -> Iterator[tuple[int, int, str]]:
    for match in pattern.finditer(text):
        for place in ONE_ORDINAL.finditer(text, *match.span("places")):
            yield from _one(place.group(), place.start(), answers)


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
