"""Two judges on the same comparisons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import accuracy_score, cohen_kappa_score

from judgelake.jobs.evaluate.corrections import with_corrected
from judgelake.jobs.evaluate.row_rules import RowRules
from judgelake.jobs.evaluate.rows import row_of
from judgelake.measures.conventions import FailureRule, SwapRule
from judgelake.measures.figure import Figure
from judgelake.measures.judge_pairs import figures, mcnemar_p
from judgelake.measures.result import Result
from judgelake.measures.rules import CLASSES, VERDICTS, WRONG, PairCounts, combined, headline_verdicts
from judgelake.measures.table import SEPARATOR, Table

Row = tuple[str, str, str]


def table_of(rows: Mapping[Row, int] | Mapping[Row, Sequence[int]]) -> Table:
    counts = {SEPARATOR.join(row): np.atleast_1d(np.array(count, dtype=float)) for row, count in rows.items()}
    return Table(counts, questions=10)


def found_in(table: Table) -> dict[str, Figure]:
    return {figure.metric: figure for figure in figures(table, "judge-b")}


def value(figure: Figure) -> float | None:
    return figure.estimate(1).value


BOTH = {
    ("A", "A", "A"): 40,
    ("A", "A", "B"): 9,
    ("B", "A", "B"): 1,
    ("tie", "B", "A"): 10,
    ("none", "B", "B"): 20,
    ("B", "none", "B"): 7,
    ("B", "B", "none"): 3,
    ("none", "none", "none"): 2,
}


@pytest.mark.parametrize(
    ("metric", "expected", "n", "asked"),
    [
        # 40 of A and A, 20 of B and B, 10 of A and B, 10 of B and A.
        pytest.param("judge_agreement", 60 / 80, 80, 92, id="agreement rests on the verdicts, with a label or without"),
        # By chance (50 * 50 + 30 * 30) / 80 ** 2 = 0.53125.
        pytest.param("judge_kappa", (0.75 - 0.53125) / (1 - 0.53125), 80, 92, id="kappa rests on the same"),
        pytest.param("agreement_difference", (9 - 1) / 60, 60, 70, id="the difference rests on those with a label"),
    ],
)
def test_two_judges_are_compared_on_what_they_have_in_common(metric, expected, n, asked):
    figure = found_in(table_of(BOTH))[metric]
    assert value(figure) == pytest.approx(expected, abs=1e-12)
    assert (figure.n, figure.asked, figure.subject) == (n, asked, "judge-b")


def test_half_comparisons_have_no_binomial_test():
    # Each order counts one half, and three comparisons differ in one order alone.
    table = Table({SEPARATOR.join(("A", "A", "B")): np.array([1.5]), SEPARATOR.join(("A", "A", "A")): np.array([8.5])})
    (difference,) = (one for one in figures(table, "judge-b") if one.metric == "agreement_difference")
    assert (difference.replicates[0], difference.mcnemar_p) == (0.15, None)
    assert found_in(table_of({("A", "A", "B"): 1, ("A", "A", "A"): 9}))["agreement_difference"].mcnemar_p == 1


def test_only_the_difference_is_tested_and_by_mcnemar_on_the_discordant_comparisons():
    found = found_in(table_of(BOTH))
    # Ten discordant, one of them against the judge, by a fair coin: 2 * (1 + 10) / 1024.
    assert found["agreement_difference"].mcnemar_p == pytest.approx(22 / 1024, rel=1e-12)
    others = [figure for name, figure in found.items() if name != "agreement_difference"]
    assert [(one.p_value, one.mcnemar_p) for one in others] == [(None, None)] * 2


def test_each_vote_counts_in_the_difference_and_each_comparison_once_in_the_test():
    votes = {
        ("A+A+B", "A", "B"): 3,  # two votes for the judge and one for the other, three times
        ("A+B", "A", "B"): 5,  # as many votes for either
        ("B+B+tie", "A", "B"): 1,
        ("A+tie", "A", "A"): 2,
        ("A+tie", "wrong", "tie"): 4,
        ("none", "A", "B"): 7,
    }
    found = found_in(table_of(votes))
    assert found["agreement_difference"].n == 3 * 3 + 2 * 5 + 3 + 2 * 2 + 2 * 4
    assert value(found["agreement_difference"]) == pytest.approx((3 * 1 - 2 - 4) / 34)
    # For the judge on three comparisons, for the other on one and four.
    assert found["agreement_difference"].mcnemar_p == mcnemar_p(3, 5)
    assert found["judge_agreement"].n == 3 + 5 + 1 + 2 + 7


def test_what_counts_as_wrong_counts_in_the_difference_and_is_no_verdict():
    # Right on all 100, and right in both orders on 50 only: agreements 1.0 and 0.5.
    found = found_in(table_of({("A", "A", "A"): 50, ("A", "A", "wrong"): 50}))
    assert value(found["agreement_difference"]) == 0.5
    assert found["agreement_difference"].n == 100
    assert found["judge_agreement"].n == 50
    assert found["agreement_difference"].mcnemar_p == pytest.approx(2 * 0.5**50)


SAID = st.sampled_from(("A", "B", "tie", "failed", "not_asked"))


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(CLASSES), SAID, SAID), min_size=1, max_size=30),
    st.sampled_from(SwapRule),
    st.sampled_from(FailureRule),
)
def test_judges_are_compared_by_the_same_rules_as_their_agreement_is_made_of(rows, swap_rule, failure_rule):
    tables = headline_verdicts(swap_rule, failure_rule)
    said = [(row[0], table[place_of(row[1:])]) for row in rows for table in tables]
    counted = [(label, verdict) for label, verdict in said if verdict in (*CLASSES, WRONG)]
    counts = {SEPARATOR.join(row): np.array([float(n)]) for row, n in Counter(rows).items()}
    found = combined(PairCounts.of(Table(counts)), swap_rule, failure_rule)
    assert len(tables) == (2 if swap_rule is SwapRule.MEAN else 1)
    assert found.judged[0] == len(counted) / len(tables)
    assert found.right[0] == sum(label == verdict for label, verdict in counted) / len(tables)


def place_of(said: Sequence[str]) -> int:
    own, reversed_ = (VERDICTS.index(one) for one in said)
    return own * len(VERDICTS) + reversed_


ANSWERS = st.sampled_from(("A", "B", "tie"))


@settings(deadline=None)
@given(st.lists(st.tuples(ANSWERS, ANSWERS, ANSWERS), min_size=1, max_size=40))
def test_figures_are_those_of_scikit_learn(rows):
    found = found_in(table_of(Counter(rows)))
    label, one, two = zip(*rows, strict=True)
    assert value(found["judge_agreement"]) == pytest.approx(accuracy_score(one, two), abs=1e-12)
    difference = accuracy_score(label, one) - accuracy_score(label, two)
    assert value(found["agreement_difference"]) == pytest.approx(difference, abs=1e-12)
    theirs = None
    if len({*one, *two}) > 1:
        theirs = pytest.approx(cohen_kappa_score(one, two), abs=1e-12)
    assert value(found["judge_kappa"]) == theirs


def test_a_difference_is_paired_replicate_by_replicate():
    rows = {("A", "A", "B"): [3, 0, 6, 1], ("A", "B", "A"): [1, 4, 0, 1], ("B", "B", "B"): [4, 4, 2, 0]}
    assert found_in(table_of(rows))["agreement_difference"].replicates == pytest.approx([2 / 8, -4 / 8, 6 / 8, 0])


@pytest.mark.parametrize(
    ("only_judge", "only_other", "expected"),
    [
        pytest.param(0, 0, 1.0, id="none discordant"),
        pytest.param(5, 5, 1.0, id="split evenly"),
        pytest.param(0, 5, 2 / 32, id="all five one way"),
        pytest.param(5, 0, 2 / 32, id="all five the other way"),
        pytest.param(2, 8, 2 * (1 + 10 + 45) / 1024, id="two of ten"),
    ],
)
def test_mcnemar_asks_what_a_fair_coin_would_do(only_judge, only_other, expected):
    assert mcnemar_p(only_judge, only_other) == pytest.approx(expected, rel=1e-12)


def one_a_question(*leads: int) -> Table:
    """The judge alone is right on so many comparisons of each question, or the other where it is negative."""
    sides = {("A", "A", "B"): [max(0, lead) for lead in leads], ("A", "B", "A"): [max(0, -lead) for lead in leads]}
    counts = {row: np.array([sum(within), *(sum(within) - one for one in within)]) for row, within in sides.items()}
    return table_of({row: count for row, count in counts.items() if count[0]})


def rows_of(tables: Mapping[tuple[str, str], Table]) -> list[Result]:
    return [
        row_of(figure, None, "all", table.questions, replace(RowRules(), swap_rule="-".join(judges)))
        for judges, table in tables.items()
        for figure in figures(table, judges[1])
    ]


def test_holm_corrects_over_all_pairs_and_only_those_that_could_be_tested():
    # p-values 2/32, 2/256, 2/64; the fourth pair has no test.
    split = {("a", "b"): 5, ("a", "c"): 8, ("b", "c"): 6}
    tables = {pair: one_a_question(*[1] * n) for pair, n in split.items()} | {("c", "d"): Table()}
    rows = rows_of(tables)
    corrected = list(with_corrected(rows))
    changed = ("p_corrected", "simultaneous_low", "simultaneous_high", "detectable")
    for row, before in zip(corrected, rows, strict=True):
        assert replace(row, **{name: getattr(before, name) for name in changed}) == before
    found = {row.swap_rule: row for row in corrected if row.metric == "agreement_difference"}
    assert {pair: row.p_value for pair, row in found.items()} == {
        "a-b": pytest.approx(2 / 32),
        "a-c": pytest.approx(2 / 256),
        "b-c": pytest.approx(2 / 64),
        "c-d": None,
    }
    assert found["a-c"].p_corrected == pytest.approx(3 * 2 / 256)
    assert found["b-c"].p_corrected == pytest.approx(2 * 2 / 64)
    assert found["a-b"].p_corrected == pytest.approx(2 / 32)
    assert (found["c-d"].p_corrected, found["c-d"].reason) == (None, "no comparison in common")
    assert {row.p_corrected for row in corrected if row.metric != "agreement_difference"} == {None}
    # Five questions, all one way: Wilson's interval alone and at a third of the level.
    low = 2 * stats.binomtest(5, 5).proportion_ci(1 - 0.05 / 3, "wilson").low - 1
    assert (found["a-b"].simultaneous_low, found["a-b"].simultaneous_high) == (pytest.approx(low), 1)
    assert (found["c-d"].simultaneous_low, found["c-d"].detectable) == (None, None)


def test_a_single_test_needs_no_correction():
    corrected = with_corrected(rows_of({("a", "b"): one_a_question(1, 1, 1, 1, 1, 1, -1)}))
    (row,) = (row for row in corrected if row.metric == "agreement_difference")
    assert row.p_corrected == row.p_value == pytest.approx(2 * (1 + 7) / 128)
    assert (row.simultaneous_low, row.simultaneous_high) == (row.low, row.high)


@pytest.mark.parametrize(
    ("rows", "reasons"),
    [
        pytest.param(
            {},
            dict.fromkeys(
                ("judge_agreement", "judge_kappa", "agreement_difference"),
                "no comparison in common",
            ),
            id="nothing in common",
        ),
        pytest.param(
            {("A", "A", "none"): 3, ("A", "none", "B"): 3},
            dict.fromkeys(
                ("judge_agreement", "judge_kappa", "agreement_difference"),
                "no comparison has a verdict of both judges",
            ),
            id="never both with a verdict",
        ),
        pytest.param(
            {("none", "A", "B"): 3, ("A", "A", "none"): 3},
            {
                "judge_agreement": None,
                "judge_kappa": None,
                "agreement_difference": "no comparison with verdicts of both judges has a label",
            },
            id="no label where both have a verdict",
        ),
        pytest.param(
            {("A", "tie", "tie"): 3},
            {
                "judge_agreement": None,
                "judge_kappa": "all verdicts of both judges are the same, so chance agreement is 1 "
                "and kappa is undefined",
                "agreement_difference": None,
            },
            id="one class",
        ),
    ],
)
def test_a_missing_number_has_its_reason(rows, reasons):
    found = {metric: figure.estimate(1) for metric, figure in found_in(table_of(rows)).items()}
    assert {metric: one.reason if one.value is None else None for metric, one in found.items()} == reasons
    tested = found_in(table_of(rows))["agreement_difference"]
    p_value = 1.0 if reasons["agreement_difference"] is None else None
    assert (tested.p_value, tested.mcnemar_p) == (p_value, p_value)
