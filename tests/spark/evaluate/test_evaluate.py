"""The evaluation job over small tables whose numbers can be counted by hand; see by_hand.py."""

import math

import pytest
from by_hand import LABELS, NAMES, RULES, names_of

from judgelake.errors import UserError
from judgelake.lake import register


@pytest.fixture
def row(by_hand):
    """A row of the evaluation of the verdicts: row("j1", "agreement", rule="first")."""
    return lambda judge, metric, subject=None, where="all", rule=None: by_hand.rows[judge, metric, subject, where, rule]


def test_an_evaluation_says_what_one_counts_by_hand(row):
    agreement = row("j1", "agreement", rule="first")
    assert (agreement["value"], agreement["n"], agreement["asked"]) == (5 / 7, 7, 8)
    assert (agreement["coverage"], agreement["clusters"]) == (7 / 8, 7)
    assert (agreement["if_failures_wrong"], agreement["if_failures_right"]) == (5 / 8, 6 / 8)
    assert agreement["low"] < 5 / 7 < agreement["high"]
    # Both orders have a verdict on seven: c2 and c6 differ, both in favour of the place shown first.
    assert row("j1", "consistency")["value"] == 5 / 7
    assert row("j1", "bias_first")["value"] == 2 / 7
    assert row("j1", "bias_second")["value"] == 0
    assert row("j1", "agreement_when_consistent", rule="strict")["value"] == 4 / 5
    assert row("j1", "agreement", rule="both_right")["value"] == 4 / 7
    even = row("j1", "agreement", where="attributes.category=even", rule="first")
    assert (even["value"], even["n"]) == (3 / 4, 4)
    odd = row("j1", "agreement", where="attributes.category=odd", rule="first")
    assert (odd["value"], odd["n"], odd["reason"]) == (None, 3, "fewer than 4 comparisons count in this slice")
    assert row("j2", "agreement", rule="first")["value"] == 1
    assert row("j2", "consistency")["reason"] == "no comparison was asked in both orders"
    # c0 to c5 have verdicts of both judges; they differ on c3.
    assert row("j1", "judge_agreement", subject="j2", rule="first")["value"] == 5 / 6
    assert row("j1", "agreement_difference", subject="j2", rule="first")["value"] == pytest.approx(-1 / 6)
    assert row("j1", "judge_agreement", subject="j3", rule="first")["reason"] == "no comparison in common"


def test_every_row_has_a_finite_value_and_interval_or_a_reason(by_hand):
    for r in by_hand.rows.values():
        assert r["value"] is None or math.isfinite(r["value"])
        assert r["reason"] is not None or None not in (r["value"], r["low"], r["high"])


def test_the_views_show_what_was_evaluated(spark, by_hand):
    tables = by_hand.small.tables
    register(spark, tables, with_views=True)
    board = spark.read.table(tables.judge_leaderboard).where("swap_rule = 'first' AND judge LIKE 'j_'").collect()
    assert {r["judge"]: r["value"] for r in board} == {"j1": 5 / 7, "j2": 1.0, "j3": None}
    worst = spark.read.table(tables.worst_slices).where("judge = 'j1' AND place = 1 AND swap_rule = 'first'")
    assert [r["overall"] for r in worst.collect()] == [5 / 7]
    sure = spark.read.table(tables.confident_disagreements).where("judge = 'j1' AND kind = 'gold'").collect()
    assert [(r["comparison_id"], r["label"], r["verdict"], r["orders_asked"]) for r in sure] == [("c3", "A", "B", 2)]
    assert sure[0]["answer_a"] == "answer a of c3"


def test_the_report_shows_texts_as_text_and_every_judge_has_a_card(by_hand):
    page = by_hand.done.report.read_text("utf-8")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    assert len(list((by_hand.small.folder / "cards").glob("*.json"))) == 3


@pytest.fixture(scope="module")
def by_other_rules(by_hand):
    """The evaluation of all else in the lake, by rules that look at scores and at both orders."""
    sources = ("orders", "scored", "threes", "rounded", "average")
    return by_hand.small.evaluate(
        where=f"source IN {sources}",
        judgments_where="judge NOT LIKE 'j_'",
        labels={"kind": "teacher", "labelers": ["gold", "one", "two", "three"], "tie_margin": 0.1},
        swap_rules=["both_right", "strict", "average"],
        failure_rule="wrong",
        report=None,
        cards=None,
    )


@pytest.fixture(scope="module")
def found(by_hand, by_other_rules):
    return by_hand.small.metrics(by_other_rules)


