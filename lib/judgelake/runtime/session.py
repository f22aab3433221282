"""The Spark session: the active one, or a new one configured for Delta on this machine."""

from __future__ import annotations

import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import IO, TYPE_CHECKING

from judgelake.config import Tables
from judgelake.errors import RunError, UserError, first_line
from judgelake.runtime.class_archive import drop_archive, with_archive
from judgelake.runtime.jars import known_jars, record_path, remember_jars
from judgelake.runtime.settings import (
    COMMAND_SETTINGS,
    LOCAL_SETTINGS,
    SETTINGS,
    settings_of_one_command,
    submitted_settings,
)

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

LEAST_JAVA = 17
LEAST_SPARK = (4, 0)

# PySpark also writes its errors to stderr, as one line of JSON with every stack trace.
QUERY_LOGGERS = ("SQLQueryContextLogger", "DataFrameQueryContextLogger")

# The sessions that `get_spark` has created, with the number of callers using each: one command may call another.
_users: weakref.WeakKeyDictionary[SparkSession, int] = weakref.WeakKeyDictionary()


def get_spark(
    tables: Tables,
    app_name: str = "judgelake",
    settings: Mapping[str, str] | None = None,
    debug: bool = False,
    *,
    one_command: bool = False,
) -> SparkSession:
    """The session that is already active (Databricks, a notebook), or a new one with Delta.

    Under spark-submit the new session keeps all settings given to spark-submit; elsewhere it is a local session.

    Args:
        tables: gives the folder of the embedded warehouse, for files that Spark itself puts there.
        app_name: name of a new session.
        settings: additional Spark settings of a new session.
        debug: show Spark's own messages.
        one_command: a new session ends with the calling command, which reads nothing except the tables.

    Raises:
        UserError: no Java of version 17 or newer, or the active session has no Delta, or its Spark is too old.
        RunError: Spark did not start, for example because Delta's jars could not be downloaded.
    """
    from pyspark.sql import SparkSession

    if not debug:
        _hush_query_loggers()
    active = SparkSession.getActiveSession()
    if active is not None:
        return _joined(active)
    if "DATABRICKS_RUNTIME_VERSION" in os.environ:
        return _of_the_platform(app_name)
    if "SPARK_REMOTE" in os.environ:
        spark = _of_the_platform(app_name)
    else:
        # Without it Spark uses the first python3 on the PATH, which may not have our packages.
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        # To stderr: stdout may be a query's result. A command has nothing else to say for five to fifteen seconds.
        print("Starting Spark ...", file=sys.stderr, flush=True)
        spark = _new_session(tables, app_name, dict(settings or {}), debug, one_command)
    _users[spark] = 1
    return spark


def _joined(active: SparkSession) -> SparkSession:
    """The active session, which one caller more now uses."""
    _check_version(active)
    _check_delta(active)
    if active in _users:
        _users[active] += 1
    return active


def _of_the_platform(app_name: str) -> SparkSession:
    """A session whose settings are not ours."""
    from pyspark.sql import SparkSession

    spark = SparkSession.builder.appName(app_name).getOrCreate()
    _check_version(spark)
    return spark


def stop_spark(spark: SparkSession) -> None:
    """Release a session from `get_spark`: one it created stops with its last user, one that already ran continues."""
    if spark not in _users:
        return
    _users[spark] -= 1
    if not _users[spark]:
        del _users[spark]
        spark.stop()


def was_created_here(spark: SparkSession) -> bool:
    """Whether the session is one that `get_spark` has created: in this process, or as a client of Spark Connect."""
    return spark in _users


def check_java() -> str:
    """The version of the Java that Spark will use.

    Raises:
        UserError: there is no Java, or it is older than 17.
    """
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    advice = f"Install Java {LEAST_JAVA} or newer (a JRE is enough) and put it on the PATH, or set JAVA_HOME."
    try:
        output = subprocess.run([java or "java", "-version"], capture_output=True, text=True, timeout=60).stderr
    except OSError as error:
        raise UserError(f"No Java found{f' under JAVA_HOME ({home})' if home else ''}. {advice}") from error
    match = re.search(r'version "(\d+)[^"]*"', output)
    if match is None or int(match.group(1)) < LEAST_JAVA:
        raise UserError(f"Java is {match.group(0) if match else 'of an unknown version'}. {advice}")
    return match.group(0).removeprefix("version ").strip('"')


def _hush_query_loggers() -> None:
    from pyspark.logger import PySparkLogger

    for name in QUERY_LOGGERS:
        # Through PySpark's own function, because the loggers must be of its class.
        PySparkLogger.getLogger(name).setLevel(logging.CRITICAL + 1)


