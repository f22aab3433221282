"""Biases where labels are noisy readings of the quality: an unbiased judge must not be accused, a biased one found."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from latent import LatentJudge, LatentSimulation, LatentWorld

from judgelake.measures.figure import Figure
from judgelake.measures.length import figures as length_figures
from judgelake.measures.own_family import figures as self_preference_figures
from judgelake.measures.statistics.interval import Estimate
from judgelake.measures.table import Table

REPEATS = 200
INDIFFERENT = LatentWorld()
LONGER_IS_BETTER = LatentWorld(longer_is_better=0.3)
OWN_IS_BETTER = LatentWorld(own_is_better=0.5)
BOTH_WITHOUT_TIES = LatentWorld(longer_is_better=0.3, own_is_better=0.5, tie_band=0.0)

LIKE_PEOPLE = LatentJudge(noise=0.7)
PRECISE = LatentJudge(noise=0.45)

FAMILIES: dict[str, Callable[[Table], Iterable[Figure]]] = {
    "lengths": length_figures,
    "own_family": self_preference_figures,
}


@lru_cache(maxsize=4)
def estimated(family: str, world: LatentWorld, judge: LatentJudge) -> list[dict[str, Estimate]]:
    """All figures of a family in each of many simulated evaluations."""
    observed = getattr(LatentSimulation(replace(world, repeats=REPEATS), seed=1), family)(judge)
    return [
        {one.metric: one.estimate(table.questions, table.hashed) for one in FAMILIES[family](table)}
        for table in observed.tables()
    ]


def side(found: Estimate) -> int:
    """1 or -1: the interval lies on this side of zero; 0: it does not, or there is none."""
    if found.low is None or found.high is None:
        return 0
    return int(found.low > 0) - int(found.high < 0)


def share_found(family: str, metric: str, world: LatentWorld, judge: LatentJudge) -> float:
    """Share of the evaluations in which this figure alone excludes zero."""
    return float(np.mean([side(found[metric]) != 0 for found in estimated(family, world, judge)]))


FALSE_ALARMS = [
    pytest.param("lengths", "length_slope", LONGER_IS_BETTER, LIKE_PEOPLE, 0.75, id="longer is better"),
    pytest.param("lengths", "length_slope", LONGER_IS_BETTER, PRECISE, 0.85, id="longer is better, a precise judge"),
    pytest.param("own_family", "matched_self_preference", OWN_IS_BETTER, LIKE_PEOPLE, 0.95, id="own is better"),
    pytest.param("own_family", "matched_self_preference", BOTH_WITHOUT_TIES, PRECISE, 0.95, id="both, without ties"),
]


@pytest.mark.parametrize(("family", "metric", "world", "judge", "least"), FALSE_ALARMS)
def test_at_equal_labels_verdicts_of_an_unbiased_judge_go_with_what_makes_answers_better(
    family, metric, world, judge, least
):
    assert share_found(family, metric, world, judge) >= least
    assert share_found(family, metric, INDIFFERENT, judge) <= 0.1
