"""How several labels of one comparison count, by each rule, through the whole job; all numbers counted by hand.

One lake holds all of it, evaluated once by each rule; the source of a comparison says which scenario it is of.
"""

import numpy as np
import pytest
from labelers_world import CLASSES, People, competing_table, votes_table
from scipy.stats import binomtest
from small_lake import SmallLake, comparison, judgment, label, lake_of_its_own

from judgelake.measures.families import alternative_figures, labeler_gap_figures

LABELERS = ("one", "two", "three")

# Votes; the judge j1 as AB and as BA; the judge j2, as AB alone.
VOTED = {
    **{f"c{number}": ("A A B", "A", "A", "B") for number in range(5)},
    "c5": ("A tie tie", "A", "B", "B"),
    "c6": ("B B B", "A", "A", "B"),
    "c7": ("A B", "A", "A", "B"),
    "c8": ("A A", "A", "A", None),
}
# Scores of two answers by each labeler.
SCORED = {
    # The leads of A are 6 and -2: 2 in the mean, and not the 4 that they are without their signs.
    "scored 0": ([8.0, 2.0], [2.0, 4.0]),
    "scored 1": ([8.0, 2.0], [4.0, 10.0]),
    "scored 2": ([3.0, 4.0], [3.0, 2.5]),
    "scored 3": ([1.0, 9.0], [2.0, 9.0], [5.0, 4.0]),
}
# Verdicts of some labelers, scores of others.
MIXED = {
    "mixed 0": ("B", "B", [9.0, 1.0]),
    # Votes for A, A and B; the mean of the scores alone would be B.
    "mixed 1": ("A", [9.0, 8.0], [2.0, 9.0]),
    "mixed 2": ("B", [9.0, 1.0]),
    "mixed 3": ("A", "B", "A"),
}
THREES = [f"t{number}" for number in range(3)]
SINGLES = [f"s{number}" for number in range(3)]
YES_NO = [f"y{number}" for number in range(8)]
# Six single answers and four times three, that two further labelers score.
GRADED_SINGLES = [f"g{number}" for number in range(6)]
GRADED_THREES = [f"g{number}" for number in range(10, 14)]


def judged(name, judge, verdict, order="AB", **changes):
    status = {"status": "ok", "error": None} if verdict else {"status": "unparseable", "error": "nothing to read"}
    return judgment(name, verdict, order=order, judge=judge, judge_fingerprint=judge, **status, **changes)


def scored(name, judge, scores, repeat=0):
    """A judgment of scores alone, without them a failed one; the order is that of the answers it takes."""
    changes = {"verdict": None, "scores": scores, "repeat": repeat}
    order = "ABC"[: len(scores or "A")]
    return judged(name, judge, "A" if scores else None, order) | changes | {"judgment_id": f"{judge} {name} {repeat}"}


def human(name, labeler, said):
    """A label of a person, a verdict or scores."""
    return label(name, None, labeler, "human") | ({"verdict": said} if isinstance(said, str) else {"scores": said})


def humans(name, said):
    """The labels of the first labelers, in their order."""
    return [human(name, labeler, one) for labeler, one in zip(LABELERS, said, strict=False)]


def voted():
    for name, (votes, own, reversed_, other) in VOTED.items():
        yield "comparisons", comparison(name, "voted")
        yield from (("labels", row) for row in humans(name, votes.split()))
        yield "judgments", judged(name, "j1", own)
        yield "judgments", judged(name, "j1", reversed_, "BA")
        yield "judgments", judged(name, "j2", other)


def labelled_by_scores():
    for judge, of_judge in (("on scored", SCORED), ("on mixed", MIXED)):
        for name, said in of_judge.items():
            yield "comparisons", comparison(name, "by scores")
            yield from (("labels", row) for row in humans(name, said))
            yield "judgments", judged(name, judge, "A")