def _new_session(
    tables: Tables, app_name: str, settings: dict[str, str], debug: bool, one_command: bool
) -> SparkSession:
    import pyspark
    from pyspark.sql import SparkSession

    # spark-submit has already started the JVM and chosen the master and the driver's memory.
    is_submitted = "PYSPARK_GATEWAY_PORT" in os.environ
    own = submitted_settings(_given_to_spark_submit()) if is_submitted else _local_settings(tables, app_name)
    if one_command:
        # Callers of spark-submit set there what suits the work.
        own |= COMMAND_SETTINGS if is_submitted else settings_of_one_command(tables)
    own |= settings
    if not is_submitted:
        # A job loads what a small query also needs, and more. With --debug, Java's own lines would be shown.
        own |= with_archive(own, Path(pyspark.__file__).parent, writes=one_command and not debug)
    builder = SparkSession.builder
    for name, value in own.items():
        builder = builder.config(name, value)
    with tempfile.TemporaryFile() as noise:
        try:
            spark = _started(builder, noise, debug) if is_submitted else _started_with_delta(builder, own, noise, debug)
        except Exception as error:
            drop_archive(own)
            # Checked only now: in the normal case the check would cost half a second of every start.
            check_java()
            raise RunError(
                f"Spark did not start: {_cause(error, noise)}. --debug shows all of its messages."
            ) from error
    _set_log_level(spark, debug)
    _check_delta(spark)
    return spark


def _started(builder: SparkSession.Builder, noise: IO[bytes], debug: bool) -> SparkSession:
    with nullcontext() if debug else _output_into(noise.fileno()):
        return builder.getOrCreate()


def _started_with_delta(
    builder: SparkSession.Builder, settings: Mapping[str, str], noise: IO[bytes], debug: bool
) -> SparkSession:
    import pyspark
    from delta import configure_spark_with_delta_pip

    record = record_path()
    names_jars = any(name.startswith("spark.jars") for name in settings)
    jars = None if names_jars else known_jars(record, Path(pyspark.__file__).parent)
    if jars is not None:
        return _started(builder.config("spark.jars", jars), noise, debug)
    if not _jars_are_here(settings):
        print("Downloading Delta's jars (60 MB, once) ...", file=sys.stderr, flush=True)
    spark = _started(configure_spark_with_delta_pip(builder), noise, debug)
    if not names_jars:
        remember_jars(record, spark.sparkContext.getConf().get("spark.jars", "").split(","))
    return spark


def _set_log_level(spark: SparkSession, debug: bool) -> None:
    """Set Spark's log level, unless the user did (--conf spark.log.level=...)."""
    if spark.conf.get("spark.log.level", None) is None:
        spark.sparkContext.setLogLevel("WARN" if debug else "OFF")


def _local_settings(tables: Tables, app_name: str) -> dict[str, str]:
    warehouse = tables.warehouse or "spark-warehouse"
    return {
        **SETTINGS,
        **LOCAL_SETTINGS,
        "spark.app.name": app_name,
        "spark.master": "local[*]",
        "spark.driver.memory": os.environ.get("JUDGELAKE_DRIVER_MEMORY", "2g"),
        "spark.sql.warehouse.dir": warehouse if "://" in warehouse else str(Path(warehouse).resolve()),
    }


def _given_to_spark_submit() -> dict[str, str]:
    from pyspark import SparkConf, SparkContext

    # Only the JVM knows the settings, and a SparkConf created before Python is connected to it is empty.
    SparkContext._ensure_initialized()
    return dict(SparkConf().getAll())


def _jars_are_here(settings: Mapping[str, str]) -> bool:
    """Whether Ivy already has Delta; only used to tell the user what takes so long."""
    cache = Path(settings.get("spark.jars.ivy", Path.home() / ".ivy2.5.2"))
    return any((cache / "jars").glob("io.delta_delta-spark_*.jar"))


@contextmanager
def _output_into(target: int) -> Iterator[None]:
    """Redirect the console output of this process and of the JVM it starts.

    The JVM keeps the streams it inherits, so this also hides the lines that Ivy, log4j and VACUUM print.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    own = {number: os.dup(number) for number in (1, 2)}
    try:
        for number in own:
            os.dup2(target, number)
        yield
    finally:
        for number, kept in own.items():
            os.dup2(kept, number)
            os.close(kept)


def _cause(error: Exception, noise: IO[bytes]) -> str:
    noise.seek(0)
    lines = noise.read().decode("utf-8", "replace").splitlines()
    error_lines = [line.strip() for line in lines if re.search(r"unresolved|not found|Exception|Error", line)]
    if any("unresolved" in line for line in error_lines):
        return "Delta's jars could not be downloaded from Maven (once, 60 MB); check the network"
    return f"{first_line(error)} ({error_lines[-1]})" if error_lines else first_line(error)


def _check_version(spark: SparkSession) -> None:
    major, minor = spark.version.split(".")[:2]
    if (int(major), int(minor)) < LEAST_SPARK:
        least = ".".join(map(str, LEAST_SPARK))
        raise UserError(
            f"This session has Spark {spark.version}, but judgelake needs {least} or newer: on Databricks, choose "
            "Runtime 17.3 LTS or newer, or serverless environment 4 or newer."
        )


def _check_delta(spark: SparkSession) -> None:
    from py4j.protocol import Py4JError  # type: ignore[import-untyped]
    from pyspark.errors import PySparkException

    try:
        # The catalog's class comes with Delta's jars; a setting that only names it does not prove that they are there.
        spark.sql("SHOW SCHEMAS").first()
        has_delta = "DATABRICKS_RUNTIME_VERSION" in os.environ or "DeltaCatalog" in (
            spark.conf.get("spark.sql.catalog.spark_catalog", "") or ""
        )
    except (PySparkException, Py4JError):
        has_delta = False
    if not has_delta:
        raise UserError(
            "This Spark session has no Delta. Under spark-submit add --properties-file conf/spark/local.conf; "
            "elsewhere stop the session, or start it with Delta's jars, extension and catalog."
        )
