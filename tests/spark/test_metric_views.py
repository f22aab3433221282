"""The views on metrics, which have one figure for a judge of any kind; and that of confident disagreements."""

import datetime

import pytest

from judgelake.evaluating.judge_content import headline_kind
from judgelake.evaluation import KINDS, headline_of
from judgelake.lake import create_tables, register
from judgelake.lake.create import create_views

METRICS = [headline_of(kind)[0] for kind in KINDS]
SCORED = {"swap_rule": "average", "is_headline": False}
NOT_ASKED = {"value": None, "asked": 0, "reason": "no labelled comparison was asked"}


def figure(judge, metric, value=None, run="r", hour=1, asked=10, **more):
    """A row of the metrics table, over everything and of no swap rule unless `more` says otherwise."""
    return {
        "run_id": run,
        "judge": judge,
        "judge_fingerprint": f"fingerprint of {judge}",
        "metric": metric,
        "slice": "all",
        "value": value,
        "low": value,
        "high": value,
        "asked": asked,
        "failure_rule": "left_out",
        "label_rule": "gold: gold",
        "reason": None if value is not None else "none",
        "computed_at": datetime.datetime(2026, 11, 1, hour),
        **more,
    }


def agreements(run, hour, values, headline="first", **way):
    """A judge's agreement as an evaluation by two swap rules writes it; `values`: slice to agreement."""
    return [
        figure("j", "agreement", value, run, hour, slice=where, swap_rule=rule, is_headline=rule == headline, **way)
        for rule in ("first", "strict")
        for where, value in values.items()
    ]


@pytest.fixture
def shown(spark, lake):
    """The rows of a view, each as these columns: shown("judge_leaderboard", "judge", "value")."""

    def rows(view, *columns):
        found = [tuple(row[name] for name in columns) for row in spark.read.table(getattr(lake, view)).collect()]
        assert len(found) == len(set(found))
        return set(found)

    return rows


def test_the_views_choose_a_judges_figure_as_the_report_does(spark, lake, add, shown):
    written = []
    # The first judge was asked for everything, that of scores for scores alone, the last for nothing that has a label.
    for first, kind in enumerate((*(kind.name for kind in KINDS), "nothing")):
        written += [figure(f"judge of {kind}", metric, **NOT_ASKED) for metric in METRICS[:first]]
        for where in ("all", "source=s"):
            written += [figure(f"judge of {kind}", metric, 0.5, slice=where) for metric in METRICS[first:]]
    by_rule = {"swap_rule": "first", "is_headline": True}
    add("metrics", *(row | by_rule if row["metric"] == "agreement" else row for row in written))
    rows = spark.read.table(lake.metrics).where("slice = 'all'").collect()
    chosen = {
        judge: headline_of(headline_kind([row for row in rows if row["judge"] == judge]))[0]
        for judge in {row["judge"] for row in rows}
    }
    assert set(chosen.values()) == set(METRICS)
    assert shown("judge_leaderboard", "judge", "metric") == set(chosen.items())
    assert shown("agreement_over_time", "judge", "metric") == set(chosen.items())
    assert shown("worst_slices", "judge", "metric") == set(chosen.items()) - {("judge of nothing", "agreement")}
    reasons = dict(shown("judge_leaderboard", "judge", "reason"))
    assert {judge for judge, reason in reasons.items() if reason} == {"judge of nothing"}
    assert reasons["judge of nothing"] == NOT_ASKED["reason"]


