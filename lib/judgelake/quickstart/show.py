"""What the quickstart prints at the end: verdicts, counts, and what to type next."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pyspark.sql import Window
from pyspark.sql import functions as F
from rich.console import Console
from rich.table import Table
from rich.text import Text

from judgelake.comparisons import TIE
from judgelake.config import Tables

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Row, SparkSession

ROWS = 15
QUESTION_WIDTH = 44
READING = (
    "A verdict names the answer by the original order, whichever order was shown; green agrees with gold.",
    (
        "This model is far too small to judge: its verdicts are near chance and favour one position. "
        "It only shows that the pipeline works."
    ),
)


def show_scope(console: Console, comparisons: DataFrame, judged: str) -> None:
    """Print how many of the table's comparisons are judged, and which modes the others need.

    Args:
        console: where it is printed.
        comparisons: the comparisons table.
        judged: SQL predicate of those that are judged.
    """
    pairs, total = comparisons.where(judged).count(), comparisons.count()
    console.print(
        f"{pairs} of the {total} comparisons are pairs of single answers: these are judged and evaluated. "
        "Conversations need the judge's mode turns, three and more answers its mode multi.",
        highlight=False,
        soft_wrap=True,
    )


def show_verdicts(console: Console, spark: SparkSession, tables: Tables, judge_fingerprint: str) -> None:
    """Print some comparisons of every category, with the gold label and the verdicts in both orders."""
    comparisons, labels = spark.table(tables.comparisons), spark.table(tables.labels)
    gold = labels.where("kind = 'gold'").groupBy("comparison_id").agg(F.first("verdict").alias("gold"))
    questions = comparisons.select(
        "comparison_id",
        F.expr("messages[0].content").alias("question"),
        F.expr("attributes['category']").alias("category"),
    )
    turn = F.row_number().over(Window.partitionBy("category").orderBy("comparison_id"))
    rows = (
        spark.table(tables.judgments_both_orders)
        .where(F.col("judge_fingerprint") == judge_fingerprint)
        .join(questions, "comparison_id")
        .join(gold, "comparison_id", "left")
        .withColumn("turn", turn)
        .orderBy("turn", "category")
        .collect()
    )
    table = Table(title=f"{min(ROWS, len(rows))} of {len(rows)} comparisons", title_justify="left")
    table.add_column("question", no_wrap=True, overflow="ellipsis", max_width=QUESTION_WIDTH)
    for name in ("gold", "shown A, B", "shown B, A"):
        table.add_column(name, justify="center", no_wrap=True)
    for row in rows[:ROWS]:
        cells = (verdict_cell(row, order) for order in ("ab", "ba"))
        table.add_row(Text(" ".join(row["question"].split())), row["gold"] or "", *cells)
    console.print(table)
    for line in READING:
        console.print(line, highlight=False, soft_wrap=True)


def verdict_cell(row: Row, order: str) -> Text:
    """The verdict in one order, or the status that says why there is none."""
    verdict = row[f"verdict_{order}"]
    if verdict is None:
        return Text(row[f"status_{order}"] or "not asked", style="yellow")
    return Text(verdict, style="green" if verdict == row["gold"] else "bold" if verdict == TIE else "")


def show_statuses(console: Console, spark: SparkSession, tables: Tables, judge_fingerprint: str) -> None:
    """Print how many judgments have each status."""
    latest = spark.table(tables.judgments_latest).where(F.col("judge_fingerprint") == judge_fingerprint)
    counts = latest.groupBy("status").count().orderBy("status").collect()
    console.print("Judgments by status: " + ", ".join(f"{row['count']} {row['status']}" for row in counts))


def show_next_commands(console: Console) -> None:
    """Print the three commands to type next."""
    store = os.environ.get("MLFLOW_TRACKING_URI") or "sqlite:///mlflow.db"
    query = "SELECT shown_order, verdict, count(*) FROM judgments_latest GROUP BY ALL"
    commands = {
        "Ask the tables in SQL": f'.venv/bin/judgelake sql "{query}"',
        "See the run in MLflow": f".venv/bin/mlflow ui --backend-store-uri {store}",
        "Judge a file of your own (one JSON object a line, as in samples/comparisons.jsonl)": (
            ".venv/bin/python jobs/ingest.py --format judgelake --input mine.jsonl && .venv/bin/python jobs/judge.py"
        ),
    }
    console.print("\n[bold]What next[/bold]")
    for what, command in commands.items():
        console.print(f"  {what}:", highlight=False, soft_wrap=True)
        console.print(Text(f"    {command}", style="cyan"), soft_wrap=True)
