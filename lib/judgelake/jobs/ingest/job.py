"""The job: read, compare with the tables, append; the same for the command line, a job and a notebook."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from judgelake.config import Tables
from judgelake.errors import UserError
from judgelake.jobs.ingest.config import IngestJob
from judgelake.jobs.ingest.examples import held_out
from judgelake.jobs.ingest.staging import stage
from judgelake.lake import staging_folder
from judgelake.runtime import in_job_settings
from judgelake.sources import TABLE, Columns, Files, Item, Loaded, format_named, load_tables, read_here, rejections_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

EXAMPLES = 3
# Where rows that this process has read wait for those that Spark reads in the same ingest.
HERE = "here"
# No progress messages for runs shorter than this.
QUIET_S = 5.0
BETWEEN_MESSAGES_S = 5.0


@dataclass(frozen=True, slots=True)
class Ingested:
    """What an ingest did: the rows it added, those the tables already had, and those it rejected.

    `examples` are the first rejected rows as "file, line n: reason".
    """

    comparisons_added: int
    comparisons_held: int
    labels_added: int
    labels_held: int
    rejected: int
    rejected_added: int
    examples: tuple[str, ...]
    judgments_added: int = 0
    judgments_held: int = 0
    learned_added: int = 0
    """Training examples; `examples` is of rejected rows."""
    learned_held: int = 0

    @property
    def taken(self) -> int:
        """Comparisons, labels, judgments and examples now in the tables; 0 if nothing of the files could be used."""
        added = self.comparisons_added + self.labels_added + self.judgments_added + self.learned_added
        return added + self.comparisons_held + self.labels_held + self.judgments_held + self.learned_held


def ingest(
    spark: Callable[[], SparkSession] | SparkSession,
    job: IngestJob,
    format_name: str,
    files: Files,
    strict: bool = False,
    say: Callable[[str], None] = lambda line: None,
) -> Ingested:
    """Import files, or a table, into the lake; importing the same again changes nothing.

    Args:
        spark: a session, or a function that returns one; it is called only after the files have been read.
        job: tables and, for the format "table", the column mapping.
        format_name: see `sources.FORMATS`; "table" for files with columns and any table that Spark reads.
        files: what to read.
        strict: write nothing when a single row is rejected.
        say: called with progress messages when the work takes longer than a few seconds.

    Raises:
        UserError: a file cannot be read, the judge of a raw output does not exist, a table lacks columns or, if
            `strict`, a row is rejected. Nothing is written then.
    """
    begun = time.monotonic()

    def report(line: str) -> None:
        if time.monotonic() - begun > QUIET_S:
            say(line)

    with staging_folder(job.staging, job.tables, "ingest") as folder:
        if format_name == TABLE:
            session, has_examples = _stage_tables(spark, files.tables, job.columns, folder, strict, report), False
        else:
            items = held_out(format_named(format_name).load(files), job.validation_share)
            has_examples = _stage_files(items, folder, strict, report)
            session = spark() if callable(spark) else spark
        staged = _Staged(folder, format_name, has_judgments=bool(files.judgments), has_examples=has_examples)
        return _into_tables(session, job.tables, staged, strict, report)


@dataclass(frozen=True, slots=True)
class _Staged:
    """Staged rows, and what they were read from."""

    folder: Path
    format_name: str
    has_judgments: bool
    has_examples: bool


def _stage_tables(
    spark: Callable[[], SparkSession] | SparkSession,
    names: Sequence[str],
    columns: Columns | None,
    folder: Path,
    strict: bool,
    report: Callable[[str], None],
) -> SparkSession:
    """Stage the tables: files that Spark cannot read by this process, the others by Spark; returns the session."""
    here = read_here(names)
    others = [name for name in names if name not in here]
    ours = folder / HERE if others else folder
    if here:
        ours.mkdir(exist_ok=True)
        _stage_files(load_tables(here, columns), ours, strict, report)
    session = spark() if callable(spark) else spark
    if others:
        from judgelake.jobs.ingest.any_table import stage_tables

        stage_tables(session, others, columns, folder, besides=ours if here else None)
    return session


def _stage_files(items: Iterator[Item], folder: Path, strict: bool, report: Callable[[str], None]) -> bool:
    """Stage the items; returns whether one of them has an example to learn from."""
    rejected: list[str] = []
    count = learned = 0
    last_report = time.monotonic()

    def each(item: Item) -> None:
        nonlocal count, learned, last_report
        count += 1
        learned += isinstance(item, Loaded) and len(item.examples)
        if strict and len(rejected) < EXAMPLES:
            rejected.extend(example(one.file, one.line, one.reason) for one in rejections_of(item))
        if time.monotonic() - last_report > BETWEEN_MESSAGES_S:
            last_report = time.monotonic()
            report(f"{count:,} rows read.")

    stage(items, folder, each)
    if rejected:
        raise _refusal(rejected)
    return learned > 0


@in_job_settings
def _into_tables(
    spark: SparkSession, tables: Tables, staged: _Staged, strict: bool, report: Callable[[str], None]
) -> Ingested:
    from judgelake.jobs.ingest.judgments import append_judgments
    from judgelake.jobs.ingest.settling import LABEL_KEY, Part, settle
    from judgelake.lake import OF_JUDGING, append_new, create_tables, read_newest, rejected_rows

    def added(part: Part, table: str, *key: str) -> int:
        return append_new(part.rows, table, key) if part.new else 0

    create_tables(spark, tables, (*OF_JUDGING, "training_examples") if staged.has_examples else OF_JUDGING)
    report("All rows read; comparing them with the tables.")
    settled = settle(
        spark,
        staged.folder,
        comparisons=read_newest(spark, tables.comparisons),
        labels=read_newest(spark, tables.labels),
        judgments=read_newest(spark, tables.judgments) if staged.has_judgments else None,
        examples=read_newest(spark, tables.training_examples) if staged.has_examples else None,
    )
    examples = _examples(settled.rejected) if settled.rejected_count else ()
    if strict and examples:
        raise _refusal(examples)
    imported, learned = settled.judgments, settled.examples
    new = f"{settled.comparisons.new:,} comparisons, {settled.labels.new:,} labels"
    report(f"Appending {new}{f', {imported.new:,} judgments' if imported else ''}.")
    rejected = Part(rejected_rows(settled.rejected, staged.format_name), new=settled.rejected_count, held=0)
    return Ingested(
        comparisons_added=added(settled.comparisons, tables.comparisons, "comparison_id"),
        comparisons_held=settled.comparisons.held,
        labels_added=added(settled.labels, tables.labels, *LABEL_KEY),
        labels_held=settled.labels.held,
        # After the comparisons: a reader never sees a judgment whose comparison is missing.
        judgments_added=append_judgments(imported, tables.judgments) if imported else 0,
        judgments_held=imported.held if imported else 0,
        learned_added=added(learned, tables.training_examples, "example_id") if learned else 0,
        learned_held=learned.held if learned else 0,
        rejected=settled.rejected_count,
        rejected_added=added(rejected, tables.rejected_rows, "row_id"),
        examples=examples,
    )


def _examples(rejected: DataFrame) -> tuple[str, ...]:
    first = rejected.orderBy("file", "line", "reason").limit(EXAMPLES).collect()
    return tuple(example(row["file"], row["line"], row["reason"]) for row in first)


def example(file: str, line: int | None, reason: str) -> str:
    """A rejected row in one line."""
    return f"{Path(file).name}{f', line {line}' if line else ''}: {reason}"


def _refusal(examples: Sequence[str]) -> UserError:
    return UserError(
        f"--strict: rows would be rejected, so nothing was written. The first: {'; '.join(examples[:EXAMPLES])}. "
        "Fix them, or ingest without --strict and look at the table rejected_rows."
    )
