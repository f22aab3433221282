"""The names of tables, and their folders in an embedded warehouse."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from judgelake.config import Tables
from judgelake.errors import UserError
from judgelake.measures import KINDS, PAIRS, OrderRule, main_metrics, metric_named

OF_JUDGING = ("comparisons", "labels", "judgments", "rejected_rows", "plans", "runs", "metrics")
"""The tables that views read, and those that every lake has; jobs make the others where they need them."""
TABLES = (
    *(*OF_JUDGING, "seeds", "generated_answers", "generated_comparisons", "training_examples"),
    *("reliability", "cascades", "cascade_verdicts"),
)
POINTED_TO = "spark.judgelake.location."
"""Prefix of a table's name: the setting in which a session remembers its folder."""
# A view comes after those that it reads.
VIEWS = (
    "judgments_latest",
    "judgments_both_orders",
    "agreement_over_time",
    "judge_leaderboard",
    "worst_slices",
    "corrected_rates",
    "confident_disagreements",
)


def quoted(name: str) -> str:
    """A table name of one to three parts, quoted for SQL.

    Raises:
        UserError: an empty part, or more than three.
    """
    parts = name.split(".")
    if not 1 <= len(parts) <= 3 or not all(parts):
        raise UserError(
            f"Table name {name!r} must have one to three parts: table, schema.table or catalog.schema.table."
        )
    return ".".join("`" + part.replace("`", "``") + "`" for part in parts)


def escaped(text: str) -> str:
    """A text as it is written between the single quotes of SQL."""
    return text.replace("\\", "\\\\").replace("'", "\\'")


def folder_of(tables: Tables, name: str) -> str | None:
    """Folder of a table in the embedded warehouse; None if the session's catalog decides it.

    Raises:
        UserError: a name with a catalog in an embedded warehouse, which has none.
    """
    if tables.warehouse is None:
        return None
    *schema, table = name.split(".")
    if len(schema) > 1:
        raise UserError(
            f"Table name {name!r} contains a catalog, but tables.warehouse is the folder {tables.warehouse!r}. "
            "Set tables.warehouse to null to use the catalogs of the session."
        )
    inside = [f"{schema[0]}.db", table] if schema else [table]
    if "://" in tables.warehouse:
        return "/".join([tables.warehouse.rstrip("/"), *inside])
    return str(Path(tables.warehouse).resolve().joinpath(*inside))


def named_in(tables: Tables, *predicates: str | None) -> frozenset[str]:
    """The tables that SQL predicates may read in a subquery: those whose name, without its schema, they contain."""
    text = " ".join(predicate for predicate in predicates if predicate).lower()
    return frozenset(table for table in TABLES if getattr(tables, table).rpartition(".")[2].lower() in text)


def needs(file: str) -> frozenset[str]:
    """The tables and views that the SQL of `ddl/<file>.sql` reads."""
    text = _statement(file)
    return frozenset(name for name in (*TABLES, *VIEWS) if "{" + name + "}" in text and name != file)


def statement(file: str, tables: Tables, location: str = "") -> str:
    """The SQL of `ddl/<file>.sql` with the tables' names, quoted, and the location filled in."""
    body = _statement(file)
    names = {name: quoted(getattr(tables, name)) for name in (*TABLES, *VIEWS)}
    for name, value in {**names, "location": location}.items():
        body = body.replace("{" + name + "}", value)
    return body


def _metric_lists() -> dict[str, str]:
    """What the views on metrics take from the metric catalog, as SQL or words.

    `{headline_places}`: the main metrics with the place of their kind, as arguments of map; a judge is represented by
    those of the first kind that it was evaluated with. `{headline_words}`: the same as words.
    `{headlines_of_each_rule}`: those of them with one value per swap rule. `{headlines_of_pairs}`: those of comparisons
    of two answers, by which slices are compared.
    """
    places = {name: place for place, kind in enumerate(KINDS, 1) for name in main_metrics(kind)}
    headlines = list(places)
    of_each_rule = [name for name in headlines if metric_named(name).swap_rule is OrderRule.EACH]
    return {
        "headline_places": ", ".join(f"'{name}', {place}" for name, place in places.items()),
        "headline_words": f"{', '.join(headlines[:-1])} or {headlines[-1]}",
        "headlines_of_each_rule": ", ".join(f"'{name}'" for name in of_each_rule),
        "headlines_of_pairs": ", ".join(f"'{name}'" for name in main_metrics(PAIRS)),
    }


def ddl_text(file: str) -> str:
    """The text of `ddl/<file>.sql` with its comment lines, and with names of metrics and shared columns filled in."""
    text = _ddl_file(file)
    for name, value in {**_metric_lists(), **_columns_of_comparisons()}.items():
        text = text.replace("{" + name + "}", value)
    return text


def _columns_of_comparisons() -> dict[str, str]:
    """The columns of comparisons for tables that have them too: as columns, and as the fields of one column."""
    lines = [line.strip().removesuffix(",") for line in _ddl_file("comparisons").splitlines() if " COMMENT '" in line]
    fields = [line.partition(" COMMENT '")[0].split(maxsplit=1) for line in lines]
    return {
        "columns_of_comparisons": ",\n  ".join(lines),
        "fields_of_comparisons": ", ".join(f"{name}: {kind}" for name, kind in fields),
    }


def _ddl_file(file: str) -> str:
    return files("judgelake.lake").joinpath("ddl", f"{file}.sql").read_text("utf-8")


def _statement(file: str) -> str:
    return "\n".join(line for line in ddl_text(file).splitlines() if not line.startswith("--"))
