"""Thresholds with a promise: how often it is kept in simulated worlds, and what too few labels give."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest

from judgelake.trust.cascade import Labelled, by_risk, decided_at, evaluated, least_labels, promise, split

REPEATS = 500
ALPHA, DELTA = 0.15, 0.1
PEOPLE = Path(__file__).resolve().parents[4] / "shared" / "data" / "cascade" / "three_judges.jsonl"


class World:
    """A finite population of comparisons with known error probabilities: the risk of any cascade is exact."""

    def __init__(self, stages: int, kind: str, seed: int = 7) -> None:
        self.random = np.random.default_rng(seed)
        size = 2_000
        hard = self.random.random(size)
        noise = self.random.random((stages, size))
        sure = 1 - 0.5 * (0.6 * hard + 0.4 * noise)
        if kind == "informative":
            self.risk = np.clip(0.02 + 0.5 * hard**2 + 0.05 * noise, 0, 1)
        elif kind == "uninformative":
            # Just above alpha at any threshold, so that every verdict breaks the promise.
            self.risk = np.full((stages, size), ALPHA + 0.001)
        else:
            # The surest are wrong most often.
            self.risk = np.clip(0.45 - 0.6 * hard, 0.05, 1) + 0 * noise
        self.reliability = sure

    def labelled(self, count: int, of_each: int = 1) -> Labelled:
        """Draws with replacement; `of_each` copies of a question's comparison have the same judgments."""
        drawn = self.random.integers(0, self.risk.shape[1], count)
        right = self.random.random((len(self.risk), count)) >= self.risk[:, drawn]
        copies = np.repeat(np.arange(count), of_each)
        return Labelled(self.reliability[:, drawn][:, copies], right[:, copies], copies)

    def is_broken(self, choices: tuple) -> bool:
        """Whether the risk of what any stage decides, or of the whole, is above alpha."""
        at = decided_at(self.reliability, [choice.threshold for choice in choices])
        risks = [self.risk[stage, at == stage] for stage in range(len(self.risk))]
        return any(len(risk) and risk.mean() > ALPHA for risk in [*risks, np.concatenate(risks)])

    def broken(self, deltas: tuple[float, ...], count: int = 250, of_each: int = 1, *, one: bool = True) -> float:
        """The share of repeats in which the promise is broken."""
        found = 0
        for _ in range(REPEATS):
            labelled = self.labelled(count, of_each)
            found += self.is_broken(by_risk(labelled.one_a_question() if one else labelled, ALPHA, deltas))
        return found / REPEATS


@pytest.mark.parametrize("stages", [1, 2, 3])
@pytest.mark.parametrize("kind", ["informative", "uninformative", "reversed"])
def test_the_promise_holds_over_all_stages(stages, kind):
    assert World(stages, kind).broken(split(DELTA, stages), one=False) <= DELTA


def test_with_several_comparisons_of_a_question_one_of_each_keeps_the_promise_and_all_do_not():
    world = World(2, "uninformative")
    assert world.broken(split(DELTA, 2), count=120, of_each=4) <= DELTA
    assert world.broken(split(DELTA, 2), count=120, of_each=4, one=False) > 2 * DELTA


def test_each_stage_with_the_whole_delta_breaks_the_promise():
    assert World(3, "uninformative").broken((DELTA,) * 3, one=False) > 1.4 * DELTA


@pytest.mark.parametrize(
    ("alpha", "delta", "least"),
    [
        pytest.param(0.5, 0.25, 2, id="a power of a half exactly"),
        pytest.param(0.15, 0.1, 15, id="one stage"),
        pytest.param(0.15, 0.1 / 3, 21, id="a third of delta"),
        pytest.param(0.9, 0.5, 1, id="one is enough"),
    ],
)
def test_the_fewest_labels_are_those_without_error_at_which_the_promise_holds(alpha, delta, least):
    assert least_labels(alpha, delta) == least
    assert (1 - alpha) ** least <= delta < (1 - alpha) ** (least - 1)


def test_the_bound_of_a_choice_is_the_exact_one_sided_interval():
    (choice,) = by_risk(World(1, "informative").labelled(600), ALPHA, (DELTA,))
    exact = binomtest(choice.errors, choice.decided, alternative="less").proportion_ci(1 - DELTA, "exact")
    assert choice.bound == pytest.approx(exact.high)
    assert choice.bound <= ALPHA


def all_right(reliability: list[float]) -> Labelled:
    return Labelled(np.array([reliability]), np.ones((1, len(reliability)), bool), np.arange(len(reliability)))


@pytest.mark.parametrize(
    ("reliability", "threshold", "reason"),
    [
        pytest.param([0.9] * 15, 0.9, None, id="just enough"),
        pytest.param([0.9] * 14, np.inf, "needs at least 15 labelled comparisons, has 14", id="one too few"),
        pytest.param([0.9] * 14 + [np.nan] * 9, np.inf, "has 14", id="no verdict is no evidence"),
        pytest.param([], np.inf, "has 0", id="none at all"),
    ],
)
def test_with_too_few_labels_a_stage_decides_nothing_and_says_how_many_it_needs(reliability, threshold, reason):
    (choice,) = by_risk(all_right(reliability), ALPHA, (DELTA,))
    assert choice.threshold == threshold
    assert (reason or "None") in str(choice.reason)


