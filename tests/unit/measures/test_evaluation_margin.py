"""Verdicts from log-odds: a judge that prefers a place is better once that is taken off, which needs no label."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from judgelake.measures.margin import (
    DIFFERENT,
    GAP,
    LACKING,
    OFFSET_OUTCOMES,
    SAME,
    STEPS,
    LogOdds,
    figures,
    verdicts_of,
)
from judgelake.measures.rules import VERDICTS
from judgelake.measures.table import CELL, COMPARISONS, QUESTIONS, WHOLE, Buckets, Table, table_of

A, B, TIE, FAILED, NOT_ASKED = range(len(VERDICTS))
OFFSET = 1.2


def judged(seed: int, questions: int = 200, comparisons: int = 3) -> tuple[np.ndarray, LogOdds]:
    """Labels (1: A) and log-odds of a judge that adds `OFFSET` to the first place; shape (questions, comparisons)."""
    rng = np.random.default_rng(seed)
    shape = (questions, comparisons)
    is_a = rng.random(shape) < 0.5
    of_question = rng.normal(0, 0.5, (questions, 1))
    better = np.where(is_a, 1.0, -1.0) * 0.7 + rng.normal(0, 1, shape) + of_question
    own, reversed_ = (better + sign * OFFSET + rng.normal(0, 1, shape) for sign in (1, -1))
    asked = np.ones(shape, dtype=bool)
    return is_a, LogOdds(own, reversed_, asked, asked)


def right(is_a: np.ndarray, said: np.ndarray) -> float:
    return float(np.mean(said == np.where(is_a, A, B)))


def test_a_judge_that_prefers_a_place_is_better_by_margin_than_in_either_order():
    is_a, odds = judged(1, questions=4000)
    own, reversed_ = verdicts_of(odds.own), verdicts_of(odds.reversed_)
    centred = odds.centred()
    assert right(is_a, odds.margin()) > 0.03 + max(right(is_a, own), right(is_a, reversed_))
    assert min(right(is_a, one) for one in centred) > 0.03 + max(right(is_a, own), right(is_a, reversed_))
    consistent, consistent_centred = np.mean(own == reversed_), np.mean(centred[0] == centred[1])
    assert consistent_centred > 0.15 + consistent


@pytest.mark.parametrize("tie_margin", [0.0, 0.5])
def test_one_order_alone_can_be_used_once_the_offset_is_known(tie_margin):
    _, both = judged(2)
    other = np.arange(both.own.size).reshape(both.own.shape) % 2 == 1
    mixed = LogOdds(both.own, both.reversed_, ~other, both.reversed_asked)
    assert mixed.position_offset == both.position_offset
    own, reversed_ = both.centred(tie_margin)
    assert (mixed.centred_verdict(tie_margin) == np.where(other, reversed_, own)).all()


def test_log_odds_within_the_band_are_a_tie_and_missing_ones_no_verdict():
    odds = np.array([0.5, -0.5, 0.51, -0.51, np.nan, 0.0])
    assert verdicts_of(odds, 0.5).tolist() == [TIE, TIE, A, B, FAILED, TIE]
    asked = np.array([True, True, False])
    some = LogOdds(np.array([1.0, np.nan, np.nan]), np.array([-3.0, 1.0, 1.0]), asked, np.ones(3, dtype=bool))
    assert some.position_offset == 2.0
    assert some.margin().tolist() == [B, FAILED, NOT_ASKED]
    assert [one.tolist() for one in some.centred()] == [[B, FAILED, NOT_ASKED], [B, A, A]]
    assert some.centred_verdict().tolist() == [B, FAILED, A]


def test_without_log_odds_in_both_orders_there_is_no_offset_and_no_centred_verdict():
    one_order = LogOdds(np.array([1.0]), np.array([np.nan]), np.array([True]), np.array([False]))
    assert one_order.position_offset is None
    assert one_order.centred_verdict().tolist() == [NOT_ASKED]
    for counts, reason in (({}, "asked in both orders"), ({LACKING: np.array([3.0])}, "log-odds in both orders")):
        for figure in figures(Table(counts)):
            estimate = figure.estimate(0)
            assert estimate.value is None
            assert reason in (estimate.reason or "")


def table(odds: LogOdds, buckets: Buckets) -> Table:
    """The table of the family offsets, as Spark's cells give it; sums of gaps may be negative."""
    own, reversed_ = odds.centred()
    questions = len(odds.own)
    sums = {
        GAP: np.round((odds.own - odds.reversed_) * STEPS).sum(axis=1),
        SAME: (own == reversed_).sum(axis=1),
        DIFFERENT: (own != reversed_).sum(axis=1),
    }
    place, bucket = np.arange(questions), np.arange(questions) % (buckets.hashed or questions)
    cells = [
        {"code": OFFSET_OUTCOMES.index(name), "outcome": None, "bucket": int(bucket[one]), "n": int(n[one])}
        for name, n in sums.items()
        for one in place
    ]
    told = {COMPARISONS: odds.own.size} | ({} if buckets.tell_questions else {QUESTIONS: questions})
    cells += [{"code": None, "outcome": name, "bucket": 0, "n": int(n)} for name, n in told.items()]
    rows = [{"group": 0, "slice": WHOLE, **cell} for cell in cells]
    return table_of(pa.Table.from_pylist(rows, schema=CELL), OFFSET_OUTCOMES, buckets)


def test_the_offset_has_an_interval_that_holds_the_true_one_and_needs_no_label():
    repeats, covers = 300, 0
    for seed in range(repeats):
        _, odds = judged(seed, questions=40)
        counts = table(odds, Buckets())
        found = next(figures(counts)).estimate(counts.questions)
        assert found.value == pytest.approx(odds.position_offset, abs=1 / STEPS)
        covers += found.low <= OFFSET <= found.high
    assert 0.915 <= covers / repeats <= 0.985


def test_a_preference_for_the_second_place_is_a_negative_offset_whose_sums_survive():
    _, odds = judged(5)
    turned = LogOdds(odds.reversed_, odds.own, odds.own_asked, odds.reversed_asked)
    counts = table(turned, Buckets(hashed=50, is_one_comparison_each=False))
    offset, consistency = (figure.estimate(counts.questions, counts.hashed) for figure in figures(counts))
    assert offset.value == pytest.approx(-odds.position_offset, abs=1 / STEPS)
    assert offset.high < -1
    own, reversed_ = turned.centred()
    assert consistency.value == pytest.approx(np.mean(own == reversed_))
