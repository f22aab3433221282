"""Cells to rows without Spark, and which judges are compared with each other."""

from __future__ import annotations

import pickle
from dataclasses import replace
from itertools import combinations
from math import comb
from types import SimpleNamespace

import pyarrow as pa
import pytest
from evaluation_example import judge_info, row
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import stdtrit

from judgelake.config import validated
from judgelake.errors import UserError
from judgelake.jobs.evaluate import EvaluateJob, JudgePairs
from judgelake.jobs.evaluate.corrections import with_corrected
from judgelake.jobs.evaluate.features import CONTROL_STRINGS as CONTROLS
from judgelake.jobs.evaluate.features import SliceNames
from judgelake.jobs.evaluate.figures import Figuring, metric_rows, told_by_driver
from judgelake.jobs.evaluate.leaderboards import Board, rank_rows
from judgelake.jobs.evaluate.observations.groups import Groups
from judgelake.jobs.evaluate.observations.judge_pairs import all_pairs, always_pairs, nearest_pairs
from judgelake.jobs.evaluate.observations.observation import VOCABULARIES
from judgelake.jobs.evaluate.pair_reading import refuse_too_many
from judgelake.measures.families import APART, CELL, SEPARATOR, WHOLE, Buckets
from judgelake.measures.spread import Spread


def judges_of(number):
    return tuple(judge_info(name=f"j{place}", number=place) for place in range(number))


@pytest.mark.parametrize(("judges", "most", "is_all"), [(5, 10, True), (5, 9, False), (1, 0, True)])
def test_every_two_judges_are_compared_where_these_are_not_too_many(judges, most, is_all):
    expected = tuple(combinations(range(judges), 2)) if is_all else None
    assert all_pairs(judges_of(judges), JudgePairs(most=most)) == expected


def test_beyond_that_those_nearest_in_rank_are_and_those_asked_for():
    judges = judges_of(5)
    standing = {0: 0.5, 1: 0.9, 3: 0.7, 4: 0.8}
    # By rank: 1, 4, 3, 0, and 2 of which nothing is known.
    assert nearest_pairs(judges, JudgePairs(most=4), standing) == ((0, 2), (0, 3), (1, 4), (3, 4))
    wanted = JudgePairs(most=3, always=(("j2", "j1"),))
    assert nearest_pairs(judges, wanted, standing) == ((1, 2), (1, 4), (3, 4))
    assert nearest_pairs(judges, JudgePairs(most=0, always=(("j2", "j1"),)), standing) == ((1, 2),)


@given(st.integers(2, 9), st.integers(0, 40))
def test_there_are_as_many_pairs_as_are_wanted(judges, most):
    found = nearest_pairs(judges_of(judges), JudgePairs(most=most), {})
    assert len(set(found)) == len(found) == min(most, comb(judges, 2))
    assert all(first < second for first, second in found)


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        (("j0", "nobody"), r"always: there is no judge 'nobody' in this evaluation; there are j0, j1\."),
        (("j1", "j1"), "judge_pairs.always: 'j1' cannot be compared with itself; name two judges"),
    ],
)
def test_a_pair_that_cannot_be_compared_is_refused(pair, words):
    with pytest.raises(UserError, match=words):
        tuple(always_pairs(judges_of(2), JudgePairs(always=(pair,))))


AGREEING, OTHER = ("A", "A", "not_asked"), ("A", "B", "not_asked")


def code_of(family, *parts):
    return VOCABULARIES[family].index(SEPARATOR.join(parts))


def figuring_of(groups):
    slices = SliceNames((("source", "one"), ("source", "two")), ("source",))
    job = validated(EvaluateJob, {"swap_rules": ["first"], "slices": {"least": 2}}, "test")
    return Figuring(tuple(groups.numbers), judges_of(2), slices, Buckets(tuple("abcdef")), job)


def cells_of(rows):
    names = ("group", "slice", "code", "outcome", "bucket", "n")
    return pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows], schema=CELL)


