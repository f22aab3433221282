"""How the report writes and draws a figure, and what it says of an effect."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from judgelake.measures import Result, Scale
from judgelake.report import BothOrders, JudgePair, Missing, bounds_text, effect_finding, found_words, pair_finding
from judgelake.report.numbers import interval_text, p_text, value_text
from judgelake.report.pictures import axis_of, heat, parts_of


@pytest.mark.parametrize(
    ("value", "scale", "expected"),
    [
        pytest.param(0.7107, Scale.RATE, "71.1 %", id="a share"),
        pytest.param(0.0, Scale.RATE, "0.0 %", id="a share of exactly nothing"),
        pytest.param(0.0004, Scale.RATE, "< 0.1 %", id="a share that only rounds to nothing"),
        pytest.param(1.0, Scale.RATE, "100.0 %", id="a share of exactly all"),
        pytest.param(0.9996, Scale.RATE, "> 99.9 %", id="a share that only rounds to all"),
        pytest.param(0.0318, Scale.POINTS, "+3.2 points", id="a difference"),
        pytest.param(-0.0318, Scale.POINTS, "−3.2 points", id="a difference below zero"),
        pytest.param(-0.0001, Scale.POINTS, "0.0 points", id="a difference without a sign at zero"),
        pytest.param(0.4958, Scale.COEFFICIENT, "0.496", id="a coefficient"),
        pytest.param(-1234.5, Scale.NUMBER, "−1,234.50", id="a number"),
        pytest.param(math.nan, Scale.RATE, None, id="not a number"),
        pytest.param(math.inf, Scale.NUMBER, None, id="without bound"),
        pytest.param(None, Scale.RATE, None, id="none"),
    ],
)
def test_a_number_is_written_with_its_unit_or_not_at_all(value, scale, expected):
    text = value_text(value, scale)
    assert (None if text is None else text.replace("\u202f", " ")) == expected


def test_an_interval_is_written_whole_or_not_at_all():
    assert interval_text(Result("agreement", 0.71, 0.682, 0.739, n=9)) == "68.2 to 73.9"
    assert interval_text(Result("length_bias", 0.01, -0.012, 0.034, n=9)) == "−1.2 to +3.4"
    assert interval_text(Result("agreement", 0.71, 0.682, n=9)) is None
    assert interval_text(Result("agreement", 0.71, math.nan, 0.739, n=9)) is None


BOUNDS = "69.7 % if all failed judgments counted as wrong, 72.1 % if as right"


@pytest.mark.parametrize(
    ("n", "if_wrong", "if_right", "text"),
    [
        pytest.param(
            *(50, 0.5, 0.6),
            "50.0 % if all failed judgments counted as wrong, 60.0 % if as right; "
            "in some the other order is already wrong",
            id="left out, but wrong whatever they had said",
        ),
        pytest.param(
            *(50, 0.5, 0.5),
            "50.0 % if all failed judgments counted as wrong, 50.0 % if as right; "
            "in some the other order is already wrong",
            id="all of them wrong already",
        ),
        pytest.param(
            95,
            0.697,
            0.721,
            BOUNDS,
            id="failures left out",
        ),
        pytest.param(
            100,
            0.697,
            0.721,
            BOUNDS,
            id="failures that count",
        ),
        pytest.param(80, 0.71, 0.71, None, id="nothing failed, though not all counts"),
        pytest.param(95, None, None, None, id="a figure without bounds"),
    ],
)
def test_bounds_are_told_where_a_judgment_failed(n, if_wrong, if_right, text):
    bounds = {"if_failures_wrong": if_wrong, "if_failures_right": if_right}
    row = Result("agreement", 0.71, n=n, asked=100, swap_rule="both_right", **bounds)
    told = bounds_text(row)
    assert (told and told.replace("\u202f", " ")) == text


def test_a_small_p_value_is_a_bound():
    assert (p_text(0.0004), p_text(0.0312), p_text(None)) == ("< 0.001", "0.031", None)


@pytest.mark.parametrize(
    ("share", "level"), [(None, 0), (0.0, 0), (0.01, 1), (0.5, 3), (1.0, 5), (-0.3, 0), (math.nan, 0)]
)
def test_a_cell_is_coloured_by_its_share(share, level):
    assert heat(share) == level


def orders(first, consistent, second):
    return BothOrders(*(Result("consistency", value, n=100) for value in (consistent, first, second)))


def test_the_bar_of_both_orders_is_whole():
    parts = parts_of(orders(0.2, 0.7, 0.1))
    assert parts is not None
    assert [(part.start, part.width) for part in parts] == [
        ("0.00%", "20.00%"),
        ("20.00%", "70.00%"),
        ("90.00%", "10.00%"),
    ]


@pytest.mark.parametrize("shares", [(None, 0.7, 0.1), (0.5, 0.7, 0.1), (math.nan, 0.7, 0.3), (-0.1, 0.9, 0.2)])
def test_shares_that_are_no_whole_are_not_drawn(shares):
    assert parts_of(orders(*shares)) is None


OF_SCALE = {
    Scale.RATE: "agreement",
    Scale.POINTS: "length_bias",
    Scale.COEFFICIENT: "cohen_kappa",
    Scale.NUMBER: "mean_absolute_error",
}


@pytest.mark.parametrize(
    ("scale", "ends", "expected"),
    [
        pytest.param(Scale.RATE, (0.7, 0.8), (0.0, 1.0), id="shares from 0 to 100 %"),
        pytest.param(Scale.POINTS, (-0.031, 0.012), (-0.05, 0.05), id="differences around zero"),
        pytest.param(Scale.POINTS, (0.0, 0.0), (-0.01, 0.01), id="a difference of nothing"),
        pytest.param(Scale.COEFFICIENT, (0.1, 0.9), (0.0, 1.0), id="coefficients above zero"),
        pytest.param(Scale.COEFFICIENT, (-0.1, 0.9), (-1.0, 1.0), id="coefficients below zero"),
        pytest.param(Scale.NUMBER, (3.0, 17.0), (0.0, 20.0), id="numbers above zero"),
        pytest.param(Scale.NUMBER, (-1.2, 0.8), (-2.0, 2.0), id="numbers on both sides"),
    ],
)
def test_an_axis_ends_at_round_numbers_and_holds_every_interval(scale, ends, expected):
    axis = axis_of([Result(OF_SCALE[scale], sum(ends) / 2, *ends, n=10)], scale)
    assert (axis.low, axis.high) == pytest.approx(expected)


def effect(value, low=None, high=None, detectable=None, reason=None, all_at_once=(None, None)):
    ends = dict(zip(("simultaneous_low", "simultaneous_high"), all_at_once, strict=True))
    return Result("position_bias", value, low, high, detectable, reason, n=100, **ends)


@pytest.mark.parametrize(
    ("row", "found", "sentence"),
    [
        pytest.param(
            effect(0.08, 0.051, 0.109, 0.04),
            True,
            "Position bias was found: the answer shown first is favoured, +8.0 points (95 % interval +5.1 to +10.9).",
            id="found",
        ),
        pytest.param(
            effect(-0.08, -0.109, -0.051, 0.04),
            True,
            "Position bias was found: the answer shown second is favoured, −8.0 points (95 % interval −10.9 to −5.1).",
            id="found the other way",
        ),
        pytest.param(
            effect(0.01, -0.02, 0.04, 0.042),
            False,
            "No position bias was found; the data allow −2.0 to +4.0 points.",
            id="not found",
        ),
        pytest.param(
            effect(0.02, 0.0, 0.04, 0.028),
            False,
            "No position bias was found; the data allow 0.0 to +4.0 points.",
            id="an end at zero is not found",
        ),
        pytest.param(
            effect(0.0, 0.0, 0.0),
            False,
            "No position bias was found; the data allow 0.0 to 0.0 points.",
            id="no spread",
        ),
        pytest.param(
            effect(0.5, reason="one question only, so there is no interval"),
            None,
            "Whether there is position bias is not known from +50.0 points (no interval): "
            "one question only, so there is no interval.",
            id="no interval",
        ),
        pytest.param(
            effect(None, reason="no comparison was asked in both orders"),
            None,
            "Whether there is position bias is not known: no comparison was asked in both orders.",
            id="no value",
        ),
    ],
)
def test_an_effect_is_found_or_not_found_or_not_known_and_never_none(row, found, sentence):
    finding = effect_finding(row)
    assert finding.found is found
    assert finding.sentence.replace("\u202f", " ") == sentence


@pytest.mark.parametrize(
    ("row", "words"),
    [
        pytest.param(effect(0.08, 0.051, 0.109, 0.04), "found", id="found"),
        pytest.param(
            effect(0.01, -0.02, 0.04, 0.042),
            "not found; the data allow −2.0 to +4.0 points",
            id="not found",
        ),
        pytest.param(effect(0.0, -0.1, 0.1), "not found; the data allow −10.0 to +10.0 points", id="not detectable"),
        pytest.param(effect(0.5, reason="one question only"), "not known", id="no interval"),
    ],
)
def test_not_found_always_says_what_the_data_allow(row, words):
    assert found_words(row) == words


ALLOWED = "between first and second was found; the data allow −5.0 to +7.0 points, first minus second."


@pytest.mark.parametrize(
    ("difference", "p_corrected", "found", "words"),
    [
        pytest.param(effect(0.1, 0.05, 0.15, 0.07), 0.001, True, "first agrees with the labels more often", id="first"),
        pytest.param(
            effect(-0.1, -0.16, -0.05, 0.07),
            0.001,
            True,
            "second agrees with the labels more often than first: +10.0 points (95 % interval +5.0 to +16.0), "
            "corrected p 0.001.",
            id="second",
        ),
        pytest.param(effect(0.1, 0.05, 0.15), None, None, "differ is not known: it was not tested", id="no test"),
        pytest.param(effect(0.1, reason="no spread"), 0.001, True, "+10.0 points (no interval)", id="no interval"),
        pytest.param(effect(0.1, reason="one question"), 1, None, "is not known: one question", id="one question"),
        pytest.param(
            effect(0.1, 0.01, 0.19, 0.12),
            0.08,
            False,
            "No difference between first and second was found: +10.0 points (95 % interval +1.0 to +19.0) excludes "
            "zero, but p corrected over all pairs compared is 0.080.",
            id="few questions differ",
        ),
        pytest.param(
            effect(0.1, 0.01, 0.19, all_at_once=(-0.02, 0.22)),
            0.08,
            False,
            "No difference between first and second was found: +10.0 points (95 % interval +1.0 to +19.0) excludes "
            "zero, but p corrected over all pairs compared is 0.080; the data allow −2.0 to +22.0 points, first minus "
            "second.",
            id="Holm",
        ),
        pytest.param(
            effect(0.01, -0.05, 0.07, all_at_once=(-0.08, 0.1)),
            0.8,
            False,
            "between first and second was found; the data allow −8.0 to +10.0 points, first minus second.",
            id="what all pairs together allow",
        ),
        pytest.param(effect(0.01, -0.05, 0.07, 0.09), 0.8, False, ALLOWED, id="not found"),
        pytest.param(
            effect(0.01, -0.05, 0.07),
            0.01,
            True,
            "+1.0 points (95 % interval −5.0 to +7.0), corrected p 0.010, an exact test, since too few questions "
            "differ for a good interval.",
            id="the corrected p alone decides",
        ),
        pytest.param(effect(None, reason="no label"), None, None, "differ is not known: no label", id="no value"),
        pytest.param(Missing("no comparison in common"), None, None, "no comparison in common", id="missing"),
    ],
)
def test_one_judge_is_better_only_where_the_corrected_test_says_so(difference, p_corrected, found, words):
    if isinstance(difference, Result):
        difference = replace(difference, p_corrected=p_corrected)
    finding = pair_finding(JudgePair("first", "second", difference=difference))
    assert finding.found is found
    assert words in finding.sentence.replace("\u202f", " ")
