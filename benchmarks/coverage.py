"""How often the intervals hold the true value, and on which side they miss it, where that is hard.

    python benchmarks/coverage.py
    python benchmarks/coverage.py --repeats 500

Each case simulates whole evaluations of a judge with a known figure. 95 of 100 intervals should hold it; the aim is 93
to 98.5, with at most 4 of 100 on either side. Known: evaluations whose figure has an interval.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))
from interval_cases import CASES, held

PERCENT = 100


def main(argv: Sequence[str] | None = None) -> int:
    """Run the simulations and print one line a case."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=4_000, help="evaluations of each case; default %(default)s")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args(argv)
    table = Table("case", "known", "held", "too high", "too low", title="intervals, in %", box=box.SIMPLE)
    for name, (metric, case) in CASES.items():
        found = held(metric, case, np.random.default_rng(arguments.seed), arguments.repeats)
        high, low = (PERCENT * misses / found.intervals for misses in (found.too_high, found.too_low))
        shares = (PERCENT * found.intervals / arguments.repeats, PERCENT - high - low, high, low)
        table.add_row(name, *(f"{share:.1f}" for share in shares))
    Console().print(table)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
