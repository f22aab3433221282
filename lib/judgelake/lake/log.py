"""The Delta log of a table in a folder on this machine, read without Spark.

Delta answers the same questions with one or two Spark jobs each. The first of them loads and compiles for seconds,
longer than all the work of a small run.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from judgelake.lake.names import POINTED_TO

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

COMMIT = re.compile(r"(\d{20})\.json")


@dataclass(frozen=True, slots=True)
class Noted:
    """What Delta recorded about a table in the checksum file next to one of its commits."""

    table_id: str
    files: int
    size_bytes: int


def folder_on_disk(spark: SparkSession, table: str) -> Path | None:
    """The folder of a table of an embedded warehouse on this machine; None if the table is elsewhere."""
    folder = spark.conf.get(POINTED_TO + table, None)
    return None if folder is None or "://" in folder else Path(folder)


def newest_version(folder: Path) -> int | None:
    """The number of the newest commit; None if no commit is visible."""
    try:
        commits = [match for name in os.listdir(folder / "_delta_log") if (match := COMMIT.fullmatch(name))]
    except OSError:
        return None
    return max((int(match.group(1)) for match in commits), default=None)


def noted(folder: Path, version: int) -> Noted | None:
    """What is recorded about a version; None if Delta, or another writer, has recorded nothing."""
    try:
        content = json.loads((folder / "_delta_log" / f"{version:020}.crc").read_text("utf-8"))
        return Noted(str(content["metadata"]["id"]), int(content["numFiles"]), int(content["tableSizeBytes"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
