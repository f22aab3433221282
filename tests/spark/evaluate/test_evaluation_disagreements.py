"""Which comparisons are shown as disagreements, and what the label and the judge say there."""

from __future__ import annotations

import datetime

import pytest
from small_lake import SmallLake, comparison, judgments_of, labels_of

from judgelake.jobs.evaluate.disagreements import MOST, disagreements_of
from judgelake.jobs.evaluate.inputs import Inputs, JudgeInfo

NOW = datetime.datetime(2026, 11, 1)
GRADED = (
    "comparison_id string, judge_number int, size int, label_scores array<double>, judge_scores array<double>, "
    "label_verdict string, judge_verdict string"
)
VERDICTS = "comparison_id string, judge_number int, own int, reversed int, margin double, label string, verdict string"
JUDGMENTS = (
    "comparison_id string, judge_fingerprint string, shown_order string, repeat int, verdict string, "
    "scores array<double>, margin double, raw_output string, status string, judged_at timestamp"
)
COMPARISONS = (
    "comparison_id string, messages array<struct<role string, content string>>, "
    "answers array<struct<model string, text string>>"
)


def judge_info(number):
    names = {"name": f"j{number}", "judge": f"j{number}", "fingerprint": f"{number}f", "model_version": "m"}
    return JudgeInfo(number=number, mode="single", is_imported=False, judgments=9, repeats=1, **names)


def disagreements(spark, graded, verdicts=()):
    """What is shown of each judge, in short; of its graded rows by judge, and of verdicts on two answers."""
    rows = [(name, number, *rest) for number, of_judge in enumerate(graded) for name, *rest in of_judge]
    names = sorted({row[0] for row in (*rows, *verdicts)})
    # Every one of them has been judged once; `said` is looked at only where it is shown.
    judgments = [(row[0], f"{row[1]}f", "ABCDE"[: row[2]], 0, row[6], row[4], None, "said", "ok", NOW) for row in rows]
    inputs = Inputs(
        spark.createDataFrame([(name, [("user", "?")], [("m", "an answer")]) for name in names], COMPARISONS),
        spark.createDataFrame(judgments, JUDGMENTS),
        *(None, {}, tuple(map(judge_info, range(len(graded)))), None, (), 0),
    )
    found = disagreements_of(
        inputs, spark.createDataFrame(list(verdicts), VERDICTS), spark.createDataFrame(rows, GRADED)
    )
    return [
        [(one.comparison_id, one.label, one.is_scored) for one in found if one.judge == judge.name]
        for judge in inputs.judges
    ]


def graded(name, label, judge, size=None):
    """A row whose label and judge are scores, a verdict, or None; without the judge's number."""
    label_scores, judge_scores = (value if isinstance(value, list) else None for value in (label, judge))
    verdicts = (value if isinstance(value, str) else None for value in (label, judge))
    return (name, size or len(label_scores or judge_scores or "ABC"), label_scores, judge_scores, *verdicts)


SCALES = ((1.0, 5.0), (0.0, 100.0), (0.0, 1.0), (0.2, 0.9))


def yes_or_no(low, high):
    """Labels of yes and no, and a judge that gives scores on a scale from `low` to `high`."""
    said = {"yes, high": (1.0, 1.0), "yes, low": (1.0, 0.2), "no, high": (0.0, 0.9), "no, low": (0.0, 0.0)}
    return [graded(name, [label], [low + share * (high - low)]) for name, (label, share) in said.items()]


JUDGES = {
    "of single answers": [
        graded("near", [4.0], [3.0]),
        graded("far", [4.0], [1.0]),
        graded("same", [4.0], [4.0]),
        graded("rounding", [4.0], [4.0 + 1e-12]),
        graded("unjudged", [4.0], None),
        graded("mean", [13 / 3], [2.5]),
    ],
    "of rankings": [
        graded("scores", [7.0, 3.0, 5.0], [7.0, 3.0, 1.0]),
        graded("verdicts", "B", "C"),
        graded("the same verdict", "B", "B"),
        graded("scores and a verdict", [7.0, 3.0, 5.0], "C"),
        graded("scores that say the verdict", [7.0, 3.0, 5.0], "A"),
        graded("scores that tie", [7.0, 3.0, 7.0], "A"),
        graded("a verdict and scores", "B", [7.0, 3.0, 5.0]),
        graded("no verdict", "B", None),
    ],
    **{f"of yes and no from {low} to {high}": yes_or_no(low, high) for low, high in SCALES},
    "of one score": [graded("c0", [1.0], [3.0]), graded("c1", [0.0], [3.0])],
    "of several votes": [
        *(graded("c0", [vote], [1.0]) for vote in (2.0, 5.0, 1.0, 5.0)),
        graded("c1", [4.0], [1.0]),
    ],
}
"""Judges and what they said; all are looked at together, and have fewer disagreements than are shown at most."""


