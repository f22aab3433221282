"""A sheet in which a person labels comparisons: what is written into it, and the labels that come back in it.

A row shows a question and its answers without the names of the models, in an order of its own, and has an empty place
for the verdict: the number of the best answer as it is shown, or "tie". JSONL and CSV have the same columns.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from judgelake.comparisons import (
    LETTERS,
    TIE,
    Answer,
    Comparison,
    Failure,
    as_shown,
    identifier,
    kind_of,
    label_from_record,
    name,
    optional,
    own_label,
    problem_of,
    text,
)
from judgelake.sources.files import delimiter_of
from judgelake.sources.loaded import Files, Item, Loaded, Row
from judgelake.sources.rows import checked_rows
from judgelake.sources.values import canonical, is_missing

KIND = "human"
LEAST_ANSWERS = 2
ABOUT, SHOWN, GIVEN = (
    ("comparison_id", "shown_order", "labeler"),
    ("question", "input", "reference"),
    ("verdict", "comment"),
)
FORMULA = re.compile(r"'*[=+\-@\t\r]")
"""How a cell begins that a spreadsheet would compute, or that looks as if it had been kept from that: in CSV an
apostrophe (or one more) comes before it."""


def sheet_row(comparison: Comparison, shown_order: str, labeler: str | None, *, has_reference: bool) -> dict[str, Any]:
    """The row of a comparison, to be labeled.

    Args:
        comparison: with at least two answers.
        shown_order: its answers by letter, in the order in which they are shown.
        labeler: who is to label it; None: it is left empty.
        has_reference: whether the reference answer is shown.
    """
    answers = as_shown(comparison.answers, shown_order)
    values: dict[str, Any] = dict(zip(ABOUT, (comparison.comparison_id, shown_order, labeler), strict=True))
    reference = comparison.reference if has_reference else None
    values |= dict(zip(SHOWN, (_question(comparison), comparison.input, reference), strict=True))
    values |= {f"answer_{place}": _answer(answer) for place, answer in enumerate(answers, start=1)}
    return {**values, **dict.fromkeys(GIVEN)}


def as_csv(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """Rows of sheets as CSV, which spreadsheets open as text: UTF-8 with a byte order mark, formulas as text."""
    rows = list(rows)
    answers = sorted(
        {name for row in rows for name in row if name.startswith("answer_")}, key=lambda name: (len(name), name)
    )
    written = io.StringIO(newline="")
    writer = csv.DictWriter(written, [*ABOUT, *SHOWN, *answers, *GIVEN])
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return written.getvalue().encode("utf-8-sig")


def as_jsonl(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """Rows of sheets as JSON, one a line."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def load(files: Files) -> Iterator[Item]:
    """The labels of sheets, in the original order of the answers; a row without a verdict has none.

    Raises:
        UserError: a file cannot be read.
    """
    fields = {"comparison_id": identifier, "shown_order": _order}
    # Any row of a sheet may be without a verdict, also a blank one: its other columns are checked only if it has one.
    for row in checked_rows(files.labels, {}):
        if not isinstance(row, Row):
            yield row
        elif fields.keys() <= row.value.keys() and not _meant(row):
            yield Loaded(row.file, row.line, None)
        else:
            problem = problem_of({"labeler": None, **row.value}, {**fields, "labeler": optional(text)})
            yield _label(row) if problem is None else row.rejected(problem)


def _meant(row: Row) -> str:
    """The verdict, however it is spelled; empty if there is none."""
    written = row.value.get("verdict")
    return "" if is_missing(written) else canonical(written.strip() if isinstance(written, str) else written).lower()


def _label(row: Row) -> Item:
    written, meant = row.value.get("verdict"), _meant(row)
    said = _unescaped if delimiter_of(row.file) is not None else str
    order, labeler = row.value["shown_order"], said(row.value.get("labeler") or "")
    places = {str(place): letter for place, letter in enumerate(LETTERS[: len(order)], start=1)} | {TIE: TIE}
    if meant not in places:
        return row.rejected(f"verdict: {kind_of(written)}, expected one of {', '.join(places)}")
    if (problem := name(labeler)) is not None:
        return row.rejected(f"labeler: {problem}, expected the name of who gave the verdict")
    of_row = {"comparison_id": said(str(row.value["comparison_id"])), "labeler": labeler, "kind": KIND}
    label = label_from_record({**of_row, "verdict": own_label(places[meant], order)})
    return row.rejected(label.reason) if isinstance(label, Failure) else Loaded(row.file, row.line, None, (label,))


def _order(value: Any) -> str | None:
    problem = text(value)
    if problem is None and (len(value) < LEAST_ANSWERS or sorted(value) != list(LETTERS[: len(value)])):
        return f"{kind_of(value)}, expected the letters of all answers, such as 'BA'"
    return problem


def _question(comparison: Comparison) -> str:
    if len(comparison.messages) == 1:
        return comparison.messages[0].content
    return "\n\n".join(f"{message.role.capitalize()}: {message.content}" for message in comparison.messages)


def _answer(answer: Answer) -> str:
    turns = answer.texts
    return turns[0] if len(turns) == 1 else "\n\n".join(f"Turn {n}: {said}" for n, said in enumerate(turns, start=1))


def _cell(value: Any) -> str:
    written = "" if value is None else str(value)
    return f"'{written}" if FORMULA.match(written) else written


def _unescaped(cell: str) -> str:
    """What a cell of CSV says, without the apostrophe that kept a spreadsheet from computing it."""
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell[1:]) else cell
