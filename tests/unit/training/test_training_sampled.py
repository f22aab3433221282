"""Sampled judgments: only those that agree with the label teach, and no place is preferred."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from judgelake.training import Choice, Preference, Sampled, agreeing, balanced, preferences

PLAIN, SWAPPED = Choice(False, False), Choice(True, False)
LABELS = {("e1", PLAIN): "A", ("e1", SWAPPED): "B", ("e2", PLAIN): "tie", ("e3", PLAIN): "A"}


def sample(example_id: str, choice: Choice, repeat: int, verdict: str | None) -> Sampled:
    return Sampled(example_id, choice, repeat, f"{example_id} {repeat}", verdict)


SAMPLES = [
    *(sample("e1", PLAIN, repeat, verdict) for repeat, verdict in enumerate(("A", "B", "A", None))),
    *(sample("e1", SWAPPED, repeat, verdict) for repeat, verdict in enumerate(("A", "B"))),
    *(sample("e2", PLAIN, repeat, verdict) for repeat, verdict in enumerate(("tie", "A"))),
    *(sample("e4", PLAIN, repeat, "A") for repeat in range(5)),
]


def test_what_agrees_is_kept_with_as_many_of_each_place() -> None:
    kept = agreeing(SAMPLES, LABELS, most=4, seed=0)
    assert Counter(one.verdict for one in kept) == {"A": 1, "B": 1, "tie": 1}
    assert all(LABELS[one.example_id, one.choice] == one.verdict for one in kept)


def test_pairs_prefer_what_agrees_to_what_does_not() -> None:
    pairs = preferences(SAMPLES, LABELS, most=4, seed=0)
    assert [(pair.chosen.verdict, pair.rejected.verdict) for pair in pairs] == [("A", "B"), ("B", "A"), ("tie", "A")]
    assert all(pair.chosen.choice == pair.rejected.choice for pair in pairs)
    assert isinstance(pairs[0], Preference)


def test_a_judge_that_is_right_in_one_place_only_teaches_nothing() -> None:
    assert agreeing([sample("e3", PLAIN, 0, "A")], LABELS, 1, 0) == []


@settings(deadline=None)
@given(st.permutations(SAMPLES), st.integers(0, 3))
def test_how_samples_come_changes_nothing(samples: list[Sampled], seed: int) -> None:
    assert agreeing(samples, LABELS, 1, seed) == agreeing(SAMPLES, LABELS, 1, seed)
    assert preferences(samples, LABELS, 1, seed) == preferences(SAMPLES, LABELS, 1, seed)


@settings(deadline=None)
@given(st.lists(st.sampled_from(["A", "B", "tie"])))
def test_balance_keeps_the_order_and_all_ties(verdicts: list[str]) -> None:
    kept = balanced(list(enumerate(verdicts)), lambda one: one[1], lambda one: -one[0])
    counts = Counter(verdict for _, verdict in kept)
    assert counts["A"] == counts["B"] == min(verdicts.count("A"), verdicts.count("B"))
    assert counts["tie"] == verdicts.count("tie")
    assert kept == sorted(kept)
