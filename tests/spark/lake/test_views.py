"""The views over judgments, and the example queries: the last word on every comparison, and both orders of one text.

All judgments are in one lake: each test looks at a judge of its own.
"""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from small_lake import append, comparison, label, lake_of_its_own

pytestmark = pytest.mark.usefixtures("with_views")

EXAMPLES = sorted((Path(__file__).parents[3] / "sql" / "examples").glob("*.sql"))


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


def at(hour):
    return {"judged_at": datetime(2026, 1, 1, hour, tzinfo=UTC)}


def old(order, hour, run="first", **changes):
    said = {"run_id": run, "prompt_sha256": f"old {order}", "content_sha256": "old"}
    return judgment("c", order, **(said | at(hour) | changes))


def new(order, hour, run="second", **changes):
    said = {"verdict": "B", "judgment_id": f"c-{order}-new", "run_id": run}
    said |= {"prompt_sha256": f"new {order}", "content_sha256": "new"}
    return judgment("c", order, **(said | at(hour) | changes))


FAILED = {"status": "timeout", "error": "no answer", "verdict": None}
IMPORTED = {"prompt_sha256": None, "content_sha256": None, "engine": "imported"}

OF_ONE_TEXT = {
    "both asked of the edit": ([old("AB", 1), old("BA", 1), new("AB", 5), new("BA", 5)], ("B", "B")),
    "one asked of the edit": ([old("AB", 2), old("BA", 1), new("AB", 5)], ("B", None)),
    # Answers of one run come in any order.
    "the other was the later of its run": ([old("AB", 1), old("BA", 2), new("AB", 5)], ("B", None)),
    "the reversed order alone": ([old("AB", 2), old("BA", 1), new("BA", 5)], (None, "B")),
    "the other from a run still earlier": ([old("BA", 1, "zero"), old("AB", 2), new("AB", 5)], ("B", None)),
    "the same text in a later run": ([old("AB", 1), old("BA", 5, "second")], ("A", "A")),
    "the edit in two runs": ([old("AB", 1), old("BA", 1), new("AB", 5), new("BA", 9, "third")], ("B", "B")),
    "a failed call of the edit that was asked again": (
        [old("AB", 1), old("BA", 1), new("AB", 5), new("BA", 5, **FAILED), new("BA", 9, "third", attempt=2)],
        ("B", "B"),
    ),
    "the other order of the edit alone": ([old("AB", 1), new("BA", 5)], (None, "B")),
    "orders in runs of their own": ([old("AB", 1), old("BA", 5, "second"), new("AB", 9, "third")], ("B", None)),
    "imported": ([old("AB", 1, **IMPORTED), new("AB", 5, **IMPORTED), old("BA", 1, **IMPORTED)], ("B", "A")),
    "an answer was added": ([old("AB", 1), old("BA", 1), new("ABC", 5)], ("B", None)),
}
SAID = {
    "tries again": [judgment("c", **FAILED), judgment("c", attempt=2, verdict="B")],
    "has orders": [
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
    ],
    "sees an edit": [old("AB", 1, attempt=3), old("BA", 1), new("AB", 5), new("BA", 5), judgment("d", question_id="r")],
    "sees an edited question": [
        old("AB", 1),
        old("BA", 1),
        new("AB", 5, question_id="edited"),
        new("BA", 5, question_id="edited"),
    ],
    **{case: rows for case, (rows, _) in OF_ONE_TEXT.items()},
}
"""Judges by what the tests of the views look at, with their judgments."""
VIEWS_OF_ORDERS = ("judgments_latest", "judgments_both_orders")


@pytest.fixture(scope="module")
def lake(spark, empty_warehouse, tmp_path_factory):
    """Empty tables for the views of this module."""
    return lake_of_its_own(spark, empty_warehouse, tmp_path_factory.mktemp("lake"), "of_test_views")


@pytest.fixture(scope="module")
def by_judge(spark, lake):
    """The rows of both views over all that the judges said, by view and judge: by_judge("judgments_latest", judge)."""
    rows = [
        row | {"judge": judge, "judge_fingerprint": f"of {judge}", "judgment_id": f"{judge}: {row['judgment_id']}"}
        for judge, of_judge in SAID.items()
        for row in of_judge
    ]
    append(spark, lake.judgments, *rows)
    views = {name: spark.read.table(getattr(lake, name)).collect() for name in VIEWS_OF_ORDERS}
    return lambda view, judge: [row for row in views[view] if row["judge"] == judge]


