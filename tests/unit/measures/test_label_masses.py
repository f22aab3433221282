"""How judgments divide by the probability that all labels have together."""

from __future__ import annotations

import numpy as np
import pytest

from judgelake.measures.families import DROPPED, KEPT, MASS_BANDS, MASS_OUTCOMES, SEPARATOR, Table
from judgelake.measures.masses import NO_LABELS, figures

NAMES = [*(f"label_mass_{band}" for band in MASS_BANDS), "dropped_for_label_mass"]


def shares(**counts):
    """By "band_kept" or "band_dropped": the counts in the data and without each of two buckets."""
    outcomes = {}
    for name, count in counts.items():
        band, _, kept = name.rpartition("_")
        outcomes[SEPARATOR.join((band, kept))] = np.array(count, dtype=float)
    assert outcomes.keys() <= set(MASS_OUTCOMES)
    found = list(figures(Table(outcomes, questions=2)))
    assert [figure.metric for figure in found] == NAMES
    return found


def test_the_bands_are_shares_of_all_judgments_and_add_up_to_one():
    found = shares(
        below_50_dropped=[2, 1, 1],
        below_50_kept=[1, 1, 0],
        from_50_kept=[3, 2, 1],
        from_90_dropped=[1, 0, 1],
        from_99_kept=[12, 6, 6],
        unknown_kept=[1, 0, 1],
    )
    assert [figure.replicates[0] for figure in found] == pytest.approx(
        [3 / 20, 3 / 20, 1 / 20, 12 / 20, 1 / 20, 3 / 20]
    )
    assert {(figure.n, figure.asked, figure.coverage) for figure in found} == {(20, 20, 1.0)}
    every = np.sum([figure.replicates for figure in found[:-1]], axis=0)
    assert every == pytest.approx([1, 1, 1])
    assert found[0].replicates == pytest.approx([3 / 20, 2 / 10, 1 / 10])


def test_a_mass_that_the_judge_allows_is_low_and_not_dropped():
    found = shares(below_50_kept=[4, 2, 2])
    assert [figure.replicates[0] for figure in found] == [1, 0, 0, 0, 0, 0]


def test_without_a_judgment_there_is_a_reason_and_no_number():
    for figure in figures(Table()):
        estimate = figure.estimate(0)
        assert (estimate.value, estimate.reason, figure.n) == (None, NO_LABELS, 0)


def test_every_outcome_is_a_band_and_whether_it_was_the_reason_of_a_failure():
    assert [outcome.split(SEPARATOR) for outcome in MASS_OUTCOMES] == [
        [band, kept] for band in MASS_BANDS for kept in (KEPT, DROPPED)
    ]
