"""Leaves the archive of Java's classes that the sessions of the tests map; `make test` makes it beside its checks."""

import tempfile
from pathlib import Path

import pyspark
from small_lake import SmallLake, comparison, judgment, label

from judgelake.config import Tables
from judgelake.lake import create_tables
from judgelake.runtime import get_spark, stop_spark
from judgelake.runtime.class_archive import with_archive


def main() -> None:
    """Evaluate a comparison in a session of its own, unless there is an archive."""
    if with_archive({}, Path(pyspark.__file__).parent, writes=False):
        return
    with tempfile.TemporaryDirectory() as folder:
        tables = Tables(warehouse=folder)
        spark = get_spark(tables, "judgelake warm-up", one_command=True)
        create_tables(spark, tables)
        small = SmallLake(spark, tables, Path(folder))
        rows = {"comparisons": [comparison("c")], "judgments": [judgment("c")], "labels": [label("c", "A")]}
        small.fill(rows)
        small.evaluate(mlflow={"enabled": False})
        stop_spark(spark)


if __name__ == "__main__":
    main()
