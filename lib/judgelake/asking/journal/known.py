"""In a task: the answers that its earlier attempts wrote down.

Whether there were any is seen by the files alone: Spark numbers the attempts of a task anew when it tries a whole
stage again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from judgelake.asking.journal.files import Journal, logger
from judgelake.asking.journal.place import UNWRITABLE
from judgelake.asking.journal.writer import TaskName
from judgelake.errors import in_one_line

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class KnownAnswers:
    """Rows of the output table by their key, each key once."""

    rows: pa.Table
    places: dict[Key, int]

    def __contains__(self, key: Key) -> bool:
        return key in self.places

    def __len__(self) -> int:
        return len(self.places)

    def take(self, keys: Sequence[Key]) -> pa.RecordBatch:
        """The rows with these keys, in their order.

        Raises:
            KeyError: no row has one of them.
        """
        chosen = self.rows.take(pa.array([self.places[key] for key in keys], pa.int64()))
        return chosen.combine_chunks().to_batches()[0] if keys else pa.RecordBatch.from_pylist([], chosen.schema)


def answered_before(journal: Journal, app_id: str, task: TaskName | None = None) -> KnownAnswers:
    """What is written down for a chunk, or by earlier attempts of one task of it.

    Of rows with one key the first in the first file counts, by name: the same one in every process.

    Args:
        journal: where.
        app_id: of the chunk.
        task: the task; None: all of the chunk, of all drivers.
    """
    try:
        names = journal.files(app_id, "" if task is None else task.of_partition)
    except UNWRITABLE as error:
        logger.warning("asks again what %s may hold: %s", journal.address, in_one_line(error))
        names = []
    return _by_key(journal, (journal.read(app_id, name) for name in names))


def _by_key(journal: Journal, tables: Iterable[pa.Table | None]) -> KnownAnswers:
    rows = pa.concat_tables([journal.schema.empty_table(), *(table for table in tables if table is not None)])
    places: dict[Key, int] = {}
    for place, key in enumerate(zip(*(rows.column(name).to_pylist() for name in journal.key), strict=True)):
        places.setdefault(key, place)
    return KnownAnswers(rows, places)