def several():
    """Three answers that one labeler scores and two name the best of; single answers of three labelers."""
    for name in THREES:
        yield "comparisons", comparison(name, "threes", answers=("a", "b", "c"))
        yield from (("labels", row) for row in humans(name, ([3.0, 2.0, 1.0], "B", "B")))
        yield "judgments", judged(name, "namer", "B", "ABC")
    for name in SINGLES:
        yield "comparisons", comparison(name, "singles", answers=("a",))
        yield from (("labels", row) for row in humans(name, [[4.0]] * 3))
        yield "judgments", scored(name, "scorer", [4.0])
        yield "judgments", scored(name, "mute", None)


def yes_or_no():
    """One labeler of three always says the opposite."""
    for number, name in enumerate(YES_NO):
        yield "comparisons", comparison(name, "yes or no", answers=("a",))
        said = [[float((number + dissents) % 2)] for dissents in (0, 0, 1)]
        yield from (("labels", row) for row in humans(name, said))
        yield "judgments", scored(name, "of yes or no", [float(number % 2 + 1)])


def of_one_question():
    """Of two comparisons one has a label; on the other the labelers do not agree."""
    for name, said in (("once", "A A"), ("split", "A B")):
        yield "comparisons", comparison(name, "one question")
        yield from (("labels", row) for row in humans(name, said.split()))
        yield "judgments", judged(name, "of one question", "A")


def graded():
    """Scores of two labelers that differ by one; a judge's scores, some of them asked twice."""
    for number, name in enumerate(GRADED_SINGLES):
        yield "comparisons", comparison(name, "graded", answers=("a",), category="odd" if number % 2 else "even")
        yield "labels", human(name, "left", [float(number)])
        yield "labels", human(name, "right", [float(number + 1)])
        yield "judgments", scored(name, "grader", [float(2 * number)])
    for name, again in zip(GRADED_SINGLES[:3], ([0.0], [9.0], None), strict=True):
        yield "judgments", scored(name, "grader", again, repeat=1)
    for number, name in enumerate(GRADED_THREES):
        answers = {"answers": ("a", "b", "c"), "category": "odd" if number % 2 else "even"}
        yield "comparisons", comparison(name, "graded", **answers)
        yield "labels", human(name, "left", [3.0, 2.0, 1.0])
        yield "judgments", scored(name, "grader", [1.0, 2.0, 3.0] if name == GRADED_THREES[-1] else [3.0, 2.0, 1.0])


# Labels of three people who are each right in most comparisons, and a judge that is right more often.
WORLD = People((0.9, 0.8, 0.7), judge=0.95, questions=34)
COMPETING = WORLD.drawn(np.random.default_rng(8))


def competing():
    """The last comparison has one label; the judge has no verdict on the one before."""
    for number, (labels, verdict) in enumerate(zip(*(said[:, 0] for said in COMPETING), strict=True)):
        name, said = f"competing {number}", [str(CLASSES[label]) for label in labels]
        yield "comparisons", comparison(name, "competing")
        yield from (("labels", row) for row in humans(name, said[:1] if number == WORLD.questions - 1 else said))
        yield "judgments", judged(name, "stand-in", None if number == WORLD.questions - 2 else str(CLASSES[verdict]))


@pytest.fixture(scope="module")
def small(spark, empty_warehouse, tmp_path_factory):
    folder = tmp_path_factory.mktemp("label_rules")
    lake = SmallLake(spark, lake_of_its_own(spark, empty_warehouse, folder, "label_rules"), folder)
    rows = {"comparisons": [], "labels": [], "judgments": []}
    for part in (voted, labelled_by_scores, several, yes_or_no, of_one_question, graded, competing):
        for table, row in part():
            rows[table].append(row)
    lake.fill(rows)
    return lake


def evaluated(small, rule, sources, **changes):
    """The evaluation of these sources by a rule, and its rows."""
    where = f"source IN ({', '.join(map(repr, sources))})"
    labels = {"rule": rule, **changes.pop("labels", {})}
    done = small.evaluate(where=where, labels=labels, swap_rules=["first"], **changes)
    return done, small.metrics(done)


