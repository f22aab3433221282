"""The command `judgelake-tables` and `jobs/tables.py`: create the tables, or keep them small."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from judgelake.config import load_tables
from judgelake.entry import exit_code_of
from judgelake.lake.create import create_tables
from judgelake.lake.maintain import LEAST_RETAIN_HOURS, maintain
from judgelake.lake.names import TABLES, VIEWS
from judgelake.session import get_spark

DEFAULT_CONFIG = Path("conf/judge.yaml")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    arguments = _parser().parse_args(argv)
    return exit_code_of(lambda: _run(arguments), debug=arguments.debug)


def _run(arguments: argparse.Namespace) -> int:
    console = Console()
    config = arguments.config or (DEFAULT_CONFIG if DEFAULT_CONFIG.exists() else None)
    tables = load_tables(config, arguments.set)
    spark = get_spark(tables, app_name="judgelake tables", debug=arguments.debug)
    try:
        if arguments.action == "create":
            create_tables(spark, tables)
            names = ", ".join(getattr(tables, name) for name in (*TABLES, *VIEWS))
            console.print(
                f"there are now: {names} (in {tables.warehouse or 'the catalog of the session'})", soft_wrap=True
            )
        else:
            for done in maintain(spark, tables, arguments.retain_hours):
                console.print(f"{done.table}: {done.files_before:,} files, now {done.files_after:,}", highlight=False)
    finally:
        spark.stop()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="judgelake-tables",
        description="Create the tables and views that are absent, or maintain them (OPTIMIZE, then VACUUM).",
        epilog="Example: python jobs/tables.py create --set tables.warehouse=/data/warehouse",
    )
    parser.add_argument("action", choices=("create", "maintain"))
    parser.add_argument(
        "--config", metavar="FILE", help=f"any job's YAML with a tables block (default: {DEFAULT_CONFIG})"
    )
    parser.add_argument(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="a key in place of the file's: tables.warehouse=DIR",
    )
    parser.add_argument(
        "--retain-hours",
        type=int,
        default=LEAST_RETAIN_HOURS,
        metavar="N",
        help="maintain: keep files that versions of the last N hours need (default and least: %(default)s)",
    )
    parser.add_argument("--debug", action="store_true", help="show the stack trace of an error")
    return parser
