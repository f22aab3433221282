"""What the quickstart prints in the end: verdicts, counts, and what to type next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F
from rich.console import Console
from rich.table import Table
from rich.text import Text

from judgelake.config import Tables
from judgelake.judges import TIE

if TYPE_CHECKING:
    from pyspark.sql import Row, SparkSession

ROWS = 15
QUESTION_CHARACTERS = 56

NEXT = (
    (
        "Ask the tables in SQL",
        '.venv/bin/judgelake sql "SELECT shown_order, verdict, count(*) FROM judgments_latest GROUP BY ALL"',
    ),
    ("See the run in MLflow", ".venv/bin/mlflow ui --backend-store-uri sqlite:///mlflow.db"),
    (
        "Judge a file of your own (one JSON object a line, as in samples/comparisons.jsonl)",
        ".venv/bin/python jobs/ingest.py --format judgelake --input mine.jsonl && .venv/bin/python jobs/judge.py",
    ),
)


def show_verdicts(console: Console, spark: SparkSession, tables: Tables, judge_fingerprint: str) -> None:
    """Print the first rows of both orders side by side, with the question and the gold label."""
    comparisons, labels = spark.table(tables.comparisons), spark.table(tables.labels)
    gold = labels.where("kind = 'gold'").groupBy("comparison_id").agg(F.first("verdict").alias("gold"))
    judged = spark.table(tables.judgments_both_orders).where(F.col("judge_fingerprint") == judge_fingerprint)
    rows = (
        judged.join(
            comparisons.select("comparison_id", F.expr("messages[0].content").alias("question")), "comparison_id"
        )
        .join(gold, "comparison_id", "left")
        .orderBy("comparison_id")
    )
    asked = rows.count()
    table = Table(title=f"{min(ROWS, asked)} of {asked} comparisons", title_justify="left")
    for name, what in (("question", "left"), ("gold", "center"), ("shown A, B", "center"), ("shown B, A", "center")):
        table.add_column(name, justify=what)  # type: ignore[arg-type]
    for row in rows.limit(ROWS).collect():
        cells = (verdict_cell(row, order) for order in ("ab", "ba"))
        table.add_row(Text(shortened(row["question"])), row["gold"] or "", *cells)
    console.print(table)
    console.print(
        "Verdicts name the comparison's own answers, in whichever order they were shown; green agrees with gold.\n"
        "This model is far too small to judge: its verdicts are near chance and lean to a place. They prove the pipe.",
        highlight=False,
    )


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
    console.print("\n[bold]What next[/bold]")
    for what, command in NEXT:
        console.print(f"  {what}:\n    [cyan]{command}[/cyan]", highlight=False, soft_wrap=True)


def shortened(text: str) -> str:
    """The beginning of a text on one line."""
    line = " ".join(text.split())
    return line if len(line) <= QUESTION_CHARACTERS else line[: QUESTION_CHARACTERS - 1].rstrip() + "…"
