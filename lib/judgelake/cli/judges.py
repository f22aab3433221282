"""`judgelake judges`: the list of judges, with their modes and models."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from judgelake.judges import JudgeSpec, list_judges

HEADINGS = ("name", "modes", "model", "family", "thinks", "licence", "source")

EXAMPLES = """\
Prints a table on a terminal; elsewhere tab-separated lines with a header line.

examples:
  judgelake judges
  judgelake judges --judges my_judges/ | cut -f1,2
"""


def add(subcommands: Any, common: argparse.ArgumentParser) -> None:
    """Add the subcommand to the command line."""
    parser = subcommands.add_parser(
        "judges",
        parents=[common],
        help="list the judges",
        description="List the judges: first those in your own folder, then the built-in ones.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--judges", metavar="DIR", help="a folder of your own judge files, listed first")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print one line per judge."""
    rows = [_row(spec) for spec in list_judges(arguments.judges)]
    if sys.stdout.isatty():
        _print_table(rows)
    else:
        for row in (HEADINGS, *rows):
            print("\t".join(row))
    return 0


def _row(spec: JudgeSpec) -> tuple[str, ...]:
    source = "our own" if spec.source is None else spec.source.url
    thinks = "yes" if spec.thinks else "no"
    return spec.name, ", ".join(spec.modes), spec.model, spec.family, thinks, spec.licence, source


def _print_table(rows: list[tuple[str, ...]]) -> None:
    # Only needed on a terminal; the import takes a tenth of a second.
    from rich.console import Console
    from rich.table import Table

    table = Table(*HEADINGS, show_lines=True)
    for row in rows:
        table.add_row(*row)
    Console().print(table)
