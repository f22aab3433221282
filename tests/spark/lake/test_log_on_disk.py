"""What is read of a table from its log on disk, and the tables of a session that ends with its command."""

from small_lake import judgment

from judgelake.lake import TABLES, VIEWS, append_once, create_tables, read_newest, read_pinned
from judgelake.lake.log import folder_on_disk, noted
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
    assert pinned.version == history["version"] == 2
    note = noted(folder_on_disk(spark, lake.judgments), 2)
    assert (note.files, note.size_bytes) == (detail["numFiles"], detail["sizeInBytes"])


def test_a_table_is_known_to_be_empty_only_where_it_is(spark, lake):
    before = read_newest(spark, lake.judgments)
    append_once(judgments(spark, lake, [judgment("c")]), lake.judgments, "one")
    after = read_newest(spark, lake.judgments)
    assert (before.is_empty, before.version, after.is_empty, after.version) == (True, 0, False, 1)
    assert (before.df.count(), after.df.count()) == (0, 1)


def test_a_session_of_one_command_has_the_tables_and_no_views(spark, tables):
    spark.conf.set(ONE_COMMAND, "true")
    try:
        create_tables(spark, tables)
    finally:
        spark.conf.unset(ONE_COMMAND)
    there = [name for name in (*TABLES, *VIEWS) if spark.catalog.tableExists(getattr(tables, name))]
    assert there == list(TABLES)
