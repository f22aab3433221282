"""What the statements in `ddl/` say of tables and views, read without Spark: columns, comments, layout and rules."""

from __future__ import annotations

import re
from dataclasses import dataclass

from judgelake.lake.names import ddl_text

QUOTED = r"'((?:[^']|'')*)'"
BEGIN = re.compile(r"^CREATE (?:TABLE IF NOT EXISTS|OR REPLACE VIEW) \{(\w+)\} \($")
COLUMN = re.compile(rf"^  (\w+) +(?:(.+?) +)?COMMENT {QUOTED},?$")
END = re.compile(r"^\)(?: USING DELTA)?")
SUMMARY = re.compile(rf"^(?:\) )?COMMENT {QUOTED}", re.MULTILINE)
LAYOUT = re.compile(r"^(PARTITIONED|CLUSTER) BY \((.+)\)$", re.MULTILINE)
LAYOUTS = {"PARTITIONED": "partitioned", "CLUSTER": "clustered"}
RULE = re.compile(rf"'delta\.constraints\.(\w+)' = {QUOTED}")


@dataclass(frozen=True, slots=True)
class Column:
    """A column as the DDL describes it; views have no types."""

    name: str
    sql_type: str | None
    comment: str


@dataclass(frozen=True, slots=True)
class Description:
    """A table or view: the comment lines above its statement, and the content of the statement."""

    name: str
    about: tuple[str, ...]
    summary: str
    columns: tuple[Column, ...]
    layout: str | None
    rules: tuple[tuple[str, str], ...]
    """Name and SQL of each check that Delta runs when rows are written."""


def described(name: str) -> Description:
    """The table or view of `ddl/<name>.sql`.

    Raises:
        ValueError: the file does not have the form of the others, so it cannot be read here.
    """
    lines = ddl_text(name).splitlines()
    begin = next((place for place, line in enumerate(lines) if BEGIN.match(line)), None)
    end = next((place for place, line in enumerate(lines) if END.match(line)), None)
    if begin is None or end is None:
        raise ValueError(f"ddl/{name}.sql: expected one CREATE TABLE or VIEW with its columns in brackets.")
    rest = "\n".join(lines[end:])
    summary, layout = SUMMARY.search(rest), LAYOUT.search(rest)
    if summary is None:
        raise ValueError(f"ddl/{name}.sql: expected a COMMENT that says what a row is.")
    return Description(
        name=name,
        about=tuple(line.removeprefix("--").removeprefix(" ") for line in lines[:begin] if line.startswith("--")),
        summary=_unquoted(summary[1]),
        columns=tuple(_column(name, line) for line in lines[begin + 1 : end]),
        layout=None if layout is None else f"{LAYOUTS[layout[1]]} by {layout[2]}",
        rules=tuple((rule, _unquoted(sql)) for rule, sql in RULE.findall(rest)),
    )


def _column(file: str, line: str) -> Column:
    match = COLUMN.match(line)
    if match is None:
        raise ValueError(f"ddl/{file}.sql: expected a column with its COMMENT on one line, found {line.strip()!r}.")
    return Column(match[1], match[2], _unquoted(match[3]))


def _unquoted(text: str) -> str:
    return text.replace("''", "'")
