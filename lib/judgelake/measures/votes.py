"""A comparison's label as its votes: each vote counts where labels count, the comparison counts once where not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from judgelake.measures.table import SEPARATOR, Table

VOTE = "+"
"""Between the votes of a label: "A+A+tie" is two for A and one for a tie. A single vote is the label itself."""
NO_VOTES = "none"
"""A label without a vote: nobody labelled the comparison, or the label rule gives no label."""


@dataclass(frozen=True, slots=True, eq=False)
class VotedCounts:
    """Comparisons by verdicts and other parts, and the label votes on them; last axis replicates.

    `once`, shape (*parts, 1 + replicates), counts every comparison once, labelled or not. `votes`, shape
    (classes, *parts, 1 + replicates), counts a comparison as often as it has votes of the class.
    """

    once: NDArray[np.float64]
    votes: NDArray[np.float64]

    @classmethod
    def of(cls, table: Table, classes: Sequence[str], parts: Sequence[Sequence[str]]) -> VotedCounts:
        """From outcomes label, then `parts`, joined by `SEPARATOR`; the label is `NO_VOTES` or votes joined by `VOTE`.

        Args:
            table: without outcomes, the number of replicates is not known and their axis has length 1.
            classes: the possible votes.
            parts: the possible values of each further part of an outcome, in the order of its axis.

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
    """Votes, further parts and counts of every outcome."""
    for outcome, count in table.counts.items():
        label, *said = outcome.split(SEPARATOR)
        yield Counter(() if label == NO_VOTES else label.split(VOTE)), said, count
