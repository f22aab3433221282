"""A file as rows, whatever it is: JSON, CSV, Parquet or Arrow, recognised by its first bytes; .gz is unpacked."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path

from judgelake.errors import UserError
from judgelake.sources.arrow_rows import rows_of_arrow, rows_of_parquet
from judgelake.sources.csv_rows import rows_of_csv
from judgelake.sources.loaded import Rejected, Row
from judgelake.sources.reading import cannot_read, rows_of_stream

CAN_BE_READ = (
    "What can be read: JSON (one object per line, or one array) and CSV or TSV, each also as .gz; Parquet; Arrow "
    "(.arrow, .feather)"
)

GZIP, PARQUET = b"\x1f\x8b", b"PAR1"
# The file format, and the stream format in which the library `datasets` keeps its tables.
ARROW_FILE, ARROW_STREAM = b"ARROW1", b"\xff\xff\xff\xff"
DELIMITERS = {".csv": ",", ".tsv": "\t", ".tab": "\t"}
# First bytes of files that people try, so that the error can say what the file is.
OTHERS = {
    b"PK\x03\x04": "a zip archive or an Excel file",
    b"\xd0\xcf\x11\xe0": "an old Excel or Word file",
    b"BZh": "compressed with bzip2",
    b"\xfd7zXZ": "compressed with xz",
    b"\x28\xb5\x2f\xfd": "compressed with zstd",
    b"FEA1": "a Feather file of version 1",
    b"SQLite": "an SQLite database",
    b"%PDF": "a PDF document",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff\xe0": "an image",
}
HEAD = 8


def rows_of(path: Path) -> Iterator[Row | Rejected]:
    """The rows of a file in order, with their line (Parquet and Arrow: the number of the row), from 1.

    Raises:
        UserError: the file cannot be read, has an encoding other than UTF-8, or is none of the kinds that can be read.
    """
    try:
        with path.open("rb") as stream:
            yield from _rows(str(path), stream)
    except (OSError, EOFError, zlib.error) as error:
        # A damaged .gz is an OSError without the system's words.
        if isinstance(error, OSError) and error.strerror:
            raise cannot_read(path, error) from error
        raise UserError(f"Cannot read {str(path)!r}: it is damaged ({error}).") from error


def delimiter_of(file: str) -> str | None:
    """What separates the cells of a file with this name; None if it is not named as CSV or TSV."""
    return DELIMITERS.get(Path(file.lower().removesuffix(".gz")).suffix)


def _rows(file: str, stream: io.BufferedReader) -> Iterator[Row | Rejected]:
    head = stream.peek(HEAD)[:HEAD]
    delimiter = delimiter_of(file)
    if head.startswith(GZIP):
        yield from _rows(file, io.BufferedReader(gzip.GzipFile(fileobj=stream)))
    elif head.startswith(PARQUET):
        yield from rows_of_parquet(file, stream)
    elif head.startswith((ARROW_FILE, ARROW_STREAM)):
        yield from rows_of_arrow(file, stream, is_stream=head.startswith(ARROW_STREAM))
    elif delimiter is not None:
        yield from rows_of_csv(file, stream, delimiter)
    else:
        kind = next((kind for begin, kind in OTHERS.items() if head.startswith(begin)), None)
        if kind is not None:
            raise UserError(f"Cannot read {file!r}: it is {kind}. {CAN_BE_READ}.")
        yield from rows_of_stream(file, stream)
