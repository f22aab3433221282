"""The descriptions of tables and views in `ddl/` as Markdown: `python -m judgelake.lake.describe > docs/tables.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from itertools import groupby

from judgelake.lake.description import Description, described
from judgelake.lake.names import TABLES, VIEWS
from judgelake.markdown import cell

INTRODUCTION = """\
<!-- Generated from the comments in lib/judgelake/lake/ddl; do not edit. After a change there run:
     python -m judgelake.lake.describe > docs/tables.md -->

# Tables and views

Names and folders of all of them are set under `tables` in the config. A column may be NULL unless a rule forbids it.
Tables are only appended to, except `metrics` (an evaluation replaces its own rows) and `plans` (a run deletes its own).
"""


def tables_markdown() -> str:
    """All tables, then all views, each with its columns."""
    parts = [INTRODUCTION]
    for title, names in (("Tables", TABLES), ("Views", VIEWS)):
        parts.append(f"## {title}\n")
        parts += ["\n".join(_section(described(name))) for name in names]
    return "\n".join(parts)


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
        cells = [f"`{column.name}`", *([f"`{column.sql_type}`"] if has_types else []), cell(column.comment)]
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


if __name__ == "__main__":
    sys.stdout.write(tables_markdown())
