"""The laws of orders: mapping back undoes showing, swapping twice is nothing, reversing reverses the verdict."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgelake.comparisons import (
    LETTERS,
    TIE,
    Reading,
    Status,
    as_shown,
    margin_of,
    mass_of,
    orders_of,
    own_label,
    to_own_order,
    unshown,
    verdict_of_scores,
)

SCORES = st.integers(min_value=0, max_value=10).map(float)


@st.composite
def scores_with_order(draw: st.DrawFn) -> tuple[tuple[float, ...], str]:
    scores = tuple(draw(st.lists(SCORES, min_size=1, max_size=19)))
    order = "".join(draw(st.permutations(LETTERS[: len(scores)])))
    return scores, order


def reading_of(scores: tuple[float, ...]) -> Reading:
    return Reading(scores=scores, verdict=verdict_of_scores(scores))


@settings(deadline=None)
@given(scores_with_order())
def test_mapping_back_undoes_showing(case: tuple[tuple[float, ...], str]) -> None:
    scores, order = case
    assert unshown(as_shown(scores, order), order) == scores
    assert as_shown(unshown(scores, order), order) == scores


@settings(deadline=None)
@given(scores_with_order())
def test_a_judge_without_position_bias_gives_one_verdict_in_every_order(case: tuple[tuple[float, ...], str]) -> None:
    scores, order = case
    assert to_own_order(reading_of(as_shown(scores, order)), order) == reading_of(scores)


@settings(deadline=None)
@given(scores_with_order())
def test_swapping_twice_is_identity(case: tuple[tuple[float, ...], str]) -> None:
    scores, _ = case
    reverse = orders_of(len(scores))[1]
    once = to_own_order(reading_of(scores), reverse)
    assert to_own_order(once, reverse) == reading_of(scores)


@settings(deadline=None)
@given(st.tuples(SCORES, SCORES))
def test_the_reversed_order_reverses_the_verdict(scores: tuple[float, float]) -> None:
    opposite = {"A": "B", "B": "A", TIE: TIE}
    in_reverse = to_own_order(reading_of(scores), "BA").verdict
    assert in_reverse == opposite[str(verdict_of_scores(scores))]


@settings(deadline=None)
@given(scores_with_order())
def test_a_shown_letter_names_the_answer_that_stood_there(case: tuple[tuple[float, ...], str]) -> None:
    scores, order = case
    shown = as_shown(scores, order)
    for place in range(len(scores)):
        own = own_label(LETTERS[place], order)
        assert scores[LETTERS.index(own)] == shown[place]


@settings(deadline=None)
@given(scores_with_order())
def test_logprobs_follow_their_letters_and_the_tie_stays(case: tuple[tuple[float, ...], str]) -> None:
    scores, order = case
    shown = dict(zip(LETTERS, as_shown(scores, order), strict=False)) | {TIE: -1.0}
    own = to_own_order(Reading(logprobs=shown), order).logprobs
    assert own == dict(zip(LETTERS, scores, strict=False)) | {TIE: -1.0}


def test_a_grade_is_the_same_in_every_order() -> None:
    reading = Reading(scores=(7.0,), logprobs={"7": -0.1, "10": -3.0})
    assert to_own_order(reading, "A") == reading


@pytest.mark.parametrize(
    ("scores", "tie_margin", "verdict"),
    [
        ((8, 7), 0, "A"),
        ((7, 8), 0, "B"),
        ((7, 7), 0, TIE),
        ((7, 7.5), 0.5, TIE),
        ((7, 9, 8), 0, "B"),
        ((9, 3, 9), 0, TIE),
        ((3,), 0, None),
    ],
)
def test_the_best_score_wins_by_more_than_the_margin(
    scores: tuple[float, ...], tie_margin: float, verdict: str | None
) -> None:
    assert verdict_of_scores(scores, tie_margin) == verdict


def test_the_margin_is_the_lead_of_the_best_label() -> None:
    assert margin_of({"A": -0.5, "B": -1.25, TIE: -4.0}) == 0.75
    assert margin_of({"A": -0.5}) is None
    assert margin_of(None) is None


def test_the_mass_is_the_probability_of_all_labels_together() -> None:
    assert mass_of({"A": math.log(0.5), "B": math.log(0.25)}) == pytest.approx(0.75)
    assert mass_of({"A": -17.9, "B": -18.4, TIE: -21.0}) == pytest.approx(2.77e-8, rel=0.01)
    assert mass_of({"A": -math.inf}) == 0.0
    assert mass_of({"A": 0.0, "B": -3.0}) == 1.0, "rounding of a server"
    assert mass_of({"A": 1e308}) == 1.0
    assert mass_of({"A": math.nan, "B": math.log(0.5)}) == pytest.approx(0.5)
    assert mass_of({"A": math.nan}) is None
    assert mass_of({}) is None
    assert mass_of(None) is None


def test_only_an_engines_failures_are_worth_another_attempt() -> None:
    assert [status for status in Status if status.is_worth_another_attempt] == [Status.TIMEOUT, Status.ENGINE_ERROR]


def test_an_output_that_was_read_or_could_not_be_is_an_answer() -> None:
    with_answer = {Status.OK, Status.UNPARSEABLE, Status.OUT_OF_RANGE, Status.TRUNCATED}
    assert {status for status in Status if not status.is_without_answer} == with_answer


def test_a_label_of_which_only_a_bound_is_known_adds_nothing_to_the_mass():
    logprobs = {"A": math.log(0.4), "B": math.log(0.1), "T": math.log(0.1)}
    assert mass_of(logprobs, ("B", "T")) == pytest.approx(0.4)
