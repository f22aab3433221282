"""CSV files as rows: the first line names the columns, and every cell stays the text that it is."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence

from judgelake.errors import UserError
from judgelake.sources.loaded import Rejected, Row
from judgelake.sources.reading import OTHER_ENCODINGS, SURROGATE

# Python's reader refuses cells above 128 KB unless told otherwise; an answer may be longer.
LARGEST_CELL = 2**31 - 1
OTHER_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "bars"}


def rows_of_csv(file: str, stream: io.BufferedReader, delimiter: str) -> Iterator[Row | Rejected]:
    """The rows below the header, each with the line on which it begins; an empty cell is an empty text.

    Nothing is converted: 007 stays 007, and a cell "null" is that text. Quotes are as in RFC 4180; a line break
    inside quotes belongs to the cell. A row with more or fewer cells than the header is rejected.

    Raises:
        UserError: it is not UTF-8, two columns have one name, or the cells are separated by something else.
    """
    if stream.peek(2).startswith(OTHER_ENCODINGS):
        raise UserError(f"{file!r} is in UTF-16; save it as UTF-8.")
    csv.field_size_limit(LARGEST_CELL)
    # A byte that is not UTF-8 becomes a lone surrogate, so that only the row that contains it is rejected.
    text = io.TextIOWrapper(stream, "utf-8-sig", "surrogateescape", newline="")
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    header = _header(file, reader)
    while header:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Rejected(file, line, f"not CSV: {error}", "")
            continue
        if cells:
            yield _row(file, line, header, cells)


def _header(file: str, reader: Iterator[list[str]]) -> Sequence[str]:
    try:
        header = next((cells for cells in reader if cells), [])
    except csv.Error as error:
        raise UserError(f"{file!r} is not CSV: {error} in its first line.") from error
    twice = next((name for name in header if header.count(name) > 1), None)
    if twice is not None:
        raise UserError(f"{file!r} has two columns {twice!r}; rename one of them.")
    other = [words for mark, words in OTHER_DELIMITERS.items() if len(header) == 1 and mark in header[0]]
    if other:
        raise UserError(f"{file!r} is separated by {other[0]}: save it with commas, or with tabs as .tsv.")
    return header


def _row(file: str, line: int, header: Sequence[str], cells: Sequence[str]) -> Row | Rejected:
    raw = json.dumps(cells, ensure_ascii=False)
    if SURROGATE.search(raw):
        spelled = raw.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        return Rejected(file, line, "not valid UTF-8", spelled)
    if len(cells) != len(header):
        return Rejected(file, line, f"{len(cells)} cells, but the header has {len(header)}", raw)
    value = dict(zip(header, cells, strict=True))
    return Row(file, line, json.dumps(value, ensure_ascii=False), value)