@pytest.fixture(scope="module")
def by_each(small):
    return evaluated(small, "each", ("voted", "threes", "singles"), slices={"by": ["source"], "least": 4})[1]


@pytest.fixture(scope="module")
def by_majority(small):
    return evaluated(small, "majority", ("voted", "threes", "yes or no", "one question", "competing"))


@pytest.fixture(scope="module")
def by_all(small):
    return evaluated(small, "unanimous", ("voted", "threes"))


@pytest.fixture(scope="module")
def by_mean(small):
    slices = {"by": ["label_margin", "attributes.category"], "least": 1}
    done, rows = evaluated(small, "mean", ("by scores", "graded"), labels={"tie_margin": 0.5}, slices=slices)
    labels = done.evaluation.verdicts.select("comparison_id", "label").collect()
    return done, rows, {row["comparison_id"]: row["label"] for row in labels}


def split_labels(done):
    return {count.name: count.n for count in done.content.left_out}.get("split labels", 0)


def test_by_the_rule_each_every_vote_counts(by_each):
    def told(judge, metric, rule="first", subject=None):
        row = by_each[judge, metric, subject, "all", rule]
        return row["value"], row["n"], row["asked"]

    # c0 to c4 bring two right votes of three each, c5 one of three, c6 none of three, c7 one of two, c8 both of two.
    assert told("j1", "agreement") == (14 / 25, 25, 25)
    assert by_each["j1", "agreement", None, "all", "first"]["clusters"] == 9
    assert told("j1", "confusion", subject="B>A")[0] == 9
    # Without a verdict on c8 its two votes are asked for and do not count.
    assert told("j2", "agreement") == (9 / 23, 23, 25)
    assert by_each["j2", "agreement", None, "all", "first"]["coverage"] == 23 / 25
    # Two verdicts on c5 are a tie, as two of its votes are.
    assert told("j1", "agreement_with_ties", "tie") == (15 / 25, 25, 25)
    # No votes that are ties count, nor c5, whose verdict is one.
    assert told("j1", "agreement_without_ties", "tie") == (13 / 22, 22, 22)
    assert told("j1", "agreement_without_ties") == (14 / 23, 23, 23)


def test_two_judges_differ_by_votes_and_are_tested_by_comparisons(by_each):
    # On c0 to c7, of which j1 has 12 of the 23 votes and j2 has 9.
    difference = by_each["j1", "agreement_difference", "j2", "all", "first"]
    assert difference["value"] == pytest.approx(12 / 23 - 9 / 23, abs=1e-15)
    assert (difference["n"], difference["asked"]) == (23, 25)
    # c0 to c5 have more votes for j1's verdict, c6 for j2's, c7 as many for the one as for the other.
    assert difference["mcnemar_p"] == pytest.approx(binomtest(6, 7).pvalue)
    # Ahead by one vote on c0 to c5 and behind by three on c6: of all ways to flip these, 43 of 64 are as far apart.
    assert difference["p_value"] == difference["p_corrected"] == pytest.approx(43 / 64)


@pytest.mark.parametrize(
    ("rule", "agreement_1", "agreement_2", "difference"),
    [
        # Labels are A on c0 to c4 and c8, tie on c5, B on c6; c7 is split.
        pytest.param("by_majority", (6 / 8, 8), (1 / 7, 7), (5 - 1) / 7, id="majority"),
        # Labels are B on c6 and A on c8 alone.
        pytest.param("by_all", (1 / 2, 2), (1, 1), -1, id="unanimous"),
    ],
)
def test_by_the_other_rules_votes_become_one_label(request, rule, agreement_1, agreement_2, difference):
    _, rows = request.getfixturevalue(rule)
    found = [rows[judge, "agreement", None, "all", "first"] for judge in ("j1", "j2")]
    assert [(row["value"], row["n"]) for row in found] == [agreement_1, agreement_2]
    assert rows["j1", "agreement_difference", "j2", "all", "first"]["value"] == pytest.approx(difference)


