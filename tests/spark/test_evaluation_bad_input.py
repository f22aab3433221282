"""Input that leaves a number without sense: a reason in words takes its place, and NaN or 0 for "not known" never does.

One lake holds a judge for each thing that may be wrong; the others are lakes in which it is wrong throughout. What is
refused outright (kinds of labels that mix, versions and files that are gone, names that are not there) is in
test_evaluate.py and test_evaluation_inputs.py.
"""

import json
import math
import re

import pytest
from bad_input import CASES, ONE_QUESTION
from small_lake import SmallLake, comparison, judgment, label, lake_of_its_own


def rows_of(name, case):
    """The rows of a case by table."""
    rows = {"comparisons": [], "labels": [], "judgments": []}
    letters = "ABC"[: case.answers]
    for place, given in enumerate(case.labels):
        key = f"{name} {place}"
        answers = tuple(letters.lower())
        rows["comparisons"].append(comparison(key, answers=answers, question=case.question, case=name))
        if given is not None:
            rows["labels"].append(label(key, **saying(given)))
        for order, repeat, said in (
            (letters, 0, case.said),
            (letters[::-1], 0, case.in_reverse),
            (letters, 1, case.again),
        ):
            if said:
                rows["judgments"].append(judged(key, said[place], name, order, repeat))
    return rows


def saying(given):
    verdict, scores = given if isinstance(given, tuple) else (None, given) if isinstance(given, list) else (given, None)
    return {
        "verdict": verdict,
        "scores": None if scores is None else [None if score is None else float(score) for score in scores],
    }


def judged(key, said, judge, order="AB", repeat=0):
    way = {"judgment_id": f"{key} {order} {repeat}", "judge_fingerprint": judge, "repeat": repeat}
    status = {"status": "unparseable", "error": "nothing to read"} if said is None else {"status": "ok", "error": None}
    return judgment(key, order=order, judge=judge, **way, **status, **saying(said))


def key_of(judge, name):
    """The key of a row in `SmallLake.metrics` by the name it has in a case."""
    metric, subject, rule = re.fullmatch(r"(\w+)(?: of (\S+))?(?: by (\w+))?", name).groups()
    return judge, metric, subject, "all", rule


def assert_lawful(rows):
    """What holds of every row of the metrics table: no NaN, no NULL without its reason, no number of nothing."""
    for key, row in rows.items():
        given = {name: row[name] for name in ("value", "low", "high", "detectable", "coverage")}
        given |= {name: row[f"if_failures_{name}"] for name in ("wrong", "right")}
        assert all(math.isfinite(number) for number in given.values() if number is not None), key
        assert row["reason"] or None not in (row["value"], row["low"], row["high"]), key
        assert (row["low"] is None) == (row["high"] is None), key
        assert row["value"] is not None or row["low"] is None, key
        assert row["n"] > 0 or row["value"] is None, key
        assert row["asked"] is None or row["n"] <= row["asked"], key
        assert row["coverage"] == (row["n"] / row["asked"] if row["asked"] else None), key
        assert not row["reason"] or re.fullmatch(r"[a-z0-9].*[a-z0-9)]", row["reason"]), row["reason"]


def assert_readable(folder):
    """The report and the cards hold no NaN either."""
    page = (folder / "report.html").read_text("utf-8")
    assert not re.search(r"\b(nan|None|null)\b", re.sub(r"<(style|script).*?</\1>", "", page, flags=re.DOTALL))

    def refuse(constant):
        raise AssertionError(f"{constant} in a judge card")

    cards = [*(folder / "cards").glob("*.json")]
    assert cards
    for card in cards:
        json.loads(card.read_text("utf-8"), parse_constant=refuse)


@pytest.fixture(scope="module")
def told(spark, empty_warehouse, tmp_path_factory):
    """One evaluation of all the cases: its rows, and the folder of its report."""
    folder = tmp_path_factory.mktemp("bad")
    lake = SmallLake(spark, lake_of_its_own(spark, empty_warehouse, folder, "bad_input"), folder)
    cases = [rows_of(name, case) for name, case in CASES.items()]
    # Another labeler has labeled a comparison that no judge was asked, and one that is not there.
    cases.append(
        {
            "comparisons": [comparison("asked of nobody")],
            "labels": [label(key, "A", labeler="another") for key in ("asked of nobody", "nowhere")],
            "judgments": [judged("nowhere", "A", "one class")],
        }
    )
    for table in ("comparisons", "labels", "judgments"):
        lake.add(table, *(row for case in cases for row in case[table]))
    done = lake.evaluate(
        swap_rules=["first", "strict", "average"],
        slices={"by": ["attributes.case"], "least": 3},
        families={"judges": {"one class": "a"}, "models": {"model-a": "a", "model-b": "b"}},
    )
    return lake.metrics(done), folder


@pytest.mark.parametrize("judge", CASES)
def test_a_number_without_sense_is_a_reason_that_says_why(told, judge):
    rows, _ = told
    for name, reason in CASES[judge].reasons.items():
        row = rows[key_of(judge, name)]
        assert row["reason"] == reason, name
        assert row["low"] is None, name
        assert name in CASES[judge].values or row["value"] is None, name
    for name, value in CASES[judge].values.items():
        row = rows[key_of(judge, name)]
        assert row["value"] == pytest.approx(value), name


