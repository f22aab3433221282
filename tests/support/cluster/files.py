"""A lake on disk, written and read without Spark: a session would cost more than all of a cluster test."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql.pandas.types import from_arrow_schema

from judgelake.lake import COMPARISON


class LakeOnDisk:
    """The folder of an embedded warehouse."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write_comparisons(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Create the table of comparisons with these rows; a column that a row does not name is NULL."""
        table = pa.Table.from_pylist([{**dict.fromkeys(COMPARISON.names), **row} for row in rows], schema=COMPARISON)
        place = self.folder / "comparisons"
        (place / "_delta_log").mkdir(parents=True)
        pq.write_table(table, place / "rows.parquet")
        metadata = {
            "id": str(uuid.uuid4()),
            "format": {"provider": "parquet", "options": {}},
            "schemaString": from_arrow_schema(COMPARISON).json(),
            "partitionColumns": [],
            "configuration": {},
            "createdTime": int(time.time() * 1000),
        }
        add = {"path": "rows.parquet", "partitionValues": {}, "size": (place / "rows.parquet").stat().st_size}
        add |= {"modificationTime": int(time.time() * 1000), "dataChange": True}
        actions = [{"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}}, {"metaData": metadata}, {"add": add}]
        text = "".join(json.dumps(action) + "\n" for action in actions)
        (place / "_delta_log" / f"{0:020}.json").write_text(text, "utf-8")

    def rows(self, table: str, *columns: str) -> list[dict[str, Any]]:
        """The rows of a table, of these columns or of all; none where there is no table."""
        place = self.folder / table
        found: dict[str, None] = {}
        for commit in sorted((place / "_delta_log").glob("*.json")):
            for line in commit.read_text("utf-8").splitlines():
                action = json.loads(line)
                if "add" in action:
                    found[action["add"]["path"]] = None
                if "remove" in action:
                    found.pop(action["remove"]["path"], None)
        paths = [place / unquote(path) for path in found]
        return [row for path in paths for row in pq.read_table(path, columns=list(columns) or None).to_pylist()]


def pair(number: int, question: int, source: str = "test", text: str = "") -> dict[str, Any]:
    """A comparison of two answers to a question; no two have the same prompt."""
    return {
        "comparison_id": f"{source} {number}",
        "question_id": f"{source} question {question}",
        "messages": [{"role": "user", "content": f"Question {question} of {source}?"}],
        "answers": [
            {"model": "model-a", "text": f"answer {number} {text}".strip()},
            {"model": "model-b", "text": f"other answer {number}"},
        ],
        "source": source,
    }


def assert_each_once(
    rows: Sequence[Mapping[str, Any]], expected: int, output: str, statuses: Iterable[str] = ("ok",)
) -> None:
    """Every request has one judgment, none lost and none doubled.

    Args:
        rows: of the judgments table.
        expected: requests that there were.
        output: of the driver, shown if it is not so.
        statuses: that the judgments may have.
    """
    assert len(rows) == len({row["judgment_id"] for row in rows}) == expected, output
    assert {row["status"] for row in rows} <= set(statuses), output
