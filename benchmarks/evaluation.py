"""What an evaluation costs: seconds, the most of the JVM's heap in use, and the largest Python worker.

    python benchmarks/evaluation.py --judgments 1000000 10000000
    python benchmarks/evaluation.py --shapes judges-20 judges-60 questions-80 questions-10m
    python benchmarks/evaluation.py --shapes judges-20 --scale 0.01

Makes the tables (not timed), then times the whole job: counting, all pairwise metrics with their intervals, judges
against each other, the metrics table and the report. `--judgments` takes five judges in both orders with a question a
comparison; `--shapes` what is large in one direction. All have twenty slices.
"""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from scratch import scratch_folder

from judgelake.config import load_config
from judgelake.jobs.evaluate import EvaluateJob, evaluate_and_report
from judgelake.lake import create_tables
from judgelake.runtime import get_spark

SLICES = 10
"""Of each of two dimensions."""
KIB_A_MIB = 1024
BYTES_A_MIB = 1024**2
SECONDS_A_LOOK = 0.2
FEW_QUESTIONS = 1_000


@dataclass(frozen=True, slots=True)
class Shape:
    """How many of what; every judge is asked every comparison in each of the orders."""

    comparisons: int
    questions: int
    judges: int = 5
    orders: tuple[str, ...] = ("AB", "BA")

    @property
    def judgments(self) -> int:
        """All that is judged."""
        return self.comparisons * self.judges * len(self.orders)

    def scaled(self, scale: float) -> Shape:
        """The same in small; few questions stay as many as they are."""
        comparisons = max(1, round(self.comparisons * scale))
        questions = min(comparisons, max(round(self.questions * scale), min(self.questions, FEW_QUESTIONS)))
        return replace(self, comparisons=comparisons, questions=questions)

    def __str__(self) -> str:
        """In words."""
        return f"{self.judgments:,} judgments of {self.judges} judges on {self.questions:,} questions"


ONE_ORDER = ("AB",)
SHAPES = {
    "judges-20": Shape(1_000_000, 1_000_000, judges=20, orders=ONE_ORDER),
    "judges-60": Shape(1_000_000, 1_000_000, judges=60, orders=ONE_ORDER),
    "questions-80": Shape(1_000_000, 80),
    "questions-10m": Shape(10_000_000, 10_000_000, judges=2, orders=ONE_ORDER),
    "comparisons-2": Shape(1_000_000, 500_000),
}

