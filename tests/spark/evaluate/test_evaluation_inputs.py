"""What an evaluation reads: which judges, labels and comparisons count, and what is refused."""

import datetime
from pathlib import Path

import pytest
from pyspark.sql import functions as F
from small_lake import SmallLake, comparison, evaluate_job, judgment, label, lake_of_its_own, metrics_of, rows_by_table

from judgelake.errors import UserError
from judgelake.jobs.evaluate import Slices
from judgelake.jobs.evaluate.evaluation import compute
from judgelake.jobs.evaluate.features import features_of, slices_column, survey
from judgelake.jobs.evaluate.inputs import chosen_rows, inputs_of
from judgelake.jobs.evaluate.verdicts import both_orders
from judgelake.lake import read_pinned
from judgelake.lake.names import folder_of
from judgelake.measures.families import VERDICTS

pytestmark = pytest.mark.usefixtures("with_views")

NAMES = [f"c{number}" for number in range(6)]


@pytest.fixture(scope="module")
def filled(spark, empty_warehouse, tmp_path_factory):
    """A lake that no test changes; `lake` is for one test alone."""
    folder = tmp_path_factory.mktemp("inputs")
    tables = lake_of_its_own(spark, empty_warehouse, folder, "inputs")
    SmallLake(spark, tables, folder).fill(rows_by_table(renamed(), of_two_texts(), standing_twice(), spelled_alike()))
    return tables


@pytest.fixture(scope="module")
def done(spark, filled):
    """The evaluation of the whole lake but for one comparison."""
    done = compute(spark, evaluate_job(filled, where="comparison_id != 'c5'", swap_rules=["first", "strict"]))
    done.write(spark)
    done.release()
    return done


@pytest.fixture(scope="module")
def found(spark, done, filled):
    return metrics_of(spark, filled, done.run_id)


def renamed():
    """A judge under two names. Of its requests one was asked again with success, and one failed twice."""
    yield "comparisons", map(comparison, NAMES)
    yield "labels", [label(name, "A") for name in NAMES]
    old, new = {"judge": "old name"}, {"judge": "new name", "mode": "pair-fast"}
    yield (
        "judgments",
        [
            *(judgment(name, **old) for name in NAMES[:2]),
            judgment(NAMES[2], None, **old),
            judgment(NAMES[2], "B", hour=2, **new, attempt=2),
            judgment(NAMES[3], None, hour=2, **new),
            judgment(NAMES[3], None, hour=3, **new, attempt=2),
            judgment(NAMES[4], None, hour=3, **new, order="BA"),
            judgment(NAMES[5], None, hour=3, **new),
            judgment("of no comparison", None, **old),
        ],
    )


def test_a_renamed_judge_stays_one_judge_by_its_last_name_and_only_last_failures_count(done, found):
    (judge,) = (judge for judge in done.inputs.judges if judge.fingerprint == "f")
    assert (judge.judge, judge.name, judge.mode) == ("new name", "new name", "pair-fast")
    assert judge.judgments == 9
    # c2 was asked again with success, c3 failed twice in one request, c5 and one more are not evaluated.
    assert judge.statuses == {"timeout": 2}
    of_judge = [row for row in found.values() if row["judge_fingerprint"] == "f"]
    main = ("agreement", "agreement_when_consistent")
    rows = {r["swap_rule"]: r for r in of_judge if r["metric"] in main and r["slice"] == "all"}
    assert {row["judge"] for row in of_judge} == {"new name"}
    assert {row["comparisons_where"] for row in rows.values()} == {"comparison_id != 'c5'"}
    assert {row["judgments_where"] for row in rows.values()} == {None}
    assert {rule: row["is_headline"] for rule, row in rows.items()} == {"first": True, "strict": False}
    assert (rows["first"]["value"], rows["first"]["n"]) == (2 / 3, 3)


def of_two_texts():
    """A judge that was asked of old texts in one order and of new ones in the other, and once of the same."""
    names = [f"text {number}" for number in range(3)]
    yield "comparisons", map(comparison, names)
    yield "labels", [label(name, "A") for name in names]
    about = {"judge": "reader", "judge_fingerprint": "reader"}
    yield (
        "judgments",
        [
            judgment(names[0], "A", content_sha256="old", **about),
            judgment(names[0], "B", order="BA", hour=2, content_sha256="new", **about),
            judgment(names[1], "A", hour=2, content_sha256="new", **about),
            judgment(names[1], "B", order="BA", content_sha256="old", **about),
            judgment(names[2], "A", content_sha256="same", **about),
            judgment(names[2], "A", order="BA", hour=2, content_sha256="same", **about),
        ],
    )


def test_verdicts_of_two_texts_are_never_put_side_by_side(spark, filled, found):
    def told(metric, rule=None):
        row = found["reader", metric, None, "all", rule]
        return row["value"], row["n"]

    assert told("agreement", "first") == (1.0, 2)
    assert told("agreement_when_consistent", "strict") == (1.0, 1)
    assert told("consistency") == (1.0, 1)
    sure = spark.read.table(filled.confident_disagreements).where("judge = 'reader'").collect()
    assert sure[0]["comparison_id"] == "text 0"


