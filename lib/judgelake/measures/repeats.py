"""Whether a judge answers the same request the same way twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from judgelake.measures.figure import Figure
from judgelake.measures.statistics.interval import Replicates, ratio
from judgelake.measures.table import SEPARATOR, Table

NOT_REPEATED = "no request was asked more than once"
NO_PAIRS = "no repeated request has two verdicts"


@dataclass(frozen=True, slots=True, eq=False)
class Repeats:
    """Repeated requests by how many pairs of their answers differ.

    `differing` and `pairs` have the shape (patterns,), `requests` (patterns, 1 + replicates): how many requests have
    that many differing pairs among that many pairs of verdicts. Requests with fewer than two verdicts have no pairs.
    """

    differing: NDArray[np.float64]
    pairs: NDArray[np.float64]
    requests: NDArray[np.float64]

    @classmethod
    def of(cls, table: Table) -> Repeats:
        """From outcomes that are the number of differing pairs and of pairs of one request, joined by `SEPARATOR`."""
        patterns = np.array([outcome.split(SEPARATOR) for outcome in table.counts], dtype=np.float64).reshape(-1, 2)
        replicates = next((len(count) for count in table.counts.values()), 1)
        requests = np.array([*table.counts.values()], dtype=np.float64).reshape(len(patterns), replicates)
        return cls(patterns[:, 0], patterns[:, 1], requests)

    @property
    def paired(self) -> Replicates:
        """Requests with at least two verdicts."""
        paired: Replicates = self.requests[self.pairs > 0].sum(axis=0)
        return paired


def unanimity(repeats: Repeats) -> Replicates:
    """Share of repeated requests whose verdicts are all the same; nan where none has two verdicts."""
    unanimous = (repeats.pairs > 0) & (repeats.differing == 0)
    return ratio(repeats.requests[unanimous].sum(axis=0), repeats.paired)


def flip_rate(repeats: Repeats) -> Replicates:
    """Chance that two random answers to the same request have different verdicts; nan if none has two.

    The mean over requests of differing pairs / pairs: a request asked often has no more weight than one asked twice.
    """
    differing = np.nan_to_num(ratio(repeats.differing, repeats.pairs))
    return ratio(differing @ repeats.requests, repeats.paired)


def figures(table: Table) -> Iterator[Figure]:
    """Unanimity and flip rate of identical requests.

    `n` is the number of requests with at least two verdicts, `asked` of those asked more than once.

    Args:
        table: outcomes are, for one comparison in one order asked several times, the pairs of verdicts that differ and
            all pairs of verdicts, joined by `SEPARATOR`.
    """
    repeats = Repeats.of(table)
    asked = int(repeats.requests[:, 0].sum())
    reason = NO_PAIRS if asked else NOT_REPEATED
    figure = partial(Figure, n=int(repeats.paired[0]), asked=asked, reason=reason, base=repeats.paired)
    yield figure("unanimity", unanimity(repeats))
    yield figure("flip_rate", flip_rate(repeats))
