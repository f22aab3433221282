"""How well an indicator tells right verdicts from wrong ones: by hand, against scikit-learn, and in simulations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from judgelake.trust import Labelled, indicator_figures, risk_by_coverage
from judgelake.trust.selective import Halves, aurc, aurc_gain, auroc

# Values from the most to the least reliable verdict, which of them are right, then AUROC, AURC, the two halves by hand.
BY_HAND = [
    pytest.param([4, 3, 2, 1], [1, 1, 0, 0], 1.0, (0 + 0 + 1 / 3 + 1 / 2) / 4, (1.0, 0.0), id="perfect order"),
    pytest.param([4, 3, 2, 1], [0, 0, 1, 1], 0.0, (1 + 1 + 2 / 3 + 1 / 2) / 4, (0.0, 1.0), id="worst order"),
    pytest.param([4, 3, 2, 1], [1, 0, 1, 0], 0.75, (0 + 1 / 2 + 1 / 3 + 1 / 2) / 4, (0.5, 0.5), id="mixed"),
    pytest.param([7, 7, 7, 7], [1, 0, 0, 0], 0.5, 0.75, (0.25, 0.25), id="all equal: as a random order"),
    # The two at 1 are half an error each: errors after k are 0, 0.5, 1.
    pytest.param([2, 1, 1], [1, 1, 0], 0.75, (0 + 0.25 + 1 / 3) / 3, (1 - 0.25 / 1.5, 1 - 0.75 / 1.5), id="odd, tied"),
]


@pytest.mark.parametrize(("values", "right", "area", "risk", "halves"), BY_HAND)
def test_the_measures_are_those_of_a_count_by_hand(values, right, area, risk, halves):
    given_values, given_right = np.array(values, float), np.array(right, float)
    assert auroc(given_values, given_right) == pytest.approx(area)
    assert aurc(given_values, given_right) == pytest.approx(risk)
    assert aurc_gain(given_values, given_right) == pytest.approx(1 - given_right.mean() - risk)
    found = Halves.of(given_values, given_right)
    assert (found.kept, found.other) == pytest.approx(halves)


def test_nothing_is_said_of_no_verdicts_and_of_one_class():
    nothing, ones = np.empty(0), np.ones(3)
    assert np.isnan([auroc(nothing, nothing), aurc(nothing, nothing), Halves.of(nothing, nothing).kept]).all()
    assert np.isnan(auroc(np.arange(3.0), ones))
    assert aurc(np.arange(3.0), ones) == 0


VERDICTS = st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=40)


@settings(deadline=None)
@given(VERDICTS, st.randoms())
def test_laws_of_the_measures(verdicts, random):
    values, right = (np.array(column, float) for column in zip(*verdicts, strict=True))
    if 0 < right.sum() < len(right):
        assert auroc(values, right) == pytest.approx(roc_auc_score(right, values))
    # The order of rows and a rising map of the values change nothing.
    mixed = random.sample(range(len(values)), len(values))
    assert aurc(np.exp(values)[mixed], right[mixed]) == pytest.approx(aurc(values, right))
    risk = risk_by_coverage(values, right)
    assert risk[-1] == pytest.approx(1 - right.mean())
    halves = Halves.of(values, right)
    assert (halves.kept + halves.other) / 2 == pytest.approx(right.mean())


def simulated(generator, questions, each=3):
    """Verdicts whose chance to be right rises with their value; those of a question have a level in common."""
    place = np.repeat(np.arange(questions), each)
    values = generator.exponential(size=len(place)) * np.repeat(generator.uniform(0.5, 1.5, questions), each)
    level = np.repeat(generator.normal(0, 0.8, questions), each)
    right = (generator.uniform(size=len(place)) < 1 / (1 + np.exp(-values + 0.3 + level))).astype(float)
    return Labelled(values, right, place, place, len(place))


def test_the_intervals_hold_the_true_values_in_about_95_of_100_simulations():
    generator = np.random.default_rng(15)
    truth = {one.metric: one.replicates[0] for one in bare_figures(simulated(generator, 60_000))}
    runs, inside = 200, dict.fromkeys(truth, 0)
    for _ in range(runs):
        for one in indicator_figures(simulated(generator, 50), "margin"):
            found = one.estimate(50)
            inside[one.metric] += found.low <= truth[one.metric] <= found.high
    # Three standard errors of a share of 0.95 in 200 runs are 0.046.
    assert {metric: count / runs for metric, count in inside.items() if not 0.9 <= count / runs <= 0.995} == {}


def test_one_verdict_at_the_cut_does_not_decide_how_sure_an_agreement_is():
    errors = []
    for at_the_cut in ([0.0, 0.0], [1.0, 1.0]):
        right = np.tile([1.0, 1, 1, 0], 50)
        right[99:101] = at_the_cut
        known = Labelled(np.arange(200.0), right, *[np.arange(200)] * 2, 200)
        figures = {one.metric: one.estimate(200) for one in indicator_figures(known, "margin")}
        errors.append(figures["kept_half_agreement"].high - figures["kept_half_agreement"].low)
    assert errors[0] == pytest.approx(errors[1], rel=0.1)


def bare_figures(labelled):
    """The figures with the data as one bucket: the values without the work of an interval."""
    one_bucket = Labelled(labelled.values, labelled.right, labelled.questions, labelled.buckets * 0, labelled.asked)
    return indicator_figures(one_bucket, "margin")


def test_an_indicator_that_tells_nothing_is_seldom_said_to_tell_something():
    generator, found = np.random.default_rng(7), 0
    for _ in range(150):
        blind = Labelled(
            generator.normal(size=120), generator.integers(0, 2, 120) * 1.0, *[np.arange(120) // 3] * 2, 120
        )
        figures = {one.metric: one.estimate(40) for one in indicator_figures(blind, "margin")}
        found += not figures["halves_difference"].low <= 0 <= figures["halves_difference"].high
    assert found / 150 <= 0.11
