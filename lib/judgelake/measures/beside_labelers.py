"""A judge, and the labelers of the same comparisons, each compared with the label of one of these labelers.

What a figure of a judge against labels is without any bias depends on how much the labels miss of the quality. One
labeler compared with another misses as much, and has no reason to prefer what the judge may prefer: so the figure of
one labeler against another is what the judge's is compared with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from judgelake.measures.statistics.interval import Replicates
from judgelake.measures.table import SEPARATOR, Table

NO_TWO_LABELS = "no comparison with a verdict has labels from two labelers"


@dataclass(frozen=True, slots=True, eq=False)
class JudgeAndLabelers:
    """Label by what else was said of the same comparison, over those with a verdict and two or more labels.

    Both arrays have the shape (classes, classes, *parts, 1 + replicates) and give each comparison the weight 1: in
    `of_judge` the judge's verdict is paired with the label of each labeler in turn, in `of_labelers` the label of each
    other labeler is, over all ordered pairs of labelers.
    """

    of_judge: NDArray[np.float64]
    of_labelers: NDArray[np.float64]
    asked: int
    """Comparisons with a label that were asked of the judge."""

    @property
    def n(self) -> int:
        """How many are counted."""
        return int(self.base[0])

    @property
    def base(self) -> Replicates:
        """The comparisons that are counted, in the data and without each bucket."""
        counted: Replicates = np.rint(self.of_judge.reshape(-1, self.of_judge.shape[-1]).sum(axis=0))
        return counted

    @classmethod
    def of(cls, table: Table, classes: Sequence[str], parts: Sequence[Sequence[str]] = ()) -> JudgeAndLabelers:
        """From outcomes number of votes for each class, verdict, then `parts`, joined by `SEPARATOR`.

        Numbers, unlike the votes of `VotedCounts`, stay short however many labelers there are.

        Args:
            table: without outcomes, the number of replicates is not known and their axis has length 1.
            classes: the possible votes, in the order of their numbers. A verdict that is none of them is asked and not
                counted.
            parts: the possible values of each further part of an outcome, in the order of its axis.
        """
        replicates = next((len(count) for count in table.counts.values()), 1)
        shape = (*map(len, parts), len(classes), len(classes), replicates)
        of_judge, of_labelers, asked = np.zeros(shape), np.zeros(shape), 0.0
        for outcome, count in table.counts.items():
            *votes, verdict = outcome.split(SEPARATOR)[: len(classes) + 1]
            said = outcome.split(SEPARATOR)[len(classes) + 1 :]
            given = np.array(votes, dtype=np.float64)
            asked += float(count[0])
            if verdict not in classes or given.sum() < 2:
                continue
            place = tuple(values.index(part) for values, part in zip(parts, said, strict=True))
            # A labeler is not compared with itself.
            pairs = np.outer(given, given) - np.diag(given)
            of_judge[place][:, classes.index(verdict)] += given[:, None] / given.sum() * count
            of_labelers[place] += pairs[..., None] / pairs.sum() * count
        of_judge, of_labelers = (np.moveaxis(counts, (-3, -2), (0, 1)) for counts in (of_judge, of_labelers))
        return cls(of_judge, of_labelers, int(asked))
