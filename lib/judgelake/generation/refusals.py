"""Answers that decline to answer: recognised by how they begin, and only if nothing else follows.

Conservative, for English alone: an answer is called a refusal only if its first words decline what was asked for ("I'm
sorry, but I can't assist with that request"), it is short, and it does not turn to an answer after all ("but",
"however", "instead", "here is", a colon). People decline too, in the letters and stories that a model writes: except
after the words of a model about itself, what is declined must be the request, named as such, and end the sentence. So
some refusals are missed: what is left of them is compared like any answer, and a teacher judges it.
"""

from __future__ import annotations

import re

LONGEST = 600
"""Characters of a refusal: what is longer says something beside it."""

APOLOGY = r"(?:i(?:'m| am) )?(?:(?:very|so|really|truly|deeply) )?sorry|(?:my |i )?apolog(?:ies|i[sz]e)"
REGRET = rf"(?:{APOLOGY}|unfortunately|regrettably)[,.!]*(?: (?:but|however,?|that))? "
AS_A_MODEL = r"as an? (?:\w+ )?(?:ai|artificial intelligence|language model)[\w -]{0,30}, "
# Only "I": what "we" cannot do is said in letters of companies.
CANNOT = (
    r"(?:i (?:really |just |simply )?(?:can(?:'t|not| not)|won't|will not)(?: be able to)?"
    r"|i(?:'m| am) (?:unable|not (?:able|allowed|permitted|in a position|comfortable))(?: to)?"
    r"|i (?:do not|don't) feel comfortable"
    r"|i (?:must|have to|will have to|need to) (?:respectfully |politely )?(?:decline|refuse)(?: to)?)"
)
HELP = r"(?:help|assist)(?:ing)?(?: you)?(?: (?:with|in))?"
ANSWER = r"(?:fulfil+(?:ing)?|comply(?:ing)? with|answer(?:ing)?|respond(?:ing)? to)"
PROVIDE = (
    r"(?:provid(?:e|ing)|creat(?:e|ing)|generat(?:e|ing)|produc(?:e|ing)|(?:engage|participate|assist)(?:ing)? in)"
)
# What a person too says of himself, also of "this" and "that".
OF_ANYBODY = (
    r"(?:writ(?:e|ing)|giv(?:e|ing)|shar(?:e|ing)|offer(?:ing)?|discuss(?:ing)?|complet(?:e|ing)|process(?:ing)?)"
)
NAMED = (
    r"(?:this|that|these|those|your|such)(?: an?)?(?: (?:particular|specific|(?:kind|type|sort)s? of))?"
    r" (?:request|question|task|prompt|topic|content|information)s?"
)
# "I can't help with that bag" goes on, and so does "I can't answer that question with certainty".
ENDS = r"(?=[.!]|$|,? (?:as|because|since|due to)\b)"
# What nobody but a model is asked for need not end the sentence.
MADE = r"(?:any )?(?:instructions (?:on|for)|content (?:of that kind|that \w+s))\b"
THIS = rf"(?:{HELP}|{ANSWER}|{PROVIDE}) (?:this|that)|(?:(?:{HELP}|{ANSWER}|{PROVIDE}|{OF_ANYBODY}) )?{NAMED}"
BY_A_MODEL = rf"{HELP}|{ANSWER}|{PROVIDE}|{OF_ANYBODY}|{NAMED}|do (?:this|that|so)"

DECLINES = re.compile(
    rf"(?:{REGRET})*(?:{AS_A_MODEL}(?:{REGRET})*{CANNOT} (?:{BY_A_MODEL})\b"
    rf"|{CANNOT} (?:{PROVIDE} {MADE}|(?:{HELP}|{THIS}){ENDS}))",
    re.IGNORECASE,
)
TURNS = re.compile(
    r"[:;]|\b(?:but|however|instead|that said|nevertheless|although|here(?:'s| is| are)|for example)\b", re.IGNORECASE
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