def test_the_last_attempt_of_a_request_is_its_latest(by_judge):
    rows = by_judge("judgments_latest", "tries again")
    assert [(row["attempt"], row["verdict"]) for row in rows] == [(2, "B")]


def test_both_orders_stand_side_by_side_with_those_of_three_answers(by_judge):
    found = {row["comparison_id"]: row for row in by_judge("judgments_both_orders", "has orders")}
    assert {name: row["is_consistent"] for name, row in found.items()} == {
        "same": True, "other": False, "half": None, "failed": None, "three": True,
    }  # fmt: skip
    assert (found["half"]["status_ab"], found["half"]["status_ba"]) == ("ok", None)
    assert found["failed"]["status_ba"] == "refused"


def test_of_an_edited_comparison_only_what_was_said_of_its_new_text_is_the_latest(spark, lake, by_judge):
    latest = [row for row in by_judge("judgments_latest", "sees an edit") if row["comparison_id"] == "c"]
    assert {(row["shown_order"], row["verdict"], row["prompt_sha256"]) for row in latest} == {
        ("AB", "B", "new AB"),
        ("BA", "B", "new BA"),
    }
    said = f"{lake.judgments_latest} WHERE judge = 'sees an edit'"
    by_order = f"SELECT shown_order, verdict, count(*) AS n FROM {said} GROUP BY ALL"
    counts = {(row["shown_order"], row["verdict"]): row["n"] for row in spark.sql(by_order).collect()}
    assert counts == {("AB", "A"): 1, ("AB", "B"): 1, ("BA", "B"): 1}


@pytest.mark.parametrize("case", OF_ONE_TEXT)
def test_both_orders_are_of_one_text(case, by_judge):
    _, pair = OF_ONE_TEXT[case]
    found = by_judge("judgments_both_orders", case)
    assert [(row["verdict_ab"], row["verdict_ba"]) for row in found] == [pair]
    assert found[0]["is_consistent"] == (pair[0] == pair[1] if all(pair) else None)


def test_an_edited_question_moves_its_comparison_and_leaves_no_row_behind(by_judge):
    rows = by_judge("judgments_both_orders", "sees an edited question")
    assert [row["question_id"] for row in rows] == ["edited"]


@pytest.fixture(scope="module")
def to_query(spark, empty_warehouse, tmp_path_factory):
    """A lake in which each example query finds one row, as the tables of the session."""
    lake = lake_of_its_own(spark, empty_warehouse, tmp_path_factory.mktemp("to_query"), "to_query")
    append(spark, lake.comparisons, comparison("c", answers=("she", "he")) | {"messages": [("user", "Who?")]})
    # The old text of c does not count: of it, both verdicts were the label's.
    before = [old("AB", 0, verdict="B"), old("BA", 0, verdict="B")]
    rows = [new("AB", 1, verdict="A"), new("BA", 1, verdict="A"), judgment("d"), judgment("d", "BA", verdict="B")]
    append(spark, lake.judgments, *before, *rows)
    append(spark, lake.labels, label("c", "B"))
    names = {"run_id": "r", "judge": "j", "judge_fingerprint": "f", "metric": "spearman", "slice": "all"}
    append(spark, lake.metrics, names | {"value": 0.5, "asked": 4, "reason": "too few for an interval"})
    spark.sql("USE to_query")
    yield
    spark.sql("USE default")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_example_queries_run_and_find_what_they_are_about(path, spark, to_query):
    found = [row.asDict() for row in spark.sql(path.read_text("utf-8")).collect()]
    expected = {
        "position_bias": {"comparisons": 2, "consistency": 0.5, "bias_to_first": 0.5, "bias_to_second": 0.0},
        "failures": {"status": "ok", "requests": 4, "share": 1.0},
        "leaderboard": {"metric": "spearman", "place": 1, "judge": "j", "value": 0.5, "low": None},
        "disagreements": {"comparison_id": "c", "label": "B", "verdict": "A", "question": "Who?", "answer_a": "she"},
    }[path.stem]
    assert len(found) == 1
    assert {name: found[0][name] for name in expected} == expected
