"""What the judges of a cascade say of labelled comparisons, and which stage decides each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """Labelled comparisons that the judges of all stages have judged; axis 0 stages, axis 1 comparisons.

    `reliability` is a number that is higher where a verdict is surer, nan where there is none. `right` says whether the
    verdict is the label; where there is no verdict it means nothing. `questions` names the question of each comparison.
    """

    reliability: NDArray[np.float64]
    right: NDArray[np.bool_]
    questions: NDArray[np.generic]

    def __post_init__(self) -> None:
        """Check the shapes.

        Raises:
            ValueError: they differ.
        """
        if self.reliability.shape != self.right.shape or self.reliability.shape[1:] != self.questions.shape:
            raise ValueError(
                f"reliability {self.reliability.shape} and right {self.right.shape} must have one shape, (stages, "
                f"comparisons), and questions {self.questions.shape} one name for each comparison."
            )

    @property
    def stages(self) -> int:
        """How many."""
        return len(self.reliability)

    @property
    def comparisons(self) -> int:
        """How many."""
        return len(self.questions)

    def taken(self, where: NDArray[np.bool_] | NDArray[np.intp]) -> Labelled:
        """Only some of the comparisons."""
        return Labelled(self.reliability[:, where], self.right[:, where], self.questions[where])

    def one_a_question(self, seed: int = 0) -> Labelled:
        """One comparison of each question, drawn at random: comparisons of a question are no independent evidence."""
        drawn = np.random.default_rng(seed).permutation(self.comparisons)
        _, first = np.unique(self.questions[drawn], return_index=True)
        return self.taken(np.sort(drawn[first]))


def decided_at(reliability: NDArray[np.float64], thresholds: Sequence[float]) -> NDArray[np.intp]:
    """The index of the stage that decides each comparison; the number of stages where none does.

    A stage decides what no earlier one has decided and what its own reliability is at least the threshold of; without a
    verdict (nan) it decides nothing.

    Args:
        reliability: shape (stages, comparisons).
        thresholds: one for each stage; inf: it decides nothing, -inf: all that it has a verdict on.
    """
    decides = reliability >= np.asarray(thresholds, dtype=np.float64)[:, None]
    return np.where(decides.any(axis=0), decides.argmax(axis=0), len(reliability))
