"""What an evaluation reads: which judges, labels and comparisons count, and what is refused."""

import datetime
from pathlib import Path

import pytest
from pyspark.sql import functions as F
from small_lake import comparison, judgment, label

from judgelake.config import validated
from judgelake.errors import UserError
from judgelake.evaluating.evaluate import evaluate
from judgelake.evaluating.features import features_of, slices_column, survey
from judgelake.evaluating.inputs import read_inputs
from judgelake.evaluating.verdicts import both_orders
from judgelake.evaluation import VERDICTS, EvaluateJob, Slices
from judgelake.lake import read_pinned
from judgelake.lake.names import folder_of

NAMES = [f"c{number}" for number in range(6)]


@pytest.fixture
def job(lake):
    def made(**changes):
        content = {"tables": lake.model_dump(), "mlflow": {"enabled": False}, "report": None, "cards": None}
        return validated(EvaluateJob, content | {"swap_rules": ["first"], **changes}, "test")

    return made


def test_a_renamed_judge_stays_one_judge_by_its_last_name_and_only_last_failures_count(spark, lake, add, job):
    add("comparisons", *map(comparison, NAMES))
    add("labels", *(label(name, "A") for name in NAMES))
    add(
        "judgments",
        *(judgment(name, judge="old name") for name in NAMES[:2]),
        judgment(NAMES[2], None, judge="old name"),
        judgment(NAMES[2], "B", hour=2, judge="new name", mode="pair-fast", attempt=2),
        judgment(NAMES[3], None, hour=2, judge="new name", mode="pair-fast"),
        judgment(NAMES[3], None, hour=3, judge="new name", mode="pair-fast", attempt=2),
        judgment(NAMES[4], None, hour=3, judge="new name", mode="pair-fast", order="BA"),
        judgment(NAMES[5], None, hour=3, judge="new name", mode="pair-fast"),
        judgment("of no comparison", None, judge="old name"),
    )
    done = evaluate(spark, job(where="comparison_id != 'c5'", swap_rules=["first", "strict"]))
    done.verdicts.unpersist()
    (judge,) = done.inputs.judges
    assert (judge.judge, judge.name, judge.fingerprint, judge.mode) == ("new name", "new name", "f", "pair-fast")
    assert judge.judgments == 9
    # c2 was asked again with success, c3 failed twice in one request, c5 and one more are not evaluated.
    assert judge.statuses == {"timeout": 2}
    whole = spark.read.table(lake.metrics).where("metric = 'agreement' AND slice = 'all'")
    rows = {row["swap_rule"]: row for row in whole.collect()}
    assert {row["judge"] for row in rows.values()} == {"new name"}
    assert {row["comparisons_where"] for row in rows.values()} == {"comparison_id != 'c5'"}
    assert {row["judgments_where"] for row in rows.values()} == {None}
    assert {rule: row["is_headline"] for rule, row in rows.items()} == {"first": True, "strict": False}
    assert (rows["first"]["value"], rows["first"]["n"]) == (2 / 3, 3)


def test_verdicts_of_two_texts_are_never_put_side_by_side(spark, lake, add, job):
    add("comparisons", *map(comparison, NAMES[:3]))
    add("labels", *(label(name, "A") for name in NAMES[:3]))
    add(
        "judgments",
        judgment(NAMES[0], "A", content_sha256="old"),
        judgment(NAMES[0], "B", order="BA", hour=2, content_sha256="new"),
        judgment(NAMES[1], "A", hour=2, content_sha256="new"),
        judgment(NAMES[1], "B", order="BA", content_sha256="old"),
        judgment(NAMES[2], "A", content_sha256="same"),
        judgment(NAMES[2], "A", order="BA", hour=2, content_sha256="same"),
    )
    done = evaluate(spark, job(swap_rules=["first", "strict"]))
    done.verdicts.unpersist()
    rows = spark.read.table(lake.metrics).where("slice = 'all' AND metric IN ('agreement', 'consistency')").collect()
    found = {(row["metric"], row["swap_rule"]): (row["value"], row["n"]) for row in rows}
    assert found["agreement", "first"] == (1.0, 2)
    assert found["agreement", "strict"] == (1.0, 1)
    assert {found[key] for key in found if key[0] == "consistency"} == {(1.0, 1)}
    assert spark.read.table(lake.confident_disagreements).collect()[0]["comparison_id"] == NAMES[0]


def test_judgments_from_before_texts_were_told_apart_stand_side_by_side(spark):
    said = "comparison_id STRING, judge_number INT, shown_order STRING, repeat INT, status STRING, verdict STRING"
    hours = [datetime.datetime(2026, 11, 1, hour) for hour in (1, 2)]
    rows = [("c", 0, "AB", 0, "ok", "A", hours[0]), ("c", 0, "BA", 0, "ok", "B", hours[1])]
    old = spark.createDataFrame(rows, f"{said}, judged_at TIMESTAMP")
    old = old.selectExpr("*", "CAST(NULL AS DOUBLE) AS margin", "CAST(NULL AS ARRAY<DOUBLE>) AS scores")
    (row,) = both_orders(old, scored=()).collect()
    assert (row["own"], row["reversed"]) == (VERDICTS.index("A"), VERDICTS.index("B"))


