"""Input that leaves a number without sense: a reason in words takes its place, and NaN or 0 for "not known" never does.

One lake holds a judge for each thing that may be wrong, and what is evaluated apart, where it is wrong throughout. What
refused outright (kinds of labels that mix, versions and files that are gone, names that are not there) is in
test_evaluate.py and test_evaluation_inputs.py.
"""

import json
import math
import re

import pytest
from bad_input import CASES
from small_lake import SmallLake, comparison, evaluate_job, judgment, label, lake_of_its_own, rows_by_table

from judgelake.jobs.evaluate.inputs import chosen_rows, inputs_of

CASE = "case"


def rows_of(name, case):
    """The rows of a case by table."""
    rows = {"comparisons": [], "labels": [], "judgments": []}
    letters = "ABC"[: case.answers]
    for place, given in enumerate(case.labels):
        key = f"{name} {place}"
        answers = tuple(letters.lower())
        rows["comparisons"].append(comparison(key, CASE, answers, case.question, case=name))
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
        given = {
            name: row[name]
            for name in ("value", "low", "high", "detectable", "p_value", "p_corrected", "mcnemar_p", "coverage")
        }
        given |= {name: row[name] for name in ("simultaneous_low", "simultaneous_high")}
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
def small(spark, empty_warehouse, tmp_path_factory):
    """The lake; its sources are evaluated one by one."""
    folder = tmp_path_factory.mktemp("bad")
    small = SmallLake(spark, lake_of_its_own(spark, empty_warehouse, folder, "bad_input"), folder)
    parts = [*(rows_of(name, case) for name, case in CASES.items()), *map(strange_rows, ("labels", "judgments"))]
    # Another labeler has labeled a comparison that no judge was asked, and one that is not there.
    parts.append(
        {
            "comparisons": [comparison("asked of nobody", CASE)],
            "labels": [label(key, "A", labeler="another") for key in ("asked of nobody", "nowhere")],
            "judgments": [judged("nowhere", "A", "one class")],
        }
    )
    # And of three comparisons only those that no judge was asked.
    parts.append(
        {
            "comparisons": [comparison(key, "unlabelled") for key in ("c0", "c1", "c2")],
            "labels": [label(key, "A") for key in ("c1", "c2", "c9")],
            "judgments": [judged("c0", "A", "of no label", order) for order in ("AB", "BA")],
        }
    )
    small.fill(rows_by_table(*(part.items() for part in parts)))
    return small


@pytest.fixture(scope="module")
def told(small):
    """One evaluation of all the cases: its rows, and the folder of its report."""
    done = small.evaluate(
        "cases",
        where=f"source = '{CASE}'",
        judgments_where="judge NOT LIKE 'of %'",
        swap_rules=["first", "strict", "average"],
        slices={"by": ["attributes.case"], "least": 3},
        families={"judges": {"one class": "a"}, "models": {"model-a": "a", "model-b": "b"}},
    )
    return small.metrics(done), small.folder / "cases"


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
    for metric in ("judge_agreement", "judge_kappa", "agreement_difference"):
        row = rows["all ties", metric, "one class", "all", "first"]
        assert (row["value"], row["n"], row["reason"]) == (None, 0, "no comparison in common")
        assert (row["p_value"], row["p_corrected"], row["mcnemar_p"]) == (None, None, None)
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


@pytest.mark.parametrize("judge", ["one question", "one comparison", "one comparison in both orders"])
def test_of_one_question_no_figure_has_an_interval(told, judge):
    rows, _ = told
    assert {row["low"] for (of, *_), row in rows.items() if of == judge} == {None}


@pytest.mark.parametrize("labels", ["no table of labels", "labels of no judgment"])
def test_with_labels_that_say_nothing_the_rest_is_still_told(spark, small, labels):
    tables = small.tables
    if labels == "no table of labels":
        # Of the usual name, since a table that was named must be there; of another test's warehouse, whose files stay.
        spark.sql("DROP TABLE IF EXISTS labels")
        tables = tables.model_copy(update={"labels": "labels"})
    chosen = {"where": "source = 'unlabelled'", "judgments_where": "judge = 'of no label'"}
    rows = small.metrics(small.evaluate(labels, tables, **chosen))
    agreement = rows["of no label", "agreement", None, "all", "first"]
    assert (agreement["reason"], agreement["n"]) == ("no comparison asked of this judge has a label", 0)
    assert rows["of no label", "consistency", None, "all", None]["value"] == 1
    assert {row["low"] for (judge, *_), row in rows.items() if judge == "of no label"} == {None}
    assert_lawful(rows)
    assert_readable(small.folder / labels)


def test_a_table_of_labels_without_a_label_is_as_good_as_none(spark, small):
    # As created, before any row was added.
    job = evaluate_job(small.tables, where="source = 'unlabelled'", versions={"labels": 0})
    read = inputs_of(chosen_rows(spark, job), job)
    assert (read.labels, read.label_kind, read.labelers, read.invalid_labels) == (None, None, (), 0)
    assert read.versions["labels"].table == small.tables.labels


SCORES = {1: [4], 2: [4, 2], 3: [4, 3, 2]}
STRANGE = (None, math.nan)


def strange_rows(whose):
    """Of one, two and three answers three comparisons each, and two more whose first score is NULL, is NaN."""
    rows = {"comparisons": [], "labels": [], "judgments": []}
    for answers, scores in SCORES.items():
        letters = "ABC"[:answers]
        for place, first in enumerate((*[scores[0]] * 3, *STRANGE)):
            key = f"{whose} {answers} {place}"
            given = {"labels": scores, "judgments": scores, whose: [first, *scores[1:]]}
            said = given["judgments"] if answers == 1 else ("A", given["judgments"])
            rows["comparisons"].append(comparison(key, "strange", tuple(letters.lower())))
            rows["labels"].append(label(key, **saying(given["labels"])))
            orders = {letters, letters[::-1]}
            rows["judgments"] += [judged(key, said, f"of {answers}, {whose}", order) for order in orders]
    return rows


@pytest.fixture(scope="module")
def strange(small):
    """The evaluation of scores of which some are no numbers, and its rows."""
    chosen = {"where": "source = 'strange'", "judgments_where": "judge LIKE 'of _, %'"}
    done = small.evaluate("strange", **chosen, swap_rules=["average"])
    return done, small.metrics(done)


@pytest.mark.parametrize("whose", ["labels", "judgments"])
def test_scores_of_which_one_is_no_number_are_none(strange, whose):
    # A single answer without its score is a judgment that failed; two of which the verdict alone is known were not
    # asked for scores to average; and of three the verdict tells the best.
    counted = {"mean_absolute_error": (3, 5), "agreement by average": (3, 3), "top_1_agreement by average": (5, 5)}
    _, metrics = strange
    for (name, count), answers in zip(counted.items(), SCORES, strict=True):
        row = metrics[key_of(f"of {answers}, {whose}", name)]
        assert (row["n"], row["asked"]) == ((3, 3) if whose == "labels" else count), name


def test_labels_of_which_one_score_is_no_number_are_counted_and_all_else_is_lawful(small, strange):
    done, metrics = strange
    told = {count.name: count.n for count in done.content.left_out}
    assert told["invalid labels"] == len(SCORES) * len(STRANGE)
    assert_lawful(metrics)
    assert_readable(small.folder / "strange")
