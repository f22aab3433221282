"""What the simulated run takes from the planner: the tasks of a chunk, cut by Spark."""

from __future__ import annotations

import numpy as np
import pytest
from simulated.cuts import even_cut, spark_cut


@pytest.mark.parametrize("questions", [[20] * 100, [1_200, *[4] * 200]], ids=["alike", "one heavy"])
def test_the_cut_of_a_chunk_is_the_planners(spark, questions):
    cut = spark_cut(spark, np.array(questions), 4, 2_400.0, seed=5)
    assert cut.requests.sum() == pytest.approx(1)
    assert cut.bytes.sum() == pytest.approx(1)
    # Tasks have about equal bytes; lengths differ, so the requests do not.
    assert cut.bytes.max() <= 1.15 / 4
    # At most every cut is within a question.
    assert len(questions) <= cut.questions.sum() <= len(questions) + 3


def test_one_task_needs_no_spark(spark):
    found, expected = spark_cut(spark, np.array([3, 4]), 1, 2_400.0, seed=5), even_cut(np.array([3, 4]), 1)
    assert (found.requests.tolist(), found.questions.tolist()) == ([1.0], expected.questions.tolist()) == ([1.0], [2.0])
