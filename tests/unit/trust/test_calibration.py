"""Probabilities from indicators: fitted crosswise, and measured by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.isotonic import IsotonicRegression

from judgelake.trust import (
    METHODS,
    Isotonic,
    Labelled,
    Method,
    Temperature,
    cross_fitted,
    fold_of,
    reliability_bins,
    why_not_calibrated,
)
from judgelake.trust.diagram import brier, brier_skill, ece, ece_by_chance


def labelled(questions=400, temperature=2.5, seed=1):
    """A judge whose log-odds are `temperature` times too large."""
    generator = np.random.default_rng(seed)
    values = np.abs(generator.normal(0, 4, questions))
    right = (generator.uniform(size=questions) < expit(values / temperature)).astype(float)
    keys = generator.integers(-(2**62), 2**62, questions)
    return Labelled(values, right, keys, np.arange(questions), questions)


def test_a_temperature_is_found_again():
    known = labelled(20_000)
    assert Temperature.fit(known.values, known.right).temperature == pytest.approx(2.5, rel=0.05)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 8), st.booleans()), min_size=1, max_size=40))
def test_isotonic_is_the_best_rising_fit_but_never_certain(verdicts):
    values, right = (np.array(column, float) for column in zip(*verdicts, strict=True))
    found = Isotonic.fit(values, right).probability(values)
    least = 1 / (len(values) + 2)
    assert found == pytest.approx(np.clip(IsotonicRegression().fit_transform(values, right), least, 1 - least))


def test_isotonic_is_a_step_function_outside_of_what_it_was_fitted_on():
    steps = Isotonic((1.0, 2.0), (0.25, 0.75))
    assert steps.probability(np.array([0.0, 1.0, 1.9, 2.0, 9.0])).tolist() == [0.25, 0.25, 0.25, 0.75, 0.75]


@pytest.mark.parametrize("method", METHODS)
def test_no_label_of_a_question_has_a_part_in_its_own_probability(method):
    known = labelled()
    before = cross_fitted(known, method, 5).probability(known.values, known.questions)
    for fold in range(5):
        inside = fold_of(known.questions, 5) == fold
        turned = Labelled(known.values, np.where(inside, 1 - known.right, known.right), *[known.questions] * 2, 400)
        after = cross_fitted(turned, method, 5).probability(known.values, known.questions)
        assert (after[inside] == before[inside]).all()
        assert (after[~inside] != before[~inside]).any()


@pytest.mark.parametrize("method", METHODS)
def test_a_judge_that_is_too_sure_is_calibrated_by_either_method(method):
    known = labelled(2_000)
    before, after = expit(known.values), cross_fitted(known, method, 5).probability(known.values, known.questions)
    assert ece(before, known.right) > 0.08
    assert ece(after, known.right) < 0.05
    assert brier(after, known.right) < brier(before, known.right)
    assert brier_skill(after, known.right) > 0


def test_errors_and_skill_by_hand():
    probabilities, right = np.array([0.25, 0.25, 0.95, 1.0]), np.array([0.0, 1, 1, 1])
    # In the bin from 0.2: 0.5 right against 0.25; in the last: 1 against 0.975.
    assert ece(probabilities, right) == pytest.approx((2 * 0.25 + 2 * 0.025) / 4)
    score = (0.0625 + 0.5625 + 0.0025 + 0) / 4
    assert brier(probabilities, right) == pytest.approx(score)
    assert brier_skill(probabilities, right) == pytest.approx(1 - score / (0.75 * 0.25))
    assert np.isnan(brier_skill(probabilities, np.ones(4)))
    assert np.isnan(ece(np.empty(0), np.empty(0)))


def test_exact_probabilities_have_about_the_error_that_chance_gives():
    generator = np.random.default_rng(3)
    probabilities = generator.uniform(size=300)
    errors = [ece(probabilities, (generator.uniform(size=300) < probabilities) * 1.0) for _ in range(300)]
    assert np.mean(errors) == pytest.approx(ece_by_chance(probabilities), rel=0.05)


def test_the_bins_of_the_diagram_have_intervals_of_their_questions():
    probabilities, right = np.repeat([0.25, 0.75], 20), np.tile([1.0, 0, 1, 1], 10)
    first, second = reliability_bins(probabilities, right, np.arange(40) // 2)
    assert (first.low, first.high, first.n, first.probability) == (0.2, pytest.approx(0.3), 20, 0.25)
    assert second.agreement.value == 0.75
    assert second.agreement.low < 0.75 < second.agreement.high


REFUSED = [
    pytest.param(labelled(60), r"needs at least 100 questions with a labelled verdict, and there are 60", id="too few"),
    pytest.param(
        Labelled(np.arange(120.0), np.ones(120), *[np.arange(120)] * 2, 120), "none of 120 is wrong", id="all right"
    ),
    pytest.param(
        Labelled(np.arange(120.0), np.arange(120) % 2 * 1.0, *[np.arange(120) * 5] * 2, 120),
        "in one fold",
        id="one fold",
    ),
]


@pytest.mark.parametrize(("known", "why"), REFUSED)
def test_without_enough_labels_it_says_why(known, why):
    assert why in why_not_calibrated(known, 100, 5)


def test_with_enough_labels_there_is_no_objection():
    assert why_not_calibrated(labelled(100), 100, 5) is None
    assert {*METHODS} == {Method.TEMPERATURE, Method.ISOTONIC}
