"""The part of an output that is the model's thinking, in the marks of its family, and the answer that follows it.

Sources of the marks: vLLM's reasoning parsers (vllm/reasoning/*_reasoning_parser.py), the harmony format of gpt-oss
(github.com/openai/harmony, docs/format.md), and chat templates on Hugging Face.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass


def _spellings(mark: str) -> frozenset[str]:
    """Models trained on a mark write it exactly; others capitalise a tag, or leave a blank before its end."""
    tags = (mark, mark[:-1] + " >") if re.fullmatch(r"</?\w+>", mark) else (mark,)
    return frozenset(spelled for tag in tags for spelled in (tag, tag.upper(), tag.title()))


@dataclass(frozen=True, slots=True)
class Family:
    """The marks around thinking; `asked_for` if a prompt asks for the tag, so that the answer may also precede it."""

    opening: str
    closing: str
    asked_for: bool = False

    @property
    def closings(self) -> frozenset[str]:
        """The closing mark as models spell it; see `_spellings`."""
        return _spellings(self.closing)

    @property
    def openings(self) -> frozenset[str]:
        """The opening mark as models spell it; see `_spellings`."""
        return _spellings(self.opening)


FAMILIES = (
    Family("<think>", "</think>"),  # DeepSeek-R1, Qwen3, QwQ, GLM-4.5, MiniMax, Nemotron, Kimi K2, RM-R1
    Family("<thinking>", "</thinking>"),
    Family("<thought>", "</thought>"),  # EXAONE Deep
    Family("<reasoning>", "</reasoning>", asked_for=True),  # GLIDER
    Family("<analysis>", "</analysis>", asked_for=True),
    Family("<scratchpad>", "</scratchpad>", asked_for=True),
    Family("<reflection>", "</reflection>", asked_for=True),
    Family("<thoughts>", "</thoughts>"),
    Family("<seed:think>", "</seed:think>"),  # Seed-OSS
    Family("<longcat_think>", "</longcat_think>"),  # LongCat-Flash-Thinking
    Family("<unused94>thought", "<unused95>"),  # MedGemma
    Family("[THINK]", "[/THINK]"),  # Magistral
    Family("<|channel>thought", "<channel|>"),  # Gemma 4
    Family("<|START_THINKING|>", "<|END_THINKING|>"),  # Command A Reasoning
    Family("<|begin_of_thought|>", "<|end_of_thought|>"),  # Sky-T1, OpenThinker
    Family("<|inner_prefix|>", "<|inner_suffix|>"),  # Apertus
    Family("<|think|>", "<|/think|>"),
    Family("◁think▷", "◁/think▷"),  # Kimi-VL
    Family("[unused16]", "[unused17]"),  # Pangu
)
BY_MARK = {mark: family for family in FAMILIES for mark in family.openings | family.closings}


def _any_of(marks: Collection[str]) -> str:
    """A pattern of the marks, of which none begins another, that looks at each character once.

    As a list of marks it took 300 ms for a million "<".
    """
    rests: dict[str, list[str]] = {}
    for mark in sorted(filter(None, marks)):
        rests.setdefault(mark[0], []).append(mark[1:])
    branches = [re.escape(first) + _any_of(rest) for first, rest in rests.items()]
    return branches[0] if len(branches) == 1 else f"(?:{'|'.join(branches)})" if branches else ""


MARK = re.compile(_any_of(BY_MARK))
LETTERS_OF_MARKS = {re.sub(r"\W", "", mark).lower() for mark in BY_MARK}
WORDS = [word for word in LETTERS_OF_MARKS if not any(other in word and other != word for other in LETTERS_OF_MARKS)]
"""Every mark has one of these words: a text without them, found much faster, has no mark."""
# A mark in backticks is named, not used; only so many are looked at, so that the time stays linear in the length.
MOST_NAMED = 50

CHANNEL = "<|channel|>"
FINAL_CHANNEL = re.compile(r"<\|channel\|>\s*final\b[^<]*(?:<\|constrain\|>[^<]*)?<\|message\|>")
# Harmony after a server has dropped the special tokens; only thinking begins with this word and a capital letter.
BARE_CHANNEL = re.compile(r"\s*+(?:analysis|commentary)(?=[A-Z\"'])")
BARE_FINAL = "assistantfinal"


def without_thinking(text: str) -> str | None:
    """The text after the last end of the thinking; None if the thinking never ends.

    Thinking whose beginning is part of the prompt has only a closing mark: all before it is thinking. A mark of another
    family inside thinking is part of the thinking, and a mark in backticks is text about a mark.
    """
    lowered = text.lower()
    if not any(word in lowered for word in WORDS):
        return text
    kept, start, place, named = "", 0, 0, 0
    while (mark := MARK.search(text, place)) is not None:
        if named < MOST_NAMED and is_named(text, mark.start(), mark.end()):
            named, place = named + 1, mark.end()
            continue
        family = BY_MARK[mark.group()]
        is_opening = mark.group() in family.openings
        end = _last_end(text, family, mark.end() if is_opening else mark.start())
        if end is None:
            return None
        kept = kept + text[start : mark.start()] if is_opening and family.asked_for else ""
        start = place = end
    return kept + text[start:]


def without_channels(text: str) -> str | None:
    """The text of harmony's last final channel; all of it if it has no channels, None if the final one is missing."""
    if CHANNEL in text:
        place = len(text)
        for _ in range(MOST_NAMED):
            place = text.rfind(CHANNEL, 0, place)
            match = FINAL_CHANNEL.match(text, place) if place >= 0 else None
            if match is not None:
                return text[match.end() :]
            if place < 0:
                break
        return None
    if text.startswith(BARE_FINAL):
        return text.removeprefix(BARE_FINAL)
    if BARE_CHANNEL.match(text):
        _, final, answer = text.rpartition(BARE_FINAL)
        return answer if final else None
    return text


def opened_thinking(text: str) -> str | None:
    """The mark of the thinking within which a text ends; None if it does not end within thinking.

    For the beginning of an answer that a judge's file gives to the model: an output then starts inside the thinking,
    and has no opening mark of its own.
    """
    for mark in MARK.finditer(text):
        family = BY_MARK[mark.group()]
        is_opening = mark.group() in family.openings
        if is_opening and not is_named(text, *mark.span()) and _last_end(text, family, mark.end()) is None:
            return mark.group()
    return None


def closing_of(opening: str) -> str:
    """The mark that closes the thinking which a mark opens.

    Raises:
        KeyError: it opens none.
    """
    return BY_MARK[opening].closing


def has_thinking_marks(tokens: Iterable[str]) -> bool:
    """Whether one of a tokenizer's tokens is a mark of thinking: then its model was made to think."""
    return any(token in BY_MARK for token in tokens)


def _last_end(text: str, family: Family, after: int) -> int | None:
    """The end of the family's last closing mark at or behind a place."""
    end = len(text)
    for _ in range(MOST_NAMED):
        start, closing = max((text.rfind(closing, after, end), closing) for closing in family.closings)
        if start < 0:
            return None
        if not is_named(text, start, start + len(closing)):
            return start + len(closing)
        end = start
    return None


def is_named(text: str, start: int, end: int) -> bool:
    """Whether a mark is in backticks: then the text is about the mark."""
    return text[start - 1 : start] == text[end : end + 1] == "`"
