"""What a session is set to: what the jobs need, what fits one machine, and what fits work that is small."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from judgelake.config import Tables

SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    # A prompt or answer may be a megabyte; few rows a batch keep such batches small.
    "spark.sql.execution.arrow.maxRecordsPerBatch": "1000",
    "spark.databricks.delta.snapshotPartitions": "4",
    # A task writes its part of a plan into all chunks side by side, in place of sorting whole prompts first.
    "spark.sql.maxConcurrentOutputFileWriters": "64",
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
}
"""What the jobs need of a session."""
LOCAL_SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    # Throughput before pauses: on a machine of few cores G1's own threads take a tenth of the work.
    "spark.driver.extraJavaOptions": "-XX:+UseParallelGC",
    "spark.sql.shuffle.partitions": "16",
    # VACUUM would start 10,000 tasks.
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "8",
    # No Derby metastore: it takes one session at a time, and two drivers must be able to work at once.
    "spark.sql.catalogImplementation": "in-memory",
}
"""What fits one machine only: to a cluster's executors its driver would be at their own address."""
ONE_COMMAND = "spark.judgelake.one_command"
"""The setting of a session that ends with the command it was made for."""
SMALL_SETTINGS = {
    # Each query runs once, over few rows: compiling it, by Spark and then by the JVM, takes longer than it runs.
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.driver.extraJavaOptions": "-XX:+UseParallelGC -XX:TieredStopAtLevel=1",
    # Planning anew between stages takes longer than a stage.
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.shuffle.partitions": "2",
    "spark.databricks.delta.snapshotPartitions": "1",
}
"""What fits work of at most `SMALL_BYTES` on one machine."""
SMALL_BYTES = 8 * 2**20


def submitted_settings(given: Mapping[str, str]) -> dict[str, str]:
    """What is set in a session under spark-submit: what the jobs need and nobody has decided.

    Args:
        given: what spark-submit was told, on its command line or in its properties file.
    """
    return {name: value for name, value in SETTINGS.items() if name not in given}


def settings_of_one_command(tables: Tables) -> dict[str, str]:
    """Settings of a session for one command over these tables, by how much there is in the warehouse.

    The size of what a catalog or a cloud keeps is not looked for.
    """
    is_here = tables.warehouse is not None and "://" not in tables.warehouse
    is_small = is_here and _holds_at_most(Path(tables.warehouse or ""), SMALL_BYTES)
    return {ONE_COMMAND: "true", **(SMALL_SETTINGS if is_small else {})}


def _holds_at_most(folder: Path, most: int) -> bool:
    """Whether the Parquet files below a folder have so many bytes in all; what is gone meanwhile has none."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            if name.endswith(".parquet"):
                try:
                    total += os.stat(os.path.join(place, name)).st_size
                except OSError:
                    continue
                if total > most:
                    return False
    return True
