"""What is read of a table from its log on disk, and the tables of a session that ends with its command."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from pyspark.sql import functions as F
from pyspark.testing import assertDataFrameEqual
from small_lake import judgment

from judgelake.lake import (
    OF_JUDGING,
    TABLES,
    VIEWS,
    TableIdentity,
    append_once,
    create_tables,
    identity_of,
    read_newest,
    read_pinned,
    register,
    replace_rows,
)
from judgelake.lake.log import on_disk
from judgelake.runtime.settings import ONE_COMMAND


def judgments(spark, tables, rows):
    columns = spark.read.table(tables.judgments).schema
    return spark.createDataFrame([tuple(row.get(name) for name in columns.names) for row in rows], columns)


def test_the_log_on_disk_says_what_delta_says(spark, lake):
    for number in range(2):
        append_once(judgments(spark, lake, [judgment(f"c{number}")]), lake.judgments, f"app-{number}")
    detail = spark.sql(f"DESCRIBE DETAIL {lake.judgments}").first()
    history = spark.sql(f"DESCRIBE HISTORY {lake.judgments} LIMIT 1").first()
    pinned = read_pinned(spark, lake.judgments)
    assert (pinned.table_id, pinned.location) == (detail["id"], detail["location"])
    assert identity_of(spark, lake.judgments) == TableIdentity(detail["id"], detail["location"])
    assert pinned.version == history["version"] == 2
    note = on_disk(spark, lake.judgments).noted()
    assert (note.files, note.size_bytes) == (detail["numFiles"], detail["sizeInBytes"])


def test_a_table_is_known_to_be_empty_only_where_it_is(spark, lake):
    before = read_newest(spark, lake.judgments)
    append_once(judgments(spark, lake, [judgment("c")]), lake.judgments, "one")
    after = read_newest(spark, lake.judgments)
    assert (before.is_empty, before.version, after.is_empty, after.version) == (True, 0, False, 1)
    assert (before.df.count(), after.df.count()) == (0, 1)


def test_a_session_of_one_command_has_the_tables_and_no_views(spark, tables):
    create_tables(spark, tables)
    there = [name for name in (*TABLES, *VIEWS) if spark.catalog.tableExists(getattr(tables, name))]
    assert there == list(OF_JUDGING)


def test_a_command_gets_only_the_tables_it_needs_and_a_session_with_views_all(spark, tables):
    create_tables(spark, tables, ("judgments", "runs"))
    assert set(register(spark, tables, ("judgments", "metrics"))) == {tables.judgments}
    spark.conf.unset(ONE_COMMAND)
    try:
        assert set(register(spark, tables, ("judgments",))) == {tables.judgments, tables.runs}
        create_tables(spark, tables, ("judgments",))
    finally:
        spark.conf.set(ONE_COMMAND, "true")
    assert all(spark.catalog.tableExists(getattr(tables, name)) for name in (*OF_JUDGING, *VIEWS))


def test_a_small_table_is_read_without_delta_as_delta_reads_it(spark, lake):
    for number in range(3):
        append_once(judgments(spark, lake, [judgment(f"c{number}", order="AB")]), lake.judgments, f"app-{number}")
    spark.sql(f"DELETE FROM {lake.judgments} WHERE comparison_id = 'c1'")
    spark.sql(f"ALTER TABLE {lake.judgments} ADD COLUMNS (later STRING)")
    append_once(spark.read.table(lake.judgments).withColumn("later", F.lit("x")), lake.judgments, "later")
    pinned = read_pinned(spark, lake.judgments)
    assert "delta" not in pinned.df._jdf.queryExecution().optimizedPlan().toString().lower()
    assertDataFrameEqual(pinned.df, spark.read.table(lake.judgments))
    assert Counter(row["later"] for row in pinned.df.collect()) == {"x": 2, None: 2}
    older = read_pinned(spark, lake.judgments, 2)
    assert sorted(row["comparison_id"] for row in older.df.collect()) == ["c0", "c1"]
    assert read_pinned(spark, lake.judgments, 0).df.count() == 0
    name = lake.judgments.rpartition(".")[2]
    assert older.df.where(f"{name}.comparison_id = 'c0'").count() == 1


def test_rows_of_a_value_are_appended_where_there_are_none_and_else_replaced(spark, lake, monkeypatch):
    def replace(run, *values):
        rows = [{"run_id": run, "metric": "agreement", "value": value, "reason": "no interval"} for value in values]
        columns = spark.read.table(lake.metrics).schema
        data = [tuple(row.get(name) for name in columns.names) for row in rows]
        replace_rows(spark.createDataFrame(data, columns), lake.metrics, "run_id", run)
        return {
            (row["run_id"], row["value"]) for row in spark.read.table(lake.metrics).select("run_id", "value").collect()
        }

    assert replace("b", 0.1, 0.2) == {("b", 0.1), ("b", 0.2)}
    assert replace("a", 0.3) == {("b", 0.1), ("b", 0.2), ("a", 0.3)}
    assert replace("b", 0.4) == {("b", 0.4), ("a", 0.3)}
    spark.sql(f"DELETE FROM {lake.metrics}")
    assert replace("b", 0.5) == {("b", 0.5)}
    with ThreadPoolExecutor(2) as both:
        list(both.map(lambda value: replace("c", value), [0.6, 0.7]))
    assert spark.read.table(lake.metrics).where("run_id = 'c'").count() == 1
    # A driver that looked before another one replaced the same rows, and some others.
    looked_at = on_disk(spark, lake.metrics)
    replace("e", 0.8)
    assert ("d", 0.9) in replace("d", 0.9)
    monkeypatch.setattr("judgelake.lake.append.on_disk", lambda spark, table: looked_at)
    late = replace("d", 1.0)
    assert [value for run, value in late if run == "d"] == [0.9]
