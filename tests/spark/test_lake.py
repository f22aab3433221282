"""Tables and views: what they refuse, what happens once, what several sessions see."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyspark.errors import PySparkException
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema

from judgelake.config import Tables
from judgelake.errors import UserError
from judgelake.lake import (
    TABLES,
    VIEWS,
    append_new,
    append_once,
    create_tables,
    maintain,
    read_newest,
    read_pinned,
    register,
)
from judgelake.lake.log import folder_on_disk, noted
from judgelake.lake.names import folder_of
from judgelake.lake.schemas import SCHEMAS, ddl_of
from judgelake.session_settings import ONE_COMMAND

EXAMPLES = sorted((Path(__file__).parents[2] / "sql" / "examples").glob("*.sql"))


def judgments(spark, tables, rows):
    """Judgments with these columns, and NULL in all others."""
    columns = spark.read.table(tables.judgments).schema
    content = [tuple(row.get(name) for name in columns.names) for row in rows]
    return spark.createDataFrame(content, columns)


def judgment(name, order="AB", **changes):
    return {
        "judgment_id": f"{name}-{order}",
        "comparison_id": name,
        "question_id": "q",
        "judge": "j",
        "judge_fingerprint": "f",
        "mode": "pair",
        "shown_order": order,
        "repeat": 0,
        "status": "ok",
        "verdict": "A",
        "attempt": 1,
        "judged_at": datetime(2026, 1, 1, tzinfo=UTC),
    } | changes


def test_every_table_view_and_column_says_what_it_is(spark, lake):
    for name in (*TABLES, *VIEWS):
        fields = spark.read.table(getattr(lake, name)).schema.fields
        assert [field.name for field in fields if not field.metadata.get("comment")] == []
    for name in TABLES:
        detail = spark.sql(f"DESCRIBE DETAIL {getattr(lake, name)}").first()
        assert detail["description"]
    assert spark.sql(f"DESCRIBE DETAIL {lake.judgments}").first()["clusteringColumns"] == ["run_id", "question_id"]


def test_the_tables_have_the_columns_and_types_that_rows_are_made_with(spark, lake):
    for name, schema in SCHEMAS.items():
        made = spark.read.table(getattr(lake, name)).schema
        assert made.simpleString() == from_arrow_schema(schema).simpleString()
        assert spark.createDataFrame([], ddl_of(schema)).schema.simpleString() == made.simpleString()


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"status": "fine"}, id="an unknown status"),
        pytest.param({"verdict": "1"}, id="a verdict that is no letter"),
        pytest.param({"status": "timeout", "error": "no answer", "verdict": "tie"}, id="a verdict of a failed call"),
        pytest.param({"status": "timeout", "verdict": None}, id="a failure without a reason"),
    ],
)
def test_the_judgments_table_refuses(changes, spark, lake):
    with pytest.raises(Exception, match="DELTA_VIOLATE_CONSTRAINT"):
        append_once(judgments(spark, lake, [judgment("c", **changes)]), lake.judgments, "app")
    assert spark.read.table(lake.judgments).isEmpty()


def test_an_append_tried_twice_happens_once(spark, lake):
    rows = judgments(spark, lake, [judgment("c")])
    for app_id in ("one", "one", "other"):
        append_once(rows, lake.judgments, app_id)
    assert spark.read.table(lake.judgments).count() == 2


def test_only_new_keys_are_appended_and_each_once(spark, lake):
    columns = spark.read.table(lake.labels).schema
    rows = [("c1", "me", "human", "A", None), ("c1", "me", "human", "A", None), ("c2", "me", "human", "tie", None)]
    keys = ("comparison_id", "labeler", "kind")
    assert append_new(spark.createDataFrame(rows, columns), lake.labels, keys) == 2
    assert append_new(spark.createDataFrame(rows, columns), lake.labels, keys) == 0
    assert spark.read.table(lake.labels).count() == 2


def test_a_pinned_table_does_not_change(spark, lake):
    append_once(judgments(spark, lake, [judgment("c1")]), lake.judgments, "one")
    pinned = read_pinned(spark, lake.judgments)
    append_once(judgments(spark, lake, [judgment("c2")]), lake.judgments, "two")
    assert pinned.df.count() == 1
    assert read_pinned(spark, lake.judgments, pinned.version).df.count() == 1
    assert read_pinned(spark, lake.judgments).df.count() == 2


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


def test_the_last_attempt_of_a_request_is_its_latest(spark, lake):
    failed = judgment("c", status="timeout", error="no answer", verdict=None)
    append_once(judgments(spark, lake, [failed, judgment("c", attempt=2, verdict="B")]), lake.judgments, "one")
    rows = spark.read.table(lake.judgments_latest).collect()
    assert [(row["attempt"], row["verdict"]) for row in rows] == [(2, "B")]


def test_both_orders_stand_side_by_side_with_those_of_three_answers(spark, lake):
    rows = [
        judgment("same"),
        judgment("same", "BA"),
        judgment("other", verdict="tie"),
        judgment("other", "BA", verdict="B"),
        judgment("half"),
        judgment("failed"),
        judgment("failed", "BA", status="refused", error="would not", verdict=None),
        judgment("three", "ABC", verdict="C"),
        judgment("three", "CBA", verdict="C"),
        judgment("three", "BAC", verdict="A"),
    ]
    append_once(judgments(spark, lake, rows), lake.judgments, "one")
    found = {row["comparison_id"]: row for row in spark.read.table(lake.judgments_both_orders).collect()}
    assert {name: row["is_consistent"] for name, row in found.items()} == {
        "same": True, "other": False, "half": None, "failed": None, "three": True,
    }  # fmt: skip
    assert (found["half"]["status_ab"], found["half"]["status_ba"]) == ("ok", None)
    assert found["failed"]["status_ba"] == "refused"


def at(hour):
    return {"judged_at": datetime(2026, 1, 1, hour, tzinfo=UTC)}


def old(order, hour, run="first", **changes):
    said = {"run_id": run, "prompt_sha256": f"old {order}", "content_sha256": "old"}
    return judgment("c", order, **(said | at(hour) | changes))


def new(order, hour, run="second", **changes):
    said = {"verdict": "B", "judgment_id": f"c-{order}-new", "run_id": run}
    said |= {"prompt_sha256": f"new {order}", "content_sha256": "new"}
    return judgment("c", order, **(said | at(hour) | changes))


def test_of_an_edited_comparison_only_what_was_said_of_its_new_text_is_the_latest(spark, lake):
    rows = [old("AB", 1, attempt=3), old("BA", 1), new("AB", 5), new("BA", 5), judgment("other", question_id="r")]
    append_once(judgments(spark, lake, rows), lake.judgments, "one")
    latest = spark.read.table(lake.judgments_latest).where("comparison_id = 'c'")
    assert {(row["shown_order"], row["verdict"], row["prompt_sha256"]) for row in latest.collect()} == {
        ("AB", "B", "new AB"),
        ("BA", "B", "new BA"),
    }
    by_order = f"SELECT shown_order, verdict, count(*) AS n FROM {lake.judgments_latest} GROUP BY ALL"
    counts = {(row["shown_order"], row["verdict"]): row["n"] for row in spark.sql(by_order).collect()}
    assert counts == {("AB", "A"): 1, ("AB", "B"): 1, ("BA", "B"): 1}


IMPORTED = {"prompt_sha256": None, "content_sha256": None, "engine": "imported"}


@pytest.mark.parametrize(
    ("rows", "pair"),
    [
        pytest.param([old("AB", 1), old("BA", 1), new("AB", 5), new("BA", 5)], ("B", "B"), id="both asked of the edit"),
        pytest.param([old("AB", 2), old("BA", 1), new("AB", 5)], ("B", None), id="one asked of the edit"),
        # Answers of one run come in any order.
        pytest.param([old("AB", 1), old("BA", 2), new("AB", 5)], ("B", None), id="the other was the later of its run"),
        pytest.param([old("AB", 2), old("BA", 1), new("BA", 5)], (None, "B"), id="the reversed order alone"),
        pytest.param(
            [old("BA", 1, "zero"), old("AB", 2), new("AB", 5)], ("B", None), id="the other from a run still earlier"
        ),
        pytest.param([old("AB", 1), old("BA", 5, "second")], ("A", "A"), id="the same text in a later run"),
        pytest.param(
            [old("AB", 1), old("BA", 1), new("AB", 5), new("BA", 9, "third")], ("B", "B"), id="the edit in two runs"
        ),
        pytest.param(
            [
                old("AB", 1),
                old("BA", 1),
                new("AB", 5),
                new("BA", 5, status="timeout", error="no answer", verdict=None),
                new("BA", 9, "third", attempt=2),
            ],
            ("B", "B"),
            id="a failed call of the edit that was asked again",
        ),
        pytest.param([old("AB", 1), new("BA", 5)], (None, "B"), id="the other order of the edit alone"),
        pytest.param(
            [old("AB", 1), old("BA", 5, "second"), new("AB", 9, "third")], ("B", None), id="orders in runs of their own"
        ),
        pytest.param(
            [old("AB", 1, **IMPORTED), new("AB", 5, **IMPORTED), old("BA", 1, **IMPORTED)], ("B", "A"), id="imported"
        ),
        pytest.param([old("AB", 1), old("BA", 1), new("ABC", 5)], ("B", None), id="an answer was added"),
    ],
)
def test_both_orders_are_of_one_text(rows, pair, spark, lake):
    append_once(judgments(spark, lake, rows), lake.judgments, "one")
    found = spark.read.table(lake.judgments_both_orders).collect()
    assert [(row["verdict_ab"], row["verdict_ba"]) for row in found] == [pair]
    assert found[0]["is_consistent"] == (pair[0] == pair[1] if all(pair) else None)


def test_an_edited_question_moves_its_comparison_and_leaves_no_row_behind(spark, lake):
    rows = [old("AB", 1), old("BA", 1), new("AB", 5, question_id="edited"), new("BA", 5, question_id="edited")]
    append_once(judgments(spark, lake, rows), lake.judgments, "one")
    assert [row["question_id"] for row in spark.read.table(lake.judgments_both_orders).collect()] == ["edited"]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_example_queries_run_and_find_what_they_are_about(path, spark, lake, add, add_pairs):
    add_pairs([("c", "Who?", "she", "he")])
    # The old text of c does not count: of it, both verdicts were the label's.
    before = [old("AB", 0, verdict="B"), old("BA", 0, verdict="B")]
    rows = [new("AB", 1, verdict="A"), new("BA", 1, verdict="A"), judgment("d"), judgment("d", "BA", verdict="B")]
    append_once(judgments(spark, lake, [*before, *rows]), lake.judgments, "one")
    labels = spark.createDataFrame([("c", "gold", "gold", "B", None)], spark.read.table(lake.labels).schema)
    append_once(labels, lake.labels, "one")
    names = {"run_id": "r", "judge": "j", "judge_fingerprint": "f", "metric": "spearman", "slice": "all"}
    add("metrics", names | {"value": 0.5, "asked": 4, "reason": "too few for an interval"})
    schema = lake.judgments.split(".")[0]
    spark.sql(f"USE {schema}")
    try:
        found = [row.asDict() for row in spark.sql(path.read_text("utf-8")).collect()]
    finally:
        spark.sql("USE default")
    expected = {
        "position_bias": {"comparisons": 2, "consistency": 0.5, "bias_to_first": 0.5, "bias_to_second": 0.0},
        "failures": {"status": "ok", "requests": 4, "share": 1.0},
        "leaderboard": {"metric": "spearman", "place": 1, "judge": "j", "value": 0.5, "low": None},
        "disagreements": {"comparison_id": "c", "label": "B", "verdict": "A", "question": "Who?", "answer_a": "she"},
    }[path.stem]
    assert len(found) == 1
    assert {name: found[0][name] for name in expected} == expected


def test_another_session_finds_the_tables_and_views_on_disk(spark, lake):
    append_once(judgments(spark, lake, [judgment("c")]), lake.judgments, "one")
    for name in (lake.judgments_both_orders, lake.judgments_latest):
        spark.sql(f"DROP VIEW {name}")
    spark.sql(f"DROP TABLE {lake.judgments}")
    assert lake.judgments in register(spark, lake, with_views=True)
    assert spark.read.table(lake.judgments_latest).count() == 1


def test_a_view_that_does_not_fit_a_foreign_table_is_an_error_that_names_both(spark, lake):
    foreign = lake.model_copy(update={"comparisons": f"{lake.comparisons}_foreign"})
    spark.sql(
        "SELECT 'c' AS comparison_id, 'q' AS question_id, 'Why?' AS messages, array('a') AS answers"
    ).write.format("delta").save(folder_of(lake, foreign.comparisons))
    with pytest.raises(UserError, match=r"confident_disagreements' cannot be made over .*comparisons_foreign"):
        create_tables(spark, foreign)


def test_maintenance_leaves_the_rows_and_fewer_files(spark, lake):
    for number in range(3):
        append_once(judgments(spark, lake, [judgment(f"c{number}")]), lake.judgments, f"app-{number}")
    done = {item.table: item for item in maintain(spark, lake)}
    assert (done[lake.judgments].files_before, done[lake.judgments].files_after) == (3, 1)
    assert spark.read.table(lake.judgments).count() == 3


def test_files_of_the_last_week_cannot_be_vacuumed(spark, lake):
    with pytest.raises(UserError, match="168 hours"):
        list(maintain(spark, lake, retain_hours=1))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        pytest.param("a.b.c.d", "one to three parts", id="four parts"),
        pytest.param("catalog.schema.table", "names a catalog", id="a catalog in an embedded warehouse"),
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
from judgelake.session import get_spark
tables = Tables(warehouse=sys.argv[1])
spark = get_spark(tables, settings={"spark.master": "local[1]", "spark.driver.memory": "512m"})
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


def test_an_unknown_column_fails_the_append(spark, lake):
    with pytest.raises(PySparkException):
        append_once(spark.range(1).withColumnRenamed("id", "colour"), lake.labels, "one")


def test_tables_are_named_by_config_and_environment_alike(monkeypatch):
    from judgelake.config import load_tables

    monkeypatch.setenv("JUDGELAKE_JUDGMENTS", "mine.judgments")
    assert load_tables(None) == Tables(judgments="mine.judgments")
    assert load_tables(None, ["tables.judgments=other"]).judgments == "other"
