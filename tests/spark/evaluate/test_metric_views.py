"""The views on metrics, which have one figure for a judge of any kind; and that of confident disagreements.

One lake holds the rows of all tests, each about judges of its own: every view keeps judges apart.
"""

import datetime
from functools import cache
from itertools import chain

import pytest
from small_lake import SmallLake, comparison, judgments_of, label, lake_of_its_own, rows_by_table

from judgelake.jobs.evaluate.sections import headline_kind
from judgelake.lake import create_tables, register
from judgelake.lake.create import create_views
from judgelake.measures import KINDS, headline_of

pytestmark = pytest.mark.usefixtures("with_views")

METRICS = [headline_of(kind)[0] for kind in KINDS]
KIND_NAMES = [kind.name for kind in KINDS]
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
    by_rule = [
        (metric, {"swap_rule": rule, "is_headline": rule == headline})
        for metric, rule in (("agreement", "first"), ("agreement_when_consistent", "strict"))
    ]
    return [
        figure("kept apart", metric, value, run, hour, slice=where, **rule, **way)
        for metric, rule in by_rule
        for where, value in values.items()
    ]


@pytest.fixture(scope="module")
def small(spark, empty_warehouse, tmp_path_factory):
    folder = tmp_path_factory.mktemp("views")
    small = SmallLake(spark, lake_of_its_own(spark, empty_warehouse, folder, "views"), folder)
    scenarios = [of_every_kind(), of_two_evaluations(), of_slices(), of_compared_slices()]
    scenarios += [of_a_while(), of_an_example(), of_two_ways(), of_models()]
    rows = [("metrics", [*chain(*scenarios), figure("of old views", "spearman", 0.5)])]
    small.fill(rows_by_table(rows, labels_that_are_scores()))
    return small


@pytest.fixture(scope="module")
def read(spark, small):
    """The rows of a view, read once."""
    return cache(lambda view: spark.read.table(getattr(small.tables, view)).collect())


@pytest.fixture(scope="module")
def shown(read):
    """What a view has of some judges, each row as these columns: shown("judge_leaderboard", ["a"], "value")."""
    return lambda view, judges, *columns: columns_of([row for row in read(view) if row["judge"] in judges], columns)


def columns_of(rows, columns):
    found = [tuple(row[name] for name in columns) for row in rows]
    assert len(found) == len(set(found))
    return set(found)


def of_every_kind():
    """The first judge was asked for everything, that of scores for scores alone, the last for nothing with a label."""
    by_rule = {"swap_rule": "first", "is_headline": True}
    for first, kind in enumerate((*KIND_NAMES, "nothing")):
        of_judge = [figure(f"judge of {kind}", metric, **NOT_ASKED) for metric in METRICS[:first]]
        for where in ("all", "source=s"):
            of_judge += [figure(f"judge of {kind}", metric, 0.5, slice=where) for metric in METRICS[first:]]
        yield from (row | by_rule if row["metric"] == "agreement" else row for row in of_judge)


def test_the_views_choose_a_judges_figure_as_the_report_does(spark, small, shown):
    judges = [f"judge of {kind}" for kind in (*KIND_NAMES, "nothing")]
    rows = spark.read.table(small.tables.metrics).where("slice = 'all' AND judge LIKE 'judge of %'").collect()
    chosen = {
        judge: headline_of(headline_kind([row for row in rows if row["judge"] == judge]))[0]
        for judge in {row["judge"] for row in rows}
    }
    assert chosen.keys() == set(judges)
    assert set(chosen.values()) == set(METRICS)
    assert shown("judge_leaderboard", judges, "judge", "metric") == set(chosen.items())
    assert shown("agreement_over_time", judges, "judge", "metric") == set(chosen.items())
    assert shown("worst_slices", judges, "judge", "metric") == set(chosen.items()) - {("judge of nothing", "agreement")}
    reasons = dict(shown("judge_leaderboard", judges, "judge", "reason"))
    assert {judge for judge, reason in reasons.items() if reason} == {"judge of nothing"}
    assert reasons["judge of nothing"] == NOT_ASKED["reason"]


