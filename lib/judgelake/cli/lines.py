"""JSONL in and out: a line that cannot be read is a value, a file that cannot be read is an error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from judgelake.errors import UserError
from judgelake.judges import Failure, Status


def read_records(path: str) -> Iterator[dict[str, Any] | Failure]:
    """The object of each line of a file ("-": standard input); invalid_input for a line that holds none.

    Empty lines are skipped.

    Raises:
        UserError: the file cannot be opened or read.
    """
    try:
        with nullcontext(sys.stdin.buffer) if path == "-" else Path(path).open("rb") as lines:
            yield from _records(lines)
    except OSError as error:
        raise UserError(
            f"Cannot read {path!r}: {error.strerror}. Name a JSONL file, or - for standard input."
        ) from error


def write_record(record: dict[str, Any]) -> None:
    """One line of JSON to standard output, text as it is; half a surrogate pair becomes a question mark."""
    text = json.dumps(record, ensure_ascii=False, allow_nan=False)
    sys.stdout.write(text.encode("utf-8", "replace").decode() + "\n")


def _records(lines: Iterable[bytes]) -> Iterator[dict[str, Any] | Failure]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _record(line, number)


def _record(line: bytes, number: int) -> dict[str, Any] | Failure:
    try:
        value = json.loads(line.decode("utf-8-sig"), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        return Failure(Status.INVALID_INPUT, f"line {number} is not JSON: {error}")
    if not isinstance(value, dict):
        return Failure(Status.INVALID_INPUT, f"line {number} is not an object")
    return value


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON value")
