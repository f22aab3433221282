"""Which comparisons are shown as disagreements, and what the label and the judge say there."""

from __future__ import annotations

import datetime

import pytest

from judgelake.config import validated
from judgelake.evaluating import evaluate_and_report
from judgelake.evaluating.disagreements import disagreements_of
from judgelake.evaluating.inputs import Inputs, JudgeInfo
from judgelake.evaluation import EvaluateJob

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


@pytest.fixture
def shown(spark):
    """What is shown of rows of the graded table, and of verdicts on two answers, in short."""

    def disagreements(graded, verdicts=(), judges=1):
        names = sorted({row[0] for row in (*graded, *verdicts)})
        # Every one of them has been judged once; `said` is looked at only where it is shown.
        judgments = [
            (row[0], f"{row[1]}f", "ABCDE"[: row[2]], 0, row[6], row[4], None, "said", "ok", NOW) for row in graded
        ]
        inputs = Inputs(
            spark.createDataFrame([(name, [("user", "?")], [("m", "an answer")]) for name in names], COMPARISONS),
            spark.createDataFrame(judgments, JUDGMENTS),
            *(None, {}, tuple(map(judge_info, range(judges))), None, (), 0),
        )
        found = disagreements_of(
            inputs, spark.createDataFrame(list(verdicts), VERDICTS), spark.createDataFrame(graded, GRADED)
        )
        return [(one.judge, one.comparison_id, one.label, one.is_scored) for one in found]

    return disagreements


def graded(name, label, judge, number=0, size=None):
    """A row whose label and judge are scores, a verdict, or None."""
    label_scores, judge_scores = (value if isinstance(value, list) else None for value in (label, judge))
    verdicts = (value if isinstance(value, str) else None for value in (label, judge))
    return (name, number, size or len(label_scores or judge_scores or "ABC"), label_scores, judge_scores, *verdicts)


def test_single_answers_are_shown_by_how_far_the_scores_are_apart(shown):
    rows = [graded("near", [4.0], [3.0]), graded("far", [4.0], [1.0]), graded("same", [4.0], [4.0])]
    rows += [graded("rounding", [4.0], [4.0 + 1e-12]), graded("unjudged", [4.0], None), graded("mean", [13 / 3], [2.5])]
    assert shown(rows) == [("j0", "far", "4", True), ("j0", "mean", "4.33", True), ("j0", "near", "4", True)]


def test_rankings_are_shown_by_their_scores_and_then_by_their_verdicts(shown):
    rows = [
        graded("scores", [7.0, 3.0, 5.0], [7.0, 3.0, 1.0]),
        graded("verdicts", "B", "C"),
        graded("the same verdict", "B", "B"),
        graded("scores and a verdict", [7.0, 3.0, 5.0], "C"),
        graded("scores that say the verdict", [7.0, 3.0, 5.0], "A"),
        graded("scores that tie", [7.0, 3.0, 7.0], "A"),
        graded("a verdict and scores", "B", [7.0, 3.0, 5.0]),
        graded("no verdict", "B", None),
    ]
    found = shown(rows)
    assert found[0] == ("j0", "scores", "7, 3, 5", True)
    assert sorted(found[1:]) == [
        ("j0", "a verdict and scores", "B", False),
        ("j0", "scores and a verdict", "A", False),
        ("j0", "scores that tie", "tie", False),
        ("j0", "verdicts", "B", False),
    ]


@pytest.mark.parametrize("scale", [(1.0, 5.0), (0.0, 100.0), (0.0, 1.0), (0.2, 0.9)])
def test_yes_and_no_are_apart_where_the_judge_leans_to_the_other_one(shown, scale):
    def at(share):
        low, high = scale
        return [low + share * (high - low)]

    said = {"yes, high": (1.0, 1.0), "yes, low": (1.0, 0.2), "no, high": (0.0, 0.9), "no, low": (0.0, 0.0)}
    rows = [graded(name, [label], at(share)) for name, (label, share) in said.items()]
    assert [name for _, name, _, _ in shown(rows)] == ["no, high", "yes, low"]


