"""The descriptions of tables and views in `ddl/`, read without Spark, and as Markdown.

python -m judgelake.lake.describe > docs/tables.md
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from judgelake.lake.names import TABLES, VIEWS, ddl_text

QUOTED = r"'((?:[^']|'')*)'"
BEGIN = re.compile(r"^CREATE (?:TABLE IF NOT EXISTS|OR REPLACE VIEW) \{(\w+)\} \($")
COLUMN = re.compile(rf"^  (\w+) +(?:(.+?) +)?COMMENT {QUOTED},?$")
END = re.compile(r"^\)(?: USING DELTA)?")
SUMMARY = re.compile(rf"^(?:\) )?COMMENT {QUOTED}", re.MULTILINE)
LAYOUT = re.compile(r"^(PARTITIONED|CLUSTER) BY \((.+)\)$", re.MULTILINE)
LAYOUTS = {"PARTITIONED": "partitioned", "CLUSTER": "clustered"}
RULE = re.compile(rf"'delta\.constraints\.(\w+)' = {QUOTED}")

INTRODUCTION = """\
<!-- Generated from the comments in lib/judgelake/lake/ddl; do not edit. After a change there run:
     python -m judgelake.lake.describe > docs/tables.md -->

# Tables and views

Names and folders of all of them are set under `tables` in the config. A column may be NULL unless a rule forbids it.
Tables are only appended to, except `metrics` (an evaluation replaces its own rows) and `plans` (a run deletes its own).
"""


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


def tables_markdown() -> str:
    """All tables, then all views, each with its columns."""
    parts = [INTRODUCTION]
    for title, names in (("Tables", TABLES), ("Views", VIEWS)):
        parts.append(f"## {title}\n")
        parts += ["\n".join(_section(described(name))) for name in names]
    return "\n".join(parts)


def _column(file: str, line: str) -> Column:
    match = COLUMN.match(line)
    if match is None:
        raise ValueError(f"ddl/{file}.sql: expected a column with its COMMENT on one line, found {line.strip()!r}.")
    return Column(match[1], match[2], _unquoted(match[3]))


def _unquoted(text: str) -> str:
    return text.replace("''", "'")


def _section(one: Description) -> Iterator[str]:
    yield f"### {one.name}\n"
    yield f"{one.summary}.\n"
    yield from _prose(one.about)
    if one.layout is not None:
        yield f"The table is {one.layout}.\n"
    if has_types := any(column.sql_type is not None for column in one.columns):
        yield "| Column | Type | Meaning |\n| --- | --- | --- |"
    else:
        yield "| Column | Meaning |\n| --- | --- |"
    for column in one.columns:
        cells = [f"`{column.name}`", *([f"`{column.sql_type}`"] if has_types else []), _cell(column.comment)]
        yield f"| {' | '.join(cells)} |"
    yield ""
    if one.rules:
        yield "Checked when rows are written:\n"
        yield from (f"- `{rule}`: `{sql}`" for rule, sql in one.rules)
        yield ""


def _prose(lines: Iterable[str]) -> Iterator[str]:
    """The comment lines above the statement: indented ones are SQL to try."""
    for is_sql, block in groupby(lines, key=lambda line: line.startswith("  ")):
        text = "\n".join(line.strip() for line in block)
        yield f"```sql\n{text}\n```\n" if is_sql else f"{text}\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    sys.stdout.write(tables_markdown())