def test_what_was_named_and_is_not_there_is_refused(spark, lake, add, job):
    add("comparisons", comparison("c0"))
    add("judgments", judgment("c0"))
    with pytest.raises(UserError, match="no comparison that fits where \"source = 'elsewhere'\" in"):
        evaluate(spark, job(where="source = 'elsewhere'"))
    mistyped = lake.model_dump() | {"labels": lake.labels + "s"}
    with pytest.raises(UserError, match=f"no table '{lake.labels}s'"):
        evaluate(spark, job(tables=mistyped))
    assert not spark.catalog.tableExists(lake.labels + "s")


def test_a_labels_table_of_the_usual_name_may_be_absent_unless_it_is_pinned(spark, add, job, lake):
    add("comparisons", comparison("c0"))
    add("judgments", judgment("c0"))
    absent = lake.model_dump() | {"labels": "labels"}
    # Of another test's warehouse, whose files stay.
    spark.sql("DROP TABLE IF EXISTS labels")
    assert read_inputs(spark, job(tables=absent)).labels is None
    with pytest.raises(UserError, match="no table 'labels'"):
        read_inputs(spark, job(tables=absent, versions={"labels": 0}))


@pytest.fixture
def vacuum(spark):
    """Removes what the newest version of a table does not need, however new it is."""
    settings = {
        "spark.databricks.delta.retentionDurationCheck.enabled": "false",
        # Else VACUUM starts a task for each of ten thousand folders that might be.
        "spark.sql.sources.parallelPartitionDiscovery.parallelism": "2",
    }
    before = {key: spark.conf.get(key, None) for key in settings}
    for key, value in settings.items():
        spark.conf.set(key, value)
    yield lambda table: spark.sql(f"VACUUM {table} RETAIN 0 HOURS")
    for key, value in before.items():
        if value is None:
            spark.conf.unset(key)
        else:
            spark.conf.set(key, value)


def test_a_pinned_version_whose_files_are_gone_is_named(spark, lake, add, job, vacuum):
    add("comparisons", *map(comparison, NAMES))
    add("judgments", *map(judgment, NAMES))
    add("labels", *(label(name, "A") for name in NAMES))

    def refused(table, version):
        name = getattr(lake, table)
        return pytest.raises(UserError, match=rf"'{name}' has no version {version} any more: .*versions\.{table} to")

    version = read_pinned(spark, lake.judgments).version
    spark.sql(f"INSERT OVERWRITE {lake.judgments} SELECT * FROM {lake.judgments} LIMIT 3")
    vacuum(lake.judgments)
    with refused("judgments", version):
        read_inputs(spark, job(versions={"judgments": version}))
    for table in ("labels", "comparisons"):
        version = read_pinned(spark, getattr(lake, table)).version
        for file in Path(folder_of(lake, getattr(lake, table))).glob("*.parquet"):
            file.unlink()
        with refused(table, version):
            read_inputs(spark, job())


def test_of_rows_that_stand_twice_the_same_one_counts_whatever_their_order(spark, add, job, lake):
    columns = spark.read.table(lake.comparisons).schema
    twice = [comparison("c0", "one", answers=("short", "b")), comparison("c0", "two", answers=("much longer", "b"))]
    data = [tuple(row.get(name) for name in columns.fieldNames()) for row in twice]
    first, second = (
        features_of(spark.createDataFrame(rows, columns).coalesce(1), ["source"]).collect()
        for rows in (data, data[::-1])
    )
    assert first == second
    assert len(first) == 1

    add("comparisons", comparison("c0"), comparison("c1"))
    add("judgments", judgment("c0"))
    verdicts = ["A", "B", "tie"]
    add("labels", *(label("c0", verdict) for verdict in verdicts), *(label("c1", v) for v in reversed(verdicts)))
    labels = {row["comparison_id"]: row["verdict"] for row in read_inputs(spark, job()).labels.collect()}
    assert set(labels) == {"c0", "c1"}
    assert labels["c0"] == labels["c1"]


def test_slices_keep_apart_what_is_spelled_alike(spark, add, lake):
    attributes = [
        {"a.b": "x", "a_b": "y", "A_B": "z"},
        {"a.b": "x", "a_b": "y", "A_B": "z"},
        {"a.b": "x"},
    ]
    sources = ["many", "many", "(others)"]
    add(
        "comparisons",
        *(comparison(f"c{n}", sources[n], **attributes[n]) for n in range(3)),
        comparison("c3", "few"),
        comparison("c4", "fewer"),
    )
    dimensions = ("source", "attributes.a.b", "attributes.a_b", "attributes.A_B")
    features = features_of(spark.read.table(lake.comparisons), dimensions)

    def counts(most):
        slices = survey(features, Slices(by=dimensions, most=most), 20).slices
        rows = features.select(F.explode(slices_column(slices)).alias("slice")).groupBy("slice").count().collect()
        assert len({slices.name(number) for number in slices.numbers}) == len(slices.numbers)
        return {slices.name(row["slice"]): row["count"] for row in rows}

    by_attribute = {"attributes.a.b=x": 3, "attributes.a_b=y": 2, "attributes.A_B=z": 2}
    assert counts(1) == {"all": 5, "source=many": 2, "source=(others)": 3, **by_attribute}
    everything = {"source=many": 2, "source=few": 1, "source=fewer": 1, "source=(others)": 1}
    assert counts(9) == {"all": 5, **everything, **by_attribute}
