"""What a path, a folder or a pattern names: its files, and the columns that the folders' names hold."""

from __future__ import annotations

import glob
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from judgelake.errors import UserError
from judgelake.sources.arrow_rows import nanosecond_columns
from judgelake.sources.files import CAN_BE_READ, PARQUET
from judgelake.sources.reading import cannot_read

ANY_TABLE = f"{CAN_BE_READ}; a folder or a pattern of such files; a Delta table; the name of a table in the catalog"
"""What --format table reads, as the end of an error."""

SUFFIXES = (
    ".json",
    ".jsonl",
    ".ndjson",
    ".csv",
    ".tsv",
    ".tab",
    ".gz",
    ".parquet",
    ".pq",
    ".arrow",
    ".feather",
    ".ipc",
)
REMOTE = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:/")
PATTERN = re.compile(r"[*?\[]")
# What Hive, Spark and pyarrow write for a partition without a value.
NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
# What the library `datasets` writes beside the Arrow files of a saved table.
NO_ROWS = ("dataset_info.json", "dataset_dict.json", "state.json")


@dataclass(frozen=True, slots=True)
class Found:
    """A file, with the columns that its folders hold: `id=007/rows.csv` has the column `id` with the text 007."""

    path: Path
    partition: Mapping[str, str | None]


def files_named(name: str) -> list[Found]:
    """The files of a path, a folder (with its folders) or a pattern, sorted; hidden ones and _SUCCESS are left out.

    Raises:
        UserError: there is none.
    """
    places = [Path(name)] if Path(name).exists() or not PATTERN.search(name) else _matches(name)
    files = [file for place in places for file in ([place] if not place.is_dir() else _inside(place))]
    if not files:
        what = "pattern matches no file" if PATTERN.search(name) else "folder holds no file"
        raise UserError(f"Cannot read {name!r}: the {what}. {ANY_TABLE}.")
    return [Found(file, _partition(file)) for file in files]


def read_here(names: Sequence[str]) -> tuple[str, ...]:
    """Those of the tables that are files which this process reads row by row; Spark reads the others on the executors.

    Spark reads tables of a catalog, Delta, remote addresses, and Parquet unless it has times in nanoseconds.

    Raises:
        UserError: there is no such file.
    """
    return tuple(name for name in names if _is_file(name) and _is_only_for_us(name))


def is_address(name: str) -> bool:
    """Whether the name is a path or an address, not the name of a table in the catalog."""
    looks_so = "/" in name or PATTERN.search(name) is not None or name.lower().endswith(SUFFIXES)
    return looks_so or Path(name).exists()


def _is_file(name: str) -> bool:
    if not is_address(name) or REMOTE.match(name):
        return False
    place = Path(name)
    if not place.exists() and not _matches(name):
        if place.is_absolute():
            # Where Spark's file system is not this machine's, it may be a path there.
            return False
        raise UserError(f"Cannot read {name!r}: there is no such file or folder. {ANY_TABLE}.")
    return not (place / "_delta_log").is_dir()


def _is_only_for_us(name: str) -> bool:
    files = [found.path for found in files_named(name)]
    return not all(map(_is_parquet, files)) or bool(nanosecond_columns(files[0]))


def _is_parquet(path: Path) -> bool:
    if path.suffix == ".parquet":
        return True
    try:
        with path.open("rb") as stream:
            return stream.read(len(PARQUET)) == PARQUET
    except OSError as error:
        raise cannot_read(path, error) from error


def _matches(name: str) -> list[Path]:
    return [Path(match) for match in sorted(glob.glob(name, recursive=True))]


def _inside(folder: Path) -> list[Path]:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in NO_ROWS)
    return [path for path in files if not any(part[0] in "._" for part in path.relative_to(folder).parts)]


def _partition(path: Path) -> dict[str, str | None]:
    pairs = [part.split("=", 1) for part in path.parts[:-1] if "=" in part]
    return {unquote(name): None if value == NO_VALUE else unquote(value) for name, value in pairs}
