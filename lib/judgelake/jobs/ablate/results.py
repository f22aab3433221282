"""What the trainings of an ablation come to: each cell's figures, and its differences to the baseline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from judgelake.jobs.ablate.answers import MEASURES
from judgelake.measures.families import Estimate, absent, crossed_estimate

Values = Mapping[str, Mapping[str, float]]
"""A finished model's values: measure: group of questions: value; see `answers.by_question`."""
Trained = Mapping[tuple[str, int, str], Values]
"""Of each training that has finished, by its cell, seed and what was shown."""
NOT_TRAINED = "no seed of this cell and the baseline has finished"
THE_BASELINE = "the baseline itself"
LEAST = {"position_bias": -1.0}
"""The smallest value of a measure, where it is not 0; the largest is 1."""


@dataclass(frozen=True, slots=True)
class Result:
    """One measure of a cell, and how it differs from the baseline on the same questions with the same seeds."""

    cell: str
    shown: str
    measure: str
    seeds: tuple[int, ...]
    """Those that have finished."""
    seeds_of_difference: tuple[int, ...]
    """Those that have finished here and with the baseline."""
    questions: int
    value: Estimate
    difference: Estimate

    def record(self) -> dict[str, Any]:
        """As a row of a table."""
        flat = {"cell": self.cell, "shown": self.shown, "measure": self.measure, "questions": self.questions}
        numbers = {
            name if part == "value" else f"{name}_{part}": getattr(getattr(self, name), part)
            for name in ("value", "difference")
            for part in ("value", "low", "high", "reason")
        }
        seeds = {"seeds": list(self.seeds), "seeds_of_difference": list(self.seeds_of_difference)}
        return {**flat, **seeds, **numbers}


def results_of(trained: Trained, cells: Sequence[str], shown: Sequence[str], baseline: str) -> list[Result]:
    """A result for each cell, way of asking and measure, in this order; a number that is not known has its reason.

    Counted are the questions that every training was asked: one with another base or fewer tokens may leave some out.
    """
    common = {way: _asked_of_all(trained, way) for way in shown}
    return [
        _result(trained, cell, way, measure, baseline, common[way])
        for cell in cells
        for way in shown
        for measure in MEASURES
    ]


def _asked_of_all(trained: Trained, shown: str) -> list[str]:
    asked = [{*of[MEASURES[0]]} for (_, _, way), of in trained.items() if way == shown]
    return sorted(set.intersection(*asked)) if asked else []


def _result(trained: Trained, cell: str, shown: str, measure: str, baseline: str, questions: Sequence[str]) -> Result:
    own = _by_seed(trained, cell, shown, measure, questions)
    base = _by_seed(trained, baseline, shown, measure, questions)
    both = {seed: own[seed] - base[seed] for seed in own if seed in base and cell != baseline}
    least = LEAST.get(measure, 0.0)
    value, difference = _estimate(own, least, 1.0), _estimate(both, least - 1, 1 - least)
    if cell == baseline:
        difference = absent(THE_BASELINE)
    return Result(cell, shown, measure, tuple(own), tuple(both), len(questions), value, difference)


def _estimate(by_seed: Mapping[int, NDArray[np.float64]], least: float, most: float) -> Estimate:
    if not by_seed:
        return absent(NOT_TRAINED)
    return crossed_estimate(np.stack([*by_seed.values()], axis=1), least, most)


def _by_seed(
    trained: Trained, cell: str, shown: str, measure: str, questions: Sequence[str]
) -> dict[int, NDArray[np.float64]]:
    """The values of each training of a cell, in the order of the questions."""
    return {
        seed: np.array([of[measure][question] for question in questions], dtype=float)
        for (name, seed, way), of in trained.items()
        if (name, way) == (cell, shown)
    }