def test_every_group_and_slice_has_its_rows_in_the_order_of_both():
    groups = Groups()
    first, second = (groups.number("pairs", judge) for judge in (0, 1))
    right, wrong = code_of("pairs", *AGREEING), code_of("pairs", *OTHER)
    rows = [(second, WHOLE, right, None, 0, 3), (first, 2, right, None, 5, 1)]
    rows += [(first, WHOLE, code, None, bucket, 2) for bucket, code in enumerate((right, right, wrong))]
    figuring = figuring_of(groups)
    found = told_by_driver(cells_of(rows), figuring)
    assert list(found) == [(first, WHOLE), (first, 2), (second, WHOLE)]
    made = [row for row in metric_rows(found, figuring) if row.metric == "agreement"]
    assert [(row.judge, row.slice, row.value, row.n, row.clusters) for row in made] == [
        ("judge", "all", 4 / 6, 6, 3),
        ("judge", "source=two", None, 1, 1),
        ("judge", "all", 1.0, 3, 1),
    ]
    assert made[0].low < 4 / 6 < made[0].high
    assert made[1].reason == "fewer than 2 comparisons count in this slice"
    assert pickle.loads(pickle.dumps(found)) == found
    assert pickle.loads(pickle.dumps(figuring)) == figuring


def test_a_group_of_no_cells_has_rows_with_the_reason_and_no_cells_at_all_are_no_error():
    groups = Groups()
    groups.number("judge_pairs", 0, 1)
    figuring = figuring_of(groups)
    assert told_by_driver(cells_of([]), figuring) == {}
    made = list(metric_rows({}, figuring))
    assert {row.subject for row in made} == {"j1"}
    assert {row.reason for row in made} == {"no comparison in common"}


@pytest.mark.parametrize("of_whole", [pytest.param("0.5", id="a scale"), pytest.param("1.0", id="yes or no")])
def test_yes_and_no_is_said_of_a_slice_only_where_it_is_of_everything(of_whole):
    groups = Groups()
    group = groups.number("scores", 0)
    outcomes = [SEPARATOR.join((label, judge, half)) for label in ("0.0", "1.0") for judge in "12" for half in "01"]
    rows = [(group, number, None, text, place % 6, 1) for number in (WHOLE, 1) for place, text in enumerate(outcomes)]
    rows.append((group, WHOLE, None, SEPARATOR.join((of_whole, "2", "1")), 0, 1))
    figuring = figuring_of(groups)
    made = list(metric_rows(told_by_driver(cells_of(rows), figuring), figuring))
    aspects = {row.slice for row in made if row.metric == "aspect_accuracy"}
    assert aspects == ({"all", "source=one"} if of_whole == "1.0" else set())
    assert {row.slice for row in made if row.metric == "pearson"} == {"all", "source=one"}


def test_every_slice_of_a_judge_is_compared_with_all_comparisons_outside_of_it():
    groups = Groups()
    group, other = groups.number("pairs", 0), groups.number("orders", 0)
    right, wrong = code_of("pairs", *AGREEING), code_of("pairs", *OTHER)
    of_two = [(1, [right] * 2 + [wrong] * 3), (2, [right] * 5 + [wrong])]
    rows = [(group, number, code, None, place % 6, 1) for number, codes in of_two for place, code in enumerate(codes)]
    rows += [(group, WHOLE, *row[2:]) for row in rows]
    rows.append((other, WHOLE, code_of("orders", "A", "A"), None, 0, 1))
    figuring = figuring_of(groups)
    made = list(metric_rows(told_by_driver(cells_of(rows), figuring), figuring))
    compared = [row for row in made if row.metric == "slice_difference"]
    assert [(row.slice, row.value, row.n, row.asked, row.swap_rule, row.judge) for row in compared] == [
        ("source=one", pytest.approx(2 / 5 - 5 / 6), 5, 5, "first", "judge"),
        ("source=two", pytest.approx(5 / 6 - 2 / 5), 6, 6, "first", "judge"),
    ]
    assert [row.slice for row in made if row.metric == "agreement_shrunk"] == ["source=one", "source=two"]
    assert [row.clusters for row in compared] == [5, 6]
    assert all(row.low < row.value < row.high and 0 < row.p_value < 1 for row in compared)


def test_a_slice_of_too_few_comparisons_is_not_compared():
    groups = Groups()
    group, right = groups.number("pairs", 0), code_of("pairs", *AGREEING)
    rows = [(group, 1, right, None, 0, 1), (group, WHOLE, right, None, 0, 1), (group, WHOLE, right, None, 1, 5)]
    figuring = figuring_of(groups)
    made = list(metric_rows(told_by_driver(cells_of(rows), figuring), figuring))
    assert {row.slice for row in made} == {"all", "source=one"}
    assert not [row for row in made if row.metric in ("slice_difference", "agreement_shrunk")]


