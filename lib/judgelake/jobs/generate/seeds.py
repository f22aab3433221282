"""The step that brings in questions: read, staged, compared with the table and with each other, appended once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.errors import PySparkException
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema

from judgelake.errors import UserError, first_line
from judgelake.generation import Seed, SeedReader, seed_format_named, seed_to_record
from judgelake.jobs.generate.config import GenerateJob, SeedSource, SeedStep
from judgelake.jobs.generate.near_duplicates import grouped
from judgelake.lake import (
    SEED,
    append_new,
    as_batch,
    as_struct,
    read_newest,
    rejected_rows,
    staging_folder,
    without,
)
from judgelake.sources import Rejected, Row, files_named, is_address, rows_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

READ = without(SEED, "question_group", "added_at")
STAGED = pa.schema(
    {
        "seq": pa.int64(),
        "file": pa.string(),
        "line": pa.int64(),
        "seed": as_struct(READ),
        "reason": pa.string(),
        "raw": pa.string(),
    }
)
ROWS_A_GROUP = 5_000
# Spark reads a row group at once: it must not hold thousands of rows with megabytes of text.
BYTES_A_GROUP = 32 * 2**20


@dataclass(frozen=True, slots=True)
class Seeded:
    """What came of the sources' rows."""

    added: int
    """New seeds in the table."""
    left_out: int
    """Of those, near-duplicates, which are not asked."""
    held: int
    """Rows whose question was in the table before, or in an earlier row."""
    rejected: int


def add_seeds(spark: SparkSession, job: GenerateJob) -> Seeded:
    """Read all sources and add their questions to the table; reading the same again changes nothing.

    Raises:
        UserError: a file or table cannot be read, or a layout does not exist.
    """
    total = Seeded(0, 0, 0, 0)
    for source in job.seeds.sources:
        with staging_folder(job.staging, job.tables, "seeds") as folder:
            staged = _staged(spark, source, job.seeds, folder)
            done = _into_table(spark, job, source, staged)
        total = Seeded(
            total.added + done.added,
            total.left_out + done.left_out,
            total.held + done.held,
            total.rejected + done.rejected,
        )
    return total


def check_sources(step: SeedStep) -> None:
    """Do nothing if the layout of every source exists, and its files; before Spark makes a table.

    Raises:
        UserError: there is no such layout or file.
    """
    for source in step.sources:
        reader_of(source, step)
        for name in source.files:
            if missing := [found.path for found in files_named(name) if not found.path.exists()]:
                raise UserError(f"seeds.sources: there is no file {str(missing[0])!r}: correct its name.")


def reader_of(source: SeedSource, step: SeedStep) -> SeedReader:
    """What reads the rows of a source.

    Raises:
        UserError: there is no such layout.
    """
    return SeedReader(
        format=seed_format_named(source.format, source.columns),
        source=source.source,
        licence=source.licence,
        language=source.language,
        category=source.category,
        has_references=source.references,
        least_characters=step.least_characters,
        most_characters=step.most_characters,
    )


def _staged(spark: SparkSession, source: SeedSource, step: SeedStep, folder: Path) -> DataFrame:
    """The rows of a source, written to a folder and read again: what is compared must not change in between."""
    place, reader = folder / "rows", reader_of(source, step)
    place.mkdir()
    if source.table is not None:
        _stage_table(spark, source.table, reader, place)
    else:
        _stage_files(source.files, reader, place / "rows.parquet")
    return spark.read.schema(from_arrow_schema(STAGED)).parquet(str(place))


def _stage_files(names: tuple[str, ...], reader: SeedReader, place: Path) -> None:
    waiting: list[dict[str, Any]] = []
    size = 0
    with pq.ParquetWriter(place, STAGED, compression="zstd") as writer:
        rows = (row for name in names for found in files_named(name) for row in rows_of(found.path))
        for seq, row in enumerate(rows):
            waiting.append(staged_row(seq, row, reader))
            size += len(row.raw)
            if len(waiting) >= ROWS_A_GROUP or size >= BYTES_A_GROUP:
                writer.write_batch(as_batch(waiting, STAGED))
                waiting, size = [], 0
        writer.write_batch(as_batch(waiting, STAGED))


