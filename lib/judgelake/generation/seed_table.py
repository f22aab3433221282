"""Any instruction table or JSONL, by a mapping of its columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from judgelake.comparisons import placed
from judgelake.config import Config
from judgelake.sources import attributes_of, messages_of, turns_of, user_turns


class SeedColumns(Config):
    """What each column of a table holds. A name that is null means there is no such column."""

    question: str = "question"
    """Column of the question: text, or a conversation, of which all up to the last user turn is taken."""
    input: str | None = None
    """Further text the instruction works on."""
    reference: str | None = None
    category: str | None = None
    language: str | None = None
    licence: str | None = None
    attributes: dict[str, str] = Field(default={})
    """Attribute to column; numbers, booleans and dates are converted to text."""


def record_of(value: Mapping[str, Any], columns: SeedColumns) -> dict[str, Any] | str:
    """The record of a seed, or why there is none."""
    given = value.get(columns.question)
    if given is None:
        return f"{columns.question}: missing"
    record: dict[str, Any] = {"messages": user_turns(given)}
    if not isinstance(given, str):
        turns = turns_of(given)
        if isinstance(turns, str):
            return placed(columns.question, turns)
        last = max((place for place, turn in enumerate(turns) if turn.role == "user"), default=-1)
        if last < 0:
            return f"{columns.question}: it has no turn of the user"
        record["messages"] = messages_of(turns[: last + 1])
    for name in ("input", "reference", "category", "language", "licence"):
        column = getattr(columns, name)
        record[name] = None if column is None else value.get(column) or None
    record["attributes"] = attributes_of(value, columns.attributes.values())
    names = {column: name for name, column in columns.attributes.items()}
    record["attributes"] = {names[column]: text for column, text in record["attributes"].items()}
    return record
