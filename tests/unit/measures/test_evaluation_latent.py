"""Biases where labels are noisy readings of the quality: an unbiased judge must not be accused, a biased one found."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from latent import LatentJudge, LatentSimulation, LatentWorld

from judgelake.measures import Result
from judgelake.measures.families import (
    length_beyond_labelers_figures,
    length_figures,
    self_preference_beyond_labelers_figures,
    self_preference_figures,
)
from judgelake.measures.figure import Figure
from judgelake.measures.table import Table
from judgelake.report import effect_finding

REPEATS = 200
INDIFFERENT = LatentWorld()
LONGER_IS_BETTER = LatentWorld(longer_is_better=0.3)
OWN_IS_BETTER = LatentWorld(own_is_better=0.5)
BOTH_WITHOUT_TIES = LatentWorld(longer_is_better=0.3, own_is_better=0.5, tie_band=0.0)

LIKE_PEOPLE = LatentJudge(noise=0.7)
PRECISE = LatentJudge(noise=0.45)

NOISY = LatentJudge(noise=1.4)
BIASED_LIKE_PEOPLE = LatentJudge(noise=0.7, likes_length=0.15, likes_own=0.15)
BIASED_NOISY = replace(BIASED_LIKE_PEOPLE, noise=1.4)

FAMILY_OF = {
    "length_slope": "lengths",
    "length_slope_difference": "lengths_of_labelers",
    "matched_self_preference": "own_family",
    "matched_self_preference_difference": "own_family_of_labelers",
}
FAMILIES: dict[str, Callable[[Table], Iterable[Figure]]] = {
    "lengths": length_figures,
    "lengths_of_labelers": length_beyond_labelers_figures,
    "own_family": self_preference_figures,
    "own_family_of_labelers": self_preference_beyond_labelers_figures,
}


@lru_cache(maxsize=4)
def evaluations(family: str, world: LatentWorld, judge: LatentJudge) -> list[dict[str, Result]]:
    """All figures of a family in each of many simulated evaluations."""
    observed = getattr(LatentSimulation(replace(world, repeats=REPEATS), seed=1), family)(judge)
    return [{one.metric: result_of(one, table) for one in FAMILIES[family](table)} for table in observed.tables()]


def result_of(figure: Figure, table: Table) -> Result:
    found = figure.estimate(table.questions, table.hashed)
    return Result(figure.metric, found.value, found.low, found.high, found.detectable, found.reason, n=figure.n)


def share_outside_zero(metric: str, world: LatentWorld, judge: LatentJudge) -> float:
    """Share of the evaluations in which the interval of this figure alone excludes zero."""
    rows = [found[metric] for found in evaluations(FAMILY_OF[metric], world, judge)]
    return float(np.mean([row.low > 0 or row.high < 0 for row in rows]))


def share_found(metric: str, world: LatentWorld, judge: LatentJudge) -> float:
    """Share of the evaluations in which the report says that the effect was found."""
    found = [effect_finding(rows[metric], [*rows.values()]) for rows in evaluations(FAMILY_OF[metric], world, judge)]
    return float(np.mean([one.found is True for one in found]))


UNBIASED = [
    pytest.param("length_slope", LONGER_IS_BETTER, LIKE_PEOPLE, 0.75, id="longer is better"),
    pytest.param("length_slope", LONGER_IS_BETTER, PRECISE, 0.85, id="longer is better, a precise judge"),
    pytest.param("matched_self_preference", OWN_IS_BETTER, LIKE_PEOPLE, 0.95, id="own is better"),
    pytest.param("matched_self_preference", OWN_IS_BETTER, PRECISE, 0.95, id="own is better, a precise judge"),
    pytest.param("matched_self_preference", BOTH_WITHOUT_TIES, PRECISE, 0.95, id="both, without ties"),
]


@pytest.mark.parametrize(("metric", "world", "judge", "accused"), UNBIASED)
def test_at_equal_labels_alone_an_unbiased_judge_is_accused_and_by_both_figures_seldom(metric, world, judge, accused):
    assert share_outside_zero(metric, world, judge) >= accused
    assert share_outside_zero(metric, INDIFFERENT, judge) <= 0.1
    # One labeler cannot identify a bias: the bracket is wrong up to this often, most for a judge better than people.
    assert share_found(metric, world, judge) <= (0.25 if judge == PRECISE else 0.07)
    assert share_found(metric, INDIFFERENT, judge) <= 0.07


BIASED = [
    pytest.param("length_slope", INDIFFERENT, 0.5, id="length"),
    pytest.param("length_slope", LONGER_IS_BETTER, 0.5, id="length, and longer is better"),
    pytest.param("matched_self_preference", INDIFFERENT, 0.5, id="own family"),
]


@pytest.mark.parametrize(("metric", "world", "power"), BIASED)
def test_a_preference_is_found_by_both_figures(metric, world, power):
    assert share_found(metric, world, BIASED_LIKE_PEOPLE) >= power


LIKE_PEOPLE_IN = [
    pytest.param("length_slope_difference", INDIFFERENT, id="length"),
    pytest.param("length_slope_difference", LONGER_IS_BETTER, id="length, and longer is better"),
    pytest.param("length_slope_difference", BOTH_WITHOUT_TIES, id="length, without ties"),
    pytest.param("matched_self_preference_difference", INDIFFERENT, id="own family"),
    pytest.param("matched_self_preference_difference", OWN_IS_BETTER, id="own family, and own is better"),
    pytest.param("matched_self_preference_difference", BOTH_WITHOUT_TIES, id="own family, without ties"),
]


@pytest.mark.parametrize(("metric", "world"), LIKE_PEOPLE_IN)
def test_against_one_labeler_at_the_label_of_another_an_unbiased_judge_is_seldom_accused(metric, world):
    assert share_found(metric, world, LIKE_PEOPLE) <= 0.07


def test_a_judge_less_precise_than_people_is_accused_more_often_than_the_interval_promises_but_not_by_much():
    # Its own noise hides part of what makes answers better, so it has less of the association than people have.
    assert 0.07 < share_found("matched_self_preference_difference", OWN_IS_BETTER, NOISY) <= 0.15
    assert share_outside_zero("matched_self_preference", OWN_IS_BETTER, NOISY) >= 0.7


POWER_AGAINST_PEOPLE = [
    pytest.param("length_slope_difference", INDIFFERENT, BIASED_LIKE_PEOPLE, 0.85, id="length"),
    pytest.param("length_slope_difference", LONGER_IS_BETTER, BIASED_LIKE_PEOPLE, 0.75, id="and longer is better"),
    pytest.param("length_slope_difference", LONGER_IS_BETTER, BIASED_NOISY, 0.15, id="of a noisy judge"),
    pytest.param("matched_self_preference_difference", INDIFFERENT, BIASED_LIKE_PEOPLE, 0.75, id="own family"),
    pytest.param("matched_self_preference_difference", OWN_IS_BETTER, BIASED_LIKE_PEOPLE, 0.65, id="and own is better"),
]


@pytest.mark.parametrize(("metric", "world", "judge", "power"), POWER_AGAINST_PEOPLE)
def test_a_preference_beyond_that_of_labelers_is_found(metric, world, judge, power):
    assert share_found(metric, world, judge) >= power


def test_with_three_labelers_an_unbiased_judge_is_accused_no_more_often():
    assert share_found("length_slope_difference", replace(LONGER_IS_BETTER, labelers=3), LIKE_PEOPLE) <= 0.07