def of_two_evaluations():
    by_rule = {"swap_rule": "first", "is_headline": True, "failure_rule": "wrong"}
    for run, hour, shift in (("old", 1, 0.0), ("new", 2, 0.25)):
        yield figure("pairs", "agreement", 0.5 + shift, run, hour, **by_rule)
        yield figure("pairs", "cohen_kappa", 0.25 + shift, run, hour, **by_rule)
        yield figure("pairs", "macro_f1", 0.375 + shift, run, hour, **by_rule)
        # Of one class: no figure of the whole.
        yield figure("pairs", "f1", 0.9, run, hour, subject="A", **by_rule)
        yield figure("pairs", "consistency", 0.625 + shift, run, hour)
        yield figure("pairs", "position_bias", -0.125 + shift, run, hour)
        yield figure("scores", "agreement", run=run, hour=hour, asked=0, **by_rule)
        yield figure("scores", "spearman", 0.125 + shift, run, hour, failure_rule="score 5")
    # An evaluation of another day and failure rule, which lacks the orders.
    yield figure("pairs", "agreement", 1.0, "tie", 3, **by_rule | {"failure_rule": "tie"})


def test_the_leaderboard_takes_all_figures_of_a_row_from_one_evaluation(shown):
    columns = ("judge", "metric", "swap_rule", "failure_rule", "value", "kappa", "macro_f1", "consistency")
    assert shown("judge_leaderboard", ("pairs", "scores"), *columns, "position_bias", "run_id") == {
        ("pairs", "agreement", "first", "wrong", 0.75, 0.5, 0.625, 0.875, 0.125, "new"),
        ("pairs", "agreement", "first", "tie", 1.0, None, None, None, None, "tie"),
        ("scores", "spearman", None, "score 5", 0.375, None, None, None, None, "new"),
    }


SLICED = {"average": SCORED, "single answers": {"swap_rule": None, "is_headline": None}}


def of_slices():
    values = {"all": 0.5, "source=one": 0.25, "source=two": -0.5, "source=few": None}
    for judge, rule in SLICED.items():
        yield from (figure(judge, "spearman", value, slice=where, **rule) for where, value in values.items())
        # A slice of single answers alone has no order to put together.
        yield figure(judge, "spearman", 0.75, slice="source=single")
        # Yes-or-no labels in one slice alone give it an accuracy; the judge is one of scores all the same.
        yield figure(judge, "aspect_accuracy", 0.125, slice="source=one", **rule)
        yield figure(judge, "agreement", slice="all", asked=0, swap_rule="first", is_headline=True)


@pytest.mark.parametrize("judge", SLICED)
def test_slices_of_scores_are_ranked_beside_the_same_figure_over_everything(judge, shown):
    rule = SLICED[judge]["swap_rule"]
    assert shown("worst_slices", [judge], "slice", "metric", "swap_rule", "value", "overall", "place") == {
        ("source=two", "spearman", rule, -0.5, 0.5, 1),
        ("source=one", "spearman", rule, 0.25, 0.5, 2),
        ("source=single", "spearman", None, 0.75, 0.5, 3),
    }


def of_compared_slices():
    """Of few comparisons the lowest value, of many the one that is found; both and a third by the headline's rule."""
    by_rule = {"swap_rule": "first", "is_headline": True}
    yield figure("of compared", "agreement", 0.75, **by_rule)
    for where, value, shrunk, difference, p_corrected in (
        ("few", 0.25, 0.625, -0.5, 0.25),
        ("many", 0.5, 0.5, -0.25, 0.03125),
        ("best", 1.0, 0.875, 0.25, 0.03125),
        ("unknown", 0.875, 0.75, 0.125, None),
    ):
        about = {"slice": f"source={where}", **by_rule}
        yield figure("of compared", "agreement", value, **about)
        yield figure("of compared", "agreement_shrunk", shrunk, **about)
        yield figure("of compared", "slice_difference", difference, p_value=0.03125, p_corrected=p_corrected, **about)


def test_a_slice_is_worse_only_if_p_corrected_says_so_and_stands_by_its_shrunk_value(shown):
    columns = ("slice", "place", "value", "shrunk", "difference", "p_value", "p_corrected", "is_worse", "overall")
    assert shown("worst_slices", ["of compared"], *columns) == {
        ("source=many", 1, 0.5, 0.5, -0.25, 0.03125, 0.03125, True, 0.75),
        ("source=few", 2, 0.25, 0.625, -0.5, 0.03125, 0.25, False, 0.75),
        ("source=unknown", 3, 0.875, 0.75, 0.125, 0.03125, None, None, 0.75),
        ("source=best", 4, 1.0, 0.875, 0.25, 0.03125, 0.03125, False, 0.75),
    }
    assert {row[-1] for row in shown("worst_slices", ["average"], "slice", "is_worse")} == {None}


