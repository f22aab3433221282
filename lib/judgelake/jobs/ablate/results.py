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
MOST = {"position_bias": 2.0}
"""The largest difference of two cells, where it is not 1."""


@dataclass(frozen=True, slots=True)
class Result:
    """One measure of a cell, and how it differs from the baseline on the same questions with the same seeds."""

    cell: str
    shown: str
    measure: str
    seeds: tuple[int, ...]
    """Those that have finished, for the difference also of the baseline."""
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
        return {**flat, "seeds": list(self.seeds), **numbers}


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
    both = [own[seed] - base[seed] for seed in own if seed in base]
    if cell == baseline:
        difference = absent(THE_BASELINE)
    else:
        difference = crossed_estimate(np.stack(both, axis=1), MOST.get(measure, 1.0)) if both else absent(NOT_TRAINED)
    value = crossed_estimate(np.stack([*own.values()], axis=1)) if own else absent(NOT_TRAINED)
    return Result(cell, shown, measure, tuple(own), len(questions), value, difference)


def _by_seed(
    trained: Trained, cell: str, shown: str, measure: str, questions: Sequence[str]
) -> dict[int, NDArray[np.float64]]:
    """The values of each training of a cell, in the order of the questions."""
    return {
        seed: np.array([of[measure][question] for question in questions], dtype=float)
        for (name, seed, way), of in trained.items()
        if (name, way) == (cell, shown)
    }
