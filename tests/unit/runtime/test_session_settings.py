"""The settings of a new session, which messages of PySpark are shown, and which sessions are stopped."""

import logging
import sys
from types import SimpleNamespace

import pytest
from pyspark.logger import PySparkLogger

from judgelake.config import Tables
from judgelake.runtime.session import QUERY_LOGGERS, _set_log_level, get_spark, stop_spark
from judgelake.runtime.settings import (
    COMMAND_SETTINGS,
    SMALL_BYTES,
    SMALL_SETTINGS,
    settings_of_one_command,
    submitted_settings,
)

OF_THE_CLUSTER = {
    "spark.driver.host": "driver.cluster.example",
    "spark.driver.bindAddress": "0.0.0.0",
    "spark.driver.extraJavaOptions": "-XX:+UseG1GC",
    "spark.sql.shuffle.partitions": "400",
    "spark.sql.session.timeZone": "Europe/Zurich",
    "spark.sql.catalogImplementation": "hive",
    "spark.sql.warehouse.dir": "s3a://lake/warehouse",
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension,com.example.More",
    "spark.ui.enabled": "true",
}


def test_settings_given_to_spark_submit_are_never_set_again():
    assert not submitted_settings(OF_THE_CLUSTER).keys() & OF_THE_CLUSTER.keys()


def test_a_submitted_session_gets_what_the_jobs_need_and_nothing_that_fits_one_machine_only():
    own = submitted_settings({})
    assert own["spark.sql.session.timeZone"] == "UTC"
    assert "DeltaCatalog" in own["spark.sql.catalog.spark_catalog"]
    assert "DeltaSparkSessionExtension" in own["spark.sql.extensions"]
    assert not own.keys() & (OF_THE_CLUSTER.keys() - {"spark.sql.session.timeZone", "spark.sql.extensions"})
    assert not [value for value in own.values() if "127.0.0.1" in value]


@pytest.mark.parametrize(
    ("sizes", "is_small"),
    [
        pytest.param([], True, id="nothing"),
        pytest.param([SMALL_BYTES // 2, SMALL_BYTES // 2], True, id="just small"),
        pytest.param([SMALL_BYTES // 2, SMALL_BYTES // 2 + 1], False, id="together no more"),
    ],
)
def test_a_session_for_one_command_fits_what_the_warehouse_holds(sizes, is_small, tmp_path):
    for number, size in enumerate(sizes):
        table = tmp_path / "warehouse" / f"table{number}"
        table.mkdir(parents=True)
        with (table / "part-0.parquet").open("wb") as file:
            file.truncate(size)
        (table / "part-0.json").write_bytes(b"0" * 100)
    settings = settings_of_one_command(Tables(warehouse=str(tmp_path / "warehouse")))
    assert settings == {**COMMAND_SETTINGS, **(SMALL_SETTINGS if is_small else {})}


@pytest.mark.parametrize("warehouse", [None, "s3://bucket/warehouse"])
def test_a_warehouse_elsewhere_is_never_taken_for_a_small_one(warehouse):
    assert settings_of_one_command(Tables(warehouse=warehouse)) == COMMAND_SETTINGS


@pytest.mark.parametrize(
    ("given", "debug", "level"),
    [
        pytest.param(None, False, "OFF", id="by default nothing"),
        pytest.param(None, True, "WARN", id="debug"),
        pytest.param("INFO", False, None, id="the user's own level is left alone"),
        pytest.param("ERROR", True, None, id="with debug too"),
    ],
)
def test_spark_logs_at_the_level_the_user_gave(given, debug, level):
    spark, heard = SimpleNamespace(), []
    spark.conf = SimpleNamespace(get=lambda name, default: given if name == "spark.log.level" else default)
    spark.sparkContext = SimpleNamespace(setLogLevel=heard.append)
    _set_log_level(spark, debug)
    assert heard == ([] if level is None else [level])


class Session:
    """The parts of a session that these tests need."""

    version = "4.2.0"

    def __init__(self):
        self.is_stopped = False

    def stop(self):
        self.is_stopped = True


@pytest.fixture
def active(monkeypatch):
    session = Session()
    monkeypatch.setattr("pyspark.sql.SparkSession.getActiveSession", lambda: session)
    monkeypatch.setattr("judgelake.runtime.session._check_delta", lambda spark: None)
    return session


def test_a_session_that_was_there_before_is_used_and_not_stopped(active):
    spark = get_spark(Tables())
    assert spark is active
    stop_spark(spark)
    assert not active.is_stopped


def test_the_session_of_a_databricks_cluster_is_not_stopped(monkeypatch):
    session = Session()
    monkeypatch.setenv("DATABRICKS_RUNTIME_VERSION", "18.0")
    monkeypatch.setattr("pyspark.sql.SparkSession.getActiveSession", lambda: None)
    monkeypatch.setattr("pyspark.sql.SparkSession.Builder.getOrCreate", lambda builder: session)
    stop_spark(get_spark(Tables()))
    assert not session.is_stopped


def test_a_session_that_was_made_here_stops_with_its_last_user(monkeypatch):
    session, running = Session(), []
    monkeypatch.setenv("SPARK_REMOTE", "sc://connect.example")
    monkeypatch.delenv("DATABRICKS_RUNTIME_VERSION", raising=False)
    monkeypatch.setattr("judgelake.runtime.session._check_delta", lambda spark: None)
    monkeypatch.setattr("pyspark.sql.SparkSession.getActiveSession", lambda: running[0] if running else None)
    monkeypatch.setattr(
        "pyspark.sql.SparkSession.Builder.getOrCreate", lambda builder: running.append(session) or session
    )
    command = get_spark(Tables())
    command_inside_it = get_spark(Tables())
    stop_spark(command_inside_it)
    assert not session.is_stopped
    stop_spark(command)
    assert session.is_stopped


def test_a_command_says_that_it_starts_spark_where_no_result_can_be_mixed_with_it(monkeypatch, capsys):
    for name in ("DATABRICKS_RUNTIME_VERSION", "SPARK_REMOTE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    monkeypatch.setattr("pyspark.sql.SparkSession.getActiveSession", lambda: None)
    monkeypatch.setattr("judgelake.runtime.session._new_session", lambda *settings: Session())
    stop_spark(get_spark(Tables()))
    assert capsys.readouterr() == ("", "Starting Spark ...\n")


def test_nothing_is_said_where_a_session_is_there(active, capsys):
    stop_spark(get_spark(Tables()))
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("debug", "are_heard"), [(False, False), (True, True)])
def test_pysparks_lines_of_json_are_only_heard_with_debug(active, debug, are_heard):
    loggers = [PySparkLogger.getLogger(name) for name in QUERY_LOGGERS]
    for logger in loggers:
        logger.setLevel(logging.WARNING)
    get_spark(Tables(), debug=debug)
    assert [logger.isEnabledFor(logging.CRITICAL) for logger in loggers] == [are_heard] * len(loggers)
