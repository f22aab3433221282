"""Rows that are not accepted, as the table rejected_rows has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def rejected_rows(rejected: DataFrame, format_name: str) -> DataFrame:
    """Rows of file, line, reason and raw as in the table; the same row of the same file has the same `row_id`."""
    # Only the file's name: the same file under another path is the same file.
    name = F.element_at(F.split("file", "/"), -1)
    parts = F.to_json(F.struct(name.alias("name"), "line", "reason", "raw"))
    return rejected.select(
        F.sha2(parts, 256).alias("row_id"),
        "file",
        "line",
        "reason",
        "raw",
        F.lit(format_name).alias("format"),
        F.current_timestamp().alias("ingested_at"),
    )