def test_the_leaderboard_takes_all_figures_of_a_row_from_one_evaluation(add, shown):
    by_rule = {"swap_rule": "first", "is_headline": True, "failure_rule": "wrong"}
    for run, hour, shift in (("old", 1, 0.0), ("new", 2, 0.25)):
        add(
            "metrics",
            figure("pairs", "agreement", 0.5 + shift, run, hour, **by_rule),
            figure("pairs", "cohen_kappa", 0.25 + shift, run, hour, **by_rule),
            figure("pairs", "macro_f1", 0.375 + shift, run, hour, **by_rule),
            # Of one class: no figure of the whole.
            figure("pairs", "f1", 0.9, run, hour, subject="A", **by_rule),
            figure("pairs", "consistency", 0.625 + shift, run, hour),
            figure("pairs", "position_bias", -0.125 + shift, run, hour),
            figure("scores", "agreement", run=run, hour=hour, asked=0, **by_rule),
            figure("scores", "spearman", 0.125 + shift, run, hour, failure_rule="score 5"),
        )
    # An evaluation of another day and failure rule, which lacks the orders.
    add("metrics", figure("pairs", "agreement", 1.0, "tie", 3, **by_rule | {"failure_rule": "tie"}))
    columns = ("judge", "metric", "swap_rule", "failure_rule", "value", "kappa", "macro_f1", "consistency")
    assert shown("judge_leaderboard", *columns, "position_bias", "run_id") == {
        ("pairs", "agreement", "first", "wrong", 0.75, 0.5, 0.625, 0.875, 0.125, "new"),
        ("pairs", "agreement", "first", "tie", 1.0, None, None, None, None, "tie"),
        ("scores", "spearman", None, "score 5", 0.375, None, None, None, None, "new"),
    }


@pytest.mark.parametrize("rule", [SCORED, {"swap_rule": None, "is_headline": None}], ids=["average", "single answers"])
def test_slices_of_scores_are_ranked_beside_the_same_figure_over_everything(rule, add, shown):
    values = {"all": 0.5, "source=one": 0.25, "source=two": -0.5, "source=few": None}
    add(
        "metrics",
        *(figure("j", "spearman", value, slice=where, **rule) for where, value in values.items()),
        # A slice of single answers alone has no order to put together.
        figure("j", "spearman", 0.75, slice="source=single"),
        # Yes-or-no labels in one slice alone give it an accuracy; the judge is one of scores all the same.
        figure("j", "aspect_accuracy", 0.125, slice="source=one", **rule),
        figure("j", "agreement", slice="all", asked=0, swap_rule="first", is_headline=True),
    )
    assert shown("worst_slices", "slice", "metric", "swap_rule", "value", "overall", "place") == {
        ("source=two", "spearman", rule["swap_rule"], -0.5, 0.5, 1),
        ("source=one", "spearman", rule["swap_rule"], 0.25, 0.5, 2),
        ("source=single", "spearman", None, 0.75, 0.5, 3),
    }


def test_a_judges_figure_is_followed_through_all_evaluations(add, shown):
    for hour, value in enumerate((0.5, None, 0.25)):
        add(
            "metrics",
            figure("j", "agreement", run=f"r{hour}", hour=hour, asked=0, swap_rule="first", is_headline=True),
            figure("j", "top_1_agreement", value, f"r{hour}", hour, **SCORED),
            figure("j", "spearman", 1.0, f"r{hour}", hour, **SCORED),
        )
    assert shown("agreement_over_time", "run_id", "metric", "swap_rule", "value", "reason") == {
        ("r0", "top_1_agreement", "average", 0.5, None),
        ("r1", "top_1_agreement", "average", None, "none"),
        ("r2", "top_1_agreement", "average", 0.25, None),
    }
    assert shown("judge_leaderboard", "run_id", "value") == {("r2", 0.25)}


def test_the_leaderboards_example_gives_places_among_rows_that_can_be_compared(spark, lake, add, root):
    by_first, by_strict = ({"swap_rule": rule, "is_headline": rule == "first"} for rule in ("first", "strict"))
    add(
        "metrics",
        *(figure(judge, "agreement", value, **by_first) for judge, value in (("a", 0.25), ("b", 0.5), ("c", None))),
        figure("a", "agreement", 0.125, **by_strict),
        figure("scores", "spearman", 0.75),
    )
    spark.sql(f"USE {lake.metrics.partition('.')[0]}")
    try:
        found = spark.sql((root / "sql" / "examples" / "leaderboard.sql").read_text("utf-8")).collect()
    finally:
        spark.sql("USE default")
    assert [(row["metric"], row["place"], row["judge"], row["swap_rule"], row["value"]) for row in found] == [
        ("agreement", 1, "b", "first", 0.5),
        ("agreement", 2, "a", "first", 0.25),
        ("agreement", None, "c", "first", None),
        ("agreement", 1, "a", "strict", 0.125),
        ("spearman", 1, "scores", None, 0.75),
    ]


