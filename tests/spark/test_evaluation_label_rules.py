"""How several labels of one comparison count, by each rule, through the whole job; all numbers counted by hand."""

import pytest
from scipy.stats import binomtest
from small_lake import SmallLake, comparison, judgment, label, lake_of_its_own

LABELERS = ("one", "two", "three")


def judged(name, judge, verdict, order="AB"):
    status = {"status": "ok", "error": None} if verdict else {"status": "unparseable", "error": "nothing to read"}
    return judgment(name, verdict, order=order, judge=judge, judge_fingerprint=judge, **status)


# Votes; the first judge as AB and as BA; the second judge, as AB alone.
VOTED = {
    **{f"c{number}": ("A A B", "A", "A", "B") for number in range(5)},
    "c5": ("A tie tie", "A", "B", "B"),
    "c6": ("B B B", "A", "A", "B"),
    "c7": ("A B", "A", "A", "B"),
    "c8": ("A A", "A", "A", None),
}


@pytest.fixture(scope="module")
def voted(spark, empty_warehouse, tmp_path_factory):
    folder = tmp_path_factory.mktemp("voted")
    small = SmallLake(spark, lake_of_its_own(spark, empty_warehouse, folder, "label_rules"), folder)
    small.add("comparisons", *map(comparison, VOTED))
    for name, (votes, own, reversed_, other) in VOTED.items():
        given = zip(LABELERS, votes.split(), strict=False)
        small.add("labels", *(label(name, vote, who, "human") for who, vote in given))
        small.add("judgments", judged(name, "j1", own), judged(name, "j1", reversed_, "BA"), judged(name, "j2", other))
    return small


@pytest.fixture(scope="module")
def by_each(voted):
    return voted.metrics(voted.evaluate(labels={"rule": "each"}, swap_rules=["first"]))


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
    p_value = by_each["j1", "mcnemar_p", "j2", "all", "first"]
    assert p_value["value"] == pytest.approx(binomtest(6, 7).pvalue)
    assert by_each["j1", "mcnemar_p_holm", "j2", "all", "first"]["value"] == p_value["value"]


@pytest.mark.parametrize(
    ("rule", "agreement_1", "agreement_2", "difference", "split"),
    [
        # Labels are A on c0 to c4 and c8, tie on c5, B on c6; c7 is split.
        pytest.param("majority", (6 / 8, 8), (1 / 7, 7), (5 - 1) / 7, 1, id="majority"),
        # Labels are B on c6 and A on c8 alone.
        pytest.param("unanimous", (1 / 2, 2), (1, 1), -1, 7, id="unanimous"),
    ],
)
def test_by_the_other_rules_votes_become_one_label(voted, rule, agreement_1, agreement_2, difference, split):
    done = voted.evaluate(labels={"rule": rule}, swap_rules=["first"])
    rows = voted.metrics(done)
    found = [rows[judge, "agreement", None, "all", "first"] for judge in ("j1", "j2")]
    assert [(row["value"], row["n"]) for row in found] == [agreement_1, agreement_2]
    assert rows["j1", "agreement_difference", "j2", "all", "first"]["value"] == pytest.approx(difference)
    assert {count.name: count.n for count in done.content.left_out}["split labels"] == split


@pytest.fixture
def labels_by_mean(spark, lake, tmp_path):
    """Evaluates labels by the rule mean: what each labeler gave, a verdict or scores, by comparison."""
    small = SmallLake(spark, lake, tmp_path)

    def evaluated(given):
        small.add("comparisons", *map(comparison, given))
        for name, said in given.items():
            labels = [{"verdict": one} if isinstance(one, str) else {"scores": one} for one in said]
            labels = [label(name, None, who, "human") | one for who, one in zip(LABELERS, labels, strict=False)]
            small.add("labels", *labels)
            small.add("judgments", judged(name, "j1", "A"))
        changes = {"swap_rules": ["first"], "slices": {"by": ["label_margin"], "least": 1}}
        done = small.evaluate(labels={"rule": "mean", "tie_margin": 0.5}, **changes)
        labels = done.evaluation.verdicts.select("comparison_id", "label").collect()
        return done, small.metrics(done), {row["comparison_id"]: row["label"] for row in labels}

    return evaluated