def test_slices_are_corrected_over_all_of_their_judge_and_pairs_over_all_pairs():
    def tested(metric, judge, p_value, where):
        return row(metric, 0.1, judge_fingerprint=judge, p_value=p_value, slice=where)

    rows = [
        tested("agreement_difference", "a", 0.03, "all"),
        tested("slice_difference", "a", 0.01, "source=one"),
        tested("slice_difference", "a", 0.04, "source=two"),
        tested("slice_difference", "a", None, "source=three"),
        tested("slice_difference", "b", 0.02, "source=one"),
        row("agreement", 0.5),
    ]
    assert [one.p_corrected for one in with_corrected(rows)] == [0.03, 0.02, 0.04, None, 0.02, None]
    assert [replace(one, p_corrected=None) for one in with_corrected(rows)] == rows


def test_two_judges_in_slices_are_corrected_over_all_slices_of_the_pair():
    def tested(where, p_value=0.01, subject="two"):
        spread = None if p_value is None else Spread(0.02, 99.0, 100.0)
        return row("agreement_difference", 0.1, slice=where, subject=subject, p_value=p_value, spread=spread)

    rows = [tested("all"), tested("source=one"), tested("source=two", 0.04), tested("source=three", None)]
    rows.append(tested("source=one", 0.04, subject="three"))
    made = list(with_corrected(rows))
    assert [one.p_corrected for one in made] == [0.01, 0.02, 0.04, None, 0.04]
    whole, one, two, too_small, of_other = (made_of.simultaneous_low for made_of in made)
    assert whole == of_other == pytest.approx(0.1 - stdtrit(99, 0.975) * 0.02)
    assert one == two == pytest.approx(0.1 - stdtrit(99, 0.9875) * 0.02)
    assert too_small is None


def test_slices_of_a_judgment_are_none_of_two_judges():
    names = (("source", "x"), ("judge_margin", "1 to below 2 nats"), ("label_margin", "below 1"), (CONTROLS, "none"))
    slices = SliceNames(names, ("source", "judge_margin", "label_margin", CONTROLS))
    assert [slices.name(number) for number in slices.of_comparisons] == ["source=x", "label_margin=below 1"]


def test_leaderboards_are_compared_for_the_judges_that_are_and_always_with_the_labels():
    judges = judges_of(3)
    boards = [Board(judge, 10 + judge.number, {"a": 1.0, "b": float(judge.number)}) for judge in judges]
    boards.append(Board(None, 5, {"a": 1.0, "b": 0.0}))
    rows = list(rank_rows(boards, [(0, 2)], validated(EvaluateJob, {}, "test")))
    found = {(row.metric, row.judge_fingerprint, row.subject): row for row in rows}
    assert [subject for metric, _, subject in found if metric == "leaderboard_spearman"]
    told = [(row.subject, row.value, row.clusters) for row in rows if row.metric == "leaderboard_kendall_tau_b"]
    assert told == [("j2", -1.0, 10), ("labels", 1.0, 5), ("labels", None, 5), ("labels", -1.0, 5)]
    assert all(row.reason for row in rows)


def test_a_model_that_no_game_connects_has_no_place_in_a_rank_correlation():
    strengths = [row("bradley_terry", 1.0, 0.5, 1.5, subject="a"), row("bradley_terry", 4.0, reason=APART, subject="b")]
    nothing = [row("bradley_terry", reason="nothing was judged", subject="c"), row("win_rate", 0.5, subject="d")]
    assert Board.of(None, 3, [*strengths, *nothing]).strengths == {"a": 1.0}


def test_more_tables_than_the_driver_can_hold_rows_of_are_refused_with_what_to_do():
    inputs = SimpleNamespace(judges=judges_of(1_000))
    slices = SliceNames(tuple(("source", str(value)) for value in range(20)), ("source",))
    words = (
        r"1,000 judges in 21 slices are 21,000 tables of figures; the limit is 20,000: .*slices\.most.*judgments_where"
    )
    with pytest.raises(UserError, match=words):
        refuse_too_many(inputs, slices)
    refuse_too_many(inputs, SliceNames(slices.names[:19], slices.dimensions))
