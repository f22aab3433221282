"""A judge run on a GPU cluster, simulated event by event with the planner's own cuts.

    python benchmarks/simulate.py --quick
    python benchmarks/simulate.py --scenario uniform zipf --gpus 512 --pairs 1B --slots-a-chunk 8 16

Prints a table in Markdown, one line a run. Rates of engines are published ones (benchmarks/simulated/engine.py says
whose); everything that is assumed stands in benchmarks/simulated/cluster.py, with its default, and in driver.py.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from simulated import table
from simulated.cluster import Cluster
from simulated.engine import RATES
from simulated.planner import Narrow, Shape
from simulated.run import Setting, Simulator
from simulated.workload import SCENARIOS

from judgelake.asking.amounts import TASKS_A_GPU
from judgelake.asking.chunk import SLOTS_A_CHUNK, TASKS_A_SLOT
from judgelake.asking.window import share as window_share

SUFFIXES = {"k": 1_000, "M": 1_000_000, "B": 1_000_000_000}


def number(text: str) -> int:
    """A whole number; 20k, 10M and 1B are allowed."""
    factor = SUFFIXES.get(text[-1:], 1)
    return round(float(text[:-1] if factor > 1 else text) * factor)


def parsed(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--quick", action="store_true", help="a self check in seconds: small tables, even cuts, no Spark")
    add("--scenario", nargs="+", choices=SCENARIOS, default=["uniform", "zipf"])
    add("--gpus", nargs="+", type=number, default=[8, 64, 512])
    add("--pairs", nargs="+", type=number, default=[10**6, 10**7, 10**9])
    add("--chunk-requests", nargs="+", type=number, default=[0], help="0: the planner's")
    add("--slots-a-chunk", nargs="+", type=int, default=[0], help="0: the planner's")
    add("--tasks-a-slot", nargs="+", type=int, default=[0], help="tasks of a chunk for each; 0: the planner's")
    add("--in-flight", nargs="+", type=int, default=[0], help="chunks in flight; 0: the planner's")
    add("--tasks-a-gpu", nargs="+", type=int, default=[TASKS_A_GPU], help="tasks that share an engine")
    add("--window", nargs="+", type=int, default=[0], help="requests that a task keeps in flight; 0: the planner's")
    add("--engine", choices=RATES, default="h100-8b")
    add("--output-tokens", type=float, default=Shape().output_tokens)
    add("--preparers", type=int, default=32, help="chunks prepared at a time on CPU slots; 0: in the GPUs' slots")
    add("--commit-s", type=float, default=Cluster(1, RATES["h100-8b"]).commit_s)
    add("--samples", type=int, default=16, help="chunks whose cut Spark computes; 0: even cuts, no Spark")
    add("--most-tasks", type=number, default=400_000, help="of longer runs only the first chunks are simulated")
    add("--calm", action="store_true", help="no noise, no slow GPU, no lost node")
    add("--seed", type=int, default=0)
    return parser.parse_args(argv)


def settings_of(given: argparse.Namespace) -> list[Setting]:
    """Every combination of what was asked for."""
    sizes = itertools.product(given.scenario, given.pairs, given.gpus, given.chunk_requests)
    shares = list(
        itertools.product(given.slots_a_chunk, given.tasks_a_slot, given.in_flight, given.tasks_a_gpu, given.window)
    )
    shape = Shape(output_tokens=given.output_tokens)
    found = []
    for (name, pairs, gpus, chunk_requests), share in itertools.product(sizes, shares):
        slots_a_chunk, tasks_a_slot, in_flight, tasks_a_gpu, window = share
        rates = RATES[given.engine]
        window = window or window_share(rates.most_sequences, tasks_a_gpu)
        cluster = Cluster(gpus, rates, tasks_a_gpu, window, commit_s=given.commit_s, seed=given.seed)
        cluster = replace(cluster, preparers=given.preparers or None)
        if given.calm:
            cluster = replace(cluster, noise=0.0, slow_every=0, loses_a_node=False)
        own = Narrow(slots_a_chunk or SLOTS_A_CHUNK, tasks_a_slot or TASKS_A_SLOT, in_flight or None)
        narrow = own if slots_a_chunk or tasks_a_slot or in_flight else None
        found.append(Setting(name, pairs, cluster, chunk_requests, narrow, shape, given.samples, given.most_tasks))
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Simulate and print."""
    arguments = parsed(argv)
    if arguments.quick:
        arguments.pairs, arguments.gpus, arguments.samples = [100_000], [8], 0
    np.seterr(all="raise", under="ignore")
    settings = settings_of(arguments)
    simulator = Simulator(lambda text: print(f"  {text}", file=sys.stderr, flush=True))
    print(table.head(), flush=True)
    try:
        for place, setting in enumerate(settings, 1):
            begin = time.perf_counter()
            print(table.line(simulator.simulate(setting)), flush=True)
            print(f"  {place} of {len(settings)}, {time.perf_counter() - begin:.0f} s", file=sys.stderr, flush=True)
    finally:
        simulator.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