def test_judgments_from_before_texts_were_told_apart_stand_side_by_side(spark):
    said = "comparison_id STRING, judge_number INT, shown_order STRING, repeat INT, status STRING, verdict STRING"
    hours = [datetime.datetime(2026, 11, 1, hour) for hour in (1, 2)]
    rows = [("c", 0, "AB", 0, "ok", "A", hours[0]), ("c", 0, "BA", 0, "ok", "B", hours[1])]
    old = spark.createDataFrame(rows, f"{said}, judged_at TIMESTAMP")
    old = old.selectExpr("*", "CAST(NULL AS DOUBLE) AS margin", "CAST(NULL AS ARRAY<DOUBLE>) AS scores")
    (row,) = both_orders(old, scored=()).collect()
    assert (row["own"], row["reversed"]) == (VERDICTS.index("A"), VERDICTS.index("B"))


def test_what_was_named_and_is_not_there_is_refused(spark, filled):
    with pytest.raises(UserError, match="no comparison that matches where \"source = 'elsewhere'\" in"):
        compute(spark, evaluate_job(filled, where="source = 'elsewhere'"))
    mistyped = filled.model_copy(update={"labels": filled.labels + "s"})
    with pytest.raises(UserError, match=f"no table '{filled.labels}s'"):
        compute(spark, evaluate_job(mistyped))
    assert not spark.catalog.tableExists(filled.labels + "s")


def test_a_labels_table_of_the_usual_name_may_be_absent_unless_it_is_pinned(spark, filled):
    absent = filled.model_copy(update={"labels": "labels"})
    # Of another test's warehouse, whose files stay.
    spark.sql("DROP TABLE IF EXISTS labels")
    assert "labels" not in chosen_rows(spark, evaluate_job(absent)).versions
    with pytest.raises(UserError, match="no table 'labels'"):
        chosen_rows(spark, evaluate_job(absent, versions={"labels": 0}))


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


def test_a_pinned_version_whose_files_are_gone_is_named(spark, lake, add, vacuum):
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
        compute(spark, evaluate_job(lake, versions={"judgments": version}))
    for table in ("labels", "comparisons"):
        version = read_pinned(spark, getattr(lake, table)).version
        for file in Path(folder_of(lake, getattr(lake, table))).glob("*.parquet"):
            file.unlink()
        with refused(table, version):
            compute(spark, evaluate_job(lake))


def standing_twice():
    """Labels of one labeler that differ, on two comparisons in opposite order."""
    yield "comparisons", [comparison(name, "twice") for name in ("twice 0", "twice 1")]
    verdicts = ["A", "B", "tie"]
    yield "labels", [label("twice 0", verdict) for verdict in verdicts]
    yield "labels", [label("twice 1", verdict) for verdict in reversed(verdicts)]


def test_of_rows_that_stand_twice_the_same_one_counts_whatever_their_order(spark, filled):
    columns = spark.read.table(filled.comparisons).schema
    twice = [comparison("c0", "one", answers=("short", "b")), comparison("c0", "two", answers=("much longer", "b"))]
    data = [tuple(row.get(name) for name in columns.fieldNames()) for row in twice]
    first, second = (
        features_of(spark.createDataFrame(rows, columns).coalesce(1), ["source"]).collect()
        for rows in (data, data[::-1])
    )
    assert first == second
    assert len(first) == 1

    job = evaluate_job(filled, where="source = 'twice'")
    read = inputs_of(chosen_rows(spark, job), job)
    labels = {row["comparison_id"]: row["verdict"] for row in read.labels.collect()}
    assert set(labels) == {"twice 0", "twice 1"}
    assert labels["twice 0"] == labels["twice 1"]


def spelled_alike():
    attributes = [
        {"a.b": "x", "a_b": "y", "A_B": "z"},
        {"a.b": "x", "a_b": "y", "A_B": "z"},
        {"a.b": "x"},
    ]
    sources = ["many", "many", "(others)"]
    yield "comparisons", [comparison(f"alike {n}", sources[n], **attributes[n]) for n in range(3)]
    yield "comparisons", [comparison("alike 3", "few"), comparison("alike 4", "fewer")]


def test_slices_keep_apart_what_is_spelled_alike(spark, filled):
    dimensions = ("source", "attributes.a.b", "attributes.a_b", "attributes.A_B")
    alike = spark.read.table(filled.comparisons).where("comparison_id LIKE 'alike %'")
    features = features_of(alike, dimensions).persist()

    def counts(most):
        slices = survey(features, Slices(by=dimensions, most=most), 20).slices
        rows = features.select(F.explode(slices_column(slices)).alias("slice")).groupBy("slice").count().collect()
        assert len({slices.name(number) for number in slices.numbers}) == len(slices.numbers)
        return {slices.name(row["slice"]): row["count"] for row in rows}

    by_attribute = {"attributes.a.b=x": 3, "attributes.a_b=y": 2, "attributes.A_B=z": 2}
    assert counts(1) == {"all": 5, "source=many": 2, "source=(others)": 3, **by_attribute}
    everything = {"source=many": 2, "source=few": 1, "source=fewer": 1, "source=(others)": 1}
    assert counts(9) == {"all": 5, **everything, **by_attribute}
    features.unpersist()
