"""The recount of a chunk's results after they were appended."""

from __future__ import annotations

from collections import Counter

from pyspark.sql import functions as F

from judgelake.asking.chunk import counted_once


def test_each_result_counts_once_and_files_are_read_in_several_tasks(spark):
    # The number of the task that reads a row is its status, so that the counts tell how many tasks read.
    read = spark.range(0, 12, 1, 4).select(
        (F.col("id") - F.col("id") % 3 % 2).cast("string").alias("judgment_id"),
        F.spark_partition_id().cast("string").alias("status"),
    )
    assert counted_once(read, "judgment_id") == Counter({"0": 2, "1": 2, "2": 2, "3": 2})
