"""One Spark session for all tests of this folder, and a fresh warehouse for each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from judgelake.config import Tables
from judgelake.lake import create_tables
from judgelake.session import get_spark

SMALL = {"spark.master": "local[2]", "spark.sql.shuffle.partitions": "2", "spark.default.parallelism": "2"}


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    folder = tmp_path_factory.mktemp("spark")
    session = get_spark(Tables(warehouse=str(folder)), app_name="judgelake tests", settings=SMALL)
    yield session
    session.stop()


@pytest.fixture
def tables(spark: SparkSession, tmp_path: Path) -> Tables:
    """The tables of a new embedded warehouse, made and empty. Its folder has a space and a quote in its name."""
    made = Tables(warehouse=str(tmp_path / "it's a warehouse"))
    create_tables(spark, made)
    return made
