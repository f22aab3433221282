"""The settings of a session: those the jobs need, those for one machine, and those for small work."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from judgelake.config import Tables

RUNTIME_SETTINGS = {
    # Times become text in ids and are compared in predicates: the same on every machine.
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    # A prompt or answer may be a megabyte; few rows per batch keep such batches small.
    "spark.sql.execution.arrow.maxRecordsPerBatch": "1000",
}
"""The settings that the jobs need and that a running session can change."""
SETTINGS = {
    **RUNTIME_SETTINGS,
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
}
"""The settings that the jobs need."""
LOCAL_SETTINGS = {
    # The state of a table's log, rebuilt in four tasks; a cluster with large tables needs Delta's own number.
    "spark.databricks.delta.snapshotPartitions": "4",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    # Throughput matters more than pauses: on a machine with few cores G1's own threads take a tenth of the work.
    "spark.driver.extraJavaOptions": "-XX:+UseParallelGC",
    "spark.sql.shuffle.partitions": "16",
    # Without it VACUUM would start 10,000 tasks.
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "8",
    # No Derby metastore: it allows one session at a time, but two drivers must be able to work at once.
    "spark.sql.catalogImplementation": "in-memory",
}
"""For one machine only: a cluster's executors would look for the driver at their own address."""
ONE_COMMAND = "spark.judgelake.one_command"
"""The setting that marks a session that ends with the command it was created for."""
COMMAND_SETTINGS = {
    ONE_COMMAND: "true",
    # Else every function of a column asks the JVM twice more, to say in an error which line of ours called it.
    "spark.python.sql.dataFrameDebugging.enabled": "false",
}
"""For a session that ends with its command."""
SMALL_SETTINGS = {
    # Each query runs once, over few rows: compiling it, by Spark and then by the JVM, takes longer than running it.
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.driver.extraJavaOptions": "-XX:+UseParallelGC -XX:TieredStopAtLevel=1",
    # Replanning between stages takes longer than a stage.
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.shuffle.partitions": "2",
    "spark.databricks.delta.snapshotPartitions": "1",
}
"""For work of at most `SMALL_BYTES` on one machine."""
SMALL_BYTES = 8 * 2**20


def submitted_settings(given: Mapping[str, str]) -> dict[str, str]:
    """The settings of a session under spark-submit: those the jobs need and the user has not set.

    Args:
        given: the settings given to spark-submit, on its command line or in its properties file.
    """
    return {name: value for name, value in SETTINGS.items() if name not in given}


def settings_of_one_command(tables: Tables) -> dict[str, str]:
    """Settings of a session for one command over these tables, by the size of the warehouse.

    The size of tables in a catalog or a cloud is not checked.
    """
    is_here = tables.warehouse is not None and "://" not in tables.warehouse
    is_small = is_here and _holds_at_most(Path(tables.warehouse or ""), SMALL_BYTES)
    return {**COMMAND_SETTINGS, **(SMALL_SETTINGS if is_small else {})}


def _holds_at_most(folder: Path, most: int) -> bool:
    """Whether the Parquet files below a folder have at most this many bytes in all; one deleted meanwhile counts 0."""
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
