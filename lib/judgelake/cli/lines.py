"""JSONL input and output: lines are read as ingest reads them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from judgelake.comparisons import Failure, Status
from judgelake.errors import UserError
from judgelake.sources import Rejected, Row, rows_of, rows_of_stream


def read_records(path: str) -> Iterator[Mapping[str, Any] | Failure]:
    """The objects of a file ("-": standard input); a failure invalid_input with the line number for an unusable one.

    Raises:
        UserError: the file cannot be read, is not encoded in UTF-8, or is not JSON.
    """
    rows = rows_of_stream("standard input", sys.stdin.buffer) if path == "-" else rows_of(Path(path))
    for row in rows:
        yield row.value if isinstance(row, Row) else _failure(row)


def write_record(record: dict[str, Any]) -> None:
    """Write one line of JSON to standard output without escaping text; a lone surrogate becomes a question mark."""
    text = json.dumps(record, ensure_ascii=False, allow_nan=False)
    sys.stdout.write(text.encode("utf-8", "replace").decode() + "\n")


@dataclass(slots=True)
class Tally:
    """Counts the lines of a command, so that one that could use none of them does not look like a success."""

    what: str
    file: str
    taken: int = 0
    refused: int = 0
    first: str = ""

    def add(self, problem: str | None) -> None:
        """Count a line: with what is wrong with it, or None."""
        if problem is None:
            self.taken += 1
            return
        self.first = self.first if self.refused else problem
        self.refused += 1

    def check(self) -> None:
        """Do nothing if a line could be used.

        Raises:
            UserError: none could.
        """
        if self.taken:
            return
        where = "standard input" if self.file == "-" else repr(self.file)
        if not self.refused:
            raise UserError(f"There is no {self.what}: {where} has no line.")
        raise UserError(
            f"There is no {self.what}: every line of {where} failed ({self.refused}). The first: {self.first}."
        )


def _failure(row: Rejected) -> Failure:
    return Failure(Status.INVALID_INPUT, f"line {row.line}: {row.reason}")
