"""The evaluation job over small tables whose numbers can be counted by hand."""

import datetime
import math

import pytest
from small_lake import append

from judgelake.config import validated
from judgelake.errors import UserError
from judgelake.evaluating import evaluate_and_report
from judgelake.evaluation import EvaluateJob

NOW = "2026-11-01T00:00:00"


class Lake:
    """Fills the tables of one test and evaluates them."""

    def __init__(self, spark, tables, folder):
        self.spark, self.tables, self.folder = spark, tables, folder

    def add(self, table, rows):
        append(self.spark, getattr(self.tables, table), *rows)

    def compare(self, names, answers=2, **more):
        letters = "abcdef"[:answers]
        self.add(
            "comparisons",
            [
                {
                    "comparison_id": name,
                    "question_id": f"q-{name}",
                    "messages": [("user", f"Question {name}?")],
                    "answers": [(f"model-{letter}", f"answer {letter} of {name}", None) for letter in letters],
                    "source": "test",
                    "attributes": {"category": "odd" if int(name[1:]) % 2 else "even"},
                    **more,
                }
                for name in names
            ],
        )

    def label(self, verdicts, labeler="gold", kind="gold", key="verdict"):
        rows = [
            {"comparison_id": name, "labeler": labeler, "kind": kind, key: value} for name, value in verdicts.items()
        ]
        self.add("labels", rows)

    def judge(self, judge, said, order="AB", repeat=0, run="r"):
        """`said`: comparison to verdict, scores, or None for a judgment without either."""

        rows = []
        for name, value in said.items():
            is_scores = isinstance(value, list)
            rows.append(
                {
                    "judgment_id": f"{judge}-{name}-{order}-{repeat}-{run}",
                    "run_id": run,
                    "comparison_id": name,
                    "question_id": f"q-{name}",
                    "judge": judge,
                    "judge_fingerprint": f"fingerprint of {judge}",
                    "model_version": "m",
                    "mode": "pair",
                    "shown_order": order,
                    "repeat": repeat,
                    "status": "ok" if value is not None else "unparseable",
                    "error": None if value is not None else "nothing to read",
                    "verdict": None if is_scores else value,
                    "scores": value if is_scores else None,
                    "raw_output": f"<script>alert('{name}')</script>",
                    "attempt": 1,
                    "engine": "test",
                    "judged_at": datetime.datetime.fromisoformat(NOW),
                }
            )
        self.add("judgments", rows)

    def evaluate(self, **changes):
        content = {"tables": self.tables.model_dump(), "mlflow": {"enabled": False}}
        content |= {"report": str(self.folder / "report.html"), "cards": str(self.folder / "cards"), **changes}
        return evaluate_and_report(self.spark, validated(EvaluateJob, content, "test"))

    def rows(self, done):
        found = self.spark.read.table(self.tables.metrics).where(f"run_id = '{done.evaluation.run_id}'").collect()
        return {(r["judge"], r["metric"], r["subject"], r["slice"], r["swap_rule"]): r for r in found}


@pytest.fixture
def tables_of(spark, lake, tmp_path):
    return Lake(spark, lake, tmp_path)


NAMES = [f"c{i}" for i in range(8)]
LABELS = dict(zip(NAMES, ["A", "A", "A", "A", "B", "B", "B", "tie"], strict=True))


