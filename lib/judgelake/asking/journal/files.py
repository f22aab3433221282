"""The files of the journal: rows that tasks were given, in files that are there whole or not at all."""

from __future__ import annotations

import logging
import re
import time
import zlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from judgelake.errors import in_one_line
from judgelake.stores import filesystem, store_errors

logger = logging.getLogger(__name__)

# The name ends in the checksum of the content: what a killed process or a failed disk made of a file is not read.
NAME = re.compile(r"(?P<written_by>.+)-(?P<checksum>[0-9a-f]{8})\.parquet")
# Fast, and a third of the size: the files are read once or never.
COMPRESSION, LEVEL = "zstd", 1


@dataclass(frozen=True, slots=True)
class Journal:
    """The journal of what one thing answers for one table.

    Its files are `<root>/<table id>/<fingerprint>/<app id of a chunk>/<task>-<number>-<checksum>.parquet`. Picklable:
    each process that reads or writes it opens it.

    Attributes:
        root: an absolute folder, or an address that pyarrow opens; driver and executors can write it.
        table_id: of the output table; several may share a root.
        fingerprint: of what answers.
        schema: the columns of the output table.
        key: the columns that identify a row.
        answer: a column that is NULL where nothing answered; such rows are not kept.
    """

    root: str
    table_id: str
    fingerprint: str
    schema: pa.Schema
    key: tuple[str, ...]
    answer: str

    @property
    def address(self) -> str:
        """Where the files of this fingerprint are, for messages."""
        return f"{self.root.partition('?')[0]}/{self.table_id}/{self.fingerprint}"

    def write(self, app_id: str, name: str, rows: pa.Table) -> None:
        """Write rows to a new file, which is visible only when it is complete.

        Args:
            app_id: of the chunk.
            name: of the file, without what this adds to it; another one for each file of the chunk.
            rows: with the columns of `schema`.

        Raises:
            OSError: the place cannot be written; also the other `store_errors`.
        """
        sink = pa.BufferOutputStream()
        pq.write_table(rows, sink, compression=COMPRESSION, compression_level=LEVEL)
        content = sink.getvalue()
        file = f"{name}-{zlib.crc32(content):08x}.parquet"
        system, folder = self._opened(app_id)
        if not self._is_local:
            # An object is visible when its stream is closed.
            _write(system, f"{folder}/{file}", content)
            return
        try:
            _appear(system, folder, file, content)
        except FileNotFoundError:
            # Not before each file: the folder is there, unless another driver has just deleted it.
            system.create_dir(folder, recursive=True)
            _appear(system, folder, file, content)

    def files(self, app_id: str, begin: str = "") -> list[str]:
        """The names of a chunk's files that begin with a text, in order; empty if it has none.

        Raises:
            OSError: the place cannot be read; also the other `store_errors`.
        """
        system, folder = self._opened(app_id)
        return sorted(name for name in _names(system, folder) if name.startswith(begin) and NAME.fullmatch(name))

    def read(self, app_id: str, name: str, *, must_read: bool = False) -> pa.Table | None:
        """The rows of a file; None, and a warning, if it is not as it was written or is not there any more.

        Args:
            app_id: of the chunk.
            name: of the file.
            must_read: a file that is there, but cannot be read, is an error; else it is left out too.

        Raises:
            OSError: as above.
        """
        try:
            system, folder = self._opened(app_id)
            with system.open_input_stream(f"{folder}/{name}") as file:
                content = file.read()
            match = NAME.fullmatch(name)
            if match is None or zlib.crc32(content) != int(match["checksum"], 16):
                raise ValueError(f"{len(content):,} bytes that are not those that were written")
            return self._as_rows(pq.read_table(pa.BufferReader(content)))
        except store_errors() as error:
            if must_read and isinstance(error, OSError) and not isinstance(error, FileNotFoundError):
                raise
            logger.warning("left out %s/%s/%s of the journal: %s", self.address, app_id, name, in_one_line(error))
            return None

    def left_behind(self, least_age_s: float = 0.0) -> dict[str, list[str]]:
        """The chunks of this fingerprint that have files, by app id, each with the names of its files.

        Args:
            least_age_s: seconds for which no file of a chunk may have been written; it may still be worked on else.

        Raises:
            OSError: the place cannot be read; also the other `store_errors`.
        """
        found = {}
        for app_id, infos in sorted(_by_folder(*self._opened()).items()):
            files = sorted(info.base_name for info in infos if NAME.fullmatch(info.base_name))
            if files and time.time() - max(map(written_at, infos)) >= least_age_s:
                found[app_id] = files
        return found

    def discard(self, app_id: str, files: Sequence[str] | None = None) -> None:
        """Delete files of a chunk whose rows are in the table; never fails, but warns.

        Args:
            app_id: of the chunk.
            files: their names; None: all. What another driver has written since they were listed stays.
        """
        try:
            system, folder = self._opened(app_id)
            there = self.files(app_id)
            if files is None or set(there) <= set(files):
                if there or _names(system, folder):
                    system.delete_dir(folder)
                return
            for name in set(there) & set(files):
                system.delete_file(f"{folder}/{name}")
        except FileNotFoundError:
            return  # another driver was faster
        except store_errors() as error:
            logger.warning(
                "could not delete %s/%s, whose answers are in the table: %s", self.address, app_id, in_one_line(error)
            )

    @property
    def _is_local(self) -> bool:
        return self.root.startswith("/")

    def _opened(self, *inside: str) -> tuple[Any, str]:
        system, root = filesystem(self.root)
        return system, "/".join([root.rstrip("/"), self.table_id, self.fingerprint, *inside])

    def _as_rows(self, table: pa.Table) -> pa.Table:
        """The table with the columns of `schema`; those that it lacks, written by an earlier version, are NULL.

        Raises:
            ValueError: it has others.
        """
        known = {field.name: field.type for field in self.schema}
        odd = [field.name for field in table.schema if known.get(field.name) != field.type]
        if odd or not set(self.key) <= set(table.column_names):
            raise ValueError(f"columns {', '.join(odd)} are not those of the table")
        lacking = set(known) - set(table.column_names)
        columns = [
            pa.nulls(table.num_rows, field.type) if field.name in lacking else table.column(field.name)
            for field in self.schema
        ]
        return pa.Table.from_arrays(columns, schema=self.schema)