def test_an_evaluation_leaves_the_rows_of_another(spark, by_hand, by_other_rules, found):
    """What it leaves of its own is in test_evaluation_tracking.py."""
    small, one, other = by_hand.small, by_hand.done.evaluation.run_id, by_other_rules.evaluation.run_id
    assert one != other
    assert small.metrics(by_hand.done).keys() == by_hand.rows.keys()
    register(spark, small.tables, with_views=True)
    shown = spark.read.table(small.tables.agreement_over_time).select("run_id").distinct().collect()
    assert {r["run_id"] for r in shown} == {one, other}


def test_two_judges_differ_by_as_much_as_their_agreements_do(found):
    judges = ("always right", "half right")
    agreements = [found[judge, "agreement", None, "all", "both_right"]["value"] for judge in judges]
    assert agreements == [1, 1 / 2]
    assert found["always right", "agreement_difference", "half right", "all", "both_right"]["value"] == 1 / 2


def test_labels_that_are_scores_of_two_answers_are_verdicts_among_labelers(by_other_rules, found):
    agreement = found[None, "labeler_agreement", "one / two", "all", None]
    assert (agreement["value"], agreement["n"]) == (6 / 8, 8)
    assert found[None, "krippendorff_alpha", None, "all", None]["n"] == 8
    # Two answers of each comparison have a score of both.
    assert found[None, "krippendorff_alpha_interval", None, "all", None]["n"] == 16
    assert (
        found[None, "labeler_agreement", "one / three", "all", None]["reason"] == "no comparison has a verdict of both"
    )
    assert by_other_rules.evaluation.inputs.invalid_labels == 2


def test_orders_of_two_texts_and_one_order_alone_are_no_average(found):
    best = found["ranker", "top_1_agreement", None, "all", "average"]
    # Three were asked in both orders; the two of the first are of different texts.
    assert (best["value"], best["n"], best["asked"]) == (1, 3, 3)
    assert [key for key in found if key[:2] == ("ranker", "top_1_agreement") and key[3] == "all"] == [
        ("ranker", "top_1_agreement", None, "all", "average")
    ]


def test_scores_that_differ_by_a_rounding_are_a_tie(found):
    assert found["rounder", "agreement", None, "all", "average"]["value"] == 1


def test_a_judge_that_gives_no_scores_has_no_average(found):
    agreement = found["namer", "agreement", None, "all", "average"]
    assert (agreement["value"], agreement["n"]) == (None, 0)
    assert agreement["reason"] == "no labelled comparison has scores in both orders to average"
    # Another one that does give scores changes nothing for it.
    assert found["scorer", "agreement", None, "all", "average"]["n"] == len(names_of("average"))


def test_what_cannot_be_evaluated_is_said_before_anything_is_counted(by_hand):
    small = by_hand.small
    assert len(NAMES) == len(LABELS) == 8
    for changes, words in (
        # As created, before any row was added.
        ({"versions": {"judgments": 0}}, r"no judgment in .*jobs/judge\.py.*jobs/ingest\.py --judgments"),
        ({}, r"labels of several kinds, gold \(8\), human \(8\).*labels.kind"),
        ({"labels": {"kind": "teacher"}}, "labels.kind 'teacher'.*gold, human"),
        ({"labels": {"labelers": ["nobody"]}}, "'nobody' has no label for these comparisons"),
        ({"judgments_where": "judge = 'j9'"}, "no judgment that matches judgments_where"),
        ({"judgments_where": "nope = 1"}, "judgments_where 'nope = 1' does not fit"),
        ({"where": "nope = 1"}, "where 'nope = 1' does not fit"),
        ({"versions": {"judgments": 99}, "labels": {"kind": "gold"}}, "has no version 99"),
        ({"slices": {"by": ["colour"]}, "labels": {"kind": "gold"}}, "'colour' is not a dimension"),
    ):
        with pytest.raises(UserError, match=words):
            small.evaluate(**{"where": RULES["where"]} | changes)


def test_a_family_of_a_judge_that_is_not_there_is_refused(by_hand):
    families = {"judges": {"j9": "vicuna"}, "models": {"model-a": "vicuna"}}
    chosen = RULES | {"judgments_where": "judge = 'j1'", "families": families}
    with pytest.raises(
        UserError, match=r"families.judges: 'j9' is not a judge or its model here; there are acme/judge, j1"
    ):
        by_hand.small.evaluate(**chosen)
