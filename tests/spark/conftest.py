"""One Spark session for all tests of this folder; every test gets tables of its own."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from by_hand import ByHand, evaluated_by_hand
from mlflow_store import mlflow_at
from small_lake import SmallLake, append, lake_of_its_own

from judgelake.config import Tables
from judgelake.lake import create_tables
from judgelake.runtime import ONE_COMMAND, get_spark


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A small local session with Delta."""
    settings = {
        "spark.master": "local[2]",
        # As the jobs have it; making the views anew takes about a second for each test and each run, see `with_views`.
        ONE_COMMAND: "true",
        "spark.sql.shuffle.partitions": "2",
        "spark.driver.memory": "2g",
        # Tests run each query once, over a few rows: compiling it would take far longer than interpreting it.
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        # Replanning between stages takes longer than a stage; see `replanned`.
        "spark.sql.adaptive.enabled": "false",
        "spark.databricks.delta.snapshotPartitions": "1",
        # Two workers keep two cores busy, and the JVM's second compiler takes a sixth of them. What is compiled all the
        # same comes to more than the usual code cache holds, which would then be swept all the time.
        "spark.driver.extraJavaOptions": "-XX:+UseParallelGC -XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=512m",
    }
    session = get_spark(Tables(warehouse=str(tmp_path_factory.mktemp("warehouse"))), "judgelake tests", settings)
    yield session
    session.stop()


@pytest.fixture(scope="module")
def replanned(spark: Any) -> Iterator[None]:
    """Queries are planned anew between stages, as they are for users with more than a few rows."""
    spark.conf.set("spark.sql.adaptive.enabled", "true")
    yield
    spark.conf.set("spark.sql.adaptive.enabled", "false")


@pytest.fixture(scope="module")
def with_views(spark: Any) -> Iterator[None]:
    """Tables come with their views, as in a notebook."""
    spark.conf.unset(ONE_COMMAND)
    yield
    spark.conf.set(ONE_COMMAND, "true")


@pytest.fixture
def tables(tmp_path: Path) -> Tables:
    """Names and a warehouse no other test has; nothing is created."""
    schema = f"t{uuid.uuid4().hex[:12]}"
    names = {name: f"{schema}.{name}" for name in Tables.model_fields if name != "warehouse"}
    return Tables(warehouse=str(tmp_path / "warehouse"), **names)


@pytest.fixture(scope="session")
def empty_warehouse(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse of empty tables, made once: copying it is far quicker than making it."""
    folder = tmp_path_factory.mktemp("empty") / "warehouse"
    create_tables(spark, Tables(warehouse=str(folder)))
    return folder


@pytest.fixture
def lake(spark: Any, tables: Tables, empty_warehouse: Path) -> Tables:
    """The same names, with empty tables behind them, and in a module `with_views` the views."""
    schema = tables.judgments.partition(".")[0]
    shutil.copytree(empty_warehouse, Path(tables.warehouse or "") / f"{schema}.db")
    create_tables(spark, tables)
    return tables


@pytest.fixture
def add(spark: Any, lake: Tables) -> Callable[..., None]:
    """Appends rows, given as mappings, to one of this test's tables; what a row does not name is NULL."""

    return lambda table, *rows: append(spark, getattr(lake, table), *rows)


@pytest.fixture
def add_pairs(spark: Any, lake: Tables) -> Callable[..., None]:
    """Appends pairs to the comparisons table: add_pairs([("c1", "question", "answer A", "answer B")])."""

    def add(pairs: list[tuple[str, str, str, str]]) -> None:
        rows = [
            (
                name,
                f"q-{question}",
                [("user", question)],
                None,
                [("m1", a, None), ("m2", b, None)],
                None,
                None,
                "test",
                {},
            )
            for name, question, a, b in pairs
        ]
        columns = spark.read.table(lake.comparisons).schema
        spark.createDataFrame(rows, columns).write.format("delta").mode("append").saveAsTable(lake.comparisons)

    return add


@pytest.fixture
def mlflow(tmp_path: Path, mlflow_store: Path) -> Iterator[Any]:
    """MLflow with an empty store of its own."""
    with mlflow_at(tmp_path, mlflow_store) as mlflow:
        mlflow.set_experiment("tests")
        yield mlflow


@pytest.fixture(scope="session")
def by_hand(spark: Any, empty_warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> ByHand:
    """The lake of by_hand.py with its evaluation."""
    folder = tmp_path_factory.mktemp("by_hand")
    return evaluated_by_hand(SmallLake(spark, lake_of_its_own(spark, empty_warehouse, folder, "by_hand"), folder))