def test_the_views_keep_evaluations_apart_that_cannot_be_compared(add, shown):
    values = {"all": 0.5, "source=one": 0.75, "source=two": 0.25}
    only_one = {"comparisons_where": "source = 'one'"}
    add(
        "metrics",
        *agreements("old", 1, {"all": 0.1, "source=one": 0.1}),
        *agreements("new", 2, values),
        *agreements("wrong", 3, values, failure_rule="wrong"),
        *agreements("no c4", 4, values, "strict", judgments_where="comparison_id != 'c4'"),
        *agreements("one, old", 5, {"all": 0.75, "source=one": 0.75}, **only_one),
        *agreements("one, new", 6, {"all": None, "source=one": None}, **only_one),
    )
    ways = {
        "new": ("left_out", None, None),
        "wrong": ("wrong", None, None),
        "no c4": ("left_out", None, "comparison_id != 'c4'"),
        "one, new": ("left_out", "source = 'one'", None),
    }
    names = ("run_id", "failure_rule", "comparisons_where", "judgments_where")
    expected = {(run, *way, rule) for run, way in ways.items() for rule in ("first", "strict")}
    assert shown("judge_leaderboard", *names, "swap_rule") == expected
    history = shown("agreement_over_time", *names, "swap_rule")
    assert {row for row in history if row[0] in ways} == expected
    assert {row[0] for row in history} == {*ways, "old", "one, old"}
    # By the headline's rule alone; where the newest has no agreement, an older one does not stand in for it.
    assert shown("worst_slices", *names, "swap_rule", "slice", "value", "overall", "place") == {
        (run, *ways[run], rule, f"source={where}", value, 0.5, place)
        for run, rule in (("new", "first"), ("wrong", "first"), ("no c4", "strict"))
        for where, value, place in (("two", 0.25, 1), ("one", 0.75, 2))
    }


@pytest.mark.parametrize("is_catalog", [False, True], ids=["warehouse", "catalog"])
def test_views_of_an_older_version_are_replaced(is_catalog, spark, lake, add, shown):
    views = ("agreement_over_time", "judge_leaderboard", "worst_slices")
    add("metrics", figure("j", "spearman", 0.5))

    def make_old_views():
        for view in views:
            spark.sql(
                f"CREATE OR REPLACE VIEW {getattr(lake, view)} AS SELECT judge, value AS agreement FROM {lake.metrics}"
            )

    remade = [lambda: create_tables(spark, lake), lambda: register(spark, lake, with_views=True)]
    for remake in [lambda: create_views(spark, lake.model_copy(update={"warehouse": None}))] if is_catalog else remade:
        make_old_views()
        remake()
        assert shown("judge_leaderboard", "judge", "metric", "value") == {("j", "spearman", 0.5)}
        assert shown("agreement_over_time", "judge", "metric", "value") == {("j", "spearman", 0.5)}
        assert shown("worst_slices", "judge", "metric", "value") == set()


def test_confident_disagreements_take_labels_that_are_scores(add, add_pairs, shown):
    labels = {
        "higher": [9.0, 2.0],
        "lower": [2.0, 9.0],
        "level": [5.0, 5.0],
        "negative": [-0.5, -2.0],
        "no label": [-1.0, -1.0],
        "half a label": [7.0, -1.0],
        "one score": [3.0],
        "no scores": [],
        "none of one": [None, 5.0],
        "none of the other": [5.0, None],
        "nothing": None,
    }
    add_pairs([(name, "q", "a", "b") for name in labels])
    add(
        "labels",
        *(
            {"comparison_id": name, "labeler": "gpt-4", "kind": "teacher", "scores": scores}
            for name, scores in labels.items()
        ),
    )

    def judgments(hour, order, judge):
        for name in labels:
            yield {
                "judgment_id": f"{name}-{order}",
                "comparison_id": name,
                "judge": judge,
                "judge_fingerprint": "f",
                "shown_order": order,
                "repeat": 0,
                "status": "ok",
                "verdict": "B",
                "attempt": 1,
                "judged_at": datetime.datetime(2026, 11, 1, hour),
            }

    # Renamed between the two orders: one judge all the same.
    add("judgments", *judgments(1, "AB", "j"), *judgments(2, "BA", "renamed"))
    assert shown("confident_disagreements", "judge", "comparison_id", "label", "orders_asked") == {
        ("renamed", "higher", "A", 2),
        ("renamed", "level", "tie", 2),
        ("renamed", "negative", "A", 2),
    }
