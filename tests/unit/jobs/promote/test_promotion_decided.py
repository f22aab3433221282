"""Which figures make a candidate the champion, and what a refusal says."""

from __future__ import annotations

import pytest
from promotion_example import LEAST, NEW, OLD, against, difference, figures, in_slice, of

from judgelake.config import validated
from judgelake.errors import UserError
from judgelake.jobs.promote import PromoteJob, Thresholds
from judgelake.jobs.promote.decision import decide
from judgelake.jobs.promote.evidence import Evidence, check_questions, evidence_of


@pytest.mark.parametrize(
    ("evidence", "thresholds", "why"),
    [
        pytest.param(against(), {}, [], id="better for certain"),
        pytest.param(against((0.01, -0.015, 0.035)), {}, [], id="better, and at most a little worse"),
        pytest.param(
            against((0.01, -0.02, 0.04)),
            {},
            ["less than 2.0 points lower (+1.0 points (-2.0 to +4.0))"],
            id="uncertain",
        ),
        pytest.param(against((0.01, -0.05, 0.07)), {"most_fall": 0.06}, [], id="more is allowed"),
        pytest.param(
            against((0.01, -0.01, 0.03)),
            {"most_fall": 0.0},
            ["not certain that its agreement is higher"],
            id="not certain",
        ),
        pytest.param(against(), {"most_fall": 0.0}, [], id="certain where that is demanded"),
        pytest.param(
            against((0.0, -0.01, 0.01)),
            {},
            ["is not higher than the champion's (0.0 points (-1.0 to +1.0))"],
            id="equal",
        ),
        pytest.param(against((-0.06, -0.09, -0.03)), {}, ["is not higher than the champion's (-6.0"], id="worse"),
        pytest.param(against((0.5,)), {}, ["differs from the champion's is not known: "], id="no interval"),
        pytest.param(
            against((None,)), {}, ["differs from the champion's is not known: no reason"], id="nothing in common"
        ),
        pytest.param(against(consistency=0.41), {}, ["its consistency is 41.0 %, below 60 %"], id="inconsistent"),
        pytest.param(against(consistency=0.6, delta_bias=0.1, judged=950), {}, [], id="at the thresholds"),
        pytest.param(against(consistency=0.41), {"consistency": 0.4}, [], id="a lower threshold"),
        pytest.param(against(consistency=0.41), {"consistency": None}, [], id="no threshold"),
        pytest.param(
            against(consistency=None, delta_bias=None),
            {},
            [
                "its consistency is not known: no comparison was asked in both",
                "its delta bias is not known: no comparison",
            ],
            id="one order",
        ),
        pytest.param(
            against(consistency=None, delta_bias=None),
            {"consistency": None, "delta_bias": None},
            [],
            id="one order meant",
        ),
        pytest.param(
            against(in_both=1, consistency=1.0, delta_bias=0.0),
            {},
            [
                "its consistency is not known well enough: 1 question was asked in both orders, fewer than held_out.",
                "its delta bias is not known well enough: 1 question",
            ],
            id="one question in both orders",
        ),
        pytest.param(against(in_both=100), {}, [], id="just enough questions in both orders"),
        pytest.param(
            against(in_both=99), {"consistency": None, "delta_bias": None}, [], id="too few where that is not demanded"
        ),
        pytest.param(against(delta_bias=0.2), {}, ["its delta bias is 20.0 %, above 10 %"], id="biased"),
        pytest.param(against(judged=900), {}, ["its coverage is 90.0 %, below 95 %"], id="fails often"),
        pytest.param(
            against(slices=[in_slice("x", -0.2, -0.3, -0.1)]), {}, ["lower in source=x: -20.0"], id="a slice fell"
        ),
        pytest.param(against(slices=[in_slice("x", -0.2, -0.41, 0.01)]), {}, [], id="a slice may have fallen"),
        pytest.param(against(slices=[in_slice("x", -0.05, -0.09, -0.01)]), {}, [], id="a slice fell by a little"),
        pytest.param(
            against(slices=[in_slice("x", -0.05, -0.09, -0.01)]),
            {"slice_fall": 0.0},
            ["in source=x: -5.0"],
            id="none may",
        ),
        pytest.param(
            against(slices=[in_slice("x", -0.2, -0.3, -0.1)]), {"slice_fall": None}, [], id="slices do not count"
        ),
        pytest.param(against(slices=[difference(-0.9, where="source=x")]), {}, [], id="a slice that is too small"),
        pytest.param(Evidence(figures()), {}, [], id="the first champion"),
        pytest.param(
            Evidence(figures((0.70, 0.66, 0.74))),
            {},
            ["its agreement is not above always the longer answer (70.0 % (66.0 to 74.0), compared with "],
            id="the first is no better than length",
        ),
        pytest.param(Evidence(figures((0.70, 0.66, 0.74))), {"first_above": "chance"}, [], id="above guessing will do"),
        pytest.param(
            Evidence(figures((0.3, 0.2, 0.4))),
            {"first_above": "chance"},
            ["its agreement is below chance"],
            id="below it",
        ),
        pytest.param(Evidence(figures((0.3, 0.2, 0.4))), {"first_above": None}, [], id="the first may be anything"),
        pytest.param(
            Evidence(figures((0.9,))), {}, ["whether its agreement is above"], id="the first without interval"
        ),
        pytest.param(
            against((-0.06, -0.09, -0.03), consistency=0.2, judged=500),
            {},
            ["its agreement is not higher", "its consistency is 20.0 %", "its coverage is 50.0 %"],
            id="several",
        ),
    ],
)
def test_a_candidate_becomes_champion_if_it_passes_every_threshold(evidence, thresholds, why):
    decision = decide(evidence, Thresholds(**thresholds), LEAST)
    said = [failure.replace("\u2212", "-").replace("\u202f", " ") for failure in decision.failures]
    assert len(said) == len(why), said
    assert all(part in clause for part, clause in zip(why, said, strict=True)), said
    assert decision.is_promoted == (not why)


