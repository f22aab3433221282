"""Answers that decline to answer: recognised by how they begin, and only if nothing else follows.

Conservative, for English alone: an answer is called a refusal only if its first words decline to do something that a
model is asked for ("I'm sorry, but I can't assist with that"), it is short, and it does not turn to an answer after all
("but", "however", "instead", "here is"). So a letter of regret, a line of a song or a careful answer is none, and some
refusals are missed: what is left of them is compared like any answer, and a teacher judges it.
"""

from __future__ import annotations

import re

LONGEST = 600
"""Characters of a refusal: what is longer says something beside it."""

APOLOGY = (
    r"(?:(?:i(?:'m| am)|we(?:'re| are)) )?(?:(?:very|so|really|truly|deeply) )?sorry|(?:my |i )?apolog(?:ies|i[sz]e)"
)
REGRET = rf"(?:{APOLOGY}|unfortunately|regrettably)[,.;:!]*(?: (?:but|however,?|that))? "
AS_A_MODEL = r"as an? (?:\w+ )?(?:ai|artificial intelligence|language model)[\w -]{0,30}, "
CANNOT = (
    r"(?:i|we) (?:really |just |simply )?(?:can(?:'t|not| not)|could(?:n't| not)|won't|will not)(?: be able to)?"
    r"|(?:i(?:'m| am)|we(?:'re| are)) (?:unable|not (?:able|allowed|permitted|in a position|comfortable))(?: to)?"
    r"|i (?:do not|don't) feel comfortable"
    r"|i (?:must|have to|will have to|need to) (?:respectfully |politely )?(?:decline|refuse)(?: to)?"
)
# "I can't help but smile" and "I can't help falling in love" decline nothing.
HELP = r"(?:help|helping|assist|assisting)(?: you| anyone)?(?: (?:with|in|on)\b|[.,!]|$)"
FULFIL = r"(?:fulfil+(?:ing)?|comply(?:ing)? with|complete|carry out|process) (?:this|that|your|the|such)\b"
ANSWER = r"(?:answer(?:ing)?|respond(?:ing)? to) (?:this|that|your|the|such)\b"
PROVIDE = (
    r"(?:provid(?:e|ing)|creat(?:e|ing)|generat(?:e|ing)|produc(?:e|ing)|engag(?:e|ing) in|participat(?:e|ing) in|"
    r"support(?:ing)?|promot(?:e|ing)|assist(?:ing)? in)\b"
)
# What a person too says of himself: only after a regret, or the words of a model about itself.
OF_ANYBODY = r"(?:write|writing|give|giving|share|sharing|offer|offering|discuss(?:ing)?|do (?:this|that|so)\b)"
REQUEST = r"(?:this|that|your|the|such) (?:request|question|task|prompt)"

DECLINES = re.compile(
    rf"(?:(?:{REGRET}|{AS_A_MODEL})+(?:{CANNOT}) (?:{HELP}|{FULFIL}|{ANSWER}|{PROVIDE}|{OF_ANYBODY}|{REQUEST})"
    rf"|(?:{CANNOT}) (?:{HELP}|{FULFIL}|{ANSWER}|{PROVIDE}|{REQUEST}))",
    re.IGNORECASE,
)
TURNS = re.compile(
    r"\b(?:but|however|instead|that said|nevertheless|although|here(?:'s| is| are)|for example)\b", re.IGNORECASE
)
SPACES = re.compile(r"\s+")


def refusal_in(answer: str) -> str | None:
    """The words with which an answer declines to answer; None if it does not, or says something beside it."""
    if len(answer) > LONGEST:
        return None
    text = SPACES.sub(" ", answer.replace("\u2019", "'")).strip().strip("\"'*_ ")
    found = DECLINES.match(text)
    if found is None or TURNS.search(text, found.end()) is not None:
        return None
    return found[0].strip()
