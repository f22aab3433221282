"""Which answers are compared and in which order: laws over many questions, and the same every time."""

import itertools
import math
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgelake.generation import Pairing
from judgelake.generation.pairing import Candidate, tournament

QUESTIONS = [f"q{number}" for number in range(2000)]
HOWS = [
    pytest.param(Pairing("random", pairs=1), id="one random pair"),
    pytest.param(Pairing("random", pairs=4), id="four random pairs"),
    pytest.param(Pairing("all"), id="all pairs"),
    pytest.param(Pairing("baseline", baseline="m0"), id="against a baseline"),
    pytest.param(Pairing("together"), id="all together"),
]


def candidates(models, samples=1):
    return [Candidate(f"m{m}", s, f"answer {s} of m{m}") for m in range(models) for s in range(samples)]


def names(group):
    return tuple(one.model for one in group)


@given(st.integers(2, 9), st.integers(0, 40))
@settings(deadline=None)
def test_in_a_tournament_all_pairs_meet_once_and_at_any_time_all_have_played_about_equally_often(players, games):
    everybody = [f"p{number}" for number in range(players)]
    pairs = list(tournament(everybody))
    assert sorted(map(sorted, pairs)) == sorted(map(list, itertools.combinations(everybody, 2)))
    played = Counter(dict.fromkeys(everybody, 0) | Counter(itertools.chain(*pairs[:games])))
    assert max(played.values()) - min(played.values()) <= (1 if players % 2 == 0 else 2)


@pytest.mark.parametrize("pairing", HOWS)
@pytest.mark.parametrize("models", [2, 3, 5])
def test_no_model_stands_first_more_often_than_others_it_is_compared_with(pairing, models):
    first, shown = Counter(), Counter()
    for question in QUESTIONS:
        for group in pairing.groups(question, candidates(models)):
            first[group[0].model] += 1
            shown.update({name: 1 / len(group) for name in names(group)})
    for name, expected in shown.items():
        assert abs(first[name] - expected) < 4 * math.sqrt(expected), name


@pytest.mark.parametrize("models", [3, 6])
def test_random_pairs_show_all_models_and_all_pairs_equally_often(models):
    counted = Counter(
        tuple(sorted(names(group)))
        for question in QUESTIONS
        for group in Pairing("random", pairs=1).groups(question, candidates(models))
    )
    expected = len(QUESTIONS) / math.comb(models, 2)
    assert len(counted) == math.comb(models, 2)
    assert all(abs(count - expected) < 4 * math.sqrt(expected) for count in counted.values())


@pytest.mark.parametrize("pairing", HOWS)
def test_comparisons_are_the_same_whatever_the_order_in_which_answers_come(pairing):
    given_first, given_last = candidates(4, samples=2), candidates(4, samples=2)[::-1]
    assert pairing.groups("q", given_first) == pairing.groups("q", given_last)


def test_another_seed_makes_other_orders_and_other_pairs():
    def of(seed):
        return [names(g) for q in QUESTIONS[:50] for g in Pairing("random", seed=seed).groups(q, candidates(4))]

    assert of(0) == of(0) != of(1)


def test_each_way_of_pairing_makes_its_comparisons():
    three = candidates(3)

    def sets(pairing, given=three):
        return [frozenset(names(group)) for group in pairing.groups("q", given)]

    all_pairs = {frozenset(pair) for pair in itertools.combinations(("m0", "m1", "m2"), 2)}
    assert set(sets(Pairing("all"))) == all_pairs
    assert set(sets(Pairing("random", pairs=99))) == all_pairs
    assert len(sets(Pairing("random", pairs=2))) == 2
    assert set(sets(Pairing("baseline", baseline="m1"))) == {frozenset(("m0", "m1")), frozenset(("m1", "m2"))}
    assert sets(Pairing("together")) == [frozenset(("m0", "m1", "m2"))]
    assert sets(Pairing("all"), three[:1]) == []


def test_samples_of_one_model_are_never_compared_with_each_other_and_all_are_used():
    groups = Pairing("all").groups("q", candidates(2, samples=3))
    assert len(groups) == 9
    assert all(len(set(names(group))) == 2 for group in groups)
    used = {
        (one.model, one.sample)
        for q in QUESTIONS[:60]
        for g in Pairing("random").groups(q, candidates(2, 3))
        for one in g
    }
    assert len(used) == 6
