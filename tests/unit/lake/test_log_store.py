"""Tables on S3 are refused until a log store is named; schemas that exist are not created."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from pyspark.errors import AnalysisException

from judgelake.config import Tables
from judgelake.errors import UserError
from judgelake.lake import TABLES, check_log_store, create_tables
from judgelake.lake.create import _create_schema

ON_S3 = "s3a://bucket/lake"
OWN = "io.delta.storage.S3SingleDriverLogStore"


class Session:
    """A session with settings, and with tables at these places; `refused` are the settings that it does not show."""

    def __init__(self, settings=None, places=None, features=None, schemas=(), refused=()):
        self.settings, self.places, self.features, self.refused = settings or {}, places or {}, features or [], refused
        self.conf = SimpleNamespace(get=self._setting)
        self.catalog = SimpleNamespace(
            tableExists=lambda name: name in self.places, databaseExists=lambda name: name in schemas
        )
        self.ran: list[str] = []

    def _setting(self, name, default=None):
        if name in self.refused:
            raise AnalysisException("CONFIG_NOT_AVAILABLE")
        return self.settings.get(name, default)

    def sql(self, query):
        self.ran.append(query)
        name = query.rpartition(" ")[2].replace("`", "")
        row = {"location": self.places.get(name), "tableFeatures": self.features}
        return SimpleNamespace(select=lambda *columns: SimpleNamespace(first=lambda: row))


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch):
    monkeypatch.delenv("DATABRICKS_RUNTIME_VERSION", raising=False)


@pytest.mark.parametrize(
    ("warehouse", "setting"),
    [
        pytest.param(ON_S3, "spark.delta.logStore.s3a.impl", id="s3a"),
        pytest.param("s3://bucket/lake", "spark.delta.logStore.s3.impl", id="s3"),
    ],
)
def test_a_warehouse_on_s3_is_refused_until_a_log_store_is_named(warehouse, setting):
    tables = Tables(warehouse=warehouse)
    with pytest.raises(UserError, match="loses commits when two drivers write at once") as refused:
        check_log_store(Session(), tables, TABLES)
    assert setting in str(refused.value)
    check_log_store(Session({setting: "com.example.MultiDriverLogStore"}), tables, TABLES)
    check_log_store(Session({setting: OWN}), tables, TABLES)
    check_log_store(Session({"spark.delta.logStore.class": OWN}), tables, TABLES)


def test_the_log_store_of_another_scheme_does_not_count():
    with pytest.raises(UserError):
        check_log_store(Session({"spark.delta.logStore.s3.impl": OWN}), Tables(warehouse=ON_S3), TABLES)


@pytest.mark.parametrize("warehouse", ["lake", "/data/lake", "hdfs:///lake", "abfss://c@a/lake", "gs://bucket/lake"])
def test_other_stores_need_nothing(warehouse):
    check_log_store(Session(), Tables(warehouse=warehouse), TABLES)


def test_a_table_of_a_catalog_counts_by_its_place():
    tables = Tables(warehouse=None)
    check_log_store(Session(places={"judgments": "hdfs:///judgments"}), tables, TABLES)
    session = Session(places={"runs": "hdfs:///runs", "judgments": f"{ON_S3}/judgments"})
    with pytest.raises(UserError, match=f"{ON_S3}/judgments is on S3"):
        check_log_store(session, tables, TABLES)
    check_log_store(session, tables, {"runs"})


def test_tables_that_a_catalog_has_just_put_on_s3_are_refused_before_anything_is_written(monkeypatch):
    session, tables = Session(schemas=("default",)), Tables(warehouse=None)

    def create(spark, tables, table):
        spark.places[getattr(tables, table)] = f"{ON_S3}/{table}"
        return True

    monkeypatch.setattr("judgelake.lake.create._create", create)
    monkeypatch.setattr("judgelake.lake.create._create_view", lambda *arguments: None)
    with pytest.raises(UserError, match="is on S3"):
        create_tables(session, tables)


def test_a_table_whose_commits_the_catalog_decides_is_safe():
    session = Session(places={"judgments": ON_S3}, features=["appendOnly", "catalogManaged"])
    check_log_store(session, Tables(warehouse=None), TABLES)


def test_databricks_decides_commits_itself(monkeypatch):
    session, tables = Session(places={"judgments": ON_S3}), Tables(warehouse=None)
    over_connect = Session({"spark.databricks.workspaceUrl": "example.com"}, places={"judgments": ON_S3})
    check_log_store(over_connect, tables, TABLES)
    monkeypatch.setenv("DATABRICKS_RUNTIME_VERSION", "18.0")
    check_log_store(session, tables, TABLES)
    assert session.ran == []


def test_a_setting_that_the_session_does_not_show_is_none():
    hidden = Session(refused=("spark.databricks.workspaceUrl", "spark.delta.logStore.s3a.impl"))
    with pytest.raises(UserError):
        check_log_store(hidden, Tables(warehouse=ON_S3), TABLES)


def test_a_schema_that_exists_is_not_created():
    session = Session(schemas=("main.judging",))
    _create_schema(session, "main.judging.judgments")
    assert session.ran == []
    _create_schema(session, "main.other.judgments")
    assert session.ran == ["CREATE SCHEMA IF NOT EXISTS `main`.`other`"]