def of_a_while():
    for hour, value in enumerate((0.5, None, 0.25)):
        run, asked_for_verdicts = f"r{hour}", {"asked": 0, "swap_rule": "first", "is_headline": True}
        yield figure("followed", "agreement", run=run, hour=hour, **asked_for_verdicts)
        yield figure("followed", "top_1_agreement", value, run, hour, **SCORED)
        yield figure("followed", "spearman", 1.0, run, hour, **SCORED)


def test_a_judges_figure_is_followed_through_all_evaluations(shown):
    assert shown("agreement_over_time", ["followed"], "run_id", "metric", "swap_rule", "value", "reason") == {
        ("r0", "top_1_agreement", "average", 0.5, None),
        ("r1", "top_1_agreement", "average", None, "none"),
        ("r2", "top_1_agreement", "average", 0.25, None),
    }
    assert shown("judge_leaderboard", ["followed"], "run_id", "value") == {("r2", 0.25)}


def of_models():
    """A model with labels, one without, and the first by the labels alone and in another evaluation."""
    by_first = {"swap_rule": "first", "is_headline": True}
    for model, corrected, needed, labels in (("m", 0.5, 40.0, 8), ("o", None, None, 0)):
        yield figure("of models", "win_rate", 0.75, subject=model, n=20, **by_first)
        yield figure("of models", "corrected_win_rate", corrected, subject=model, n=labels, **by_first)
        yield figure("of models", "labels_needed", needed, subject=model, n=labels, **by_first)
    yield figure(None, "win_rate", 0.25, subject="m", n=8) | {"judge_fingerprint": None}
    yield figure("of models", "win_rate", 0.125, "another", subject="m", n=20, **by_first)


def test_a_corrected_win_rate_stands_beside_the_judges_own(shown):
    names = ("model", "win_rate", "corrected", "low", "labels", "judged", "labels_needed", "reason")
    assert shown("corrected_rates", ["of models"], *names) == {
        ("m", 0.75, 0.5, 0.5, 8, 20, 40.0, None),
        ("o", 0.75, None, None, 0, 20, None, "none"),
    }


def of_an_example():
    """By a label rule of their own, so that they can be compared with each other alone."""
    by_first, by_strict = ({"swap_rule": rule, "is_headline": rule == "first"} for rule in ("first", "strict"))
    alone = {"label_rule": "gold: example"}
    for judge, value in (("a", 0.25), ("b", 0.5), ("c", None)):
        yield figure(judge, "agreement", value, "example", **by_first, **alone)
    yield figure("a", "agreement_when_consistent", 0.125, "example", **by_strict, **alone)
    yield figure("of scores", "spearman", 0.75, "example", **alone)
    # Asked more than the other one of its evaluation; and one that was evaluated alone, later and on other versions.
    for judge, value, asked in (("d", 0.75, 10), ("e", 0.5, 20)):
        yield figure(judge, "agreement", value, "uneven", 0, asked, **by_first, **alone)
    # Asked equally many: a and b the same, g and h only some of the same.
    yield from (figure(judge, "agreement", 0.5, "partly", **by_first, **alone) for judge in ("g", "h"))
    for judge, other, run, shared in (("a", "b (pair)", "example", 10), ("g", "h (pair)", "partly", 4)):
        yield figure(judge, "agreement_difference", 0.0, run, asked=shared, subject=other, **by_first, **alone)
    later = {"comparisons_version": 7, "judgments_version": 8, "labels_version": 9}
    yield figure("f", "agreement", 0.125, "later", 2, **by_first, **alone, **later)


def test_the_leaderboards_example_gives_places_among_rows_that_can_be_compared(spark, small, root):
    spark.sql(f"USE {small.tables.metrics.partition('.')[0]}")
    try:
        found = spark.sql((root / "sql" / "examples" / "leaderboard.sql").read_text("utf-8")).collect()
    finally:
        spark.sql("USE default")
    found = [row for row in found if row["label_rule"] == "gold: example"]
    columns = ("run_id", "metric", "place", "judges", "judge", "swap_rule", "value")
    assert [tuple(row[name] for name in columns) for row in found] == [
        ("later", "agreement", 1, 1, "f", "first", 0.125),
        ("example", "agreement", 1, 2, "b", "first", 0.5),
        ("example", "agreement", 2, 2, "a", "first", 0.25),
        ("example", "agreement", None, 2, "c", "first", None),
        ("example", "agreement_when_consistent", 1, 1, "a", "strict", 0.125),
        ("example", "spearman", 1, 1, "of scores", None, 0.75),
        ("partly", "agreement", None, 2, "g", "first", 0.5),
        ("partly", "agreement", None, 2, "h", "first", 0.5),
        ("uneven", "agreement", None, 2, "d", "first", 0.75),
        ("uneven", "agreement", None, 2, "e", "first", 0.5),
    ]
    versions = [(row["comparisons_version"], row["judgments_version"], row["labels_version"]) for row in found]
    assert versions == [(7, 8, 9), *[(None, None, None)] * 9]


