"""An output as plain text: without thinking, end marks and decoration, which no parser then needs to know."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Sequence
from enum import StrEnum
from functools import lru_cache

from judgelake.api import CUT_WHILE_THINKING
from judgelake.comparisons import Failure, Status
from judgelake.judges.parsers.thinking import (
    MOST_NAMED,
    is_named,
    without_channels,
    without_thinking,
)


class Form(StrEnum):
    """What surrounds an answer without being part of it."""

    THINKING = "thinking"
    """Thinking, up to its last end, and all channels but the final one."""
    END_MARKS = "end_marks"
    """The special token that ends a turn, and what a model writes after it."""
    FULL_WIDTH = "full_width"
    """The wide forms of letters, digits and signs in Chinese and Japanese text."""
    BOXED = "boxed"
    """A box of LaTeX, and the signs of a formula around it."""
    FENCES = "fences"
    """The code fence around all of the output."""
    LINE_MARKS = "line_marks"
    """Quote marks before all lines; the mark of a list or heading before the only line."""
    EMPHASIS = "emphasis"
    """Markdown's asterisks and underscores for bold and italic type, and its escapes of double brackets."""
    QUOTES = "quotes"
    """Quotation marks and brackets around a lone label, where a parser expects a label and nothing else."""


# Where one of these stands, the model's turn is over: more text is the beginning of an invented next turn.
TURN_END = re.compile(
    r"<(?:\|(?:im_end|eot_id|eom_id|end_of_text|endoftext|end|return|call|end_of_turn|end_of_solution|endofassistant|"
    r"END_OF_TURN_TOKEN|END_RESPONSE|END_TEXT|im_start|start_header_id|start|user|observation|turn)\|?>"
    r"|(?:end_of_turn|start_of_turn|eos|turn\||｜end▁of▁sentence｜|｜User｜)>"
    r"|/s>(?=\s*+(?:\Z|<s>|<pad>|<unk>|\[INST\])))"
    r"|\[\|(?:endofturn|user)\|\]"
)
# An empty first part of a turn, as some templates leave to the model.
TURN_START = re.compile(
    r"(?:\s*+(?:<\|(?:START_RESPONSE|START_TEXT|begin_of_solution|begin_of_text)\|>|<s>|<bos>|"
    r"<\|im_start\|>assistant|<\|start_header_id\|>assistant<\|end_header_id\|>))++\s*+"
)
AT_END = ("</s>", "[EOS]", "<pad>", "[PAD]")

WIDE = re.compile("[！-～　]+")
NARROW = {wide: wide - 0xFEE0 for wide in range(ord("！"), ord("～") + 1)} | {ord("　"): " "}

BOXED = re.compile(
    r"\\{1,2}f?box(?:ed)?\s*\{\s*(?:\\{1,2}(?:text|textbf|mathbf|mathrm|texttt)\s*\{([^{}\n]*)\}|([^{}\n]*))\s*\}"
)
FORMULA_BEGINS = re.compile(r"(?:\$\$?|\\\[|\\\()\s{0,4}\Z")
FORMULA_ENDS = re.compile(r"\s{0,4}(?:\$\$?|\\\]|\\\))")
FORMULA_MARK = 8
# More are a loop of the model, and their number would cost time.
MOST_BOXES = 50
MOST_EMPHASIS = 50_000

FENCES = ("```", "~~~")
UNQUOTED_LINE = re.compile(r"\n[^\S\n]*+(?![>\n])")
QUOTE_MARK = re.compile(r"\n[^\S\n]*+> ?")
LINE_MARK = re.compile(r"\s*+(?:#{1,6}\s+|[-*+•]\s++(?![0-9]))")

# A run of asterisks before or behind a word, but not between two letters or digits ("4*5") or spaces ("2 * 3").
# Chinese has no spaces between words, so only Latin letters count here.
ASTERISKS = re.compile(r"(?<!\*)(?:(?<![A-Za-z0-9])\*++(?=\S)|(?<=\S)\*++(?![A-Za-z0-9]))")
UNDERSCORES = re.compile(r"(?<!\w)_++(?=[^\s_])|(?<=[^\s_])_++(?!\w)")


