"""The Delta log of a table in a folder on this machine, read without Spark.

Delta answers the same questions with one or two Spark jobs each. The first of them loads and compiles for seconds,
longer than all the work of a small run.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from judgelake.lake.names import POINTED_TO

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

COMMIT = re.compile(r"(\d{20})\.json")


# Readers of this version know neither deletion vectors nor columns under other names: the rows of a table are those of
# its files. Source: Delta's protocol, "Reader version requirements".
PLAIN_READER = 1
GLOB = re.compile(r"[\[\]{}*?\\]")


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file of a table; `lowest` and `highest` are those of its values by column, where Delta recorded them."""

    path: Path
    lowest: Mapping[str, Any] = field(default_factory=dict)
    highest: Mapping[str, Any] = field(default_factory=dict)

    def may_hold(self, column: str, value: str) -> bool:
        """Whether a row may have the text in the column; recorded ends may be shortened, but never inwards."""
        lowest, highest = self.lowest.get(column), self.highest.get(column)
        return lowest is None or highest is None or lowest <= value <= highest


@dataclass(frozen=True, slots=True)
class Noted:
    """What Delta recorded about a table in the checksum file next to one of its commits."""

    table_id: str
    files: int
    size_bytes: int
    data_files: tuple[DataFile, ...] | None = None
    """The files whose rows are those of the table; None if they are not recorded or need Delta to be read."""


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
        files, size = int(content["numFiles"]), int(content["tableSizeBytes"])
        return Noted(str(content["metadata"]["id"]), files, size, _data_files(folder, content))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _data_files(folder: Path, content: Mapping[str, Any]) -> tuple[DataFile, ...] | None:
    """The files in `allFiles` of a checksum file, if they are all, all there, and readable without Delta.

    Source: Delta's protocol, "Version checksum file".
    """
    listed, protocol = content.get("allFiles"), content.get("protocol") or {}
    is_plain = protocol.get("minReaderVersion") == PLAIN_READER and content["metadata"].get("partitionColumns") == []
    if listed is None or len(listed) != content["numFiles"] or not is_plain:
        return None
    found = []
    for one in listed:
        path, stats = folder / unquote(one["path"]), json.loads(one.get("stats") or "{}") or {}
        # Also None where the path is an address, and where the file was removed: Delta's error names it.
        if not path.is_file() or GLOB.search(str(path)):
            return None
        found.append(DataFile(path, stats.get("minValues") or {}, stats.get("maxValues") or {}))
    return tuple(found)