def test_every_row_is_lawful_and_the_report_readable(told):
    rows, folder = told
    assert {judge for judge, *_ in rows} >= CASES.keys()
    assert_lawful(rows)
    assert_readable(folder)


def test_what_has_nothing_in_common_is_not_compared(told):
    rows, _ = told
    for metric in ("judge_agreement", "judge_kappa", "agreement_difference", "mcnemar_p", "mcnemar_p_holm"):
        row = rows["all ties", metric, "one class", "all", "first"]
        assert (row["value"], row["n"], row["reason"]) == (None, 0, "no comparison in common")
    for metric in ("labeler_agreement", "labeler_kappa"):
        row = rows[None, metric, "another / gold", "all", None]
        assert (row["value"], row["n"], row["reason"]) == (None, 0, "no comparison has a verdict of both")
    alpha = rows[None, "krippendorff_alpha", None, "all", None]
    assert (alpha["value"], alpha["reason"]) == (None, "no comparison has two verdicts")


def test_a_small_slice_has_its_n_and_no_rate(told):
    rows, _ = told
    few, enough = (
        rows[judge, "agreement", None, f"attributes.case={judge}", "first"]
        for judge in ("two comparisons", "one class")
    )
    assert (few["value"], few["n"], few["reason"]) == (None, 2, "fewer than 3 comparisons count in this slice")
    assert (enough["value"], enough["n"]) == (1, 3)


NO_LABEL = "no comparison asked of this judge has a label"


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        pytest.param(None, NO_LABEL, id="no table of labels"),
        pytest.param(["c1", "c2", "c9"], NO_LABEL, id="labels of no judgment"),
        pytest.param(["c0"], ONE_QUESTION, id="one label of one judgment"),
    ],
)
def test_with_labels_that_say_nothing_the_rest_is_still_told(spark, lake, tmp_path, labels, reason):
    small = SmallLake(spark, lake, tmp_path)
    small.add("comparisons", *map(comparison, ("c0", "c1", "c2")))
    small.add("judgments", *(judged("c0", "A", "j", order) for order in ("AB", "BA")))
    changes = {}
    if labels is None:
        # Of the usual name, since a table that was named must be there; of another test's warehouse, whose files stay.
        spark.sql("DROP TABLE IF EXISTS labels")
        changes = {"tables": lake.model_dump() | {"labels": "labels"}}
    else:
        small.add("labels", *(label(key, "A") for key in labels))
    rows = small.metrics(small.evaluate(**changes))
    agreement = rows["j", "agreement", None, "all", "first"]
    assert (agreement["reason"], agreement["n"]) == (reason, int(reason != NO_LABEL))
    assert rows["j", "consistency", None, "all", None]["value"] == 1
    assert {row["low"] for (judge, *_), row in rows.items() if judge == "j"} == {None}
    assert_lawful(rows)
    assert_readable(tmp_path)


SCORES = {1: [4], 2: [4, 2], 3: [4, 3, 2]}
STRANGE = (None, math.nan)


@pytest.mark.parametrize("whose", ["labels", "judgments"])
def test_scores_of_which_one_is_no_number_are_none(spark, lake, tmp_path, whose):
    """Of one, two and three answers three comparisons each, and two more whose first score is NULL, is NaN."""
    small = SmallLake(spark, lake, tmp_path)
    rows = {"comparisons": [], "labels": [], "judgments": []}
    for answers, scores in SCORES.items():
        letters = "ABC"[:answers]
        for place, first in enumerate((*[scores[0]] * 3, *STRANGE)):
            key, given = f"{answers} {place}", {"labels": scores, "judgments": scores, whose: [first, *scores[1:]]}
            said = given["judgments"] if answers == 1 else ("A", given["judgments"])
            rows["comparisons"].append(comparison(key, answers=tuple(letters.lower())))
            rows["labels"].append(label(key, **saying(given["labels"])))
            rows["judgments"] += [judged(key, said, f"of {answers}", order) for order in {letters, letters[::-1]}]
    for table, given in rows.items():
        small.add(table, *given)
    done = small.evaluate(swap_rules=["average"])
    metrics = small.metrics(done)
    # A single answer without its score is a judgment that failed; two of which the verdict alone is known were not
    # asked for scores to average; and of three the verdict tells the best.
    counted = {"mean_absolute_error": (3, 5), "agreement by average": (3, 3), "top_1_agreement by average": (5, 5)}
    for (name, count), answers in zip(counted.items(), SCORES, strict=True):
        row = metrics[key_of(f"of {answers}", name)]
        assert (row["n"], row["asked"]) == ((3, 3) if whose == "labels" else count), name
    told = {count.name: count.n for count in done.content.left_out}
    assert told.get("invalid labels", 0) == (len(SCORES) * len(STRANGE) if whose == "labels" else 0)
    assert_lawful(metrics)
    assert_readable(tmp_path)
