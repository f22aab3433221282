"""The command that creates the tables and keeps them small: `jobs/tables.py create` and `jobs/tables.py maintain`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from judgelake.config import Tables, load_tables
from judgelake.lake import (
    LEAST_RETAIN_HOURS,
    TABLES,
    check_log_store,
    create_tables,
    create_views,
    drop_stale_plans,
    maintain,
)
from judgelake.runtime import CommandParser, add_job_arguments, config_path, exit_code_of, get_spark, stop_spark

DEFAULT_CONFIG = Path("conf/judge.yaml")


def main(argv: Sequence[str] | None = None) -> int:
    """The command `jobs/tables.py`; returns the exit code."""
    return exit_code_of(_parser(), _command, argv)


def _command(arguments: argparse.Namespace) -> int:
    tables = load_tables(config_path(arguments, DEFAULT_CONFIG), arguments.set)
    spark = get_spark(tables, app_name=f"judgelake tables {arguments.command}", debug=arguments.debug)
    try:
        if arguments.command == "create":
            create_tables(spark, tables, TABLES)
            create_views(spark, tables)
            print(f"Tables and views are in {tables.warehouse or 'the catalog'}: {', '.join(names_in(tables))}.")
            return 0
        check_log_store(spark, tables, TABLES)
        for plan_id in drop_stale_plans(spark, tables):
            print(f"{tables.plans}: dropped the plan of run {plan_id}, which ended without deleting it", flush=True)
        for done in maintain(spark, tables, arguments.retain_hours):
            print(f"{done.table}: {done.files_before:,} files before, {done.files_after:,} now", flush=True)
    finally:
        stop_spark(spark)
    return 0


def names_in(tables: Tables) -> list[str]:
    """The names of all tables and views."""
    return [getattr(tables, field) for field in Tables.model_fields if field != "warehouse"]


def _parser() -> argparse.ArgumentParser:
    parser = CommandParser(
        prog="judgelake-tables",
        description="Create the tables, or keep them small and fast to read.",
        epilog="Example: python jobs/tables.py create --set tables.warehouse=warehouse",
    )
    common = CommandParser(add_help=False)
    add_job_arguments(common, DEFAULT_CONFIG, "tables.judgments=name")
    commands = parser.add_subparsers(dest="command", required=True, metavar="create|maintain")
    commands.add_parser("create", parents=[common], help="create missing tables and update the views")
    keep = commands.add_parser("maintain", parents=[common], help="merge small files and delete unneeded ones")
    keep.add_argument(
        "--retain-hours",
        type=int,
        default=LEAST_RETAIN_HOURS,
        metavar="N",
        help=f"how far back old versions stay readable (default and minimum: {LEAST_RETAIN_HOURS})",
    )
    return parser