def test_an_evaluation_says_what_one_counts_by_hand_and_replaces_only_its_own_rows(spark, tables_of, tmp_path):
    tables_of.compare(NAMES)
    tables_of.label(LABELS)
    # Own order: right on five of seven, one without a verdict.
    own = dict(zip(NAMES, ["A", "A", "A", "B", "B", "B", "A", None], strict=True))
    reversed_ = dict(zip(NAMES, ["A", "A", "B", "B", "B", "B", "B", "tie"], strict=True))
    tables_of.judge("j1", own)
    tables_of.judge("j1", reversed_, order="BA")
    tables_of.judge("j2", {name: LABELS[name] for name in NAMES[:6]})
    tables_of.judge("j3", {"c99": "A"})
    slices = {"by": ["attributes.category"], "least": 4}
    done = tables_of.evaluate(slices=slices, swap_rules=["first", "strict", "both_right"])
    found = tables_of.rows(done)

    def row(judge, metric, subject=None, where="all", rule=None):
        return found[judge, metric, subject, where, rule]

    agreement = row("j1", "agreement", rule="first")
    assert (agreement["value"], agreement["n"], agreement["asked"]) == (5 / 7, 7, 8)
    assert (agreement["coverage"], agreement["clusters"]) == (7 / 8, 7)
    assert (agreement["if_failures_wrong"], agreement["if_failures_right"]) == (5 / 8, 6 / 8)
    assert agreement["low"] < 5 / 7 < agreement["high"]
    # Both orders have a verdict on seven: c2 and c6 differ, both in favour of the place shown first.
    assert row("j1", "consistency")["value"] == 5 / 7
    assert row("j1", "bias_first")["value"] == 2 / 7
    assert row("j1", "bias_second")["value"] == 0
    assert row("j1", "agreement", rule="strict")["value"] == 4 / 5
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
    for r in found.values():
        assert r["value"] is None or math.isfinite(r["value"])
        assert r["reason"] is not None or None not in (r["value"], r["low"], r["high"])

    before = spark.read.table(tables_of.tables.metrics).count()
    again = tables_of.evaluate(slices=slices, swap_rules=["first", "strict", "both_right"])
    assert again.evaluation.run_id == done.evaluation.run_id
    assert {key: r["low"] for key, r in tables_of.rows(again).items()} == {key: r["low"] for key, r in found.items()}
    other = tables_of.evaluate(slices=slices, buckets=20)
    assert other.evaluation.run_id != done.evaluation.run_id
    assert spark.read.table(tables_of.tables.metrics).where(f"run_id = '{done.evaluation.run_id}'").count() == before

    board = spark.read.table(tables_of.tables.judge_leaderboard).where("swap_rule = 'first'").collect()
    assert {r["judge"]: r["value"] for r in board} == {"j1": 5 / 7, "j2": 1.0, "j3": None}
    assert spark.read.table(tables_of.tables.agreement_over_time).select("run_id").distinct().count() == 2
    worst = spark.read.table(tables_of.tables.worst_slices).where("judge = 'j1' AND place = 1 AND swap_rule = 'first'")
    assert [r["overall"] for r in worst.collect()] == [5 / 7]
    sure = spark.read.table(tables_of.tables.confident_disagreements).where("judge = 'j1'").collect()
    assert [(r["comparison_id"], r["label"], r["verdict"], r["orders_asked"]) for r in sure] == [("c3", "A", "B", 2)]
    assert sure[0]["answer_a"] == "answer a of c3"
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    assert len(list((tmp_path / "cards").glob("*.json"))) == 3


def test_scores_rankings_repeats_and_labelers_have_their_figures(tables_of):
    singles, threes = [f"c{i}" for i in range(6)], [f"c{i}" for i in range(10, 14)]
    tables_of.compare(singles, answers=1)
    tables_of.compare(threes, answers=3)
    for labeler, shift in (("one", 0), ("two", 1)):
        tables_of.label({name: [float(i + shift)] for i, name in enumerate(singles)}, labeler, "human", "scores")
    tables_of.label({name: [3.0, 2.0, 1.0] for name in threes}, "one", "human", "scores")
    tables_of.judge("scorer", {name: [float(2 * i)] for i, name in enumerate(singles)}, order="A")
    tables_of.judge("scorer", {name: [3.0, 2.0, 1.0] for name in threes[:3]}, order="ABC")
    tables_of.judge("scorer", {threes[3]: [1.0, 2.0, 3.0]}, order="ABC")
    tables_of.judge("scorer", {singles[0]: [0.0], singles[1]: [9.0], singles[2]: None}, order="A", repeat=1)
    slices = {"by": ["attributes.category"], "least": 2}
    found = tables_of.rows(tables_of.evaluate(labels={"rule": "mean"}, slices=slices))

    def value(judge, metric, where="all", rule="first"):
        return found[judge, metric, None, where, rule]["value"]

    # Labels are the means of both labelers, 0.5 to 5.5, beside 0, 2, ... 10; then three answers of four comparisons.
    assert value("scorer", "top_1_agreement") == 3 / 4
    assert value("scorer", "mean_kendall_tau") == pytest.approx((3 - 1) / 4)
    assert value("scorer", "induced_pair_agreement") == 9 / 12
    distances = [abs(2 * i - i - 0.5) for i in range(6)] + [2.0, 0.0, 2.0] + [0.0] * 9
    assert value("scorer", "mean_absolute_error") == pytest.approx(sum(distances) / len(distances))
    assert found["scorer", "mean_absolute_error", None, "all", "first"]["n"] == 18
    even, odd = (f"attributes.category={name}" for name in ("even", "odd"))
    assert value("scorer", "mean_absolute_error", where=even) == pytest.approx((0.5 + 1.5 + 3.5) / 9)
    assert (value("scorer", "top_1_agreement", where=even), value("scorer", "top_1_agreement", where=odd)) == (1, 1 / 2)
    assert value("scorer", "flip_rate", rule=None) == 1 / 2
    assert value("scorer", "unanimity", rule=None) == 1 / 2
    # The third was asked twice and answered once.
    flips = found["scorer", "flip_rate", None, "all", None]
    assert (flips["n"], flips["asked"], flips["coverage"]) == (2, 3, 2 / 3)
    alpha = found[None, "krippendorff_alpha_interval", None, "all", None]
    assert (alpha["n"], alpha["failure_rule"], alpha["value"] < 1) == (6, None, True)
    assert found[None, "labeler_quadratic_kappa", "one / two", "all", None]["n"] == 6
    assert found[None, "krippendorff_alpha", None, "all", None]["reason"] == "no comparison has two verdicts"