def test_a_later_stage_is_tested_on_what_is_left_and_what_none_decides_stays_undecided():
    first = np.array([0.9] * 40 + [0.6] * 30 + [0.6] * 30)
    second = np.array([0.5] * 40 + [0.9] * 30 + [0.55] * 30)
    right = np.array([[True] * 40 + [False] * 60, [False] * 40 + [True] * 30 + [False] * 30])
    labelled = Labelled(np.stack([first, second]), right, np.arange(100))
    choices = by_risk(labelled, ALPHA, split(DELTA, 2))
    point = evaluated(labelled, [choice.threshold for choice in choices], (1, 10))
    assert [choice.reached for choice in choices] == [100, 60]
    assert (point.coverage, point.calls, point.agreement, point.right) == ((0.4, 0.3), (1.0, 0.6), 1.0, 0.7)
    assert point.cost == pytest.approx(7)
    text = promise(["small", "big"], choices, point, ALPHA, DELTA)
    assert "With 90 % certainty at most 15 % of this cascade's verdicts disagree with people" in text
    assert "decides 70 % of the comparisons (small 40 %, big 30 %) and leaves 30 % undecided" in text


def test_a_cascade_that_can_promise_nothing_says_so_with_the_reason_of_each_stage():
    labelled = all_right([0.9] * 5)
    choices = by_risk(labelled, ALPHA, (DELTA,))
    text = promise(["small"], choices, evaluated(labelled, [np.inf], (1,)), ALPHA, DELTA)
    assert text.startswith("Nothing can be promised with 5 labelled comparisons")
    assert "small needs at least 15 labelled comparisons, has 5" in text


@pytest.mark.parametrize(("alpha", "delta"), [(0, 0.1), (1, 0.1), (0.1, 0), (0.1, 1)])
def test_alpha_and_delta_are_between_0_and_1(alpha, delta):
    with pytest.raises(ValueError, match="must be between 0 and 1"):
        least_labels(alpha, delta)


def three_judges() -> Labelled:
    """Published judges' probabilities of either answer and a person's preference."""
    if not PEOPLE.is_file():
        pytest.skip(f"{PEOPLE} is not there: it holds three judges' probabilities and people's preferences")
    rows = [json.loads(line) for line in PEOPLE.read_text("utf-8").splitlines()]
    judges = ("mistral-7b-instruct", "gpt-3.5-turbo", "gpt-4-turbo")
    first = np.array([[row[judge][0] / sum(row[judge]) for row in rows] for judge in judges])
    right = np.where(first > 0.5, 1, 2) == np.array([row["human"] for row in rows])
    return Labelled(np.maximum(first, 1 - first), right, np.array([row["question"] for row in rows]))


def test_on_peoples_preferences_the_cheap_judges_decide_half_and_agree_in_more_than_was_promised():
    people, found = three_judges(), []
    assert people.right.mean(axis=1) == pytest.approx([0.750, 0.756, 0.784])
    for seed in range(100):
        drawn = np.random.default_rng(seed).permutation(people.comparisons)
        known, rest = people.taken(drawn[:250]), people.taken(drawn[250:])
        choices = by_risk(known.one_a_question(seed), ALPHA, split(0.2, 3, (1, 2, 1)))
        found.append(evaluated(rest, [choice.threshold for choice in choices], (1, 1, 1)))
    assert np.mean([point.decided for point in found]) >= 0.45
    assert np.mean([point.agreement for point in found if point.agreement is not None]) >= 0.88
    assert sum(point.coverage[-1] for point in found) <= 0.05 * sum(point.decided for point in found)


def test_comparisons_without_a_verdict_do_not_hinder_the_first_test() -> None:
    reliability = np.array([[0.9] * 30 + [np.nan] * 300])
    labelled = Labelled(reliability, np.ones((1, 330), dtype=np.bool_), np.arange(330))
    assert by_risk(labelled, 0.15, (0.1,))[0].decided == 30


def test_too_few_labels_at_the_lowest_threshold_are_a_reason() -> None:
    reliability = np.array([[0.9] * 30 + [0.1] * 300])
    labelled = Labelled(reliability, np.ones((1, 330), dtype=np.bool_), np.arange(330))
    choice = by_risk(labelled, 0.15, (0.1,))[0]
    assert choice.threshold == np.inf
    assert choice.reason is not None
    assert "needs 66" in choice.reason


def test_a_certainty_below_one_is_not_rounded_to_one() -> None:
    reliability, right = np.full((1, 100), 0.9), np.ones((1, 100), dtype=np.bool_)
    labelled = Labelled(reliability, right, np.arange(100))
    choices = by_risk(labelled, 0.15, (0.0004,))
    point = evaluated(labelled, [choices[0].threshold], [1])
    assert "With 99.96 % certainty" in promise(["one"], choices, point, 0.15, 0.0004)
