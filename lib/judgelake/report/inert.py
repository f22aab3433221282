"""Texts from tables made harmless: cut at a length, without characters that act on the surrounding text."""

from __future__ import annotations

import re
from dataclasses import dataclass

from markupsafe import Markup, escape

LONGEST_NAME = 120
"""Characters of a name (a model, a judge, a slice) that are shown."""
LONGEST_TEXT = 4_000
"""Characters of a question, an answer or a raw output that are shown."""
EMPTY = "(empty)"

# Characters that change how others are displayed, or are invisible: controls except tab and line feed, the bidi
# controls (they can show "B" where "A" was written), the byte order mark and the tag characters. Joiners stay:
# Persian, Hindi and emoji need them.
ACTING = re.compile(
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2060-\\u206f\\ufeff"
    "\\ufff9-\\ufffb\\U000e0000-\\U000e007f]"
)
# Lone surrogates and noncharacters: neither can be written as UTF-8 that every reader accepts.
BROKEN = re.compile("[\\ud800-\\udfff\\ufdd0-\\ufdef\\ufffe\\uffff]")


@dataclass(frozen=True, slots=True)
class Passage:
    """A text ready for a page, and how many characters of it are not shown."""

    text: Markup
    more: int


def cleaned(text: str) -> str:
    """The text with every such character as a visible mark ("[U+202E]") and every broken one as U+FFFD.

    Line ends become line feeds. Cleaning a cleaned text changes nothing.
    """
    unix = text.replace("\r\n", "\n").replace("\r", "\n")
    return ACTING.sub(_mark, BROKEN.sub("\ufffd", unix))


def name(text: str) -> str:
    """A name on one line, cleaned, cut at `LONGEST_NAME` with an ellipsis; "(empty)" for white space alone."""
    one_line = " ".join(text[: LONGEST_NAME + 1].split())
    if len(text) > LONGEST_NAME:
        one_line = one_line[:LONGEST_NAME].rstrip() + "…"
    return cleaned(one_line) or EMPTY


def passage(text: str) -> Passage:
    """A longer text, escaped for HTML; cut at `LONGEST_TEXT` before it is cleaned, so megabytes cost nothing."""
    shown = text[:LONGEST_TEXT]
    return Passage(escape(cleaned(shown)) if shown.strip() else Markup(EMPTY), len(text) - len(shown))


def shown(value: object) -> object:
    """Any value that a template writes: a text cleaned and cut at `LONGEST_TEXT`; markup and other types unchanged.

    The environment applies it everywhere, so no template can forget it; escaping comes after.
    """
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    if len(value) > LONGEST_TEXT:
        return f"{cleaned(value[:LONGEST_TEXT])}… [{len(value) - LONGEST_TEXT:,} more characters]"
    return cleaned(value)


def _mark(match: re.Match[str]) -> str:
    character = match.group()
    # The pictures of the C0 controls: a NUL becomes its own sign.
    if ord(character) < 0x20:
        return chr(0x2400 + ord(character))
    return f"[U+{ord(character):04X}]"