def test_by_the_rule_mean_the_mean_of_all_scores_is_the_label_and_its_margin(labels_by_mean):
    given = {
        # The leads of A are 6 and -2: 2 in the mean, and not the 4 that they are without their signs.
        "c0": ([8.0, 2.0], [2.0, 4.0]),
        "c1": ([8.0, 2.0], [4.0, 10.0]),
        "c2": ([3.0, 4.0], [3.0, 2.5]),
        "c3": ([1.0, 9.0], [2.0, 9.0], [5.0, 4.0]),
    }
    _, rows, labels = labels_by_mean(given)
    assert labels == {"c0": "A", "c1": "tie", "c2": "tie", "c3": "B"}
    found = {
        where: (row["value"], row["n"])
        for (_, metric, _, where, rule), row in rows.items()
        if (metric, rule) == ("agreement", "first")
    }
    assert found == {
        "all": (1 / 4, 4),
        "label_margin=below 1": (0, 2),
        "label_margin=2 to below 4": (1, 1),
        "label_margin=4 and more": (0, 1),
    }


def test_by_the_rule_mean_scores_of_some_do_not_outvote_the_verdicts_of_others(labels_by_mean):
    given = {
        "c0": ("B", "B", [9.0, 1.0]),
        # Votes for A, A and B; the mean of the scores alone would be B.
        "c1": ("A", [9.0, 8.0], [2.0, 9.0]),
        "c2": ("B", [9.0, 1.0]),
        "c3": ("A", "B", "A"),
    }
    done, rows, labels = labels_by_mean(given)
    assert labels == {"c0": "B", "c1": "A", "c2": "none", "c3": "A"}
    agreement = rows["j1", "agreement", None, "all", "first"]
    assert (agreement["value"], agreement["n"]) == (2 / 3, 3)
    assert {count.name: count.n for count in done.content.left_out}["split labels"] == 1


@pytest.fixture(scope="module")
def several(spark, empty_warehouse, tmp_path_factory):
    """Three answers that one labeler scores and two name the best of; single answers of three labelers."""
    folder = tmp_path_factory.mktemp("several")
    small = SmallLake(spark, lake_of_its_own(spark, empty_warehouse, folder, "several"), folder)
    threes, singles = [f"t{number}" for number in range(3)], [f"s{number}" for number in range(3)]
    small.add("comparisons", *(comparison(name, answers=("a", "b", "c")) for name in threes))
    small.add("comparisons", *(comparison(name, answers=("a",)) for name in singles))
    small.add("labels", *(label(name, None, "one", "human", [3.0, 2.0, 1.0]) for name in threes))
    small.add("labels", *(label(name, "B", who, "human") for name in threes for who in LABELERS[1:]))
    small.add("judgments", *(judged(name, "namer", "B", "ABC") for name in threes))
    small.add("labels", *(label(name, None, who, "human", [4.0]) for name in singles for who in LABELERS))
    small.add("judgments", *(judged(name, "scorer", "A", "A") | {"verdict": None, "scores": [4.0]} for name in singles))
    small.add("judgments", *(judged(name, "mute", None, "A") for name in singles))
    return small


@pytest.mark.parametrize(
    ("rule", "best", "split"),
    [pytest.param("majority", (1, 3), 0, id="majority"), pytest.param("unanimous", (None, 0), 3, id="unanimous")],
)
def test_scores_of_one_labeler_do_not_outvote_the_names_that_others_give(several, rule, best, split):
    done = several.evaluate(labels={"rule": rule}, swap_rules=["first"])
    row = several.metrics(done)["namer", "top_1_agreement", None, "all", "first"]
    assert (row["value"], row["n"]) == best
    assert {count.name: count.n for count in done.content.left_out}.get("split labels", 0) == split


def test_votes_of_few_comparisons_are_a_small_slice_and_a_mute_judge_of_single_answers_was_asked(several):
    slices = {"by": ["source"], "least": 4}
    rows = several.metrics(several.evaluate(labels={"rule": "each"}, swap_rules=["first"], slices=slices))
    exact = rows["scorer", "exact_agreement", None, "all", None]
    assert (exact["value"], exact["n"]) == (1, 9)
    for judge, metric, rule in (("scorer", "exact_agreement", None), ("namer", "top_1_agreement", "first")):
        row = rows[judge, metric, None, "source=test", rule]
        assert (row["value"], row["n"]) == (None, 9)
        assert row["reason"] == "fewer than 4 comparisons count in this slice"
    mute = rows["mute", "spearman", None, "all", None]
    assert (mute["value"], mute["n"], mute["asked"], mute["coverage"]) == (None, 0, 9, 0)
    assert mute["reason"] == "nothing was judged"
