"""The command that creates the tables and keeps them small: `jobs/tables.py create` and `jobs/tables.py maintain`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from judgelake.asking import Asking, drop_old_answers
from judgelake.config import Config, Tables, load_groups
from judgelake.errors import UserError
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

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DEFAULT_CONFIG = Path("conf/judge.yaml")
SECONDS_AN_HOUR = 3600
ASKED_FOR = ("judgments", "generated_answers")
"""The tables whose rows wait in a journal until they are appended."""


class Kept(Config):
    """What of a job's config says where its tables are, and where answers wait for them."""

    tables: Tables = Tables()
    asking: Asking = Asking()


def main(argv: Sequence[str] | None = None) -> int:
    """The command `jobs/tables.py`; returns the exit code."""
    return exit_code_of(_parser(), _command, argv)


def _command(arguments: argparse.Namespace) -> int:
    kept = load_groups(Kept, config_path(arguments, DEFAULT_CONFIG), arguments.set)
    tables = kept.tables
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
            if done.table in {getattr(tables, name) for name in ASKED_FOR}:
                _drop_old_answers(spark, done.table, kept.asking.staging, arguments.retain_hours)
    finally:
        stop_spark(spark)
    return 0


def _drop_old_answers(spark: SparkSession, table: str, staging: str | None, hours: int) -> None:
    """Delete answers that wait for a run which never came; that they cannot be looked through fails nothing else."""
    try:
        chunks = drop_old_answers(spark, table, staging, hours * SECONDS_AN_HOUR)
    except UserError as error:
        print(error, file=sys.stderr)
        return
    if chunks:
        print(f"{table}: deleted answers of {chunks:,} chunks that no run had taken for {hours:,} hours", flush=True)


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
