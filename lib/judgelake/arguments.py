"""The arguments that every job takes: which config, what in place of its keys, and whether to show stack traces."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_job_arguments(parser: argparse.ArgumentParser, default: Path, example: str) -> None:
    """Add --config, --set and --debug; `default` is read where it exists, `example` is a KEY=VALUE."""
    parser.add_argument("--config", metavar="FILE", help=f"the job's YAML (default: {default} where it exists)")
    parser.add_argument(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help=f"a key in place of the file's, e.g. {example}; may be given several times",
    )
    parser.add_argument("--debug", action="store_true", help="show the stack trace of an error, and Spark's messages")


def config_path(arguments: argparse.Namespace, default: Path) -> str | Path | None:
    """The file of --config, else `default` where it exists, else None: the built-in defaults."""
    return arguments.config or (default if default.exists() else None)