def test_the_lowest_of_the_slices_that_are_large_enough_is_shown():
    slices = [in_slice("a", -0.01, -0.1, 0.08), in_slice("b", -0.03, -0.1, 0.04), difference(-0.9, where="source=c")]
    assert decide(against(slices=slices), Thresholds(), LEAST).lowest_slice == slices[1]
    assert decide(against(), Thresholds(), LEAST).lowest_slice is None


def rows_of(side, agreement=0.8, chance=0.5):
    yield of("agreement", agreement, agreement - 0.05, agreement + 0.05, side=side)
    yield of("agreement", 0.1, side=side, rule="first")
    yield of("agreement", 0.9, side=side, slice="source=x")
    yield of("consistency", 0.7, side=side, rule=None)
    yield of("position_bias", -0.1, side=side, rule=None)
    yield of("delta_bias", 0.1, side=side, rule=None)
    yield of("verdict_rate", 0.9, side=side, n=100, asked=100)
    yield of("verdict_rate", 0.1, side=side, rule="first")
    yield of("baseline_chance", chance, side=side, reason=None if chance else "all labels name one class")
    yield of("baseline_chance", 0.3, side=side, rule="first")


@pytest.mark.parametrize(("first", "second", "sign"), [(NEW, OLD, 1), (OLD, NEW, -1)], ids=["as it is", "turned"])
def test_a_difference_is_the_candidates_minus_the_champions_however_the_evaluation_lists_them(first, second, sign):
    ends = {"simultaneous_low": 0.0 * sign, "simultaneous_high": 0.2}
    difference = of("agreement_difference", 0.1, 0.05, 0.16, side=first, subject=second.name, **ends)
    within = of("agreement_difference", -0.2, side=first, subject=second.name, slice="source=x")
    rows = [*rows_of(NEW), *rows_of(OLD, 0.6), difference, within]
    found = evidence_of(rows, "mean", NEW, OLD)
    whole = found.difference
    expected = (0.1, 0.05, 0.16, 0.0, 0.2) if sign > 0 else (-0.1, -0.16, -0.05, -0.2, 0.0)
    assert (whole.value, whole.low, whole.high, whole.simultaneous_low, whole.simultaneous_high) == expected
    assert [(one.slice, one.value) for one in found.slices] == [("source=x", -0.2 * sign)]
    assert (found.candidate.agreement.value, found.champion.agreement.value) == (0.8, 0.6)
    assert (found.candidate.coverage, found.candidate.delta_bias.value) == (0.9, 0.1)
    assert [one.value for one in found.candidate.baselines] == [0.5]


@pytest.mark.parametrize(
    ("evidence", "of"),
    [
        pytest.param(against(questions=99), "the difference of the agreements", id="the difference"),
        pytest.param(Evidence(figures(questions=99)), "its agreement", id="the first champion's agreement"),
    ],
)
def test_nothing_is_decided_by_a_number_of_fewer_questions_than_demanded(evidence, of):
    with pytest.raises(UserError, match=rf"Too few labels to decide: {of} rests on 99 questions.* asks for 100, so 1"):
        check_questions(evidence, 100)
    check_questions(evidence, 99)


def test_a_rule_that_counts_failures_as_verdicts_or_leaves_out_what_is_hard_decides_nothing():
    for rule in ("both_right", "strict"):
        with pytest.raises(UserError, match=f"{rule} leaves comparisons without a verdict"):
            validated(PromoteJob, {"model": "judge", "swap_rule": rule}, "test")
    assert validated(PromoteJob, {"model": "judge", "swap_rule": "mean"}, "test").swap_rule == "mean"


def test_the_first_champion_is_compared_with_nobody():
    found = evidence_of([*rows_of(NEW)], "mean", NEW, None)
    assert (found.champion, found.difference, found.slices) == (None, None, ())


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        pytest.param(
            [*rows_of(NEW, chance=None)], "all labels name one class, and a judge that always", id="one class"
        ),
        pytest.param(
            [of(metric, n=0, asked=0, reason="nothing to compare") for metric in ("agreement", "verdict_rate")],
            "decided by the swap rule mean: nothing to compare",
            id="no pairs",
        ),
    ],
)
def test_labels_that_decide_nothing_are_named(rows, message):
    with pytest.raises(UserError, match=message):
        evidence_of(rows, "mean", NEW, None)