@pytest.fixture(scope="module")
def shown(spark):
    found = disagreements(spark, list(JUDGES.values()))
    assert sum(map(len, found)) < MOST
    return dict(zip(JUDGES, found, strict=True))


def test_single_answers_are_shown_by_how_far_the_scores_are_apart(shown):
    assert shown["of single answers"] == [("far", "4", True), ("mean", "4.33", True), ("near", "4", True)]


def test_rankings_are_shown_by_their_scores_and_then_by_their_verdicts(shown):
    found = shown["of rankings"]
    assert found[0] == ("scores", "7, 3, 5", True)
    assert sorted(found[1:]) == [
        ("a verdict and scores", "B", False),
        ("scores and a verdict", "A", False),
        ("scores that tie", "tie", False),
        ("verdicts", "B", False),
    ]


@pytest.mark.parametrize(("low", "high"), SCALES)
def test_yes_and_no_are_apart_where_the_judge_leans_to_the_other_one(shown, low, high):
    found = shown[f"of yes and no from {low} to {high}"]
    assert [name for name, _, _ in found] == ["no, high", "yes, low"]


def test_a_judge_of_one_score_that_is_neither_yes_nor_no_is_not_said_to_disagree(shown):
    assert shown["of one score"] == []


def test_of_several_votes_the_one_farthest_off_is_shown_and_each_comparison_once(shown):
    assert shown["of several votes"] == [("c0", "5", True), ("c1", "4", True)]


def test_every_judge_has_its_share_whatever_it_was_asked_for(spark):
    singles = [graded(f"single {place:02}", [5.0], [1.0]) for place in range(30)]
    pairs = [(f"pair {place:02}", 1, 0, 0, 1.0, "B", "A") for place in range(30)]
    # Scores of two answers are a verdict, and stand among those.
    twos = [graded("a pair's scores", [8.0, 2.0], [9.0, 1.0])]
    of_singles, of_pairs = disagreements(spark, [singles, twos], pairs)
    assert (len(of_singles), len(of_pairs)) == (10, 10)
    assert {label for _, label, _ in of_pairs} == {"B"}


def test_an_evaluation_of_single_answers_and_rankings_shows_where_they_differ(spark, lake, tmp_path):
    small = SmallLake(spark, lake, tmp_path)
    answers = {"c0": ("one",), "c1": ("one",), "c2": ("one", "two", "three"), "c3": ("one",)}
    labels = {"c0": [4.0], "c1": [3.0], "c2": [1.0, 9.0, 5.0], "c3": [1.0]}
    said = {"c0": [4.0], "c1": [1.0], "c2": [9.0, 1.0, 5.0], "c3": [1.0]}
    small.fill(
        {
            "comparisons": [comparison(name, answers=texts) for name, texts in answers.items()],
            # Nobody makes one label of the two on c3.
            "labels": [*labels_of(labels), *labels_of({"c3": [2.0]}, "another")],
            "judgments": [
                row | {"shown_order": "ABC"[: len(answers[row["comparison_id"]])]}
                for row in judgments_of("j", said, mode="single", raw_output="said")
            ],
        }
    )
    done = small.evaluate(labels={"tie_margin": 0.5})
    (first, second) = done.content.disagreements
    assert (first.comparison_id, first.label, first.verdicts[0].scores) == ("c2", "1, 9, 5", (9.0, 1.0, 5.0))
    assert (second.comparison_id, second.label, second.verdicts[0].scores) == ("c1", "3", (1.0,))
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "The label says <strong>3</strong>, <bdi>j</bdi> says <strong>1</strong>" in page
    assert "label scores within 0.5 of each other are a tie" in page
    assert ("split labels", 1) in [(count.name, count.n) for count in done.content.left_out]
    assert not done.evaluation.graded.storageLevel.useMemory
