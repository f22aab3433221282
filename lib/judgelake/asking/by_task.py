"""Which rows become which task: by `repartitionById` where Spark has it, else by a key that hashes to the task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

FIRST_WITH_IDS = (4, 1)
"""Spark's version that brought `repartitionById`. Databricks Runtime 17.3 LTS is Spark 4.0."""
BITS = 0xFFFFFFFF
# Spark partitions by this seed of its hash.
SEED = 42


def in_tasks(rows: DataFrame, tasks: int, task: str) -> DataFrame:
    """The rows in `tasks` partitions, each in the one whose number is in the column `task`.

    Over Spark Connect the server's version counts, not the client's.
    """
    major, minor = rows.sparkSession.version.split(".")[:2]
    if (int(major), int(minor)) >= FIRST_WITH_IDS:
        return rows.repartitionById(tasks, task)
    return _by_hash(rows, tasks, task)


def _by_hash(rows: DataFrame, tasks: int, task: str) -> DataFrame:
    """As `in_tasks`, without `repartitionById`: two tasks never share a partition, since each has a key of its own."""
    keys = F.array(*map(F.lit, keys_of_tasks(tasks)))
    key = f"{task}_key"
    return rows.withColumn(key, keys[F.col(task)]).repartition(tasks, key).drop(key)


def keys_of_tasks(tasks: int) -> list[int]:
    """For each task the smallest number from 0 whose hash, modulo `tasks`, is that task."""
    keys: dict[int, int] = {}
    number = 0
    while len(keys) < tasks:
        keys.setdefault(spark_hash(number) % tasks, number)
        number += 1
    return [keys[task] for task in range(tasks)]


def spark_hash(number: int) -> int:
    """Spark's hash of an INT of 32 bits: MurmurHash3 (x86, 32 bits) of one block, as a signed number.

    Source: `org.apache.spark.unsafe.hash.Murmur3_x86_32.hashInt`; `functions.hash` gives the same.
    """
    block = _rotated(number * 0xCC9E2D51 & BITS, 15) * 0x1B873593 & BITS
    mixed = _rotated(SEED ^ block, 13) * 5 + 0xE6546B64 & BITS
    # The length of the block in bytes.
    mixed ^= 4
    mixed = (mixed ^ mixed >> 16) * 0x85EBCA6B & BITS
    mixed = (mixed ^ mixed >> 13) * 0xC2B2AE35 & BITS
    mixed ^= mixed >> 16
    return mixed - (BITS + 1) if mixed > BITS // 2 else mixed


def _rotated(number: int, bits: int) -> int:
    return (number << bits | number >> 32 - bits) & BITS
