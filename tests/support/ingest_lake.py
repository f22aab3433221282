"""A lake that a test ingests into, and what then stands in it."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from small_lake import lake_of_its_own

from judgelake.config import Tables
from judgelake.jobs.ingest import Ingested, IngestJob, ingest, main
from judgelake.sources import Columns, Files


def pair(name: str | None, question: str = "Q", a: str = "a", b: str = "b", **more: Any) -> dict[str, Any]:
    """A comparison as a line of our JSONL."""
    messages = [{"role": "user", "content": question}]
    return {"comparison_id": name, "messages": messages, "answers": [{"text": a}, {"text": b}], **more}


class IngestLake:
    """Ingests into the tables of one lake and reads them back."""

    def __init__(self, spark: Any, tables: Tables, folder: Path) -> None:
        self.spark, self.tables, self.folder = spark, tables, folder

    @classmethod
    def of_a_module(cls, spark: Any, empty_warehouse: Path, folder: Path, schema: str) -> IngestLake:
        """One with empty tables for the tests of a whole module."""
        return cls(spark, lake_of_its_own(spark, empty_warehouse, folder, schema), folder)

    def write(self, name: str, *rows: Any) -> Path:
        """A file of the folder, a line a row; a row that is text is written as it is."""
        path = self.folder / name
        path.write_text("".join(row if isinstance(row, str) else json.dumps(row) + "\n" for row in rows), "utf-8")
        return path

    def ingest(
        self,
        *rows: Any,
        name: str = "rows.jsonl",
        labels: tuple[Path, ...] = (),
        judgments: Iterable[Any] = (),
        **options: Any,
    ) -> Ingested:
        """Ingest comparisons, written into a file of this name, and judgments."""
        files = Files(
            inputs=(self.write(name, *rows),) if rows else (),
            labels=labels,
            judgments=(self.write("judgments.jsonl", *judgments),) if judgments else (),
        )
        return ingest(self.spark, IngestJob(tables=self.tables), "judgelake", files, **options)

    def ingest_table(
        self, *names: str | Path, tables: Tables | None = None, columns: Columns | None = None
    ) -> Ingested:
        """Ingest tables that Spark reads, into this lake's tables or others."""
        job = IngestJob(tables=tables or self.tables, columns=columns)
        return ingest(self.spark, job, "table", Files(tables=tuple(map(str, names))))

    def command(self, *arguments: str) -> tuple[int, list[list[str]]]:
        """Exit code of the command and the words of its lines, of none but those that depend on how long it took."""
        names = [f"--set=tables.{name}={value}" for name, value in self.tables.model_dump().items()]
        with contextlib.chdir(self.folder), contextlib.redirect_stdout(io.StringIO()) as output:
            code = main([*arguments, *names])
        return code, [line.split() for line in output.getvalue().splitlines() if line.strip() and line[-1] != "."]

    def rows(self, table: str, *columns: str, where: str = "true") -> list[tuple[Any, ...]]:
        """Columns of a table's rows."""
        found = self.spark.table(getattr(self.tables, table)).where(where).select(*columns)
        return sorted((tuple(row) for row in found.collect()), key=repr)

    def commits(self, *tables: str) -> list[int]:
        """How often each table was written to."""
        return [self.spark.sql(f"DESCRIBE HISTORY {getattr(self.tables, table)}").count() for table in tables]
