"""A lake in which answers are generated: sources as files, and jobs over models behind test servers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from small_lake import lake_of_its_own

from judgelake.config import Tables, validated
from judgelake.jobs.generate import STEPS, Generated, GenerateJob, generate


class GenerateLake:
    """One lake; jobs read the files that were written into its folder."""

    def __init__(self, spark: Any, empty_warehouse: Path, folder: Path, schema: str) -> None:
        self.spark, self.folder = spark, folder
        self.tables: Tables = lake_of_its_own(spark, empty_warehouse, folder, schema)

    def file(self, name: str, rows: Iterable[Mapping[str, Any]]) -> str:
        """Write rows as JSONL; returns the path."""
        path = self.folder / name
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
        return str(path)

    def job(self, **groups: Any) -> GenerateJob:
        """A job on the tables of this lake."""
        usual = {"tables": self.tables.model_dump(), "mlflow": {"enabled": False}}
        return validated(GenerateJob, {**usual, **groups}, "test")

    def generate(self, steps: Iterable[str] = STEPS, **groups: Any) -> Generated:
        """Run the steps of such a job."""
        return generate(self.spark, self.job(**groups), tuple(steps))

    def rows(self, table: str, where: str = "true") -> list[Any]:
        """Rows of one of the tables."""
        return self.spark.read.table(getattr(self.tables, table)).where(where).collect()


def model(name: str, url: str, **changes: Any) -> dict[str, Any]:
    """A model of that name behind a server."""
    return {"name": name, "model": "test-judge", "engine": {"url": url, "max_retries": 1, "timeout_s": 20}, **changes}
