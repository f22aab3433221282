"""What an evaluation costs: judgments of five judges in both orders, a question a comparison, twenty slices.

    python benchmarks/evaluation.py --judgments 1000000 10000000

Makes the tables (not timed), then times the whole job: counting with its bootstrap replicates, all pairwise metrics,
judges against each other, the metrics table and the report.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from judgelake.config import load_config
from judgelake.evaluating import evaluate_and_report
from judgelake.evaluation import EvaluateJob
from judgelake.lake import create_tables
from judgelake.session import get_spark

JUDGES = 5
ORDERS = 2
SLICES = 10
"""Of each of two dimensions."""
MIB = 1024

COMPARISONS = """
    SELECT
      concat('c', id) AS comparison_id,
      concat('q', id) AS question_id,
      array(named_struct('role', 'user', 'content', concat('Question ', id))) AS messages,
      transform(array('a', 'b'), name -> named_struct('model', name, 'text',
        repeat(name, CAST(20 + pmod(hash(id, name), 200) AS INT)), 'turns', CAST(NULL AS ARRAY<STRING>))) AS answers,
      concat('source-', id % {slices}) AS source,
      map('category', concat('category-', id DIV {slices} % {slices})) AS attributes
    FROM range(0, {questions}, 1, 16)
"""
LABELS = """
    SELECT concat('c', id) AS comparison_id, 'benchmark' AS labeler, 'gold' AS kind,
      element_at(array('A', 'B', 'tie'), CAST(1 + pmod(hash(id), 3) AS INT)) AS verdict
    FROM range(0, {questions}, 1, 16)
"""
# 13 of 15 verdicts are the label; one in a hundred judgments has none.
JUDGMENTS = """
    SELECT
      md5(concat(id, '-', judge, '-', shown_order)) AS judgment_id, 'benchmark' AS run_id,
      concat('c', id) AS comparison_id, concat('q', id) AS question_id,
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
      FROM range(0, {questions}, 1, 16)
      LATERAL VIEW explode(sequence(1, {judges})) AS judge
      LATERAL VIEW explode(array('AB', 'BA')) AS shown_order
    )
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark and print one line a size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--judgments", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--replicates", type=int, default=1_000)
    arguments = parser.parse_args(argv)
    console = Console(highlight=False)
    for judgments in arguments.judgments:
        folder = Path(tempfile.mkdtemp(prefix="judgelake-bench-"))
        try:
            measure(judgments, arguments.replicates, folder, console)
        finally:
            shutil.rmtree(folder)
    return 0


def measure(judgments: int, replicates: int, folder: Path, console: Console) -> None:
    """Time one size."""
    settings = [
        f"tables.warehouse={folder / 'warehouse'}",
        f"replicates={replicates}",
        "slices.by=[source, attributes.category]",
        f"report={folder / 'report.html'}",
        f"cards={folder / 'cards'}",
        "mlflow.enabled=false",
    ]
    job = load_config(EvaluateJob, None, settings)
    spark = get_spark(job.tables, app_name="judgelake evaluation benchmark")
    try:
        make_tables(spark, job, judgments)
        start = time.perf_counter()

        def say(line: str) -> None:
            console.print(f"  {time.perf_counter() - start:6.1f} s: {line}")

        done = evaluate_and_report(spark, job, say)
        seconds = time.perf_counter() - start
        workers = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // MIB
        console.print(
            f"{judgments:,} judgments, {replicates:,} replicates: {seconds:.1f} s, "
            f"{len(done.evaluation.rows):,} metric rows; largest child process {workers:,} MiB"
        )
    finally:
        spark.stop()


def make_tables(spark: Any, job: EvaluateJob, judgments: int) -> None:
    """Fill comparisons, labels and judgments."""
    create_tables(spark, job.tables)
    size = {"questions": judgments // JUDGES // ORDERS, "judges": JUDGES, "slices": SLICES}
    tables = {job.tables.comparisons: COMPARISONS, job.tables.labels: LABELS, job.tables.judgments: JUDGMENTS}
    for table, query in tables.items():
        spark.sql(query.format(**size)).write.format("delta").mode("append").saveAsTable(table)


if __name__ == "__main__":
    raise SystemExit(main())
