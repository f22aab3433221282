"""JSON as rows: a list of objects or one object a line, read strictly; a bad row never stops the reading."""

from __future__ import annotations

import codecs
import itertools
import json
import math
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from judgelake.comparisons import spelled
from judgelake.errors import UserError
from judgelake.sources.loaded import Rejected, Row

# A file that is not JSON at all (an image, a CSV, another encoding) is an error, not a table of rejected rows.
LINES_TO_JUDGE_A_FILE_BY = 100
OTHER_ENCODINGS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
BLANKS = b" \t\r\n"
SPACE = re.compile(r"[ \t\n\r]*")
SURROGATE = re.compile("[\ud800-\udfff]")


class StrictDecoder:
    """Decodes one JSON value at a time and records what JSON parsers usually accept: NaN, the same key twice."""

    def __init__(self) -> None:
        self._problems: list[str] = []
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._object, parse_constant=self._constant, parse_float=self._float
        )

    def decode_at(self, document: str, start: int) -> tuple[Any, int, str | None]:
        """The value at `start`, where it ends, and what is wrong with it although it can be decoded.

        Raises:
            ValueError: there is no JSON value.
        """
        self._problems.clear()
        try:
            value, end = self._decoder.raw_decode(document, start)
        except RecursionError:
            raise ValueError("nested too deeply") from None
        return value, end, self._problems[0] if self._problems else None

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) < len(pairs):
            names = [name for name, _ in pairs]
            self._problems.append(f"{spelled(max(names, key=names.count))}: the same key twice in one object")
        return members

    def _constant(self, literal: str) -> float:
        self._problems.append(f"{literal} is not a JSON number")
        return math.nan

    def _float(self, literal: str) -> float:
        value = float(literal)
        if not math.isfinite(value):
            self._problems.append(f"the number {literal[:40]} is too large")
        return value


def rows_of_stream(file: str, stream: BinaryIO) -> Iterator[Row | Rejected]:
    """The objects of a JSON stream in order, from a list or one object per line; a byte order mark is skipped.

    Args:
        file: its name in rows and messages.
        stream: its bytes, from the beginning; of a pipe each line is yielded as soon as it arrives.

    Raises:
        UserError: it has an encoding other than UTF-8, or is not JSON.
    """
    blank, begin = 0, b""
    for begin in stream:
        if blank == 0 and begin.startswith(OTHER_ENCODINGS):
            raise UserError(f"{file!r} is in UTF-16; save it as UTF-8.")
        begin = (begin.removeprefix(codecs.BOM_UTF8) if blank == 0 else begin).lstrip(BLANKS)
        if begin:
            break
        blank += 1
    if begin.startswith(b"["):
        yield from _array_rows(file, begin + stream.read(), first=blank + 1)
    else:
        yield from _line_rows(file, itertools.chain([begin], stream), first=blank + 1)


def row_of_line(file: str, line: bytes) -> Row | Rejected:
    """A line of JSON whose line number is not known: its `line` is 0."""
    raw = line.decode("utf-8", "backslashreplace")
    try:
        # Spark's text reader leaves the byte order mark of a file in its first line.
        value, problem = _decode_line(StrictDecoder(), line.removeprefix(codecs.BOM_UTF8).strip(BLANKS))
    except ValueError as error:
        return Rejected(file, 0, _why_no_json(error), raw)
    return _row(file, 0, raw, value, problem)


def cannot_read(path: Path, error: OSError) -> UserError:
    """The error of a path that the system does not let us read."""
    if isinstance(error, IsADirectoryError):
        return UserError(f"Cannot read {str(path)!r}: it is a folder. Name its files, for example {path}/*.jsonl.")
    return UserError(f"Cannot read {str(path)!r}: {error.strerror or error}. Name a file that is there and readable.")


