"""Tables: what they refuse, what happens once, what several sessions see.

The tests share one lake: each looks only at comparisons of its own.
"""

import os
import subprocess
import sys

import pytest
from pyspark.errors import PySparkException
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema
from small_lake import judgment, lake_of_its_own

from judgelake.errors import UserError
from judgelake.lake import (
    JUDGMENT,
    TABLES,
    VIEWS,
    append_new,
    append_once,
    create_tables,
    maintain,
    read_pinned,
    register,
    without,
)
from judgelake.lake.names import folder_of
from judgelake.lake.schemas import SCHEMAS, ddl_of

pytestmark = pytest.mark.usefixtures("with_views")


@pytest.fixture(scope="module")
def lake(spark, empty_warehouse, tmp_path_factory):
    """Empty tables for all tests of this module."""
    return lake_of_its_own(spark, empty_warehouse, tmp_path_factory.mktemp("lake"), "of_test_lake")


def judgments(spark, tables, rows):
    """Judgments with these columns, and NULL in all others."""
    columns = spark.read.table(tables.judgments).schema
    content = [tuple(row.get(name) for name in columns.names) for row in rows]
    return spark.createDataFrame(content, columns)


def test_every_table_view_and_column_says_what_it_is(spark, lake):
    create_tables(spark, lake, TABLES)
    for name in (*TABLES, *VIEWS):
        fields = spark.read.table(getattr(lake, name)).schema.fields
        assert [field.name for field in fields if not field.metadata.get("comment")] == []
    for name in TABLES:
        detail = spark.sql(f"DESCRIBE DETAIL {getattr(lake, name)}").first()
        assert detail["description"]
    assert spark.sql(f"DESCRIBE DETAIL {lake.judgments}").first()["clusteringColumns"] == ["run_id", "question_id"]


def test_the_tables_have_the_columns_and_types_that_rows_are_made_with(spark, lake):
    create_tables(spark, lake, TABLES)
    for name, schema in SCHEMAS.items():
        made = spark.read.table(getattr(lake, name)).schema
        assert made.simpleString() == from_arrow_schema(schema).simpleString()
        assert spark.createDataFrame([], ddl_of(schema)).schema.simpleString() == made.simpleString()


def test_a_table_of_an_earlier_version_gains_its_missing_columns_before_the_views_and_its_old_versions_stay(
    spark, tables
):
    older, folder = ddl_of(without(JUDGMENT, "label_mass")), folder_of(tables, tables.judgments)
    spark.sql(f"CREATE TABLE older_judgments (mine INT, {older}) USING DELTA LOCATION '{folder}'")
    spark.sql("INSERT INTO older_judgments (mine, judgment_id, comparison_id) VALUES (1, 'j', 'c')")
    with pytest.raises(UserError, match=r"of an earlier version lacks columns .*ADD COLUMNS \(.*label_mass"):
        register(spark, tables, with_views=True)
    create_tables(spark, tables)
    newest = read_pinned(spark, tables.judgments)
    assert newest.df.columns[0] == "mine"
    assert newest.df.select("mine", "label_mass").collect() == [(1, None)]
    assert [row["label_mass"] for row in spark.table(tables.judgments_latest).collect()] == [None]
    assert "label_mass" not in read_pinned(spark, tables.judgments, version=1).df.columns
    create_tables(spark, tables)
    assert read_pinned(spark, tables.judgments).version == newest.version
    spark.sql("DROP TABLE older_judgments")


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"status": "fine"}, id="an unknown status"),
        pytest.param({"verdict": "1"}, id="a verdict that is no letter"),
        pytest.param({"status": "timeout", "error": "no answer", "verdict": "tie"}, id="a verdict of a failed call"),
        pytest.param({"status": "timeout", "error": None, "verdict": None}, id="a failure without a reason"),
    ],
)
def test_the_judgments_table_refuses(changes, spark, lake):
    with pytest.raises(Exception, match="DELTA_VIOLATE_CONSTRAINT"):
        append_once(judgments(spark, lake, [judgment("refused", **changes)]), lake.judgments, "refused")
    assert spark.read.table(lake.judgments).where("comparison_id = 'refused'").isEmpty()


def test_the_tables_with_app_ids_forget_old_ones(spark, lake):
    for name in ("judgments", "plans", "runs", "metrics"):
        kept = dict(spark.sql(f"SHOW TBLPROPERTIES {getattr(lake, name)}").collect())
        assert kept["delta.setTransactionRetentionDuration"] == "interval 60 days"


def test_an_append_tried_twice_happens_once(spark, lake):
    rows = judgments(spark, lake, [judgment("tried twice")])
    for app_id in ("twice", "twice", "once"):
        append_once(rows, lake.judgments, app_id)
    assert spark.read.table(lake.judgments).where("comparison_id = 'tried twice'").count() == 2


def test_only_new_keys_are_appended_and_each_once(spark, lake):
    columns = spark.read.table(lake.labels).schema
    rows = [("n1", "me", "human", "A", None), ("n1", "me", "human", "A", None), ("n2", "me", "human", "tie", None)]
    keys = ("comparison_id", "labeler", "kind")
    assert append_new(spark.createDataFrame(rows, columns), lake.labels, keys) == 2
    assert append_new(spark.createDataFrame(rows, columns), lake.labels, keys) == 0
    assert spark.read.table(lake.labels).where("comparison_id IN ('n1', 'n2')").count() == 2


