"""Our own JSONL: the keys of a comparison, with its labels inline (`labels`) or in files of their own."""

from __future__ import annotations

from collections.abc import Iterator

from judgelake.judges import Failure, label_from_record
from judgelake.sources.fields import kind_of
from judgelake.sources.loaded import Files, Item, Loaded, Row
from judgelake.sources.reading import rows_of
from judgelake.sources.rows import Record, load_rows


def load(files: Files) -> Iterator[Item]:
    """Comparisons of the input files, then the labels of the label files, which stand alone."""
    yield from load_rows(files.inputs, {}, record_of)
    for path in files.labels:
        for row in rows_of(path):
            yield _label(row) if isinstance(row, Row) else row


def record_of(row: Row) -> Record | str:
    """The record of a row that has our own keys already, its inline labels taken out."""
    comparison = {key: value for key, value in row.value.items() if key != "labels"}
    labels = row.value.get("labels") or []
    if not isinstance(labels, list) or not all(isinstance(label, dict) for label in labels):
        return f"labels: {kind_of(labels)}, expected a list of objects"
    return Record(comparison, labels)


def _label(row: Row) -> Item:
    label = label_from_record(row.value)
    return row.rejected(label.reason) if isinstance(label, Failure) else Loaded(row.file, row.line, None, (label,))
