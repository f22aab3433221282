"""The alternative annotator test: as the paper computes it, valid with clusters, and it tells good from bad judges."""

from __future__ import annotations

import numpy as np
import pytest
from labelers_world import NOT_GIVEN, People, competing_table
from scipy import stats

from judgelake.jobs.evaluate import Labels
from judgelake.measures.alternative import Competition, competitions
from judgelake.measures.families import Table, alternative_figures

EPSILON, REPEATS = 0.2, 400


def figures_of(table: Table, epsilon: float = EPSILON):
    return {(figure.metric, figure.subject): figure for figure in alternative_figures(table, epsilon)}


def value(figure) -> float | None:
    return figure.estimate(figure.n).value


def by_the_paper(labels, judge, epsilon):
    """p-value of each labeler, winning rate and advantage probability, straight from the definitions of section 3."""
    p_values, advantages = [], []
    for own in range(labels.shape[-1]):
        of_judge, of_labeler = [], []
        for given, verdict in zip(labels.reshape(-1, labels.shape[-1]), judge.ravel(), strict=True):
            others = [label for place, label in enumerate(given) if place != own and label != NOT_GIVEN]
            if given[own] == NOT_GIVEN or not others:
                continue
            judge_aligns, labeler_aligns = (np.mean([said == one for one in others]) for said in (verdict, given[own]))
            of_judge.append(float(judge_aligns >= labeler_aligns))
            of_labeler.append(float(labeler_aligns >= judge_aligns))
        lost = np.array(of_labeler) - np.array(of_judge)
        p_values.append(stats.ttest_1samp(lost, epsilon, alternative="less").pvalue)
        advantages.append(np.mean(of_judge))
    places = np.arange(1, len(p_values) + 1)
    limits = places / len(p_values) * 0.05 / (1 / places).sum()
    met = np.flatnonzero(np.sort(p_values) <= limits)
    return p_values, (met[-1] + 1 if len(met) else 0) / len(p_values), np.mean(advantages)


@pytest.mark.parametrize(
    "world",
    [
        pytest.param(People(), id="three labelers"),
        pytest.param(People((0.9, 0.8, 0.7, 0.6, 0.8), judge=0.7, given=0.7), id="five who do not label all"),
        pytest.param(People((0.95, 0.7, 0.7), judge=0.78), id="some won, some not"),
    ],
)
def test_with_one_comparison_a_question_it_is_the_papers_test(world):
    labels, judge = world.drawn(np.random.default_rng(2))
    table = competing_table(labels, judge)
    p_values, omega, rho = by_the_paper(labels, judge, EPSILON)
    found = [one.p_value(EPSILON, world.questions) for one in competitions(table).values()]
    assert found == pytest.approx(p_values, abs=1e-9)
    figures = figures_of(table)
    assert value(figures["winning_rate", None]) == pytest.approx(omega)
    assert value(figures["advantage_probability", None]) == pytest.approx(rho)
    each = [value(figure) for (metric, _), figure in figures.items() if metric == "advantage_over_labeler"]
    assert np.mean(each) == pytest.approx(rho)


def passes(world: People, seed: int, epsilon: float = Labels().epsilon) -> float:
    """Share of simulated evaluations in which the judge passes."""
    rng = np.random.default_rng(seed)
    rates = [value(figures_of(competing_table(*world.drawn(rng)), epsilon)["winning_rate", None]) for _ in range(100)]
    return float(np.mean([rate >= 0.5 for rate in rates]))


def test_a_good_judge_passes_and_a_bad_one_fails():
    assert passes(People(judge=0.9, questions=150), seed=1) > 0.97
    assert passes(People(judge=0.55, questions=150), seed=1) < 0.03


def test_a_coin_passes_among_labelers_who_err_with_a_penalty_for_experts_and_not_with_ours():
    """Among three labelers right in 80 % it loses only 18 comparisons in 100 more than it wins."""
    coin = People(judge=0.5, questions=2_000)
    assert passes(coin, seed=1, epsilon=0.2) > 0.2
    assert passes(coin, seed=1) == 0


def test_without_a_penalty_a_judge_as_good_as_a_labeler_does_not_pass():
    assert passes(People(questions=100), seed=1, epsilon=0.0) < 0.06


def rejected(comparisons: int, *, is_clustered: bool) -> float:
    """How often a labeler is said to be replaceable that exceeds the judge by exactly epsilon."""
    rng, questions = np.random.default_rng(4), 60
    # Whole questions go to one side: 0.4 to the labeler, 0.2 to the judge, so that the difference is epsilon.
    side = np.searchsorted((0.2, 0.6), rng.random((REPEATS, questions)), side="right")
    count = 0
    for sides in side:
        n = comparisons * np.array([sides == place for place in range(3)], dtype=float)
        totals = n.sum(axis=1, keepdims=True)
        if is_clustered:
            count += Competition(*np.concatenate([totals, totals - n], axis=1)).p_value(EPSILON, questions) < 0.05
        else:
            lost = np.repeat((-1.0, 1.0, 0.0), totals[:, 0].astype(int))
            count += stats.ttest_1samp(lost, EPSILON, alternative="less").pvalue < 0.05
    return count / REPEATS


def test_comparisons_of_one_question_are_not_taken_as_independent():
    assert rejected(8, is_clustered=False) > 0.2, "the paper's own test"
    assert rejected(8, is_clustered=True) <= 0.05 + 2 * (0.05 * 0.95 / REPEATS) ** 0.5


def alike(judge=0.0, labeler=0.0, both=0.0, questions=40) -> float:
    """The p-value where every question has one comparison, all with the same outcome."""
    n = np.array([judge, labeler, both])[:, None] * np.ones(questions)
    counts = np.concatenate([n.sum(axis=1, keepdims=True), n.sum(axis=1, keepdims=True) - n], axis=1)
    return Competition(*counts).p_value(EPSILON, questions)


def test_where_all_comparisons_have_one_outcome_the_p_value_is_the_chance_of_that():
    assert alike(both=1) == pytest.approx(0.8**40)
    assert alike(judge=1) == pytest.approx(0.4**40)
    assert alike(labeler=1) == 1.0
    assert alike(both=1, questions=1) == 1.0
    assert alike(both=1, questions=2) > 0.05, "two questions show nothing"


@pytest.mark.parametrize(
    ("right", "questions"), [pytest.param((0.8, 0.8), 90, id="two"), pytest.param((0.8,) * 3, 29, id="29 comparisons")]
)
def test_with_few_labelers_or_few_comparisons_there_is_no_test_but_a_reason(right, questions):
    found = figures_of(competing_table(*People(right, questions=questions).drawn(np.random.default_rng(1))))
    assert set(found) == {("winning_rate", None), ("advantage_probability", None)}
    for figure in found.values():
        assert figure.n == 0
        assert "3 to 100 labelers, each with 30 or more comparisons" in (figure.estimate(questions).reason or "")
    assert {figure.estimate(0).value for figure in alternative_figures(Table(), EPSILON)} == {None}


def test_only_labelers_with_enough_comparisons_are_tested():
    labels, judge = People((0.8,) * 4, questions=60).drawn(np.random.default_rng(1))
    labels[20:, 0, 3] = NOT_GIVEN
    found = figures_of(competing_table(labels, judge))
    assert (found["winning_rate", None].n, found["winning_rate", None].asked) == (3, 4)
    assert ("advantage_over_labeler", "labeler 3") not in found