def test_a_pinned_table_does_not_change(spark, lake):
    def of_this_test(df):
        return df.where("comparison_id LIKE 'pinned %'").count()

    append_once(judgments(spark, lake, [judgment("pinned 1")]), lake.judgments, "pinned 1")
    pinned = read_pinned(spark, lake.judgments)
    append_once(judgments(spark, lake, [judgment("pinned 2")]), lake.judgments, "pinned 2")
    assert of_this_test(pinned.df) == 1
    assert of_this_test(read_pinned(spark, lake.judgments, pinned.version).df) == 1
    assert of_this_test(read_pinned(spark, lake.judgments).df) == 2


@pytest.mark.parametrize(
    ("version", "needs", "reason"),
    [
        pytest.param(99, (), "no version 99", id="a version that never was"),
        pytest.param(None, ("colour",), "no column colour", id="a column it does not have"),
    ],
)
def test_what_cannot_be_read_is_named(version, needs, reason, spark, lake):
    with pytest.raises(UserError, match=reason):
        read_pinned(spark, lake.judgments, version, needs)


def test_another_session_finds_the_tables_and_views_on_disk(spark, lake):
    append_once(judgments(spark, lake, [judgment("on disk")]), lake.judgments, "on disk")
    for name in (lake.judgments_both_orders, lake.judgments_latest):
        spark.sql(f"DROP VIEW {name}")
    spark.sql(f"DROP TABLE {lake.judgments}")
    assert lake.judgments in register(spark, lake, with_views=True)
    assert spark.read.table(lake.judgments_latest).where("comparison_id = 'on disk'").count() == 1


def test_a_view_that_does_not_fit_a_foreign_table_is_an_error_that_names_both(spark, lake):
    foreign = lake.model_copy(update={"comparisons": f"{lake.comparisons}_foreign"})
    spark.sql(
        "SELECT 'c' AS comparison_id, 'q' AS question_id, 'Why?' AS messages, array('a') AS answers"
    ).write.format("delta").save(folder_of(lake, foreign.comparisons))
    with pytest.raises(UserError, match=r"confident_disagreements' cannot be created over .*comparisons_foreign"):
        create_tables(spark, foreign)


def test_maintenance_leaves_the_rows_and_fewer_files(spark, lake):
    for number in range(3):
        append_once(judgments(spark, lake, [judgment(f"maintained {number}")]), lake.judgments, f"maintained {number}")
    rows = spark.read.table(lake.judgments).count()
    files = spark.sql(f"DESCRIBE DETAIL {lake.judgments}").first()["numFiles"]
    assert files >= 3
    # Every table takes seconds. Those that are not there are left out.
    absent = {name: f"{getattr(lake, name)}_absent" for name in TABLES if name not in ("judgments", "labels")}
    done = {item.table: item for item in maintain(spark, lake.model_copy(update=absent))}
    assert set(done) == {lake.judgments, lake.labels}
    assert (done[lake.judgments].files_before, done[lake.judgments].files_after) == (files, 1)
    assert spark.read.table(lake.judgments).count() == rows


def test_files_of_the_last_week_cannot_be_vacuumed(spark, lake):
    with pytest.raises(UserError, match="168 hours"):
        list(maintain(spark, lake, retain_hours=1))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        pytest.param("a.b.c.d", "one to three parts", id="four parts"),
        pytest.param("catalog.schema.table", "contains a catalog", id="a catalog in an embedded warehouse"),
    ],
)
def test_a_name_that_does_not_fit_is_refused(name, reason, spark, tables):
    with pytest.raises(UserError, match=reason):
        create_tables(spark, tables.model_copy(update={"judgments": name}))


def test_a_warehouse_that_is_a_file_is_refused(spark, tables, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match="warehouse folder"):
        create_tables(spark, tables.model_copy(update={"warehouse": str(tmp_path / "file" / "warehouse")}))


TWO_AT_ONCE = """
import sys
from judgelake.config import Tables
from judgelake.lake import append_once, create_tables
from judgelake.runtime import get_spark
tables = Tables(warehouse=sys.argv[1])
settings = {"spark.master": "local[1]", "spark.driver.memory": "512m"}
# So short a process spends most of its time on compiling.
settings |= {"spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN"}
settings |= {"spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m -XX:+UseSerialGC"}
spark = get_spark(tables, settings=settings)
create_tables(spark, tables)
row = spark.createDataFrame([("c", "me", "human", "A", None)], spark.read.table("labels").schema)
append_once(row, "labels", "same work")
append_once(row, "labels", sys.argv[2])
"""


def test_two_drivers_can_create_and_append_at_once(spark, tmp_path):
    folder = str(tmp_path / "warehouse")
    commands = [[sys.executable, "-c", TWO_AT_ONCE, folder, name] for name in ("first", "second")]
    drivers = [subprocess.Popen(command, env=dict(os.environ)) for command in commands]
    assert [driver.wait(300) for driver in drivers] == [0, 0]
    labels = spark.read.format("delta").load(f"{folder}/labels")
    assert labels.agg(F.count("*")).first()[0] == 3


def test_an_unknown_column_fails_the_append(spark, lake):
    with pytest.raises(PySparkException):
        append_once(spark.range(1).withColumnRenamed("id", "colour"), lake.labels, "colour")
