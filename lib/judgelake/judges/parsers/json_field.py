"""A label or score in a field of a JSON object (`{"reason": "...", "verdict": "A"}`)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from judgelake.comparisons import Failure, Reading
from judgelake.judges.parsers.options import Label, Valued
from judgelake.judges.parsers.output import Output, shown, unreadable
from judgelake.judges.parsers.quoting import Said, introduces_quotation, quoted_of
from judgelake.judges.parsers.slots import read_slot

# Before or behind an object: the beginning or end of the output, or a line that is a code fence.
FENCE_BEFORE = re.compile(r"(?:\A|\n)[ \t]*```[^\n`]*\n?\s*\Z")
ENDS = re.compile(r"\s*(?:\Z|```)")
LOOKED_BACK = 80
# A brace that begins an object, and not a part of a sentence or of code.
LIKE_JSON = re.compile(r'\{\s*["}]')
MOST_OBJECTS = 50


class JsonField(Valued):
    """Options of `json`: the key of the object at the top."""

    field: Label


@dataclass(frozen=True, slots=True)
class Found:
    """A JSON object in an output; `value` is None if it cannot be decoded, or has a key twice.

    `is_set_off` if it is at the beginning or at the end of the output, or in a code fence.
    """

    value: dict[str, Any] | None
    is_set_off: bool = False


class DoubledKeyError(ValueError):
    """An object has a key twice: which of its values counts would be a guess."""


def read_json_field(output: Output, options: JsonField) -> Reading | Failure:
    """The label or score in the field of the output's JSON object.

    The object is at the beginning or at the end of the output, or in a code fence. Objects that name different values
    decide nothing, wherever they are, nor does one that cannot be decoded.
    """
    found = list(islice(_objects(output.text), MOST_OBJECTS + 1))
    if any(one.value is None for one in found) or len(found) > MOST_OBJECTS:
        return unreadable(output, f"the JSON cannot be decoded: {shown(output.text, end=True)}")
    named = [one for one in found if one.value is not None and options.field in one.value]
    if not any(one.is_set_off for one in named):
        return unreadable(output, f"no JSON object with {options.field!r}: {shown(output.text, end=True)}")
    texts = [None if one.value is None else _text(one.value[options.field]) for one in named]
    readings = {None if text is None else read_slot(output, options, text) for text in texts}
    reading = readings.pop()
    if reading is None or readings:
        return unreadable(output, f"{options.field!r} is not a label, or is several: {shown(output.text, end=True)}")
    return reading


def _objects(text: str) -> Iterator[Found]:
    """The objects of the text that are in no other, up to one that cannot be decoded."""
    place = 0
    while (brace := LIKE_JSON.search(text, place)) is not None:
        start = brace.start()
        try:
            value, end = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            yield Found(None)
            return
        yield Found(value, _is_set_off(text, start, end, is_first=place == 0))
        place = end


def _is_set_off(text: str, start: int, end: int, *, is_first: bool) -> bool:
    before = text[max(0, start - LOOKED_BACK) : start].rstrip().removesuffix("```json").removesuffix("```").rstrip()
    if introduces_quotation(before.rpartition("\n")[2]):
        return False
    if (is_first and not text[:start].strip()) or FENCE_BEFORE.search(text, max(0, start - LOOKED_BACK), start):
        return True
    return ENDS.match(text, end) is not None and not any(quoted_of(text, [Said(start, end, None)]))


def _text(value: Any) -> str | None:
    """A text, or a number as it would be written; None for anything else."""
    if isinstance(value, str):
        return value
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"{value:g}" if is_number and abs(value) < 1e6 else None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if found.setdefault(key, value) != value:
            raise DoubledKeyError(key)
    return found


# Not strict: models write line ends in texts as they are.
_DECODER = json.JSONDecoder(strict=False, object_pairs_hook=_object)