def plain_text(text: str, kept: Collection[Form] = (), end_marks: Sequence[str] = ()) -> str | Failure:
    """The text that parsers read; white space at both ends stays.

    Args:
        text: an output as the engine returned it.
        kept: forms that stay as they are.
        end_marks: further special tokens that an engine may leave at the end, such as the model's own.

    Returns:
        `Failure` with the status truncated if the output ends within the thinking.
    """
    answer: str | None = text
    if Form.THINKING not in kept:
        answer = without_channels(text)
    if answer is not None and Form.END_MARKS not in kept:
        answer = _without_end_marks(answer, (*AT_END, *end_marks))
    if answer is not None and Form.THINKING not in kept:
        answer = without_thinking(answer)
    if answer is None:
        return Failure(Status.TRUNCATED, CUT_WHILE_THINKING)
    if Form.END_MARKS not in kept:
        begin = TURN_START.match(answer)
        answer = answer if begin is None else answer[begin.end() :]
    for form, step in STEPS.items():
        if form not in kept:
            answer = step(answer)
    return answer


def narrow(text: str) -> str:
    """The text with full-width letters, digits and signs as ASCII ones."""
    return text if text.isascii() else WIDE.sub(lambda wide: wide.group().translate(NARROW), text)


def _without_end_marks(text: str, at_end: Sequence[str]) -> str:
    if ">" not in text and "]" not in text:
        return _without_marks_at_end(text, at_end)
    begin = TURN_START.match(text)
    for turn_end in itertools.islice(TURN_END.finditer(text, begin.end() if begin else 0), MOST_NAMED):
        if not is_named(text, *turn_end.span()):
            text = text[: turn_end.start()]
            break
    return _without_marks_at_end(text, at_end)


def _without_marks_at_end(text: str, at_end: Sequence[str]) -> str:
    if not text.rstrip().endswith(tuple(at_end)):
        return text
    # Backwards, because only there a pattern that must reach the end of the text takes linear time.
    marks = _reversed_marks(tuple(at_end)).match(text[::-1])
    return text if marks is None else text[: len(text) - marks.end()]


@lru_cache(maxsize=256)
def _reversed_marks(marks: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"\s*+(?:(?:{'|'.join(re.escape(mark[::-1]) for mark in marks)})\s*+)++")


def _unboxed(text: str) -> str:
    if not 0 < text.count("\\boxed") + text.count("\\fbox") <= MOST_BOXES:
        return text
    parts: list[str] = []
    place = 0
    for box in BOXED.finditer(text):
        start, end = box.span()
        before = FORMULA_BEGINS.search(text, max(place, start - FORMULA_MARK), start)
        after = FORMULA_ENDS.match(text, end)
        if before is not None and after is not None:
            start, end = before.start(), after.end()
        # Beside a letter or digit it would make another word: "1\boxed{0}" is not 10.
        before_it = parts[-1][-1:] if parts and start == place else text[start - 1 : start]
        if not (before_it.isalnum() or text[end : end + 1].isalnum()):
            parts += [text[place:start], (box.group(1) or box.group(2) or "").strip()]
            place = end
    return "".join(parts) + text[place:]


def _unfenced(text: str) -> str:
    bare = text.strip()
    fence = bare[:3]
    first, _, rest = bare.partition("\n")
    inside = rest.removesuffix(fence)
    is_whole = fence in FENCES and fence not in first[3:] and rest.endswith(fence) and fence not in inside
    return inside if is_whole else text


def _without_line_marks(text: str) -> str:
    """A list of several items stays one: it may be a list of what the judge could have said."""
    bare = text.strip()
    if bare.startswith(">") and UNQUOTED_LINE.search(bare) is None:
        text = QUOTE_MARK.sub("\n", f"\n{text}")[1:]
        bare = text.strip()
    return text if "\n" in bare else LINE_MARK.sub("", text, count=1) if LINE_MARK.match(text) else text


def _without_emphasis(text: str) -> str:
    # Escaped so that Markdown shows them; alone, they would begin a formula.
    text = text.replace("\\[\\[", "[[").replace("\\]\\]", "]]") if "\\" in text else text
    text = ASTERISKS.sub("", text) if 0 < text.count("*") <= MOST_EMPHASIS else text
    return UNDERSCORES.sub("", text) if 0 < text.count("_") <= MOST_EMPHASIS else text


STEPS = {
    Form.FULL_WIDTH: narrow,
    Form.BOXED: _unboxed,
    Form.FENCES: _unfenced,
    Form.LINE_MARKS: _without_line_marks,
    Form.EMPHASIS: _without_emphasis,
}
"""The steps after thinking and end marks, in their order; what is left of `Form` is not a step of the whole text."""
