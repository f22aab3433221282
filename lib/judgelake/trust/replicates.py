"""A measure of verdicts in the data and without each bucket of questions, for the evaluation's intervals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def leaving_out(measure: Callable[..., float], buckets: NDArray[np.int64], *columns: Floats) -> tuple[Floats, Floats]:
    """The replicates of a measure and of the number of verdicts, as in `measures.statistics.interval`.

    Args:
        measure: of the columns.
        buckets: the bucket of each verdict's question, shape (n,).
        columns: what the measure reads, each of shape (n,).

    Returns:
        Two arrays of shape (1 + buckets,): place 0 is the data, each other one the data without one of the buckets that
        occur.
    """
    names, sizes = np.unique(buckets, return_counts=True)
    values = [measure(*columns)]
    for name in names:
        kept = buckets != name
        values.append(measure(*(column[kept] for column in columns)))
    return np.array(values), np.concatenate([[len(buckets)], len(buckets) - sizes]).astype(np.float64)
