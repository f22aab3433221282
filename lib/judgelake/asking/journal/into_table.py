"""On the driver: rows of the journal as rows of the table."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

import pyarrow as pa
from pyspark.sql import Window
from pyspark.sql import functions as F

from judgelake.asking.journal.files import Journal, logger
from judgelake.errors import RunError, UserError, in_one_line
from judgelake.lake import app_ids as app_ids_of
from judgelake.lake import append_once, ddl_of, read_newest
from judgelake.runtime import cause_of, submitted
from judgelake.stores import store_errors

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# Each reads some files of at most 16 MiB.
MOST_READERS = 64
# A run on a large cluster may leave a hundred chunks, each of which needs some small jobs one after the other.
APPENDS_AT_ONCE = 8
FILE, PLACE = "journal_file", "journal_place"
T = TypeVar("T")


def journal_rows(
    spark: SparkSession, journal: Journal, app_id: str, files: Sequence[str] | None = None, *, must_read: bool = False
) -> DataFrame | None:
    """What is written down for a chunk as rows of the table, one of each key; None if nothing is.

    The files are read by the same code as in a task, so that Spark needs no address and no key of its own for them, and
    a file that is not as it was written is left out wherever it is found. Of rows with one key the first in the first
    file counts, by name, as in a task that is tried again: times of two answers may be equal, names are not.

    Args:
        spark: a session.
        journal: where.
        app_id: of the chunk.
        files: the names of its files; None: all that are there now.
        must_read: a file that is there, but cannot be read, fails the query; else it is left out.
    """
    names = _listed(journal, lambda: journal.files(app_id)) if files is None else files
    if not names:
        return None

    def rows(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for name in (name for batch in batches for name in batch.column(0).to_pylist()):
            yield from _with_places(journal.read(app_id, name, must_read=must_read), name)

    listed = spark.createDataFrame([(name,) for name in names], f"{FILE} STRING")
    read = listed.repartition(min(len(names), MOST_READERS), FILE).mapInArrow(
        rows, f"{ddl_of(journal.schema)}, {FILE} STRING, {PLACE} BIGINT"
    )
    first = F.row_number().over(Window.partitionBy(*journal.key).orderBy(FILE, PLACE))
    return read.withColumn(PLACE, first).where(F.col(PLACE) == 1).drop(FILE, PLACE)


def _with_places(table: pa.Table | None, name: str) -> Iterator[pa.RecordBatch]:
    if table is None or not table.num_rows:
        return
    places = pa.array(range(table.num_rows), pa.int64())
    with_file = table.append_column(FILE, pa.repeat(pa.scalar(name), table.num_rows))
    yield from with_file.append_column(PLACE, places).to_batches()


def recover(
    spark: SparkSession,
    journal: Journal,
    table: str,
    *,
    app_ids: Collection[str] | None = None,
    of_journal: Callable[[DataFrame], DataFrame] | None = None,
    writer: str | None = None,
    least_age_s: float = 0.0,
    tries: int | None = None,
) -> int:
    """Append what runs that failed or were stopped have written down, and delete it there; returns how many rows.

    Rows that are in the table already are left out, so whatever was appended before a run ended is not doubled. A
    driver that still works on such a chunk appends under the same app ids: Delta takes one of two appends with one app
    id, and the other driver then finds what is missing and appends only that, under the id that any driver gives to
    these rows.

    Args:
        spark: a session with Delta.
        journal: where.
        table: the output table.
        app_ids: of the chunks; None: all that have files.
        of_journal: chooses the rows of that table among which those with keys of this journal are; None: all.
        writer: who appends; kept in the table's history.
        least_age_s: chunks with younger files are left alone, since a driver may still work on them.
        tries: under how many app ids rows are appended while some are missing. A row too many is only possible if two
            other drivers work on the chunk: one that has planned the rest, and one that appends it here.

    Raises:
        RunError: files cannot be read, or the table does not take the rows; they stay in the journal.
    """
    left_behind = _listed(journal, lambda: journal.left_behind(least_age_s)) or {}
    chosen = [(app_id, files) for app_id, files in left_behind.items() if app_ids is None or app_id in app_ids]
    with ThreadPoolExecutor(APPENDS_AT_ONCE, thread_name_prefix="judgelake-journal") as pool:
        appends = [
            submitted(spark, pool, _recovered, spark, journal, table, app_id, files, of_journal, writer, tries)
            for app_id, files in chosen
        ]
    return sum(append.result() for append in appends)


def _recovered(
    spark: SparkSession,
    journal: Journal,
    table: str,
    app_id: str,
    files: Sequence[str],
    of_journal: Callable[[DataFrame], DataFrame] | None,
    writer: str | None,
    tries: int | None,
) -> int:
    """The rows of one chunk that this has brought into the table."""
    # What was not read must not be deleted.
    rows = journal_rows(spark, journal, app_id, files, must_read=True)
    assert rows is not None, "a chunk that is left behind has files"
    first: int | None = None
    for number, name in enumerate(app_ids_of(app_id)):
        newest = read_newest(spark, table).df
        known = (newest if of_journal is None else of_journal(newest)).select(*journal.key)
        missing = rows.join(known, list(journal.key), "left_anti").select(*journal.schema.names)
        count = _count(journal, missing, table, app_id)
        first = count if first is None else first
        if count == 0:
            journal.discard(app_id, files)
            return first
        if number == tries:
            return first - count
        _append(journal, missing, table, app_id, name, writer)
    raise RunError(
        f"The answers in {journal.address}/{app_id} were appended to {table} again and again, but are not there. Find "
        "out what deletes rows from that table, and run again."
    )


def _count(journal: Journal, rows: DataFrame, table: str, app_id: str) -> int:
    try:
        return rows.count()
    except Exception as error:  # a failing read of the journal in a task is one of py4j or of pyspark
        raise RunError(
            f"The answers that an earlier run left in {journal.address}/{app_id} could not be compared with {table}: "
            f"{cause_of(error)} Fix the cause and run again, or delete that folder to have these requests asked again."
        ) from error


def _append(journal: Journal, rows: DataFrame, table: str, app_id: str, name: str, writer: str | None) -> None:
    try:
        append_once(rows, table, name, writer)
    except (UserError, RunError):
        raise
    except Exception as error:
        # A failing write arrives as a plain Py4JJavaError, a failing read as a PySparkException.
        raise RunError(
            f"{table} does not take the answers that an earlier run left in {journal.address}/{app_id}: "
            f"{cause_of(error)} Fix the cause and run again, or delete that folder to have these requests asked again."
        ) from error


def _listed(journal: Journal, files: Callable[[], T]) -> T | None:
    """The files; None, and a warning, if the place cannot be read: then they are for a later run."""
    try:
        return files()
    except store_errors() as error:
        logger.warning("cannot read the answers that may be in %s: %s", journal.address, in_one_line(error))
        return None
