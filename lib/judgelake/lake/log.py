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
from judgelake.runtime import setting

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
    folder: Path
    content: Mapping[str, Any] = field(repr=False)
    """The whole checksum file."""

    def data_files(self) -> tuple[DataFile, ...] | None:
        """The files whose rows are those of the table; None if they are not recorded or need Delta to be read.

        Source: Delta's protocol, "Version checksum file".
        """
        try:
            return self._data_files()
        except (ValueError, KeyError, TypeError, AttributeError):
            return None

    def _data_files(self) -> tuple[DataFile, ...] | None:
        listed, protocol = self.content.get("allFiles"), self.content.get("protocol") or {}
        is_plain = (
            protocol.get("minReaderVersion") == PLAIN_READER and self.content["metadata"]["partitionColumns"] == []
        )
        if listed is None or len(listed) != self.files or not is_plain:
            return None
        found = []
        for one in listed:
            path, stats = self.folder / unquote(one["path"]), json.loads(one.get("stats") or "{}") or {}
            # Also None where the path is an address, and where the file was removed: Delta's error names it.
            if not path.is_file() or GLOB.search(str(path)):
                return None
            found.append(DataFile(path, stats.get("minValues") or {}, stats.get("maxValues") or {}))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Commit:
    """What a commit did, and the text that its writer has put beside it."""

    operation: str
    user_metadata: str | None


@dataclass(frozen=True, slots=True)
class OnDisk:
    """A table in a folder on this machine, and the number of its newest commit."""

    folder: Path
    version: int

    def noted(self, version: int | None = None) -> Noted | None:
        """What is recorded about a version, or about the newest; None if nothing is."""
        return noted(self.folder, self.version if version is None else version)

    def commits_after(self, version: int) -> tuple[Commit, ...] | None:
        """The commits after a version up to the newest; None if one of them is not recorded any more.

        Source: Delta's protocol, "Commit Provenance Information".
        """
        log = self.folder / "_delta_log"
        try:
            return tuple(_commit(log / f"{number:020}.json") for number in range(version + 1, self.version + 1))
        except (OSError, ValueError, KeyError, TypeError):
            return None


def _commit(path: Path) -> Commit:
    with path.open(encoding="utf-8") as lines:
        actions = (json.loads(line) for line in lines)
        info = next((action["commitInfo"] for action in actions if "commitInfo" in action), None)
    if info is None:
        raise ValueError(f"{path} says nothing of its commit")
    return Commit(str(info["operation"]), info.get("userMetadata"))


def on_disk(spark: SparkSession, table: str) -> OnDisk | None:
    """A table of an embedded warehouse on this machine as it is now; None if the table is elsewhere."""
    folder = setting(spark, POINTED_TO + table)
    version = None if folder is None or "://" in folder else newest_version(Path(folder))
    return None if folder is None or version is None else OnDisk(Path(folder), version)


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
        return Noted(str(content["metadata"]["id"]), files, size, folder, content)
    except (OSError, ValueError, KeyError, TypeError):
        return None