@pytest.mark.parametrize(
    ("rule", "best", "split"),
    [
        # c7, and the one of the two that one judge alone was asked.
        pytest.param("by_majority", (1, 3), 2, id="majority"),
        # All of VOTED but c6 and c8, and all of three answers.
        pytest.param("by_all", (None, 0), 7 + 3, id="unanimous"),
    ],
)
def test_scores_of_one_labeler_do_not_outvote_the_names_that_others_give(request, rule, best, split):
    done, rows = request.getfixturevalue(rule)
    row = rows["namer", "top_1_agreement", None, "all", "first"]
    assert (row["value"], row["n"]) == best
    assert split_labels(done) == split


@pytest.mark.parametrize("rule", ["by_each", "by_majority"])
def test_a_judge_stands_beside_its_labelers_whatever_the_label_rule(request, rule):
    found = request.getfixturevalue(rule)
    rows = found if rule == "by_each" else found[1]

    def told(judge):
        named = ("agreement_with_labelers", "agreement_of_labelers", "labeler_gap")
        of_judge = [rows[judge, metric, None, "all", "first"] for metric in named]
        assert len({(row["n"], row["asked"]) for row in of_judge}) == 1
        return [row["value"] for row in of_judge], of_judge[0]["n"], of_judge[0]["asked"]

    # j1 says A: two thirds of the votes on c0 to c4, a third on c5, none on c6, half on c7, all on c8.
    with_labelers, among = (5 * 2 / 3 + 1 / 3 + 1 / 2 + 1) / 9, (6 * 1 / 3 + 1 + 0 + 1) / 9
    assert told("j1") == (pytest.approx([with_labelers, among, with_labelers - among]), 9, 9)
    # j2 says B, and nothing on c8.
    with_labelers, among = (5 * 1 / 3 + 1 + 1 / 2) / 8, (6 * 1 / 3 + 1 + 0) / 8
    assert told("j2") == (pytest.approx([with_labelers, among, with_labelers - among]), 8, 9)
    test = rows["j1", "winning_rate", None, "all", "first"]
    assert (test["value"], test["n"], test["asked"]) == (None, 0, 3)
    assert "each with 30 or more comparisons" in test["reason"]


def test_a_judge_competes_with_each_labeler_as_the_pure_core_says(by_majority):
    done, rows = by_majority
    labels, judge = (said[: WORLD.questions - 2] for said in COMPETING)
    expected = [*labeler_gap_figures(votes_table(labels, judge))]
    expected += alternative_figures(competing_table(labels, judge), done.evaluation.job.labels.epsilon)
    named = {f"labeler {number}": name for number, name in enumerate(LABELERS)}
    for figure in expected:
        row, estimate = rows["stand-in", figure.metric, named.get(figure.subject), "all", "first"], figure.estimate(32)
        assert (row["n"], row["failure_rule"]) == (figure.n, "left_out")
        assert (row["value"], row["low"], row["high"]) == pytest.approx((estimate.value, estimate.low, estimate.high))
    assert sum(figure.metric == "advantage_over_labeler" for figure in expected) == 3
    shown = {one.name: one for one in done.content.labelers.judges}
    assert shown.keys() >= {"j1", "j2", "stand-in"}
    assert shown["stand-in"].gap.value == rows["stand-in", "labeler_gap", None, "all", "first"]["value"]


def test_one_labelled_question_gives_a_number_and_no_interval(by_majority):
    _, rows = by_majority
    agreement = rows["of one question", "agreement", None, "all", "first"]
    assert (agreement["value"], agreement["n"], agreement["low"]) == (1, 1, None)
    assert agreement["reason"] == "one question only, so there is no interval"


