"""What a licence means for a judge that was trained under it: whether commercial use is forbidden, or not known."""

from __future__ import annotations

import re
from typing import Literal

Terms = Literal["non_commercial", "unknown", "commercial"]
"""commercial: the licence named forbids no commercial use as such; it may well have other conditions."""

# By SPDX and Hugging Face's names ("CC-BY-NC-4.0", "cc-by-nc-sa-4.0"), and by words. The first LLaMA's licence is for
# research alone; those of Llama 2 and later allow commercial use on conditions.
NON_COMMERCIAL = re.compile(
    r"\bNC\b|non-?\s?commercial|research[- ]only|research[- ]use|academic[- ]use|\bLLaMA(?:-?1|[- ]licen[cs]e)?$",
    re.IGNORECASE,
)
UNKNOWN = re.compile(r"(?:LicenseRef-)?unknown|none(?: named)?|other", re.IGNORECASE)
STRICTNESS: dict[Terms, int] = {"commercial": 0, "unknown": 1, "non_commercial": 2}


def terms_of_licence(licence: str | None) -> Terms:
    """What an SPDX expression, or another name of a licence, says of commercial use.

    Of a choice (OR) the least strict part counts, of parts that hold together (AND) the strictest; an unknown part is
    stricter than one that allows it, and less strict than one that forbids it.

    Args:
        licence: None and an empty text are unknown.
    """
    text = (licence or "").strip()
    # AND binds before OR.
    for word, of in (("OR", min), ("AND", max)):
        parts = _split(text, word)
        if len(parts) > 1:
            return of(map(terms_of_licence, parts), key=STRICTNESS.__getitem__)
    if _is_enclosed(text):
        return terms_of_licence(text[1:-1])
    if not text or UNKNOWN.fullmatch(text):
        return "unknown"
    return "non_commercial" if NON_COMMERCIAL.search(text) else "commercial"


def _split(text: str, word: str) -> list[str]:
    """The parts of an expression between a word that is in no parentheses."""
    parts, depth, start = [], 0, 0
    for match in re.finditer(rf"[()]|\s{word}\s", text):
        mark = match.group()
        if mark in "()":
            depth += 1 if mark == "(" else -1
        elif depth == 0:
            parts.append(text[start : match.start()])
            start = match.end()
    return [*parts, text[start:]]


def _is_enclosed(text: str) -> bool:
    """Whether the first parenthesis closes with the last character."""
    depth = 0
    for place, character in enumerate(text):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth == 0:
            return place == len(text) - 1 and place > 0
    return False
