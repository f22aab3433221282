"""What a licence means for a judge that was trained under it: whether it allows or forbids commercial use, if known."""

from __future__ import annotations

import re
from typing import Literal

Terms = Literal["non_commercial", "unknown", "commercial"]
"""commercial: the licence is known to allow commercial use; it may well have conditions."""

# SPDX's identifiers (spdx.org/licenses) and Hugging Face's (hf.co/docs/hub/repositories-licenses), each without
# "-only" and "-or-later". A licence is added after its text was read; that of a model may have conditions such as a
# limit of users (Llama), a list of forbidden uses (Gemma, OpenRAIL).
ALLOW_COMMERCIAL_USE = {
    "permissive": """
        0bsd afl-2.1 afl-3.0 apache-1.1 apache-2.0 artistic-2.0 blueoak-1.0.0 bsd bsd-2-clause bsd-3-clause
        bsd-3-clause-clear bsl-1.0 ecl-2.0 isc mit mit-0 ms-pl mulanpsl-2.0 ncsa ofl-1.1 openmdw-1.0 postgresql
        psf-2.0 python-2.0 unlicense upl-1.0 wtfpl x11 zlib""",
    "copyleft": """
        agpl-3.0 cddl-1.0 cddl-1.1 epl-1.0 epl-2.0 eupl-1.1 eupl-1.2 gfdl gfdl-1.2 gfdl-1.3 gpl gpl-2.0 gpl-3.0 lgpl
        lgpl-2.0 lgpl-2.1 lgpl-3.0 lgpl-lr lppl-1.3c mpl-1.1 mpl-2.0 ms-rl osl-3.0""",
    "texts and data": """
        cc0 cc0-1.0 cc-by cc-by-1.0 cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-sa cc-by-sa-1.0 cc-by-sa-2.0
        cc-by-sa-2.5 cc-by-sa-3.0 cc-by-sa-4.0 cdla-permissive-1.0 cdla-permissive-2.0 cdla-sharing-1.0 etalab-2.0
        odbl odbl-1.0 odc-by odc-by-1.0 pddl pddl-1.0""",
    "models": """
        bigcode-openrail-m bigscience-bloom-rail-1.0 bigscience-openrail-m creativeml-openrail-m openrail openrail-m
        openrail++ llama2 llama3 llama3.1 llama3.2 llama3.3 llama4 gemma""",
}
# By the words of their names or texts, written with hyphens, and by the names that do not say it: the licences for
# research of Apple, LG, Mistral, and of the first LLaMA; those of Llama 2 and later allow commercial use.
NON_COMMERCIAL = re.compile(
    r"(?<![a-z])nc(?![a-z])|non-?commercial|\b(?:not?|without|forbids|prohibits)-(?:for-)?(?:any-)?commercial"
    r"|\bcommercial-us(?:e|age)-(?:is-)?(?:not|forbidden|prohibited)\b|\bresearch\b(?!.*\bcommercial\b)"
    r"|\bacademic-(?:use|only|purposes?)\b(?!.*\bcommercial\b)|^(?:apple-amlr|exaone(?:-[\d.]+)?|mnpl|mrl)$"
    r"|\bllama(?:-?v?1)?(?:-licen[cs]e)?$"
)
# What people add to a name, and exceptions of SPDX's, which only allow more.
ADDED = re.compile(
    r"\b(?:the|licen[cs]e|agreement|community|version)\b|-(?:only|or-later)$"
    r"|-with-(?:llvm|classpath|gcc|font)-exception[\d.-]*$"
)
SEPARATORS = re.compile(r"[-.,+]")
STRICTNESS: dict[Terms, int] = {"commercial": 0, "unknown": 1, "non_commercial": 2}


def terms_of_licence(licence: str | None) -> Terms:
    """What an SPDX expression, or another name of a licence, says of commercial use.

    A licence that neither is listed in `ALLOW_COMMERCIAL_USE` nor says that it forbids commercial use is unknown. Of
    parts that hold together (AND, in any case) the strictest counts; an unknown part is stricter than one that allows
    commercial use, and less strict than one that forbids it. A choice (OR) allows what one of its parts allows.

    Args:
        licence: None and an empty text are unknown.
    """
    text = (licence or "").strip()
    # AND binds before OR.
    for word, of in (("OR", min), ("AND", max)):
        parts = _split(text, word)
        if len(parts) > 1:
            found = of(map(terms_of_licence, parts), key=STRICTNESS.__getitem__)
            # A sentence such as "not for commercial use or sale" is no choice.
            return found if found == "commercial" or not _forbids(text) else "non_commercial"
    if _is_enclosed(text):
        return terms_of_licence(text[1:-1])
    if _forbids(text):
        return "non_commercial"
    return "commercial" if _plain(text) in ALLOWED else "unknown"


def _forbids(text: str) -> bool:
    return NON_COMMERCIAL.search(_hyphenated(text)) is not None


def _hyphenated(text: str) -> str:
    """A name in lower case with hyphens between its words: "CC_BY 4.0" is "cc-by-4.0"."""
    return re.sub(r"[\s_]+", "-", text.strip().lower())


def _plain(name: str) -> str:
    """What is the same however a name is spelt: "Apache License, Version 2.0" and "apache-2.0" are "apache20"."""
    return SEPARATORS.sub("", ADDED.sub("", _hyphenated(name)))


ALLOWED = frozenset(_plain(name) for names in ALLOW_COMMERCIAL_USE.values() for name in names.split())


def _split(text: str, word: str) -> list[str]:
    """The parts of an expression between a word that is in no parentheses."""
    parts, depth, start = [], 0, 0
    for match in re.finditer(rf"[()]|\s{word}\s", text, re.IGNORECASE):
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