def test_by_the_rule_mean_the_mean_of_all_scores_is_the_label_and_its_margin(by_mean):
    _, rows, labels = by_mean
    assert [labels[name] for name in SCORED] == ["A", "tie", "tie", "B"]
    found = {
        where: (row["value"], row["n"])
        for (judge, metric, _, where, rule), row in rows.items()
        if (judge, metric, rule) == ("on scored", "agreement", "first")
    }
    assert found == {
        "all": (1 / 4, 4),
        "label_margin=below 1": (0, 2),
        "label_margin=2 to below 4": (1, 1),
        "label_margin=4 and more": (0, 1),
    }


def test_by_the_rule_mean_scores_of_some_do_not_outvote_the_verdicts_of_others(by_mean):
    done, rows, labels = by_mean
    assert [labels[name] for name in MIXED] == ["B", "A", "none", "A"]
    agreement = rows["on mixed", "agreement", None, "all", "first"]
    assert (agreement["value"], agreement["n"]) == (2 / 3, 3)
    assert split_labels(done) == 1


def test_scores_and_rankings_are_held_against_the_mean_of_their_labels(by_mean):
    _, found, _ = by_mean

    def value(metric, where="all", rule="first"):
        return found["grader", metric, None, where, rule]["value"]

    # Labels are the means of both labelers, 0.5 to 5.5, beside 0, 2, ... 10; then three answers of four comparisons.
    assert value("top_1_agreement") == 3 / 4
    assert value("mean_kendall_tau") == pytest.approx((3 - 1) / 4)
    assert value("induced_pair_agreement") == 9 / 12
    distances = [abs(2 * i - i - 0.5) for i in range(6)] + [2.0, 0.0, 2.0] + [0.0] * 9
    assert value("mean_absolute_error") == pytest.approx(sum(distances) / len(distances))
    assert found["grader", "mean_absolute_error", None, "all", "first"]["n"] == 18
    even, odd = (f"attributes.category={name}" for name in ("even", "odd"))
    assert value("mean_absolute_error", where=even) == pytest.approx((0.5 + 1.5 + 3.5) / 9)
    assert (value("top_1_agreement", where=even), value("top_1_agreement", where=odd)) == (1, 1 / 2)
    assert value("flip_rate", rule=None) == 1 / 2
    assert value("unanimity", rule=None) == 1 / 2
    # The third was asked twice and answered once.
    flips = found["grader", "flip_rate", None, "all", None]
    assert (flips["n"], flips["asked"], flips["coverage"]) == (2, 3, 2 / 3)


def test_labelers_are_held_against_each_other_by_what_both_have_scored(by_mean):
    _, found, _ = by_mean
    assert found[None, "labeler_quadratic_kappa", "left / right", "all", None]["n"] == 6
    alpha = found[None, "krippendorff_alpha_interval", None, "all", None]
    # Beside those six single answers, both answers of all that were scored, and of the one that two have scored.
    assert (alpha["n"], alpha["failure_rule"], alpha["value"] < 1) == (6 + 2 * len(SCORED) + 2, None, True)


def test_yes_no_labels_of_several_labelers_are_what_most_of_them_say(by_majority):
    _, rows = by_majority
    assert rows["of yes or no", "aspect_auroc", None, "all", None]["value"] == 1


def test_votes_of_few_comparisons_are_a_small_slice_and_a_mute_judge_of_single_answers_was_asked(by_each):
    exact = by_each["scorer", "exact_agreement", None, "all", None]
    assert (exact["value"], exact["n"]) == (1, 9)
    parts = (("scorer", "exact_agreement", "singles", None), ("namer", "top_1_agreement", "threes", "first"))
    for judge, metric, source, rule in parts:
        row = by_each[judge, metric, None, f"source={source}", rule]
        assert (row["value"], row["n"]) == (None, 9)
        assert row["reason"] == "fewer than 4 comparisons count in this slice"
    mute = by_each["mute", "spearman", None, "all", None]
    assert (mute["value"], mute["n"], mute["asked"], mute["coverage"]) == (None, 0, 9, 0)
    assert mute["reason"] == "nothing was judged"
