"""judgelake's JSONL: comparisons, with their labels inline (`labels`) or in separate files, and judgments."""

from __future__ import annotations

import functools
from collections.abc import Iterator

from judgelake.comparisons import Failure, kind_of, label_from_record
from judgelake.errors import UserError
from judgelake.judges import load_judge
from judgelake.sources.files import rows_of
from judgelake.sources.judgments import JudgeNamed, judgment_from_record
from judgelake.sources.loaded import Files, Item, Loaded, Row
from judgelake.sources.rows import Record, load_rows


def load(files: Files) -> Iterator[Item]:
    """Comparisons of the input files, then the labels and judgments of separate files, each row on its own.

    Raises:
        UserError: a file cannot be read, or the judge or mode of a raw output does not exist.
    """
    yield from load_rows(files.inputs, {}, record_of)
    for path in files.labels:
        for row in rows_of(path):
            yield _label(row) if isinstance(row, Row) else row
    judge_named = functools.cache(functools.partial(load_judge, folder=files.judges))
    for path in files.judgments:
        for row in rows_of(path):
            yield _judgment(row, judge_named) if isinstance(row, Row) else row


def record_of(row: Row) -> Record | str:
    """The record of a row that already has judgelake's keys, without its inline labels; null means no labels."""
    comparison = {key: value for key, value in row.value.items() if key != "labels"}
    given = row.value.get("labels")
    labels = [] if given is None else given
    if not isinstance(labels, list) or not all(isinstance(label, dict) for label in labels):
        return f"labels: {kind_of(labels)}, expected a list of objects"
    return Record(comparison, labels)


def _label(row: Row) -> Item:
    label = label_from_record(row.value)
    return row.rejected(label.reason) if isinstance(label, Failure) else Loaded(row.file, row.line, None, (label,))


def _judgment(row: Row, judge_named: JudgeNamed) -> Item:
    try:
        judgment = judgment_from_record(row.value, judge_named)
    except UserError as error:
        raise UserError(f"{row.file}, line {row.line}: raw_output cannot be read. {error}") from error
    if isinstance(judgment, str):
        return row.rejected(judgment)
    return Loaded(row.file, row.line, None, judgments=(judgment,))