def test_yes_no_labels_of_several_labelers_are_what_most_of_them_say(tables_of):
    tables_of.compare(NAMES, answers=1)
    for labeler, dissents in (("one", 0), ("two", 0), ("three", 1)):
        tables_of.label({f"c{i}": [float((i + dissents) % 2)] for i in range(8)}, labeler, "human", "scores")
    tables_of.judge("scorer", {f"c{i}": [float(i % 2 + 1)] for i in range(8)}, order="A")
    found = tables_of.rows(tables_of.evaluate())
    assert found["scorer", "aspect_auroc", None, "all", None]["value"] == 1


def test_two_judges_differ_by_as_much_as_their_agreements_do(tables_of):
    tables_of.compare(NAMES)
    tables_of.label(dict.fromkeys(NAMES, "A"))
    for judge, reversed_ in (("j1", "A"), ("j2", "B")):
        tables_of.judge(judge, dict.fromkeys(NAMES, "A"))
        tables_of.judge(judge, {name: "A" if name < "c4" else reversed_ for name in NAMES}, order="BA")
    found = tables_of.rows(tables_of.evaluate(swap_rules=["both_right"]))
    agreements = [found[judge, "agreement", None, "all", "both_right"]["value"] for judge in ("j1", "j2")]
    assert agreements == [1, 1 / 2]
    assert found["j1", "agreement_difference", "j2", "all", "both_right"]["value"] == 1 / 2


def test_labels_that_are_scores_of_two_answers_are_verdicts_among_labelers(tables_of):
    tables_of.compare(NAMES)
    tables_of.label({name: [8.0, 7.0] for name in NAMES}, "one", "teacher", "scores")
    tables_of.label({name: [8.0, 7.0 + 2 * (name > "c5")] for name in NAMES}, "two", "teacher", "scores")
    tables_of.label({NAMES[0]: [-1.0, -1.0], NAMES[1]: [None, 3.0]}, "three", "teacher", "scores")
    tables_of.judge("j1", LABELS)
    done = tables_of.evaluate(labels={"labelers": ["one", "two", "three"]})
    found = tables_of.rows(done)
    agreement = found[None, "labeler_agreement", "one / two", "all", None]
    assert (agreement["value"], agreement["n"]) == (6 / 8, 8)
    assert found[None, "krippendorff_alpha", None, "all", None]["n"] == 8
    # Two answers of each comparison have a score of both.
    assert found[None, "krippendorff_alpha_interval", None, "all", None]["n"] == 16
    assert (
        found[None, "labeler_agreement", "one / three", "all", None]["reason"] == "no comparison has a verdict of both"
    )
    assert done.evaluation.inputs.invalid_labels == 2


def test_orders_of_two_texts_and_one_order_alone_are_no_average(spark, tables_of):
    tables_of.compare(NAMES, answers=3)
    tables_of.label({name: [3.0, 2.0, 1.0] for name in NAMES}, key="scores")
    tables_of.judge("j1", {name: [3.0, 2.0, 1.0] for name in NAMES}, order="ABC")
    tables_of.judge("j1", {name: [3.0, 2.0, 1.0] for name in NAMES[:4]}, order="CBA")
    tables_of.judge("j1", {NAMES[0]: [1.0, 2.0, 3.0]}, order="BAC")
    judgments = tables_of.tables.judgments
    where = "comparison_id = 'c0' AND shown_order = 'ABC'"
    spark.sql(f"UPDATE {judgments} SET content_sha256 = 'new', judged_at = judged_at + INTERVAL 1 DAY WHERE {where}")
    spark.sql(f"UPDATE {judgments} SET content_sha256 = 'old' WHERE comparison_id = 'c0' AND shown_order != 'ABC'")
    found = tables_of.rows(tables_of.evaluate(swap_rules=["strict"]))
    best = found["j1", "top_1_agreement", None, "all", "average"]
    # c1 to c3 were asked in both orders; the two of c0 are of different texts.
    assert (best["value"], best["n"], best["asked"]) == (1, 3, 3)
    assert [key for key in found if key[1] == "top_1_agreement" and key[3] == "all"] == [
        ("j1", "top_1_agreement", None, "all", "average")
    ]


