"""Reading a table at one version, so that a run sees one state however long it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from pyspark.errors import AnalysisException

from judgelake.errors import UserError
from judgelake.lake.log import Noted, OnDisk, on_disk
from judgelake.lake.names import quoted
from judgelake.runtime import SMALL_BYTES

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

ADDS_NO_ROWS = ("OPTIMIZE", "VACUUM START", "VACUUM END", "SET TBLPROPERTIES", "DELETE")
"""Operations in a table's history that add no row."""
COMMITS_IN_BETWEEN = 32
# Beyond this many files Spark lists them in a job.
MOST_FILES = 32
# The end of Spark's error class; the beginning differs between Spark and Databricks.
FILE_IS_GONE = "FILE_NOT_EXIST"


@dataclass(frozen=True, slots=True)
class Pinned:
    """A table at one version; `table_id` stays the same when the table is renamed or moved."""

    df: DataFrame
    table: str
    version: int
    table_id: str
    location: str

    def lost_a_file(self, error: BaseException) -> bool:
        """Whether `error` is Spark's error about a deleted file of this table: the log outlives a VACUUM.

        Only an action over the rows raises it, and py4j passes it on as its own error, not as one of pyspark's.
        """
        message = unquote(str(error))
        return FILE_IS_GONE in message and f"{unquote(urlsplit(self.location).path)}/" in message


@dataclass(frozen=True, slots=True)
class TableIdentity:
    """Which Delta table a name means now: its id, and the address of its folder."""

    table_id: str
    location: str


@dataclass(frozen=True, slots=True)
class Newest:
    """A table at its newest version now; `is_empty` if it is known, without reading it, to have no rows."""

    df: DataFrame
    version: int
    is_empty: bool


def read_newest(spark: SparkSession, table: str) -> Newest:
    """The table at its newest version now, whatever is appended while rows are read."""
    here = on_disk(spark, table)
    version, note = (_last_in_history(spark, table), None) if here is None else (here.version, here.noted())
    df = _rows(_at(spark, table, version), table, note)
    return Newest(df, version, is_empty=note is not None and not note.files)


@dataclass(slots=True)
class OtherWriters:
    """Whether anybody but `writer` (see `append_once`) has added rows to a table; for threads that ask again and again.

    Every commit is looked at once, however many this writer itself has made in between.
    """

    spark: SparkSession
    table: str
    after: int
    """The version after which commits count; moves on with those that were looked at."""
    writer: str
    _have_added: bool = False
    _lock: Lock = field(default_factory=Lock)

    def have_added(self) -> bool:
        """Whether they have by now; once true, always true."""
        with self._lock:
            if not self._have_added:
                self._have_added = self._added_since()
            return self._have_added

    def _added_since(self) -> bool:
        here = on_disk(self.spark, self.table)
        if here is not None and (listed := here.commits_after(self.after)) is not None:
            self.after = here.version
            return any(self._adds(commit.operation, commit.user_metadata) for commit in listed)
        commits = self._latest(COMMITS_IN_BETWEEN)
        newest = commits[0]["version"]
        if commits[-1]["version"] > self.after + 1:
            # Some more than a moment ago: a commit in between must not push the oldest out of the limit.
            commits = self._latest(newest - self.after + COMMITS_IN_BETWEEN)
        if commits[-1]["version"] > self.after + 1:
            return True
        added = any(
            commit["version"] > self.after and self._adds(commit["operation"], commit["userMetadata"])
            for commit in commits
        )
        self.after = newest
        return added

    def _adds(self, operation: str, writer: str | None) -> bool:
        return operation not in ADDS_NO_ROWS and writer != self.writer

    def _latest(self, commits: int) -> list[Any]:
        seen = self.spark.sql(f"DESCRIBE HISTORY {quoted(self.table)} LIMIT {commits}")
        return seen.select("version", "operation", "userMetadata").collect()


def read_pinned(spark: SparkSession, table: str, version: int | None = None, needs: Sequence[str] = ()) -> Pinned:
    """The table at `version`, or at its newest version now.

    Raises:
        UserError: no such table, not a Delta table, a column of `needs` is missing, or the version no longer exists.
    """
    if not spark.catalog.tableExists(table):
        raise UserError(f"There is no table {table!r}. Fill it with jobs/ingest.py, or name yours under tables.")
    here = on_disk(spark, table)
    identity = _identity(spark, table, here)
    newest = _last_in_history(spark, table) if here is None else here.version
    chosen = newest if version is None else version
    try:
        df = _at(spark, table, chosen)
    except AnalysisException as error:
        raise UserError(f"Table {table!r} has no version {chosen} (newest: {newest}).") from error
    missing = [column for column in needs if column not in df.columns]
    if missing:
        raise UserError(
            f"Table {table!r} has no column {', '.join(missing)}; it has {', '.join(df.columns)}. "
            "Map your columns with jobs/ingest.py --format table."
        )
    note = None if here is None else here.noted(chosen)
    return Pinned(_rows(df, table, note), table, chosen, identity.table_id, identity.location)


def identity_of(spark: SparkSession, table: str) -> TableIdentity:
    """Which table it is and where, without a look at its rows and versions.

    Raises:
        UserError: the table cannot be read, or is not a Delta table.
    """
    return _identity(spark, table, on_disk(spark, table))


def _identity(spark: SparkSession, table: str, here: OnDisk | None) -> TableIdentity:
    note = None if here is None else here.noted()
    if here is not None and note is not None:
        return TableIdentity(note.table_id, f"file:{here.folder}")
    try:
        detail = spark.sql(f"DESCRIBE DETAIL {quoted(table)}").select("format", "id", "location").first()
    except AnalysisException as error:
        raise UserError(f"Table {table!r} cannot be read: {str(error).strip().splitlines()[0]}") from error
    if detail is None or detail["format"] != "delta":
        raise UserError(f"Table {table!r} is not a Delta table. Ingest it with jobs/ingest.py --format table.")
    return TableIdentity(str(detail["id"]), str(detail["location"]))


def _last_in_history(spark: SparkSession, table: str) -> int:
    newest = spark.sql(f"DESCRIBE HISTORY {quoted(table)} LIMIT 1").select("version").first()
    assert newest is not None, "a Delta table has at least one version"
    return int(newest["version"])


def _rows(df: DataFrame, table: str, note: Noted | None) -> DataFrame:
    """The rows of a small table without Delta's search for its files.

    Every query over a Delta table begins with jobs that look for its files in the log, the first of which takes
    seconds. Where the log says which they are, they are read as what they are; else the rows are kept once read.
    """
    if note is None or note.size_bytes > SMALL_BYTES:
        return df
    if not note.files:
        return df.where("false")
    files = note.data_files() if note.files <= MOST_FILES else None
    if files is None:
        return df.localCheckpoint(eager=False)
    # A predicate may name the table.
    paths = (f"file:{one.path}" for one in files)
    return df.sparkSession.read.schema(df.schema).parquet(*paths).alias(table.rpartition(".")[2])


def _at(spark: SparkSession, table: str, version: int) -> DataFrame:
    return spark.sql(f"SELECT * FROM {quoted(table)} VERSION AS OF {int(version)}")
