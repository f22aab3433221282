"""In a task: the answers that its earlier attempts wrote down.

Whether there were any is seen by the files alone: Spark numbers the attempts of a task anew when it tries a whole
stage again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from judgelake.asking.journal.files import Journal, logger
from judgelake.asking.journal.writer import TaskName
from judgelake.errors import in_one_line
from judgelake.stores import store_errors

Key = tuple[Any, ...]
# As many as a task passes on at once.
ROWS_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class KnownAnswers:
    """Rows of the output table by their key, each key once."""

    rows: pa.Table
    places: dict[Key, int]

    def __contains__(self, key: Key) -> bool:
        return key in self.places

    def __len__(self) -> int:
        return len(self.places)

    def take(self, keys: Sequence[Key]) -> Iterator[pa.RecordBatch]:
        """The rows with these keys, in their order; in several batches if there are many, or long ones.

        Raises:
            KeyError: no row has one of them.
        """
        places = [self.places[key] for key in keys]
        for begin in range(0, len(places), ROWS_AT_ONCE):
            chosen = self.rows.take(pa.array(places[begin : begin + ROWS_AT_ONCE], pa.int64()))
            # A column of texts is in pieces of at most 2 GiB, and each piece is in another batch.
            yield from chosen.combine_chunks().to_batches()


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
    except store_errors() as error:
        logger.warning("asks again what %s may hold: %s", journal.address, in_one_line(error))
        names = []
    return _by_key(journal, (journal.read(app_id, name) for name in names))


def _by_key(journal: Journal, tables: Iterable[pa.Table | None]) -> KnownAnswers:
    rows = pa.concat_tables([journal.schema.empty_table(), *(table for table in tables if table is not None)])
    places: dict[Key, int] = {}
    for place, key in enumerate(zip(*(rows.column(name).to_pylist() for name in journal.key), strict=True)):
        places.setdefault(key, place)
    return KnownAnswers(rows, places)
