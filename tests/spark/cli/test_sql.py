"""`judgelake sql`: the rows of a query, and the error for one that is not valid."""

import pytest

from judgelake.cli.sql import result_of
from judgelake.errors import UserError


def test_rows_come_as_text_with_their_column_names(spark):
    query = "SELECT 1 AS n, 'a' AS letter, NULL AS none, array(1, 2) AS list, named_struct('k', DATE'2026-01-02') AS o"
    columns, rows, is_cut = result_of(spark, query, 10)
    assert columns == ["n", "letter", "none", "list", "o"]
    assert rows == [["1", "a", "NULL", "[1, 2]", '{"k": "2026-01-02"}']]
    assert not is_cut


def test_more_rows_than_asked_for_are_cut_and_this_is_reported(spark):
    assert result_of(spark, "SELECT id FROM range(5) ORDER BY id", 3) == (["id"], [["0"], ["1"], ["2"]], True)


def test_the_tables_of_the_lake_can_be_queried(spark, lake, add_pairs):
    add_pairs([("c1", "q", "a", "b")])
    _, rows, _ = result_of(spark, f"SELECT comparison_id, answers[1].text FROM {lake.comparisons}", 10)
    assert rows == [["c1", "b"]]


@pytest.mark.parametrize("query", ["SELEC 1", "SELECT nothing FROM nowhere", "SELECT no_such_column FROM range(1)"])
def test_a_query_that_does_not_fit_is_one_sentence(spark, query):
    with pytest.raises(UserError, match="The query is not valid") as raised:
        result_of(spark, query, 10)
    assert "\n" not in str(raised.value)


def test_a_table_that_is_not_there_comes_with_the_way_to_list_those_that_are(spark):
    with pytest.raises(UserError, match=r'List the tables with: judgelake sql "SHOW TABLES"$'):
        result_of(spark, "SELECT * FROM judgement", 10)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        pytest.param("SELECT 1 / 0", "Division by zero", id="a division by zero"),
        pytest.param("SELECT CAST('x' AS INT)", "cannot be cast", id="a cast of no number"),
        pytest.param("SELECT id / (id - 3) FROM range(10)", "Division by zero", id="on one row of many"),
        pytest.param("SELECT element_at(array(1), 5)", "array", id="an item that is not there"),
        pytest.param("SELECT (SELECT id FROM range(2))", "More than one row", id="two rows for one value"),
        pytest.param("SELECT raise_error('no more')", "no more", id="an error of the query's own"),
    ],
)
def test_a_query_that_fails_on_the_rows_is_the_users_error_in_one_sentence(spark, query, message):
    with pytest.raises(UserError, match="The query fails on the rows") as raised:
        result_of(spark, query, 10)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)
