"""A lake whose comparisons are judged: jobs over a part of them, and what then stands in the tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from small_lake import append, comparison, lake_of_its_own

from judgelake.config import Tables, validated
from judgelake.jobs.judge import JudgeJob, judge
from judgelake.jobs.judge.job import JudgeRun


def pair(name: str, question: str, a: str = "a", b: str = "b") -> dict[str, Any]:
    """A comparison of two answers; those with one question have one question id."""
    return comparison(name, answers=(a, b), question=f"q-{question}") | {"messages": [("user", question)]}


def pairs(scenario: str, count: int) -> list[dict[str, Any]]:
    """Comparisons of a scenario, two of each question."""
    return [
        pair(f"{scenario} {i}", f"Question {i // 2} of {scenario}?", f"answer {i}", f"other answer {i}")
        for i in range(count)
    ]


def of(scenario: str) -> str:
    """The comparisons of a scenario, and their judgments."""
    return f"comparison_id LIKE '{scenario} %'"


class JudgeLake:
    """One lake for many scenarios: what is judged, and read, is a part of its comparisons."""

    def __init__(self, spark: Any, empty_warehouse: Path, folder: Path, schema: str) -> None:
        self.spark = spark
        self.tables: Tables = lake_of_its_own(spark, empty_warehouse, folder, schema)

    def add(self, comparisons: Iterable[Mapping[str, Any]]) -> None:
        """Append comparisons."""
        append(self.spark, self.tables.comparisons, *comparisons)

    def job(self, url: str | None, where: str | None = None, **changes: Mapping[str, Any]) -> JudgeJob:
        """A judge job over a part of the comparisons: job(url, of("scenario"), order={"orders": "AB"})."""
        content: dict[str, Any] = {
            "judge": {"name": "judgelm", "model": "test-judge"},
            "engine": {"url": url, "max_retries": 1, "timeout_s": 20},
            "tables": self.tables.model_dump(),
            "mlflow": {"enabled": False},
            "input": {"where": where},
        }
        for group, values in changes.items():
            content[group] = {**content.get(group, {}), **values}
        return validated(JudgeJob, content, "test")

    def judge(self, url: str, where: str | None = None, **changes: Mapping[str, Any]) -> JudgeRun:
        """Run such a job."""
        return judge(self.spark, self.job(url, where, **changes))

    def judgments(self, where: str = "true") -> list[Any]:
        """Rows of the judgments table."""
        return self.spark.read.table(self.tables.judgments).where(where).collect()

    def statuses(self, where: str) -> dict[str, int]:
        """How many of the judgments have each status."""
        return dict(Counter(row["status"] for row in self.judgments(where)))

    def runs(self, where: str = "true") -> list[Any]:
        """Rows of the runs table."""
        return self.spark.read.table(self.tables.runs).where(where).collect()

    def has_plans(self) -> bool:
        """Whether a run has left its plan behind."""
        return not self.spark.read.table(self.tables.plans).isEmpty()
