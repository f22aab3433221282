"""How often a corrected win rate's interval holds the truth, and how wide it is beside that of the labels alone.

    python benchmarks/corrected.py
    python benchmarks/corrected.py --repeats 500

Each case simulates whole evaluations of 4,000 comparisons of one model, ten a question, with judges and labels as the
case says. 95 of 100 intervals should hold the true win rate.
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
from corrected_worlds import WORLDS, held

PERCENT = 100
# Tables of so many evaluations take 80 MB.
AT_ONCE = 200


def main(argv: Sequence[str] | None = None) -> int:
    """Run the simulations and print one line a case."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=2_000, help="evaluations of each case; default %(default)s")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args(argv)
    table = Table("case", "held", "labels alone held", "width", "of the labels' width", title="in %", box=box.SIMPLE)
    for name, world in WORLDS.items():
        rng = np.random.default_rng(arguments.seed)
        parts = [held(world, rng, AT_ONCE) for _ in range(max(1, arguments.repeats // AT_ONCE))]
        shares = [(one.corrected, one.labels_alone, one.width, one.ratio) for one in parts]
        table.add_row(name, *(f"{PERCENT * share:.1f}" for share in np.mean(shares, axis=0)))
    Console().print(table)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
