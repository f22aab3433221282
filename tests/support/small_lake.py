"""A lake of a few rows that a test writes itself, and what an evaluation of it tells."""

from __future__ import annotations

import datetime
import shutil
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from judgelake.config import Tables, validated
from judgelake.jobs.evaluate import Evaluated, EvaluateJob, evaluate_and_report
from judgelake.lake import create_tables


def lake_of_its_own(spark: Any, empty_warehouse: Path, folder: Path, schema: str) -> Tables:
    """Empty tables for the tests of a whole module; `lake` is for one test."""
    names = {name: f"{schema}.{name}" for name in Tables.model_fields if name != "warehouse"}
    tables = Tables(warehouse=str(folder / "warehouse"), **names)
    shutil.copytree(empty_warehouse, folder / "warehouse" / f"{schema}.db")
    create_tables(spark, tables)
    return tables


def append(spark: Any, table: str, *rows: Mapping[str, Any]) -> None:
    """Append rows, given as mappings, to a table; what a row does not name is NULL."""
    columns = spark.read.table(table).schema
    data = [tuple(row.get(column) for column in columns.fieldNames()) for row in rows]
    spark.createDataFrame(data, columns).write.format("delta").mode("append").saveAsTable(table)


def comparison(
    name: str,
    source: str = "test",
    answers: tuple[str, ...] = ("a", "b"),
    question: str | None = None,
    **attributes: str,
) -> dict[str, Any]:
    """A comparison of model-a's answer "a" and so on; its question is its own unless one is named."""
    return {
        "comparison_id": name,
        "question_id": question or f"q-{name}",
        "messages": [("user", f"Question {name}?")],
        "answers": [(f"model-{answer}", answer, None) for answer in answers],
        "source": source,
        "attributes": attributes,
    }


def judgment(
    name: str, verdict: str | None = "A", hour: int = 1, order: str = "AB", judge: str = "j", **changes: Any
) -> dict[str, Any]:
    """One judgment; without a verdict a failed one."""
    failed = {} if verdict else {"status": "timeout", "error": "no answer in time"}
    return {
        "judgment_id": f"{judge}-{name}-{order}",
        "comparison_id": name,
        "judge": judge,
        "judge_fingerprint": "f",
        "model_version": "m",
        "mode": "pair",
        "shown_order": order,
        "repeat": 0,
        "status": "ok",
        "verdict": verdict,
        "attempt": 1,
        "engine": "test",
        "judged_at": datetime.datetime(2026, 11, 1, hour),
        **failed,
        **changes,
    }


def label(
    name: str,
    verdict: str | None = None,
    labeler: str = "gold",
    kind: str = "gold",
    scores: list[float | None] | None = None,
) -> dict[str, Any]:
    """A label that is a verdict or scores."""
    return {"comparison_id": name, "labeler": labeler, "kind": kind, "verdict": verdict, "scores": scores}


def labels_of(said: Mapping[str, Any], labeler: str = "gold", kind: str = "gold") -> list[dict[str, Any]]:
    """Labels by comparison, each a verdict or scores."""
    return [label(name, None, labeler, kind) | _saying(value) for name, value in said.items()]


def judgments_of(
    judge: str, said: Mapping[str, Any], order: str = "AB", repeat: int = 0, **changes: Any
) -> list[dict[str, Any]]:
    """A judge's judgments by comparison, each a verdict, scores, or None: one without either."""
    about = {"judge": judge, "judge_fingerprint": f"fingerprint of {judge}", "order": order, "repeat": repeat}
    rows = []
    for name, value in said.items():
        status = {"status": "unparseable", "error": "nothing to read"} if value is None else {}
        row = judgment(name, **about, judgment_id=f"{judge} {name} {order} {repeat}", **changes)
        rows.append(row | status | _saying(value))
    return rows


def _saying(value: Any) -> dict[str, Any]:
    is_scores = isinstance(value, list)
    return {"verdict": None if is_scores else value, "scores": value if is_scores else None}


def rows_by_table(*parts: Iterable[tuple[str, Iterable[Mapping[str, Any]]]]) -> dict[str, list[Mapping[str, Any]]]:
    """What several scenarios put into each table, together; a scenario yields (table, rows)."""
    rows: dict[str, list[Mapping[str, Any]]] = {}
    for table, of_table in chain(*parts):
        rows.setdefault(table, []).extend(of_table)
    return rows


def evaluate_job(tables: Tables, **changes: Any) -> EvaluateJob:
    """A job that evaluates these tables, quickly and without MLflow, report and cards unless `changes` says so."""
    content = {"tables": tables.model_dump(), "mlflow": {"enabled": False}, "report": None, "cards": None}
    return validated(EvaluateJob, content | changes, "test")


def metrics_of(spark: Any, tables: Tables, run_id: str) -> dict[tuple[str | None, ...], Any]:
    """An evaluation's rows of the metrics table by (judge, metric, subject, slice, swap rule)."""
    found = spark.read.table(tables.metrics).where(f"run_id = '{run_id}'").collect()
    return {(r["judge"], r["metric"], r["subject"], r["slice"], r["swap_rule"]): r for r in found}


class SmallLake:
    """Fills the tables of one lake and evaluates them through the whole job."""

    def __init__(self, spark: Any, tables: Tables, folder: Path) -> None:
        self.spark, self.tables, self.folder = spark, tables, folder

    def add(self, table: str, *rows: Mapping[str, Any]) -> None:
        """Append rows; see `append`."""
        append(self.spark, getattr(self.tables, table), *rows)

    def fill(self, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        """Append the rows of each table, in one commit for each."""
        for table, of_table in rows.items():
            self.add(table, *of_table)

    def evaluate(self, into: str = ".", tables: Tables | None = None, **changes: Any) -> Evaluated:
        """The evaluation, of this lake's tables unless others are named; its report and cards go `into` its folder."""
        folder = self.folder / into
        places = {"report": str(folder / "report.html"), "cards": str(folder / "cards")}
        return evaluate_and_report(self.spark, evaluate_job(tables or self.tables, **places | changes))

    def metrics(self, done: Evaluated) -> dict[tuple[str | None, ...], Any]:
        """The evaluation's rows; see `metrics_of`."""
        return metrics_of(self.spark, self.tables, done.evaluation.run_id)
