"""`judgelake doctor`: what is wrong with this machine, and how to fix it."""

from __future__ import annotations

import argparse
from typing import Any

from judgelake.cli.sql import add_config, config_of, tables_of

EXAMPLES = """\
Exit code 1 if there is a problem; warnings do not count. Nothing is changed.

examples:
  judgelake doctor
  judgelake doctor --model models/smollm2-135m
"""


def add(subcommands: Any, common: argparse.ArgumentParser) -> None:
    """Add the subcommand to the command line."""
    parser = subcommands.add_parser(
        "doctor",
        parents=[common],
        help="check this machine (starts Spark: a few seconds)",
        description="Check Java, Spark, Delta, vLLM, GPU, model, MLflow's store, disk, memory and left-over engines.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--model", help="a judge's model to check: a folder, or a Hugging Face name (default: the one the config names)"
    )
    add_config(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the findings; returns 1 if there is a problem."""
    from rich.console import Console

    from judgelake.doctor import run_doctor

    return run_doctor(tables_of(arguments.config), arguments.model, Console(), config_of(arguments.config))
