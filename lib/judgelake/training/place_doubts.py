"""Words of a judge's reasons that may name an answer by its place, as well as something else.

Rather one too many is found than one too few: a word that is overlooked would be left under an inverted verdict.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from judgelake.comparisons import LETTERS
from judgelake.training.place_words import CHINESE_ORDINALS, NUMBERS, ORDINAL, ORDINALS, SHORT_ORDINALS

ANSWER = r"(?:assistant|answer|response|chatbot|output|model|candidate|reply|completion|option)s?"
LETTER = re.compile(r"(?<![A-Za-z0-9_.\-/])[A-Z](?![A-Za-z0-9_\-/]|\.\w)")
# "A better one", but not "A outperforms" and "A also": no article stands before a verb or such an adverb.
ARTICLE = re.compile(r"\s(?!(?:also|only|not|always|never|still|then|too|itself|alone|and|or|but|than|over)\b)[a-z]")
VERB = re.compile(r"\s(?:is|was|has|does|[a-z]+[^su\W]s)\b(?!\s(?:[a-z]*\sof)\b)")
OTHER_NOUN = re.compile(r"\b(?:vitamin|hepatitis|plan|grade|type|class|level|section|appendix)\s\Z", re.IGNORECASE)
JOINED = re.compile(r"(?<![^\W_])[A-Z]\s(?:and|or|nor)\s\Z")
# "answer 1" and "Option 2" are doubtful, "Step 1" is not.
NUMBER = re.compile(
    rf"(?i:\b{ANSWER}|[#比])\s?(?:#\s?|(?:number|no\.)\s)?[(\[]?(?P<after>[1-9])(?![0-9]|[.,/][0-9]|\s?%|\s?/)"
    r"|(?i:\b(?:than|over|prefer|choose|chose|between|neither|both|unlike|to|and|or|vs\.?|versus|while|whereas|but)\s"
    r"|\A\s*|[.!?:;,&]\s+)(?P<alone>[1-9])(?![0-9]|[.,/)\-][0-9]?\S|[.)]\s+[A-Z]|\s?[%/+*=^-]|\s[0-9]|\n)"
    r"(?!\s(?!(?:is|are|was|were|has|have|had|does|do|did|both|and|or|but|because|since|while|in|as|at|for|gives|provides|lacks)\b)\w)"
)
SCORED = re.compile(r"(?:\d\s*\Z|(?i:score[sd]?|gets?|rating|gave|gives|rated|points?|marks?)\b[^.;\n]{0,40}\Z)")
SPELT = re.compile(
    rf"\b(?:{ANSWER}|than|over|prefer|versus|vs\.?|and)\s(?P<word>{'|'.join(NUMBERS)})\b(?!\s[a-z])", re.IGNORECASE
)
# What reasons count that is no answer.
COUNTED = (
    r"(?:answer\s(?:choice|option|key|sheet|line|part|time)|step|paragraph|sentence|line|part|time|person|course|letter|"
    r"bullet|word|half|place|name|term|number|and\sforemost|step|hand|draft|section|point|question)s?\b"
)
ORDERED = re.compile(
    rf"(?:\b(?:the|than|over|prefer|and|or)\s(?P<within>{ORDINAL})|(?:\A|[.!?\n]\s*)(?P<begins>{ORDINAL})(?!,))"
    rf"(?![\w\-])(?!\s{COUNTED})",
    re.IGNORECASE,
)
CHINESE = re.compile(rf"第(?P<word>[{''.join(CHINESE_ORDINALS)}])(?![步段句行点，,])")
LOOKED_BACK = 80


def is_doubtful(text: str, places: Collection[tuple[int, int]], answers: int) -> bool:
    """Whether a word that is none of the places, which are spans of the text, may name one of so many answers."""
    sure = set(places)
    named = any(text[start:end] in LETTERS for start, end in sure)
    words = [*_words(text, answers), *_letters(text, answers, sure, named=named)]
    return any(span not in sure for span in words)


def _words(text: str, answers: int) -> Iterator[tuple[int, int]]:
    known = {*NUMBERS[:answers], *ORDINALS[:answers], *SHORT_ORDINALS[:answers], *CHINESE_ORDINALS[:answers]}
    for pattern in (SPELT, ORDERED, CHINESE):
        for match in pattern.finditer(text):
            word = match.lastgroup or 0
            if match[word].lower() in known:
                yield match.span(word)
    for match in NUMBER.finditer(text):
        word = match.lastgroup or 0
        is_score = (
            word == "alone"
            and SCORED.search(text, max(0, match.start(word) - LOOKED_BACK), match.start(word)) is not None
        )
        if int(match[word]) <= answers and not is_score:
            yield match.span(word)


def _letters(text: str, answers: int, sure: set[tuple[int, int]], *, named: bool) -> Iterator[tuple[int, int]]:
    letters = [match for match in LETTER.finditer(text) if match.group() in LETTERS[:answers]]
    others: set[int] = set()
    for match in letters:
        before = text[max(0, match.start() - LOOKED_BACK) : match.start()]
        joined = JOINED.search(before)
        first = None if joined is None else match.start() - (len(before) - joined.start())
        if not named and (OTHER_NOUN.search(before) is not None or first in others):
            others.add(match.start())
    named = named or any(match.group() != "A" and match.start() not in others for match in letters)
    for match in letters:
        is_article = (
            match.group() == "A"
            and not named
            and ARTICLE.match(text, match.end()) is not None
            and VERB.match(text, match.end()) is None
        )
        if match.start() not in others and not is_article:
            yield match.span()
