"""The Spark session: the one that runs, or one configured for Delta on this machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import IO, TYPE_CHECKING

from judgelake.config import Tables
from judgelake.errors import RunError, UserError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

LEAST_JAVA = 17

LOCAL_SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.sql.shuffle.partitions": "16",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    # VACUUM would start 10,000 tasks.
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "8",
    # A prompt or answer may be a megabyte; few rows a batch keep such batches small.
    "spark.sql.execution.arrow.maxRecordsPerBatch": "1000",
    "spark.databricks.delta.snapshotPartitions": "4",
}


def get_spark(
    tables: Tables, app_name: str = "judgelake", settings: Mapping[str, str] | None = None, debug: bool = False
) -> SparkSession:
    """The session that is active already (Databricks, spark-submit, a notebook), or a local one with Delta.

    Args:
        tables: where the embedded warehouse lies, for what Spark itself would put there.
        app_name: name of a new session.
        settings: further Spark settings of a new session.
        debug: let Spark's own messages through.

    Raises:
        UserError: no Java of version 17 or newer.
        RunError: Spark did not start, for example because Delta's jars could not be fetched.
    """
    from pyspark.sql import SparkSession

    active = SparkSession.getActiveSession()
    if active is not None:
        return active
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    if "DATABRICKS_RUNTIME_VERSION" in os.environ or "SPARK_REMOTE" in os.environ:
        return SparkSession.builder.appName(app_name).getOrCreate()
    check_java()
    return _local_session(tables, app_name, dict(settings or {}), debug)


def check_java() -> str:
    """The version of the Java that Spark will use.

    Raises:
        UserError: there is none, or it is older than 17.
    """
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    advice = f"Install Java {LEAST_JAVA} or newer (a JRE is enough) and put it on the PATH, or set JAVA_HOME."
    try:
        told = subprocess.run([java or "java", "-version"], capture_output=True, text=True, timeout=60).stderr
    except OSError as error:
        raise UserError(f"No Java found{f' under JAVA_HOME ({home})' if home else ''}. {advice}") from error
    found = re.search(r'version "(\d+)[^"]*"', told)
    if found is None or int(found.group(1)) < LEAST_JAVA:
        raise UserError(f"Java is {found.group(0) if found else 'of an unknown version'}. {advice}")
    return found.group(0).removeprefix("version ").strip('"')


def _local_session(tables: Tables, app_name: str, settings: dict[str, str], debug: bool) -> SparkSession:
    from delta import configure_spark_with_delta_pip
    from pyspark.sql import SparkSession

    warehouse = tables.warehouse or "spark-warehouse"
    own = {
        **LOCAL_SETTINGS,
        "spark.driver.memory": os.environ.get("JUDGELAKE_DRIVER_MEMORY", "2g"),
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        # No Derby metastore: it takes one session at a time, and two drivers must be able to work at once.
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.warehouse.dir": warehouse if "://" in warehouse else str(Path(warehouse).resolve()),
        **settings,
    }
    builder = SparkSession.builder.appName(app_name)
    # spark-submit has started the JVM, chosen the master and the driver's memory already.
    is_submitted = "PYSPARK_GATEWAY_PORT" in os.environ
    if not is_submitted:
        builder = builder.master(own.pop("spark.master", "local[*]"))
    for name, value in own.items():
        builder = builder.config(name, value)
    with tempfile.TemporaryFile() as noise:
        try:
            with nullcontext() if debug else _stderr_into(noise.fileno()):
                spark = (builder if is_submitted else configure_spark_with_delta_pip(builder)).getOrCreate()
        except Exception as error:
            raise RunError(f"Spark did not start: {_cause(error, noise)}. --debug shows all of its messages.") from error
    spark.sparkContext.setLogLevel("WARN" if debug else "OFF")
    _check_delta(spark)
    return spark


@contextmanager
def _stderr_into(target: int) -> Iterator[None]:
    """Send what this process and the JVM it starts write to stderr elsewhere: Ivy and log4j are chatty."""
    sys.stderr.flush()
    own = os.dup(2)
    os.dup2(target, 2)
    try:
        yield
    finally:
        os.dup2(own, 2)
        os.close(own)


def _cause(error: Exception, noise: IO[bytes]) -> str:
    noise.seek(0)
    lines = noise.read().decode("utf-8", "replace").splitlines()
    telling = [line.strip() for line in lines if re.search(r"unresolved|not found|Exception|Error", line)]
    first_line = (str(error).strip() or type(error).__name__).splitlines()[0]
    if any("unresolved" in line for line in telling):
        return "Delta's jars could not be fetched from Maven (they are fetched once, 60 MB); check the network"
    return f"{first_line} ({telling[-1]})" if telling else first_line


def _check_delta(spark: SparkSession) -> None:
    from pyspark.errors import PySparkException

    try:
        spark.sql("SELECT 1").first()
        spark.read.format("delta").option("versionAsOf", 0)
        enabled = spark.conf.get("spark.sql.extensions", "") or ""
    except PySparkException as error:
        enabled = str(error)
    if "DeltaSparkSessionExtension" not in enabled:
        raise UserError(
            "This Spark session has no Delta. Under spark-submit add: --properties-file conf/spark/local.conf"
        )