def _stage_table(spark: SparkSession, name: str, reader: SeedReader, place: Path) -> None:
    try:
        if is_address(name):
            is_parquet = name.endswith(".parquet")
            table = spark.read.format("parquet" if is_parquet else "delta").load(name)
        else:
            table = spark.read.table(name)
        as_json = table.select(F.monotonically_increasing_id().alias("seq"), F.to_json(F.struct("*")).alias("raw"))
    except PySparkException as error:
        raise UserError(f"Cannot read the table of seeds {name!r}: {first_line(error)}") from error
    read = as_json.mapInArrow(_reading(name, reader), from_arrow_schema(STAGED))
    read.write.mode("overwrite").parquet(str(place))


def _reading(name: str, reader: SeedReader) -> Any:
    def read(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            rows = (Row(name, 0, one["raw"], json.loads(one["raw"])) for one in batch.to_pylist())
            seqs = batch.column("seq").to_pylist()
            yield as_batch([staged_row(seq, row, reader) for seq, row in zip(seqs, rows, strict=True)], STAGED)

    return read


def staged_row(seq: int, row: Row | Rejected, reader: SeedReader) -> dict[str, Any]:
    """A row of `STAGED`: the seed, or why there is none."""
    read = row.reason if isinstance(row, Rejected) else reader.seed(row.value)
    is_seed = isinstance(read, Seed)
    return {
        "seq": seq,
        "file": row.file,
        "line": row.line or None,
        "seed": _seed(read) if isinstance(read, Seed) else None,
        "reason": None if is_seed else read,
        "raw": None if is_seed else row.raw,
    }


def _seed(seed: Seed) -> dict[str, Any]:
    return {**seed_to_record(seed), "attributes": list(seed.attributes.items())}


def _into_table(spark: SparkSession, job: GenerateJob, source: SeedSource, staged: DataFrame) -> Seeded:
    tables = job.tables
    held = read_newest(spark, tables.seeds)
    given = staged.where("seed IS NOT NULL")
    # Of several rows with one question the first counts.
    first = given.groupBy("seed.seed_id").agg(F.min_by("seed", "seq").alias("seed")).select("seed.*")
    new = first if held.is_empty else first.join(held.df.select("seed_id"), "seed_id", "left_anti")
    # Where all are held, as in every run but the first, nothing is compared.
    added, left_out = (0, 0) if new.isEmpty() else _added(spark, job, new, held.df)
    read = given.count()
    refused = staged.where("reason IS NOT NULL").select("file", "line", "reason", "raw")
    rejected = refused.count()
    if rejected:
        append_new(rejected_rows(refused, f"seeds: {source.format}"), tables.rejected_rows, "row_id")
    if not read:
        raise _no_seed(tables.rejected_rows, source, refused)
    return Seeded(added, left_out, read - added, rejected)


def _added(spark: SparkSession, job: GenerateJob, new: DataFrame, held: DataFrame) -> tuple[int, int]:
    """Append seeds that the table does not have; returns how many, and how many of them are near-duplicates."""
    table = job.tables.seeds
    groups = grouped(new, held, job.seeds.near_duplicates)
    rows = (
        new.join(groups, "seed_id", "left")
        .withColumn("question_group", F.coalesce("question_group", "seed_id"))
        .withColumn("added_at", F.current_timestamp())
        .select(*SEED.names)
    )
    before = _left_out(spark, table)
    added = append_new(rows, table, "seed_id")
    return added, _left_out(spark, table) - before


def _no_seed(table: str, source: SeedSource, refused: DataFrame) -> UserError:
    """The error of a source of which no row is a seed: a job that goes on after it would ask nothing."""
    name = source.table or ", ".join(source.files)
    first = refused.orderBy("file", "line").first()
    if first is None:
        return UserError(f"seeds.sources: there is no row in {name}.")
    return UserError(
        f"seeds.sources: no row of {name} is a question in the layout {source.format} (all are in {table}); the first: "
        f"{first['reason']}. Correct its format or columns."
    )


def _left_out(spark: SparkSession, table: str) -> int:
    return read_newest(spark, table).df.where("seed_id <> question_group").count()
