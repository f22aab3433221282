"""Every row lands in its task, also on a Spark without `repartitionById`."""

import pytest
from pyspark.sql import functions as F

from judgelake.asking import by_task
from judgelake.asking.by_task import in_tasks, spark_hash

ROWS = 2_000


@pytest.fixture(params=["by id", "by hash"])
def place(request, monkeypatch):
    if request.param == "by hash":
        monkeypatch.setattr(by_task, "FIRST_WITH_IDS", (99, 0))
    return in_tasks


@pytest.mark.parametrize("tasks", [2, 7, 64])
@pytest.mark.parametrize("adaptive", ["false", "true"])
def test_each_row_lands_in_its_task_and_no_two_tasks_are_merged(spark, place, tasks, adaptive):
    before = spark.conf.get("spark.sql.adaptive.enabled")
    spark.conf.set("spark.sql.adaptive.enabled", adaptive)
    try:
        # Most rows in one task, one task without rows: what an optimiser would like to merge or split.
        wanted = F.when(F.col("id") % 3 == 0, F.col("id") % (tasks - 1)).otherwise(0).cast("int")
        placed = place(spark.range(ROWS).withColumn("task", wanted), tasks, "task")
        assert placed.columns == ["id", "task"]
        found = placed.sortWithinPartitions("id").withColumn("partition", F.spark_partition_id())
        assert found.count() == ROWS
        assert found.where("task != partition").count() == 0
    finally:
        spark.conf.set("spark.sql.adaptive.enabled", before)


def test_the_hash_is_that_of_this_spark(spark):
    numbers = [*range(200), 2**31 - 1]
    rows = spark.createDataFrame([(number,) for number in numbers], "number INT").select("number", F.hash("number"))
    assert [(row[0], row[1]) for row in rows.collect()] == [(number, spark_hash(number)) for number in numbers]