def _appear(system: Any, folder: str, file: str, content: pa.Buffer) -> None:
    """Write a file of a local folder, which is there when it has its name."""
    hidden = f"{folder}/.{file}.part"
    _write(system, hidden, content)
    system.move(hidden, f"{folder}/{file}")


def _write(system: Any, path: str, content: pa.Buffer) -> None:
    with system.open_output_stream(path) as file:
        file.write(content)


def _by_folder(system: Any, folder: str) -> dict[str, list[Any]]:
    """The files of the folders in a folder, by the names of those, with one listing."""
    found = defaultdict(list)
    for info in files_in(system, folder, recursive=True):
        inside, _, _ = info.path.removeprefix(f"{folder}/").rpartition("/")
        found[inside].append(info)
    # Not a file beside the folders, nor one deeper.
    return {inside: infos for inside, infos in found.items() if inside and "/" not in inside}


def written_at(info: Any) -> float:
    """When a file was written, in seconds since the epoch; 0 if that is not known."""
    return 0.0 if info.mtime_ns is None else float(info.mtime_ns / 1e9)


def _names(system: Any, folder: str) -> list[str]:
    """The names of the files directly in a folder; none if it is not there."""
    return [info.base_name for info in files_in(system, folder)]


def files_in(system: Any, folder: str, *, recursive: bool = False) -> list[Any]:
    """What pyarrow tells of the files directly in a folder, or anywhere in it; nothing if it is not there."""
    from pyarrow.fs import FileSelector, FileType

    found = system.get_file_info(FileSelector(folder, allow_not_found=True, recursive=recursive))
    return [info for info in found if info.type == FileType.File]