def test_a_judge_of_one_score_that_is_neither_yes_nor_no_is_not_said_to_disagree(shown):
    assert shown([graded("c0", [1.0], [3.0]), graded("c1", [0.0], [3.0])]) == []


def test_of_several_votes_the_one_farthest_off_is_shown_and_each_comparison_once(shown):
    rows = [graded("c0", [vote], [1.0]) for vote in (2.0, 5.0, 1.0, 5.0)] + [graded("c1", [4.0], [1.0])]
    assert shown(rows) == [("j0", "c0", "5", True), ("j0", "c1", "4", True)]


def test_every_judge_has_its_share_whatever_it_was_asked_for(shown):
    singles = [graded(f"single {place:02}", [5.0], [1.0]) for place in range(30)]
    pairs = [(f"pair {place:02}", 1, 0, 0, 1.0, "B", "A") for place in range(30)]
    # Scores of two answers are a verdict, and stand among those.
    twos = [graded("a pair's scores", [8.0, 2.0], [9.0, 1.0], number=1)]
    found = shown([*singles, *twos], pairs, judges=2)
    assert [judge for judge, *_ in found] == ["j0"] * 10 + ["j1"] * 10
    assert {label for judge, _, label, _ in found if judge == "j1"} == {"B"}


def test_an_evaluation_of_single_answers_and_rankings_shows_where_they_differ(spark, lake, tmp_path):
    def add(table, rows):
        columns = spark.read.table(getattr(lake, table)).schema
        data = [tuple(row.get(name) for name in columns.fieldNames()) for row in rows]
        spark.createDataFrame(data, columns).write.format("delta").mode("append").saveAsTable(getattr(lake, table))

    sizes = {"c0": 1, "c1": 1, "c2": 3}
    about = {"messages": [("user", "Which?")], "source": "test"}
    answers = {name: [("m", f"answer {place}", None) for place in range(size)] for name, size in sizes.items()}
    add("comparisons", [{"comparison_id": name, "answers": answers[name], **about} for name in sizes])
    labels = {"c0": [4.0], "c1": [3.0], "c2": [1.0, 9.0, 5.0]}
    add("labels", [{"comparison_id": name, "labeler": "g", "kind": "gold", "scores": s} for name, s in labels.items()])
    # Nobody makes one label of these two.
    for labeler, scores in (("g", [1.0]), ("h", [2.0])):
        add("labels", [{"comparison_id": "c3", "labeler": labeler, "kind": "gold", "scores": scores}])
    add("comparisons", [{"comparison_id": "c3", "answers": [("m", "an answer", None)], **about}])
    said = {"c0": [4.0], "c1": [1.0], "c2": [9.0, 1.0, 5.0], "c3": [1.0]}
    known = {"run_id": "r", "judge": "j", "judge_fingerprint": "0f", "mode": "single", "repeat": 0, "status": "ok"}
    known |= {"model_version": "m", "attempt": 1, "engine": "test", "judged_at": NOW, "raw_output": "said"}
    add(
        "judgments",
        [
            {"judgment_id": name, "comparison_id": name, "shown_order": "ABC"[: len(s)], "scores": s, **known}
            for name, s in said.items()
        ],
    )
    settings = {"tables": lake.model_dump(), "mlflow": {"enabled": False}}
    settings |= {"report": str(tmp_path / "report.html"), "cards": None, "labels": {"tie_margin": 0.5}}
    done = evaluate_and_report(spark, validated(EvaluateJob, settings, "test"))
    (first, second) = done.content.disagreements
    assert (first.comparison_id, first.label, first.verdicts[0].scores) == ("c2", "1, 9, 5", (9.0, 1.0, 5.0))
    assert (second.comparison_id, second.label, second.verdicts[0].scores) == ("c1", "3", (1.0,))
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "The label says <strong>3</strong>, <bdi>j</bdi> says <strong>1</strong>" in page
    assert "label scores within 0.5 of each other are a tie" in page
    assert ("split labels", 1) in [(count.name, count.n) for count in done.content.left_out]
    assert not done.evaluation.graded.storageLevel.useMemory
