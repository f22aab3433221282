"""Judge against judge in many simulated evaluations: how often is one of equally good judges called better?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from equal_judges import Evaluations, Judges
from scipy import stats

from judgelake.jobs.evaluate.corrections import with_corrected
from judgelake.jobs.evaluate.row_rules import RowRules
from judgelake.jobs.evaluate.rows import row_of
from judgelake.measures import Result
from judgelake.measures.judge_pairs import figures
from judgelake.report import JudgePair, pair_finding

REPEATS = 2000
WORLDS = {
    "150 questions of 1 comparison": Judges(10, 150, 1),
    "100 of 5": Judges(10, 100, 5, 0.3),
    "100 of 10": Judges(10, 100, 10, 0.3),
    "80 of 20": Judges(10, 80, 20, 0.3),
    "5 judges, 80 of 20": Judges(5, 80, 20, 0.5),
}
CLUSTERED = [name for name, world in WORLDS.items() if world.clustering]


def simulated(world: Judges, seed: int, repeats: int = REPEATS) -> Iterator[Evaluations]:
    """So many evaluations, in parts that fit into little memory."""
    for part in range(20):
        yield Evaluations.of(world, repeats // 20, seed * 20 + part)


def share(found: list[np.ndarray]) -> float:
    return float(np.mean(np.concatenate([one.any(axis=1) for one in found])))


@pytest.mark.parametrize("name", WORLDS)
def test_one_of_equal_judges_is_called_better_in_one_evaluation_of_twenty(name):
    false = share([evaluations.found() for evaluations in simulated(WORLDS[name], 1)])
    assert 0 < false <= 0.06


@pytest.mark.parametrize("name", CLUSTERED)
def test_the_interval_of_one_pair_and_mcnemar_do_not_keep_that(name):
    assert share([one.found_by_interval_and_mcnemar() for one in simulated(WORLDS[name], 2, 400)]) > 0.2


@pytest.mark.parametrize("name", WORLDS)
def test_the_intervals_of_all_pairs_hold_together(name):
    world, held = WORLDS[name], []
    for evaluations in simulated(world, 3):
        value, error = evaluations.differences()
        reach = stats.t.isf(0.025 / len(world.pairs), world.questions - 1) * error
        held.append((np.abs(value) <= reach).all(axis=1))
    assert 0.94 <= np.mean(np.concatenate(held)) < 1


@pytest.mark.parametrize(
    ("judges", "lead"), [pytest.param(2, 0.15, id="one pair"), pytest.param(10, 0.19, id="one of ten is better")]
)
def test_where_nothing_clusters_it_costs_no_power(judges, lead):
    world = Judges(judges, 150, 1, lead=lead)
    new, old = [], []
    for evaluations in simulated(world, 4):
        with_first = [pair[0] == 0 for pair in world.pairs]
        new.append(evaluations.found()[:, with_first])
        old.append(evaluations.found_by_interval_and_mcnemar()[:, with_first])
    power, before = np.mean(np.concatenate(new)), np.mean(np.concatenate(old))
    assert 0.7 < before <= power < 0.95


def rows_of(evaluations: Evaluations, evaluation: int) -> list[Result]:
    """The rows of all pairs, as an evaluation makes them."""
    rows = []
    for pair in evaluations.world.pairs:
        table = evaluations.table(evaluation, pair)
        for figure in figures(table, str(pair[1])):
            made = row_of(figure, None, "all", table.questions, RowRules())
            rows.append(replace(made, judge=str(pair[0])))
    return [row for row in with_corrected(rows) if row.metric == "agreement_difference"]


@pytest.mark.parametrize("lead", [pytest.param(0.0, id="equal judges"), pytest.param(0.2, id="one is better")])
def test_an_evaluation_finds_the_pairs_that_the_simulation_counts(lead):
    world = Judges(5, 40, 4, 0.3, lead=lead)
    evaluations = Evaluations.of(world, 12, 5)
    value, error = evaluations.differences()
    counted = evaluations.found()
    assert counted.any()
    for place in range(12):
        rows = rows_of(evaluations, place)
        assert [row.value for row in rows] == pytest.approx(value[place])
        assert [row.spread.error for row in rows] == pytest.approx(error[place])
        findings = [pair_finding(JudgePair(row.judge, row.subject, difference=row)) for row in rows]
        assert [one.found for one in findings] == list(counted[place])
