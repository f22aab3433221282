"""The item that a row of any table becomes, with a mapping of its columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from judgelake.comparisons import Check, optional, placed, problem_of, question, text
from judgelake.errors import UserError
from judgelake.sources import judgelake
from judgelake.sources.columns import Columns, columns_needed, names_of, texts_kept_empty
from judgelake.sources.conversations import Answered, answered, messages_of, turns_of
from judgelake.sources.files import CAN_BE_READ, delimiter_of, rows_of
from judgelake.sources.folders import files_named
from judgelake.sources.guessing import format_offered
from judgelake.sources.loaded import Item, Rejected, Row, accepted, user_turns
from judgelake.sources.reading import row_of_line
from judgelake.sources.table_labels import label_of

# What a table without a mapping must have; see judgelake's JSONL.
OWN_NEEDED = ("messages", "answers")


def load_tables(names: Sequence[str], columns: Columns | None) -> Iterator[Item]:
    """The rows of files, folders and patterns as items; see `folders.read_here`.

    Raises:
        UserError: a file cannot be read, or no row has a column that the mapping names.
    """
    for table in names:
        missing = dict.fromkeys(OWN_NEEDED if columns is None else columns_needed(columns))
        has: list[str] = []
        try:
            for row in _rows(table, columns):
                if isinstance(row, Rejected):
                    yield row
                    continue
                has = has or list(row.value)
                missing = {key: None for key in missing if key not in row.value}
                yield row_accepted(row, columns)
        except UserError as error:
            if CAN_BE_READ in str(error):
                raise
            raise UserError(f"{error} {CAN_BE_READ}.") from error
        if has and missing:
            raise no_such_column(table, list(missing), has, is_mapped=columns is not None)


def no_such_column(table: str, missing: Sequence[str], has: Sequence[str], is_mapped: bool) -> UserError:
    """The error for columns that a table lacks."""
    lacks = ", ".join(map(repr, missing) if is_mapped else missing)
    remedy = "Set `columns` in the config to the table's own names."
    if not is_mapped:
        remedy = f"Map its columns under `columns` in the config.{format_offered([table])}"
    return UserError(f"Table {table!r} has no column {lacks}; it has {', '.join(has)}. {remedy}")


def row_accepted(row: Row, columns: Columns | None) -> Item:
    """A row of a table as an item; without a mapping it must have the keys of judgelake's JSONL.

    A label that cannot be read is refused by itself; the comparison is taken.

    Args:
        row: plain Python values by column; the line is 0 where rows have none.
        columns: the mapping. Columns that may be null may also be absent.
    """
    if columns is None:
        record = judgelake.record_of(row)
        return row.rejected(record) if isinstance(record, str) else accepted(row, record.comparison, record.labels)
    comparison = _comparison_of(row.value, columns)
    if isinstance(comparison, str):
        return row.rejected(comparison)
    labels = [label_of(row.value, given) for given in columns.labels]
    read = [label for label in labels if isinstance(label, dict)]
    return accepted(row, comparison, read, problems=[label for label in labels if isinstance(label, str)])


def line_accepted(file: str, line: bytes, columns: Columns | None) -> Item:
    """A line of JSON without a line number as an item."""
    row = row_of_line(file, line)
    return row if isinstance(row, Rejected) else row_accepted(row, columns)


def _rows(table: str, columns: Columns | None) -> Iterator[Row | Rejected]:
    kept = frozenset[str]() if columns is None else texts_kept_empty(columns)
    for found in files_named(table):
        is_csv = delimiter_of(found.path.name) is not None
        for row in rows_of(found.path):
            if isinstance(row, Rejected):
                yield row
                continue
            value = {**found.partition, **row.value}
            if is_csv:
                value = {key: None if item == "" and key not in kept else item for key, item in value.items()}
            yield replace(row, value=value)


def _comparison_of(row: Mapping[str, Any], columns: Columns) -> dict[str, Any] | str:
    value = {**dict.fromkeys(_optional(columns)), **row}
    value |= {key: _named(value[key]) for key in columns.attributes.values()}
    value |= {key: _as_text(value[key]) for key in (columns.comparison_id, columns.question_id) if key is not None}
    problem = problem_of(value, _fields(columns))
    shown = problem or (_of_conversations(value, columns) if columns.conversations else _of_texts(value, columns))
    if isinstance(shown, str):
        return shown
    models = [value[key] for key in columns.models] or [None] * len(shown.answers)
    if len(models) != len(shown.answers):
        return f"{len(shown.answers)} answers, but {len(models)} columns of models"
    return {
        "comparison_id": value[columns.comparison_id] if columns.comparison_id else None,
        "question_id": value[columns.question_id] if columns.question_id else None,
        "messages": shown.messages,
        "input": value[columns.input] if columns.input else None,
        "answers": [{"model": model, **answer} for model, answer in zip(models, shown.answers, strict=True)],
        "reference": value[columns.reference] if columns.reference else None,
        "rubric": _rubric_of(value, columns),
        "source": columns.source,
        "attributes": {key: value[column] for key, column in columns.attributes.items() if value[column] is not None},
    }


def _optional(columns: Columns) -> list[str]:
    """The columns of which a row may have none."""
    given = (columns.input, columns.reference, columns.criteria, *columns.models, *names_of(columns))
    return [column for column in given if column is not None]


def _fields(columns: Columns) -> dict[str, Check]:
    fields: dict[str, Check] = {} if columns.conversations else {columns.question: _question}
    if not columns.conversations:
        fields |= dict.fromkeys(columns.answers, _answer)
    fields |= dict.fromkeys(columns.descriptions, text)
    return fields | {column: optional(text) for column in _optional(columns)}


def _question(value: Any) -> str | None:
    return None if isinstance(value, list) else question(value)


def _answer(value: Any) -> str | None:
    return None if isinstance(value, list) else text(value)


def _of_texts(value: Mapping[str, Any], columns: Columns) -> Answered | str:
    messages = _messages(value[columns.question])
    if isinstance(messages, str):
        return placed(columns.question, messages)
    answers = []
    for column in columns.answers:
        answer = _said(value[column])
        if isinstance(answer, str):
            return placed(column, answer)
        answers.append(answer)
    return Answered(messages, answers)


def _messages(value: Any) -> list[dict[str, Any]] | str:
    """A question's messages: the text, the user's turns as a list of texts, or a list of messages."""
    if not isinstance(value, list):
        return user_turns(value)
    if value and all(isinstance(item, str) for item in value):
        return user_turns(*value)
    turns = turns_of(value)
    return turns if isinstance(turns, str) else messages_of(turns)


def _said(value: Any) -> dict[str, Any] | str:
    """An answer: its text, or the assistant's turns of a list of texts or messages."""
    if not isinstance(value, list):
        return {"text": value}
    turns = value if value and all(isinstance(item, str) for item in value) else turns_of(value)
    if isinstance(turns, str):
        return turns
    said = [turn if isinstance(turn, str) else turn.content for turn in turns]
    if any(not isinstance(turn, str) and turn.role != "assistant" for turn in turns):
        return "has messages that are not the assistant's; name the column under `conversations`"
    return {"text": said[0]} if len(said) == 1 else {"turns": said}


def _of_conversations(value: Mapping[str, Any], columns: Columns) -> Answered | str:
    conversations = []
    for column in columns.conversations:
        turns = turns_of(value[column]) if column in value else "missing"
        if isinstance(turns, str):
            return placed(column, turns)
        conversations.append(turns)
    shown = answered(conversations)
    return f"{', '.join(columns.conversations)}: {shown}" if isinstance(shown, str) else shown


def _as_text(value: Any) -> Any:
    """An id as text: numbers and times are names here; all else is checked as it is.

    A column of whole numbers of which one is missing comes as 7.0 from pandas, and is 7.
    """
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    is_name = isinstance(value, int | float | date | datetime) and not isinstance(value, bool)
    return str(value) if is_name and value == value else value


def _named(value: Any) -> Any:
    """An attribute as text: as an id, and true or false."""
    return ("true" if value else "false") if isinstance(value, bool) else _as_text(value)


def _rubric_of(value: Mapping[str, Any], columns: Columns) -> dict[str, Any] | None:
    if columns.criteria is None or value[columns.criteria] is None:
        return None
    scores = [value[column] for column in columns.descriptions]
    return {"criteria": value[columns.criteria], "scores": scores or None}
