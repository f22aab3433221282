"""What the quickstart prints at the end: verdicts, counts, and what to type next."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pyspark.sql import Window
from pyspark.sql import functions as F
from rich.console import Console
from rich.table import Table
from rich.text import Text

from judgelake.comparisons import TIE, orders_of
from judgelake.config import Tables
from judgelake.quickstart.pairs import BY_MARGIN, SHOWN_AB, SHOWN_BA, JudgedPair, Said, agreement_text

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Row, SparkSession

# Log-probabilities of the labels in one token: what a verdict by margin needs.
MODE = "pair-logprobs"
ROWS = 15
QUESTION_WIDTH = 44
ORDERS = orders_of(2)
READING = (
    "A verdict names the answer in the original order, whichever was shown; green agrees with the label.",
    "By margin: the mean log-odds of A over B in both orders decides; what it adds for a place cancels out.",
    "This model is far too small to judge: near chance, it favours a place. It only shows that all works.",
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


def show_verdicts(console: Console, pairs: Sequence[JudgedPair]) -> None:
    """Print the first pairs with their verdicts and labels, and how many verdicts of all pairs agree with the label."""
    console.print(verdict_table(pairs))
    for line in (agreement_text(pairs), *READING):
        console.print(line, highlight=False, soft_wrap=True)


def verdict_table(pairs: Sequence[JudgedPair]) -> Table:
    """The first pairs with their verdicts, and with their labels if any has one."""
    table = Table(title=f"{min(ROWS, len(pairs))} of {len(pairs)} comparisons", title_justify="left")
    # Only its cells are cut, because on a narrow terminal a column that may wrap is narrowed before all others.
    table.add_column("question", max_width=QUESTION_WIDTH)
    is_labelled = any(pair.label for pair in pairs)
    for name in (SHOWN_AB, SHOWN_BA, BY_MARGIN, *(("label",) if is_labelled else ())):
        table.add_column(name, justify="center", no_wrap=True)
    for pair in pairs[:ROWS]:
        cells = (verdict_cell(pair.own, pair.label), verdict_cell(pair.reversed, pair.label), margin_cell(pair))
        question = Text(" ".join(pair.question.split()), no_wrap=True, overflow="ellipsis")
        table.add_row(question, *cells, *((pair.label or "",) if is_labelled else ()))
    return table


def judged_pairs(spark: SparkSession, tables: Tables, judge_fingerprint: str) -> list[JudgedPair]:
    """What the judge said of every pair that it was asked; one pair of each category in turn."""
    comparisons, labels = spark.table(tables.comparisons), spark.table(tables.labels)
    gold = labels.where("kind = 'gold'").groupBy("comparison_id").agg(F.first("verdict").alias("label"))
    questions = comparisons.select(
        "comparison_id",
        F.expr("messages[0].content").alias("question"),
        F.expr("attributes['category']").alias("category"),
    )
    turn = F.row_number().over(Window.partitionBy("category").orderBy("comparison_id"))
    rows = (
        _by_order(spark.table(tables.judgments_latest).where(F.col("judge_fingerprint") == judge_fingerprint))
        .join(questions, "comparison_id")
        .join(gold, "comparison_id", "left")
        .withColumn("turn", turn)
        .orderBy("turn", "category")
        .collect()
    )
    return [JudgedPair(row["question"], row["label"], *(_said(row[order]) for order in ORDERS)) for row in rows]


def _by_order(latest: DataFrame) -> DataFrame:
    """One row per comparison, with the first repeat's judgment in each order as a struct; NULL if there is none."""
    first, second = (F.try_element_at("verdict_logprobs", F.lit(letter)) for letter in ("A", "B"))
    said = F.struct("verdict", "status", (first - second).alias("log_odds"))
    shown = (F.first(F.when(F.col("shown_order") == order, said), ignorenulls=True).alias(order) for order in ORDERS)
    return latest.where(F.col("repeat") == 0).groupBy("comparison_id").agg(*shown)


def _said(row: Row | None) -> Said:
    return Said() if row is None else Said(**row.asDict())


def verdict_cell(said: Said, label: str | None) -> Text:
    """The verdict in one order, or the status that says why there is none."""
    if said.verdict is None:
        return Text(said.status or "not asked", style="yellow")
    return Text(said.verdict, style=_style(said.verdict, label))


def margin_cell(pair: JudgedPair) -> Text:
    """The verdict by margin with its log-odds: "A +0.042"; a dash if they are not known."""
    if pair.by_margin is None:
        return Text("-", style="yellow")
    return Text(f"{pair.by_margin} {pair.log_odds:+.3f}", style=_style(pair.by_margin, pair.label))


def _style(verdict: str, label: str | None) -> str:
    return "green" if verdict == label else "bold" if verdict == TIE else ""


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
            ".venv/bin/python jobs/ingest.py --format judgelake --input mine.jsonl && "
            f".venv/bin/python jobs/judge.py --set judge.mode={MODE}"
        ),
    }
    console.print("\n[bold]What next[/bold]")
    for what, command in commands.items():
        console.print(f"  {what}:", highlight=False, soft_wrap=True)
        console.print(Text(f"    {command}", style="cyan"), soft_wrap=True)
