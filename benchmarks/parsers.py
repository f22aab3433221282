"""How long parsers take for outputs of a megabyte that are made to be hard: the promise is 50 ms on an idle core.

    python benchmarks/parsers.py
    python benchmarks/parsers.py --kinds json tag --bytes 4000000

Each output repeats one piece of text, alone, behind a verdict and before one. Of three times each the best counts.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))
from parser_kinds import LONG, SAYS, long_outputs, read

TRIES = 3


def main(argv: Sequence[str] | None = None) -> int:
    """Measure every kind of parser and print one line each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kinds", nargs="+", choices=SAYS, default=list(SAYS), help="default: all")
    parser.add_argument("--bytes", type=int, default=1_000_000, help="of an output; default %(default)s")
    arguments = parser.parse_args(argv)
    title = f"milliseconds of one core for {arguments.bytes:,} bytes"
    table = Table("parser", "outputs", "median", "longest", "of", title=title, box=box.SIMPLE)
    for kind in arguments.kinds:
        found = {
            (place, piece): 1_000 * min(seconds(kind, text) for _ in range(TRIES))
            for piece in LONG
            for place, text in enumerate(long_outputs(kind, piece, arguments.bytes))
        }
        longest = max(found, key=lambda key: found[key])
        median = statistics.median(found.values())
        table.add_row(kind, str(len(found)), f"{median:.1f}", f"{found[longest]:.1f}", repr(longest[1]))
    Console().print(table)
    return 0


def seconds(kind: str, text: str) -> float:
    """The time of one reading, of this process alone."""
    started = time.process_time()
    read(kind, text)
    return time.process_time() - started


if __name__ == "__main__":
    raise SystemExit(main())
