"""A sample for people: all models in it about equally often, and a larger one goes on with a smaller one."""

import itertools
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgelake.generation import balanced_sample


def pairs_of(models: int, comparisons: int) -> dict:
    pairs = itertools.combinations([f"m{n}" for n in range(models)], 2)
    return {pair: [f"{pair} {n}" for n in range(comparisons)] for pair in pairs}


@settings(deadline=None)
@given(st.integers(2, 6), st.integers(1, 60))
def test_every_model_is_in_the_sample_about_equally_often(models, size):
    given_pairs = pairs_of(models, size)
    of = {name: pair for pair, ids in given_pairs.items() for name in ids}
    sample = balanced_sample(given_pairs, size)
    counts = Counter({f"m{n}": 0 for n in range(models)})
    counts.update(model for name in sample for model in of[name])
    assert len(set(sample)) == len(sample) == size
    assert max(counts.values()) - min(counts.values()) <= 2


@settings(deadline=None)
@given(
    st.dictionaries(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), st.integers(0, 5)), st.integers(0, 20)
)
def test_a_larger_sample_begins_with_the_smaller_one_and_none_has_more_than_there_is(sizes, size):
    comparisons = {pair: [f"{pair}{n}" for n in range(count)] for pair, count in sizes.items()}
    smaller, larger = balanced_sample(comparisons, size), balanced_sample(comparisons, size + 5)
    assert larger[: len(smaller)] == smaller
    assert len(larger) == min(size + 5, sum(sizes.values()))


@pytest.mark.parametrize("rare", [1, 3])
def test_a_model_with_few_comparisons_is_used_up_and_the_others_go_on(rare):
    comparisons = {("a", "b"): [f"ab{n}" for n in range(30)], ("a", "rare"): [f"r{n}" for n in range(rare)]}
    sample = balanced_sample(comparisons, 20)
    assert sum(name.startswith("r") for name in sample) == rare
    assert len(sample) == 20
