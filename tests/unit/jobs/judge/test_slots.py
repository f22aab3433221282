"""How many tasks run at once, from when each of them ran."""

import pytest

from judgelake.jobs.judge.slots import most_at_once


@pytest.mark.parametrize(
    ("intervals", "most"),
    [
        pytest.param([], 0, id="none"),
        pytest.param([(0, 1), (1, 2), (2, 3)], 1, id="one after the other"),
        pytest.param([(0, 2), (1, 3), (2.5, 4)], 2, id="two at most"),
        pytest.param([(0, 10)] * 4 + [(10, 20)] * 4, 4, id="two waves"),
    ],
)
def test_tasks_at_once_are_those_whose_times_overlap(intervals, most):
    assert most_at_once(intervals) == most