def of_two_ways():
    values = {"all": 0.5, "source=one": 0.75, "source=two": 0.25}
    only_one = {"comparisons_where": "source = 'one'"}
    yield from agreements("old", 1, {"all": 0.1, "source=one": 0.1})
    yield from agreements("new", 2, values)
    yield from agreements("wrong", 3, values, failure_rule="wrong")
    yield from agreements("no c4", 4, values, "strict", judgments_where="comparison_id != 'c4'")
    yield from agreements("one, old", 5, {"all": 0.75, "source=one": 0.75}, **only_one)
    yield from agreements("one, new", 6, {"all": None, "source=one": None}, **only_one)


def test_the_views_keep_evaluations_apart_that_cannot_be_compared(shown):
    ways = {
        "new": ("left_out", None, None),
        "wrong": ("wrong", None, None),
        "no c4": ("left_out", None, "comparison_id != 'c4'"),
        "one, new": ("left_out", "source = 'one'", None),
    }
    judges, names = ["kept apart"], ("run_id", "failure_rule", "comparisons_where", "judgments_where")
    expected = {(run, *way, rule) for run, way in ways.items() for rule in ("first", "strict")}
    assert shown("judge_leaderboard", judges, *names, "swap_rule") == expected
    history = shown("agreement_over_time", judges, *names, "swap_rule")
    assert {row for row in history if row[0] in ways} == expected
    assert {row[0] for row in history} == {*ways, "old", "one, old"}
    # By the headline's rule alone; where the newest has no agreement, an older one does not stand in for it.
    assert shown("worst_slices", judges, *names, "swap_rule", "slice", "value", "overall", "place") == {
        (run, *ways[run], rule, f"source={where}", value, 0.5, place)
        for run, rule in (("new", "first"), ("wrong", "first"), ("no c4", "strict"))
        for where, value, place in (("two", 0.25, 1), ("one", 0.75, 2))
    }


@pytest.mark.parametrize("is_catalog", [False, True], ids=["warehouse", "catalog"])
def test_views_of_an_older_version_are_replaced(is_catalog, spark, small):
    lake, names = small.tables, ("judge", "metric", "value")
    views = ("agreement_over_time", "judge_leaderboard", "worst_slices")

    def make_old_views():
        for view in views:
            spark.sql(
                f"CREATE OR REPLACE VIEW {getattr(lake, view)} AS SELECT judge, value AS agreement FROM {lake.metrics}"
            )

    def read_now(view):
        rows = spark.read.table(getattr(lake, view)).where("judge = 'of old views'").collect()
        return columns_of(rows, names)

    remade = [lambda: create_tables(spark, lake), lambda: register(spark, lake, with_views=True)]
    for remake in [lambda: create_views(spark, lake.model_copy(update={"warehouse": None}))] if is_catalog else remade:
        make_old_views()
        remake()
        assert read_now("judge_leaderboard") == {("of old views", "spearman", 0.5)}
        assert read_now("agreement_over_time") == {("of old views", "spearman", 0.5)}
        assert read_now("worst_slices") == set()


SCORES = {
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


def labels_that_are_scores():
    yield "comparisons", map(comparison, SCORES)
    yield "labels", [label(name, None, "gpt-4", "teacher", scores) for name, scores in SCORES.items()]
    # Renamed between the two orders: one judge all the same.
    for order, judge, hour in (("AB", "j", 1), ("BA", "renamed", 2)):
        about = {"judge_fingerprint": "f", "judged_at": datetime.datetime(2026, 11, 1, hour)}
        rows = judgments_of(judge, dict.fromkeys(SCORES, "B"), order)
        yield "judgments", [row | about for row in rows]


def test_confident_disagreements_take_labels_that_are_scores(shown):
    columns = ("judge", "comparison_id", "label", "orders_asked")
    assert shown("confident_disagreements", ("j", "renamed"), *columns) == {
        ("renamed", "higher", "A", 2),
        ("renamed", "level", "tie", 2),
        ("renamed", "negative", "A", 2),
    }
