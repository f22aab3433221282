"""What Spark, Delta and planning cost: a million requests with an engine that answers immediately.

    python benchmarks/planning.py --requests 1000000

Times a first run over an empty judgments table, then a second run that finds everything already judged. The answers
come from `InstantAsker` below, in the same tasks and through the same code as those of a real engine.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from rich.console import Console
from scratch import scratch_folder

from judgelake.config import load_config
from judgelake.engine import Ask, Reply
from judgelake.jobs.judge import JudgeJob, judge
from judgelake.lake import create_tables
from judgelake.runtime import get_spark

ANSWERS_A_QUESTION = 10


class InstantAsker:
    """Answers every request immediately, with scores derived from the prompt's length."""

    async def ask(self, ask: Ask) -> Reply:
        """A JudgeLM score line."""
        length = ask.cost_bytes
        return Reply(f"{length % 11} {length % 7}", "stop", length // 4, 0, 3, None, 0.0)


@asynccontextmanager
async def instant() -> AsyncIterator[InstantAsker]:
    """Opens the instant asker."""
    yield InstantAsker()


def comparisons_sql(comparisons: int) -> str:
    """Comparisons of realistic size (about 1.3 KB of text), ten per question."""
    return f"""
        SELECT
          concat('c', id) AS comparison_id,
          concat('q', id DIV {ANSWERS_A_QUESTION}) AS question_id,
          array(named_struct('role', 'user', 'content',
            concat('Question ', id DIV {ANSWERS_A_QUESTION}, ': ', repeat('why is this so? ', 12)))) AS messages,
          CAST(NULL AS STRING) AS input,
          transform(array('one answer with words', 'other words in answer'), words -> named_struct('model', words,
            'text', concat(id, ' ', repeat(words, 24)), 'turns', CAST(NULL AS ARRAY<STRING>))) AS answers,
          CAST(NULL AS STRING) AS reference,
          CAST(NULL AS STRUCT<criteria: STRING, scores: ARRAY<STRING>>) AS rubric,
          'benchmark' AS source,
          map('id', CAST(id AS STRING)) AS attributes
        FROM range(0, {comparisons}, 1, 16)
    """


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark and print one line per stage."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--chunk-requests", type=int, default=100_000)
    arguments = parser.parse_args(argv)
    with scratch_folder() as folder:
        measure(arguments, folder, Console())
    return 0


def measure(arguments: argparse.Namespace, folder: Path, console: Console) -> None:
    """Time both runs over tables in the folder."""
    job = load_config(
        JudgeJob,
        None,
        [
            "judge.name=judgelm",
            f"tables.warehouse={folder / 'warehouse'}",
            "mlflow.enabled=false",
            "engine.url=http://instant.invalid/v1",
            f"asking.chunk_requests={arguments.chunk_requests}",
        ],
    )
    spark = get_spark(job.tables, app_name="judgelake planning benchmark")
    try:
        create_tables(spark, job.tables)
        spark.sql(comparisons_sql(arguments.requests // 2)).write.format("delta").mode("append").saveAsTable(
            job.tables.comparisons
        )
        for stage in ("first run", "resume over finished work"):
            start = time.perf_counter()
            run = judge(spark, job, console=console, asker=instant)
            seconds = time.perf_counter() - start
            console.print(
                f"{stage}: {run.plan.requests:,} requests judged, {run.plan.skipped:,} skipped, {seconds:.1f} s"
            )
    finally:
        spark.stop()


if __name__ == "__main__":
    raise SystemExit(main())
