"""`judgelake sql`: runs a query over the tables of the warehouse."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from judgelake.config import Tables, load_tables
from judgelake.errors import UserError, first_line
from judgelake.runtime import cause_of, sql_state

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DEFAULT_CONFIG = Path("conf/judge.yaml")
DEFAULT_ROWS = 50
NO_TABLE = "TABLE_OR_VIEW_NOT_FOUND"
# SQLSTATE classes of errors caused by the query: not supported, more than one row where one is expected, data on which
# an expression fails, syntax and names, and errors that the query raises itself.
OF_THE_QUERY = ("0A", "21", "22", "42", "P0")

EXAMPLES = """\
Prints a table on a terminal; elsewhere tab-separated lines with a header line.

examples:
  judgelake sql "SHOW TABLES"
  judgelake sql "DESCRIBE judgments"
  judgelake sql "SELECT shown_order, verdict, count(*) FROM judgments_latest GROUP BY ALL"
  judgelake sql --rows 100000 "SELECT comparison_id, verdict_ab, verdict_ba FROM judgments_both_orders" > verdicts.tsv
"""


def add(subcommands: Any, common: argparse.ArgumentParser) -> None:
    """Add the subcommand to the command line."""
    parser = subcommands.add_parser(
        "sql",
        parents=[common],
        help="query the tables (starts Spark: a few seconds)",
        description="Run a query over comparisons, labels, judgments and their views, and print the result.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("query", help="the SQL")
    parser.add_argument("--rows", type=int, default=DEFAULT_ROWS, help=f"most rows to print (default: {DEFAULT_ROWS})")
    add_config(parser)
    parser.set_defaults(run=run)


def add_config(parser: argparse.ArgumentParser) -> None:
    """Add the option that says where the tables are."""
    parser.add_argument(
        "--config",
        metavar="FILE",
        help=f"a job's YAML file with the names of tables and warehouse (default: {DEFAULT_CONFIG} if it exists)",
    )


def config_of(config: str | None) -> str | Path | None:
    """The config named on the command line, or the default one if it exists."""
    return config or (DEFAULT_CONFIG if DEFAULT_CONFIG.exists() else None)


def tables_of(config: str | None) -> Tables:
    """The names of the tables, from a job's config, the environment, or the defaults."""
    return load_tables(config_of(config))


def run(arguments: argparse.Namespace) -> int:
    """Print the rows of a query.

    Raises:
        UserError: there are no tables yet, or the query is not valid for them.
    """
    from judgelake.lake import register
    from judgelake.runtime import get_spark, stop_spark

    tables = tables_of(arguments.config)
    spark = get_spark(tables, app_name="judgelake sql", debug=arguments.debug)
    try:
        if not register(spark, tables, with_views=True):
            raise UserError(
                f"No tables in {tables.warehouse or 'the catalog'!r} yet. Create them with jobs/ingest.py, or set "
                "their location with --config or JUDGELAKE_WAREHOUSE."
            )
        columns, rows, is_cut = result_of(spark, arguments.query, arguments.rows)
    finally:
        stop_spark(spark)
    if sys.stdout.isatty():
        _print_table(columns, rows)
    else:
        for row in (columns, *rows):
            print("\t".join(cell.replace("\t", " ").replace("\n", " ") for cell in row))
    if is_cut:
        print(f"Only the first {arguments.rows} rows are shown; --rows N shows more.", file=sys.stderr)
    return 0


def result_of(spark: SparkSession, query: str, most: int) -> tuple[list[str], list[list[str]], bool]:
    """Column names and the first `most` rows of a query as text, and whether there are more.

    Raises:
        UserError: the query cannot be parsed, names something that does not exist, or fails on the rows.
    """
    from py4j.protocol import Py4JError  # type: ignore[import-untyped]
    from pyspark.errors import AnalysisException, PySparkException

    try:
        frame = spark.sql(query)
        taken = frame.take(most + 1)
    except AnalysisException as error:
        hint = ' List the tables with: judgelake sql "SHOW TABLES"' if error.getCondition() == NO_TABLE else ""
        raise UserError(f"The query is not valid: {first_line(error)}{hint}") from error
    except (PySparkException, Py4JError) as error:
        if (sql_state(error) or "").startswith(OF_THE_QUERY):
            raise UserError(f"The query fails on the rows: {cause_of(error)}") from error
        raise
    rows = [[_text(value) for value in row] for row in taken[:most]]
    return list(frame.columns), rows, len(taken) > most


def _text(value: Any) -> str:
    if value is None:
        return "NULL"
    if hasattr(value, "asDict"):
        value = value.asDict(recursive=True)
    if isinstance(value, list | dict | tuple):
        # Dates and decimals inside an array are shown as text.
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def _print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)