def object_of(path: Path) -> dict[str, Any] | None:
    """The file as one JSON object; None if it is something else, for example several objects, one per line.

    Raises:
        UserError: the file cannot be read, is not UTF-8, or its object contains what JSON does not allow.
    """
    try:
        document = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise cannot_read(path, error) from error
    except UnicodeDecodeError as error:
        raise UserError(f"{str(path)!r} is not in UTF-8: {error.reason} at byte {error.start + 1}.") from error
    try:
        value, end, problem = StrictDecoder().decode_at(document, _skip_space(document, 0))
    except ValueError:
        return None
    if not isinstance(value, dict) or _skip_space(document, end) < len(document):
        return None
    if problem is not None:
        raise UserError(f"{str(path)!r}: {problem}.")
    return value


def _line_rows(file: str, lines: Iterable[bytes], first: int) -> Iterator[Row | Rejected]:
    decoder, holds_json = StrictDecoder(), False
    unread: list[Rejected] = []
    for number, line in enumerate(lines, start=first):
        line = line.strip(BLANKS)
        if not line:
            continue
        raw = line.decode("utf-8", "backslashreplace")
        try:
            value, problem = _decode_line(decoder, line)
        except ValueError as error:
            rejected = Rejected(file, number, _why_no_json(error), raw)
            if holds_json:
                yield rejected
            else:
                unread.append(rejected)
        else:
            holds_json = True
            yield from unread
            unread.clear()
            yield _row(file, number, raw, value, problem)
        if len(unread) == LINES_TO_JUDGE_A_FILE_BY:
            break
    if unread:
        raise UserError(
            f"{file!r} is not JSON: expected a list of objects or one object per line in UTF-8, "
            f"but line {unread[0].line} is {unread[0].reason}."
        )


def _decode_line(decoder: StrictDecoder, line: bytes) -> tuple[Any, str | None]:
    document = line.decode("utf-8")
    value, end, problem = decoder.decode_at(document, 0)
    if end < len(document):
        raise ValueError(f"more text after column {end}")
    return value, problem


def _why_no_json(error: ValueError) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"not valid UTF-8 at byte {error.start + 1}"
    return f"not JSON: {_without_position(error)}"


def _array_rows(file: str, content: bytes, first: int) -> Iterator[Row | Rejected]:
    # A byte that is not UTF-8 becomes a lone surrogate, so that only the row that contains it is rejected.
    document = content.decode("utf-8", "surrogateescape")
    decoder = StrictDecoder()
    line, counted = first, 0
    start = _skip_space(document, 1)
    is_first = True
    while document[start : start + 1] != "]":
        if not is_first:
            start = _skip_space(document, _after_comma(file, document, start, first))
        line += document.count("\n", counted, start)
        counted = start
        try:
            value, end, problem = decoder.decode_at(document, start)
        except ValueError as error:
            raise UserError(f"{file!r} is not valid JSON from line {line}: {_without_position(error)}.") from error
        raw = document[start:end]
        if SURROGATE.search(raw):
            problem = "not valid UTF-8"
            raw = raw.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        yield _row(file, line, raw, value, problem)
        start, is_first = _skip_space(document, end), False
    if _skip_space(document, start + 1) < len(document):
        raise UserError(f"{file!r} is not JSON: there is more text after the list.")


def _row(file: str, line: int, raw: str, value: Any, problem: str | None) -> Row | Rejected:
    if problem is None and not isinstance(value, dict):
        problem = f"a {type(value).__name__}, expected an object"
    return Row(file, line, raw, value) if problem is None else Rejected(file, line, problem, raw)


def _after_comma(file: str, document: str, start: int, first: int) -> int:
    if document[start : start + 1] != ",":
        line = document.count("\n", 0, start) + first
        raise UserError(f"{file!r} is not JSON: expected a comma or the end of the list in line {line}.")
    return start + 1


def _skip_space(document: str, start: int) -> int:
    match = SPACE.match(document, start)
    return match.end() if match else start


def _without_position(error: ValueError) -> str:
    return f"{error.msg} at column {error.colno}" if isinstance(error, json.JSONDecodeError) else str(error)
