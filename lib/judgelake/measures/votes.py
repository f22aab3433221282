"""A comparison's label as the votes it holds: each counts where labels do, the comparison once where they do not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from judgelake.measures.table import SEPARATOR, Table

VOTE = "+"
"""Between the votes of a label: "A+A+tie" is two for A and one for a tie. One vote is the label itself."""
NO_VOTES = "none"
"""A label without a vote: nobody labelled the comparison, or the label rule makes no label of what they said."""


@dataclass(frozen=True, slots=True, eq=False)
class VotedCounts:
    """Comparisons by what was said of them, and the label votes on those; last axis replicates.

    `once`, shape (*parts, 1 + replicates), holds every comparison once, labelled or not. `votes`, shape
    (classes, *parts, 1 + replicates), holds a comparison as often as it has votes of the class.
    """

    once: NDArray[np.float64]
    votes: NDArray[np.float64]

    @classmethod
    def of(cls, table: Table, classes: Sequence[str], parts: Sequence[Sequence[str]]) -> VotedCounts:
        """From outcomes label, then `parts`, joined by `SEPARATOR`; the label is `NO_VOTES` or votes joined by `VOTE`.

        Args:
            table: without outcomes, the replicates are not known and their axis has length 1.
            classes: what a vote may be.
            parts: the values that each further part of an outcome may take, in the order of its axis.

        Raises:
            ValueError: an outcome has other votes or parts than these.
        """
        replicates = next((len(count) for count in table.counts.values()), 1)
        shape = tuple(map(len, parts))
        once, votes = np.zeros((*shape, replicates)), np.zeros((len(classes), *shape, replicates))
        for label, said, count in voted_outcomes(table):
            place = tuple(values.index(part) for values, part in zip(parts, said, strict=True))
            once[place] += count
            for vote, times in label.items():
                votes[classes.index(vote), *place] += times * count
        return cls(once, votes)


def voted_outcomes(table: Table) -> Iterator[tuple[Counter[str], list[str], NDArray[np.float64]]]:
    """Every outcome's votes, further parts and counts."""
    for outcome, count in table.counts.items():
        label, *said = outcome.split(SEPARATOR)
        yield Counter(() if label == NO_VOTES else label.split(VOTE)), said, count
