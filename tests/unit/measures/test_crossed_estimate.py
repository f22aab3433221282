"""Intervals of means over questions and seeds: they hold what they promise, for other questions and other seeds."""

from __future__ import annotations

import numpy as np
import pytest

from judgelake.measures.statistics.crossed import crossed_estimate

WORLDS = 1_500


@pytest.mark.parametrize(
    ("questions", "seeds", "of_questions", "of_seeds", "of_rest"),
    [
        pytest.param(100, 3, 0.3, 0.0, 0.3, id="seeds make no difference"),
        pytest.param(100, 3, 0.3, 0.05, 0.3, id="seeds differ as much as questions"),
        pytest.param(100, 3, 0.0, 0.1, 0.3, id="seeds differ most"),
        pytest.param(40, 5, 0.3, 0.03, 0.1, id="five seeds, few questions"),
        pytest.param(200, 3, 0.1, 0.05, 0.3, id="seeds differ more than questions"),
    ],
)
def test_the_interval_holds_the_truth_as_often_as_it_says(questions, seeds, of_questions, of_seeds, of_rest):
    random = np.random.default_rng(7)
    held = 0
    for _ in range(WORLDS):
        values = (
            0.1
            + of_questions * random.standard_normal((questions, 1))
            + of_seeds * random.standard_normal((1, seeds))
            + of_rest * random.standard_normal((questions, seeds))
        )
        found = crossed_estimate(values, -9.0, 9.0)
        held += found.low <= 0.1 <= found.high
    assert 0.92 <= held / WORLDS <= 0.985


def test_an_interval_over_questions_alone_would_miss_what_seeds_add():
    random = np.random.default_rng(7)
    held = 0
    for _ in range(400):
        values = 0.1 * random.standard_normal((1, 3)) + 0.3 * random.standard_normal((100, 3))
        found = crossed_estimate(values.mean(axis=1, keepdims=True), -9.0, 9.0)
        held += found.low <= 0.0 <= found.high
    assert held / 400 < 0.7


@pytest.mark.parametrize(
    ("values", "value", "reason"),
    [
        ([[0.5, 0.5]], 0.5, "one question only"),
        ([[0.0] * 3, [0.0] * 3], 0.0, "the same whichever question"),
        ([[0.0, 1.0], [1.0, 1.0]], 0.75, "two seeds only"),
        ([[0.0, np.nan], [0.0, 0.0]], None, "not defined"),
        (np.empty((0, 3)), None, "not defined"),
    ],
)
def test_where_there_is_no_interval_there_is_a_reason(values, value, reason):
    found = crossed_estimate(np.array(values, dtype=float), 0.0, 1.0)
    assert (found.value, found.low) == (value, None)
    assert reason in found.reason


def test_with_one_seed_it_is_the_t_interval_over_questions():
    values = np.array([[0.6], [0.5], [0.5], [0.6], [0.6]])
    found = crossed_estimate(values, 0.0, 1.0)
    assert found.value == pytest.approx(0.56)
    assert (found.low, found.high) == pytest.approx(
        (0.56 - 2.776445 * 0.0244949, 0.56 + 2.776445 * 0.0244949), abs=1e-6
    )


def test_an_interval_does_not_leave_the_possible_values():
    found = crossed_estimate(np.array([[0.0], [0.0], [0.0], [1.0]]), 0.0, 1.0)
    assert found.low == 0.0
    assert found.high == 1.0