def test_scores_that_differ_by_a_rounding_are_a_tie(tables_of):
    tables_of.compare(NAMES)
    tables_of.label({key: [8.3, 8.2] for key in NAMES}, key="scores")
    tables_of.judge("j1", {key: [8.3, 8.1] for key in NAMES})
    tables_of.judge("j1", {key: [7.9, 8.1] for key in NAMES}, order="BA")
    done = tables_of.evaluate(swap_rules=["average"], labels={"tie_margin": 0.1})
    assert tables_of.rows(done)["j1", "agreement", None, "all", "average"]["value"] == 1


def test_a_judge_that_gives_no_scores_has_no_average(tables_of):
    tables_of.compare(NAMES)
    tables_of.label(LABELS)
    tables_of.judge("j1", LABELS)
    tables_of.judge("j1", LABELS | {NAMES[0]: None}, order="BA")
    # Another one that does give scores changes nothing for it.
    tables_of.judge("j2", {key: [8.0, 7.0] for key in NAMES})
    tables_of.judge("j2", {key: [8.0, 7.0] for key in NAMES[1:]} | {NAMES[0]: None}, order="BA")
    found = tables_of.rows(tables_of.evaluate(swap_rules=["average"], failure_rule="wrong"))
    agreement = found["j1", "agreement", None, "all", "average"]
    assert (agreement["value"], agreement["n"]) == (None, 0)
    assert agreement["reason"] == "no labelled comparison has scores in both orders to average"
    assert found["j2", "agreement", None, "all", "average"]["n"] == 8


def test_a_family_of_a_judge_that_is_not_there_is_refused(tables_of):
    tables_of.compare(NAMES)
    tables_of.judge("j1", LABELS)
    with pytest.raises(UserError, match=r"families.judges: 'j9' is no judge or model asked here; there are j1, m"):
        tables_of.evaluate(families={"judges": {"j9": "vicuna"}, "models": {"model-a": "vicuna"}})


def test_without_labels_the_orders_and_judges_are_still_held_against_each_other(tables_of):
    tables_of.compare(NAMES)
    tables_of.judge("j1", dict.fromkeys(NAMES, "A"))
    tables_of.judge("j1", dict.fromkeys(NAMES, "A"), order="BA")
    found = tables_of.rows(tables_of.evaluate())
    assert found["j1", "consistency", None, "all", None]["value"] == 1
    agreement = found["j1", "agreement", None, "all", "first"]
    assert (agreement["value"], agreement["reason"]) == (None, "no comparison asked of this judge has a label")


def test_what_cannot_be_evaluated_is_said_before_anything_is_counted(tables_of):
    tables_of.compare(NAMES)
    with pytest.raises(UserError, match=r"no judgment in .*jobs/judge\.py.*jobs/ingest\.py --judgments"):
        tables_of.evaluate()
    tables_of.judge("j1", dict.fromkeys(NAMES, "A"))
    tables_of.label(LABELS)
    tables_of.label(LABELS, "somebody", "human")
    with pytest.raises(UserError, match=r"labels of several kinds, gold \(8\), human \(8\).*labels.kind"):
        tables_of.evaluate()
    for changes, words in (
        ({"labels": {"kind": "teacher"}}, "labels.kind 'teacher'.*gold, human"),
        ({"labels": {"labelers": ["nobody"]}}, "'nobody' has labeled none"),
        ({"judgments_where": "judge = 'j9'"}, "no judgment that fits judgments_where"),
        ({"judgments_where": "nope = 1"}, "judgments_where 'nope = 1' does not fit"),
        ({"where": "nope = 1"}, "where 'nope = 1' does not fit"),
        ({"versions": {"judgments": 99}, "labels": {"kind": "gold"}}, "has no version 99"),
        ({"slices": {"by": ["colour"]}, "labels": {"kind": "gold"}}, "'colour' is no dimension"),
    ):
        with pytest.raises(UserError, match=words):
            tables_of.evaluate(**changes)


def test_one_labelled_question_gives_a_number_and_no_interval_and_a_split_label_is_counted(tables_of):
    tables_of.compare(["c0", "c1"])
    tables_of.label({"c0": "A", "c1": "A"})
    tables_of.label({"c0": "A", "c1": "B"}, "another")
    tables_of.judge("j1", {"c0": "A", "c1": "A"})
    done = tables_of.evaluate()
    assert [(count.name, count.n) for count in done.content.left_out if count.name == "split labels"] == [
        ("split labels", 1)
    ]
    found = tables_of.rows(done)
    agreement = found["j1", "agreement", None, "all", "first"]
    assert (agreement["value"], agreement["low"]) == (1, None)
    assert agreement["reason"] == "one question only, so there is no interval"
