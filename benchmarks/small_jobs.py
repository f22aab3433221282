"""Time of small jobs compared with Spark's own start, as the commands that a user types, in turns on one machine.

    python benchmarks/small_jobs.py

Ingests 2 rows, estimates what judging 200 PandaLM comparisons would ask, judges 2 comparisons in both orders with the
deterministic test server, and evaluates 59 comparisons of LLMBar, each in a separate process over a fresh copy of
its tables. Each is compared with `judgelake sql 'SELECT 1'` of the same round.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from scratch import scratch_folder

ROOT = Path(__file__).resolve().parents[1]
SERVER = ROOT / "tests" / "support" / "server" / "serve.py"
SAMPLE = ROOT / "samples" / "comparisons.jsonl"
SET = "Adversarial_GPTInst"
SELECT = "SELECT 1"
INGEST, DRY_RUN, JUDGE, EVALUATE = (
    "ingest 2 rows",
    "dry run over 200 comparisons",
    "judge 4 requests",
    "evaluate 59 comparisons of 3 judges",
)
ROWS = {"sample": 2, "pandalm": 200, "llmbar": 59}
# The tables with which a command starts; None: no tables.
WAREHOUSES = {SELECT: "pandalm", INGEST: None, DRY_RUN: "pandalm", JUDGE: "sample", EVALUATE: "llmbar"}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the rounds and print one row per command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    data = Path("../shared/data")
    parser.add_argument(
        "--data", type=Path, default=data, help="folder with pandalm/ and llmbar/ (default: %(default)s)"
    )
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args(argv)
    server = subprocess.Popen(
        [sys.executable, str(SERVER), "--port", "0", "--rule", "scores"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        with scratch_folder() as folder:
            measure(arguments, folder, server.stdout.readline().strip(), Console(highlight=False))
    finally:
        server.kill()
    return 0


def measure(arguments: argparse.Namespace, folder: Path, url: str, console: Console) -> None:
    """All rounds of all commands."""
    inputs = inputs_of(arguments.data, folder)
    for name, files in inputs.items():
        run([*job("ingest"), "--format", *files], folder, folder / name)
    judge = [*job("judge"), "--set=judge.name=judgelm", "--set=judge.model=test-judge", f"--set=engine.url={url}"]
    commands = {
        SELECT: [str(Path(sys.executable).with_name("judgelake")), "sql", "SELECT 1"],
        INGEST: [*job("ingest"), "--format", *inputs["sample"]],
        DRY_RUN: [*judge, "--dry-run"],
        JUDGE: judge,
        EVALUATE: job("evaluate"),
    }
    rounds = []
    for number in range(arguments.rounds):
        rounds.append({name: timed(command, folder, WAREHOUSES[name]) for name, command in commands.items()})
        console.print(f"round {number + 1}: {', '.join(f'{name} {s:.1f} s' for name, s in rounds[-1].items())}")
    console.print(table_of(rounds))


def inputs_of(data: Path, folder: Path) -> dict[str, list[str]]:
    """The first rows of each source in separate files: a format and its options, by the name of their tables."""

    def first(source: Path, name: str, rows: int) -> str:
        (folder / name).write_text(json.dumps(json.loads(source.read_text("utf-8"))[:rows]), "utf-8")
        return str(folder / name)

    lines = SAMPLE.read_text("utf-8").splitlines(keepends=True)[: ROWS["sample"]]
    (folder / "sample.jsonl").write_text("".join(lines), "utf-8")
    winners = [
        json.loads(line) for line in (data / "llmbar" / "published_winners.jsonl").read_text("utf-8").splitlines()
    ]
    of_set = [row for row in winners if row["set"].endswith(SET.replace("_", "/")) and row["row"] < ROWS["llmbar"]]
    (folder / "winners.jsonl").write_text("".join(json.dumps(row) + "\n" for row in of_set), "utf-8")
    pandalm = first(data / "pandalm" / "testset-v1.json", "pandalm.json", ROWS["pandalm"])
    llmbar = first(data / "llmbar" / f"{SET}.json", f"{SET}.json", ROWS["llmbar"])
    return {
        "sample": ["judgelake", "--input", str(folder / "sample.jsonl")],
        "pandalm": ["pandalm", "--input", pandalm],
        "llmbar": ["llmbar", "--input", llmbar, "--judgments", str(folder / "winners.jsonl")],
    }


def job(name: str) -> list[str]:
    """The beginning of a job's command line."""
    return [sys.executable, str(ROOT / "jobs" / f"{name}.py"), f"--config={ROOT / 'conf' / f'{name}.yaml'}"]


def timed(command: Sequence[str], folder: Path, tables: str | None) -> float:
    """Seconds of the command in an empty folder, over a copy of the tables."""
    place = Path(tempfile.mkdtemp(dir=folder))
    if tables is not None:
        shutil.copytree(folder / tables, place / "warehouse")
    start = time.perf_counter()
    run(command, place, place / "warehouse")
    seconds = time.perf_counter() - start
    shutil.rmtree(place)
    return seconds


def run(command: Sequence[str], place: Path, warehouse: Path) -> None:
    """Run the command over a warehouse; its output is shown only if it fails."""
    environment = {**os.environ, "JUDGELAKE_WAREHOUSE": str(warehouse)}
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")


def table_of(rounds: Sequence[Mapping[str, float]]) -> Table:
    """Medians with their spread, in seconds and as multiples of the same round's `SELECT 1`."""
    table = Table("command", "seconds", "times SELECT 1")
    for name in rounds[0]:
        seconds = [one[name] for one in rounds]
        ratios = [one[name] / one[SELECT] for one in rounds]
        table.add_row(name, spread(seconds, 1), "" if name == SELECT else spread(ratios, 2))
    return table


def spread(values: Sequence[float], digits: int) -> str:
    """The median, with the minimum and the maximum in brackets."""
    median, least, largest = (f"{of(values):.{digits}f}" for of in (statistics.median, min, max))
    return f"{median} ({least}-{largest})"


if __name__ == "__main__":
    raise SystemExit(main())