COMPARISONS = """
    SELECT
      concat('c', id) AS comparison_id,
      concat('q', id % {questions}) AS question_id,
      array(named_struct('role', 'user', 'content', concat('Question ', id))) AS messages,
      transform(array('a', 'b'), name -> named_struct('model', name, 'text',
        repeat(name, CAST(20 + pmod(hash(id, name), 200) AS INT)), 'turns', CAST(NULL AS ARRAY<STRING>))) AS answers,
      concat('source-', id % {slices}) AS source,
      map('category', concat('category-', id DIV {slices} % {slices})) AS attributes
    FROM range(0, {comparisons}, 1, 16)
"""
LABELS = """
    SELECT concat('c', id) AS comparison_id, 'benchmark' AS labeler, 'gold' AS kind,
      element_at(array('A', 'B', 'tie'), CAST(1 + pmod(hash(id), 3) AS INT)) AS verdict
    FROM range(0, {comparisons}, 1, 16)
"""
# 13 of 15 verdicts are the label; one in a hundred judgments has none.
JUDGMENTS = """
    SELECT
      md5(concat(id, '-', judge, '-', shown_order)) AS judgment_id, 'benchmark' AS run_id,
      concat('c', id) AS comparison_id, concat('q', id % {questions}) AS question_id,
      concat('judge-', judge) AS judge, concat('fingerprint-', judge) AS judge_fingerprint,
      'benchmark' AS model_version, 'pair' AS mode, shown_order, 0 AS repeat,
      sha2(concat(id, '-', judge), 256) AS content_sha256,
      CASE WHEN luck % 100 = 0 THEN 'unparseable' ELSE 'ok' END AS status,
      CASE WHEN luck % 100 = 0 THEN 'benchmark' END AS error,
      CASE WHEN luck % 100 != 0 THEN element_at(array('A', 'B', 'tie'),
        CAST(1 + pmod(CASE WHEN luck % 5 = 0 THEN luck DIV 5 ELSE hash(id) END, 3) AS INT)) END AS verdict,
      1 AS attempt, 'benchmark' AS engine, current_timestamp() AS judged_at
    FROM (
      SELECT id, judge, shown_order, pmod(xxhash64(id, judge, shown_order), 1000003) AS luck
      FROM range(0, {comparisons}, 1, 16)
      LATERAL VIEW explode(sequence(1, {judges})) AS judge
      LATERAL VIEW explode(array({orders})) AS shown_order
    )
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark and print one line a size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--judgments", type=int, nargs="*", help="sizes of five judges; default 1 and 10 million")
    parser.add_argument("--shapes", nargs="*", choices=list(SHAPES), default=[])
    parser.add_argument("--scale", type=float, default=1.0, help="share of the comparisons of each shape")
    parser.add_argument("--set", action="append", default=[], help="key=value of the job, as jobs/evaluate.py takes it")
    arguments = parser.parse_args(argv)
    sizes = arguments.judgments
    if sizes is None:
        sizes = [] if arguments.shapes else [1_000_000, 10_000_000]
    shapes = [Shape(size // 10, size // 10) for size in sizes]
    shapes += [SHAPES[name].scaled(arguments.scale) for name in arguments.shapes]
    console = Console(highlight=False)
    for shape in shapes:
        with scratch_folder() as folder:
            measure(shape, arguments.set, folder, console)
    return 0


def measure(shape: Shape, more: Sequence[str], folder: Path, console: Console) -> None:
    """Time one shape."""
    settings = [
        f"tables.warehouse={folder / 'warehouse'}",
        "slices.by=[source, attributes.category]",
        f"report={folder / 'report.html'}",
        f"cards={folder / 'cards'}",
        "mlflow.enabled=false",
        *more,
    ]
    job = load_config(EvaluateJob, None, settings)
    spark = get_spark(job.tables, app_name="judgelake evaluation benchmark")
    try:
        make_tables(spark, job, shape)
        memory, start = Memory(spark), time.perf_counter()

        def say(line: str) -> None:
            console.print(f"  {time.perf_counter() - start:6.1f} s: {line}")

        with memory:
            done = evaluate_and_report(spark, job, say)
        seconds = time.perf_counter() - start
        console.print(
            f"{shape}: {seconds:.1f} s, {len(done.evaluation.rows):,} metric rows; at most {memory.heap_mib:,} MiB of "
            f"the JVM's heap and {memory.task_mib:,} MiB of the largest Python worker in use"
        )
    finally:
        spark.stop()


def make_tables(spark: Any, job: EvaluateJob, shape: Shape) -> None:
    """Fill comparisons, labels and judgments."""
    create_tables(spark, job.tables)
    orders = ", ".join(f"'{order}'" for order in shape.orders)
    size = {"comparisons": shape.comparisons, "questions": shape.questions, "judges": shape.judges}
    tables = {job.tables.comparisons: COMPARISONS, job.tables.labels: LABELS, job.tables.judgments: JUDGMENTS}
    for table, query in tables.items():
        rows = spark.sql(query.format(**size, slices=SLICES, orders=orders))
        rows.write.format("delta").mode("append").saveAsTable(table)


class Memory:
    """What is in use at most while this is entered: the JVM's heap, and the largest Python worker (Linux alone).

    In a local session driver and executors share the heap. Of the workers those of any session on this machine count.
    """

    def __init__(self, spark: Any) -> None:
        """Nothing seen yet."""
        self.heap_mib = self.task_mib = 0
        self._runtime = spark.sparkContext._jvm.java.lang.Runtime.getRuntime()
        self._is_over = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Memory:
        """Begin to look."""
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Look no more."""
        self._is_over.set()
        self._watch.join()

    def _look(self) -> None:
        while not self._is_over.wait(SECONDS_A_LOOK):
            in_use = self._runtime.totalMemory() - self._runtime.freeMemory()
            self.heap_mib = max(self.heap_mib, int(in_use) // BYTES_A_MIB)
            self.task_mib = max(self.task_mib, *worker_peaks_mib(), 0)


def worker_peaks_mib() -> Iterator[int]:
    """The peak resident memory of each Python worker."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if b"pyspark.daemon" in (folder / "cmdline").read_bytes():
                status = (folder / "status").read_text("utf-8")
                yield next((int(line.split()[1]) // KIB_A_MIB for line in status.splitlines() if "VmHWM" in line), 0)
        except OSError:  # it has ended
            continue


if __name__ == "__main__":
    raise SystemExit(main())
