"""A table of any columns into the lake: mapped by the config, its bad rows rejected one by one."""

from __future__ import annotations

import pytest
from ingest_lake import IngestLake

from judgelake.errors import UserError
from judgelake.jobs.ingest import Ingested
from judgelake.sources import Columns


@pytest.fixture(scope="module")
def into(spark, empty_warehouse, tmp_path_factory) -> IngestLake:
    return IngestLake.of_a_module(spark, empty_warehouse, tmp_path_factory.mktemp("ingest"), "of_test_ingest_tables")


FLAT = "id BIGINT, prompt STRING, good STRING, bad STRING, pick INT, lang STRING"
FLAT_COLUMNS = Columns.model_validate(
    {
        "question": "prompt",
        "answers": ["good", "bad"],
        "comparison_id": "id",
        "attributes": {"language": "lang"},
        "labels": [{"labeler": "editors", "verdict": "pick", "verdicts": {"1": "A", "2": "B", "0": "tie"}}],
    }
)


def test_a_flat_table_is_mapped_and_its_bad_rows_are_rejected(into):
    rows = [
        (1, "Q1", "a", "", 1, "en"),
        (2, "Q2", "a", "b", None, None),
        (3, None, "a", "b", 2, "en"),
        (4, " ", "a", "b", 2, "en"),
        (5, "Q5", None, "b", 2, "en"),
        (6, "Q6", "nul\0", "b", 0, "en"),
        (7, "Q7", "a", "b", 9, "en"),
    ]
    table = into.spark.createDataFrame(rows, FLAT)
    broken = table.where("id = 1").selectExpr(
        "8L AS id", "prompt", "cast(X'61FF' AS STRING) AS good", "bad", "pick", "lang"
    )
    path = into.folder / "flat"
    table.unionByName(broken).write.parquet(str(path))
    done = into.ingest_table(path, columns=FLAT_COLUMNS)
    assert into.rows("comparisons", "comparison_id", "source", "attributes") == [
        ("1", "table", {"language": "en"}),
        ("2", "table", {}),
    ]
    assert into.rows("labels", "comparison_id", "labeler", "verdict") == [("1", "editors", "A")]
    assert {reason for (reason,) in into.rows("rejected_rows", "reason")} == {
        "prompt: null, expected text",
        "prompt: the question is empty",
        "good: null, expected text",
        "good: contains a NUL character",
        "pick: '9', expected one of 1, 2, 0",
        "not valid UTF-8",
    }
    assert (done.comparisons_added, done.labels_added, done.rejected) == (2, 1, 6)
    assert into.ingest_table(path, columns=FLAT_COLUMNS) == Ingested(0, 2, 0, 1, 6, 0, done.examples)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"question": "query"}, "has no column 'query'; it has id, prompt, good, bad, pick, lang"),
        ({"answers": ["good", "pick"]}, "Column 'pick' of .* is int, expected text"),
    ],
)
def test_a_table_without_the_columns_is_an_error_that_names_them(into, change, message):
    path = into.folder / "flat.parquet"
    into.spark.createDataFrame([(1, "Q", "a", "b", 1, "en")], FLAT).write.mode("overwrite").parquet(str(path))
    with pytest.raises(UserError, match=message):
        into.ingest_table(
            path,
            columns=FLAT_COLUMNS.model_copy(
                update={k: tuple(v) if isinstance(v, list) else v for k, v in change.items()}
            ),
        )


def test_a_table_that_is_not_there_is_an_error_that_names_it(into):
    with pytest.raises(UserError, match=r"no_such_table"):
        into.ingest_table("no_such_table", columns=FLAT_COLUMNS)


def test_rows_of_two_tables_at_one_place_have_nothing_to_do_with_each_other(into):
    # The second row of the second table contradicts the first table, whose own second row has nothing wrong.
    tables = {
        "first": [(11, "Q11", "a", "b", 1, "en"), (12, "Q12", "a", "b", 2, "en")],
        "second": [(13, "Q13", "a", "b", 1, "en"), (11, "Another question", "a", "b", 1, "en")],
    }
    for name, rows in tables.items():
        into.spark.createDataFrame(rows, FLAT).coalesce(1).write.parquet(str(into.folder / name))
    done = into.ingest_table(*(into.folder / name for name in tables), columns=FLAT_COLUMNS)
    assert (done.comparisons_added, done.labels_added, done.rejected) == (3, 3, 1)
