"""Buckets in blocks, so that memory does not grow with the number of cells of a figure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

# A matrix of distinct pairs by buckets takes 2 MB, and a measure holds about six of them at once. Continuous scores
# have as many distinct pairs as rows: all 500 buckets of 10,000 pairs at once would take 0.25 GB, and twice the time.
BLOCK_CELLS = 250_000


def replicate_blocks(cells: int, columns: int) -> Iterator[slice]:
    """Slices of the last axis to process together: `cells` times a block's length is at most `BLOCK_CELLS`.

    Args:
        cells: numbers per place of the last axis.
        columns: 1 + buckets.
    """
    length = max(1, BLOCK_CELLS // cells)
    for start in range(0, columns, length):
        yield slice(start, min(start + length, columns))


def stacked(rows: Sequence[Sequence[NDArray[np.float64]]], block: slice) -> NDArray[np.float64]:
    """The values in a block, one line for the sum of each row's arrays: shape (rows, length of the block)."""
    return np.stack([sum((part[block] for part in parts[1:]), parts[0][block]) for parts in rows])


def with_fewer_buckets(counts: NDArray[np.float64], buckets: int) -> NDArray[np.float64]:
    """The same counts with buckets merged, so that there are at most `buckets`.

    Args:
        counts: shape (..., 1 + buckets), as in `Table.counts`.
        buckets: the largest number wanted.
    """
    if counts.shape[-1] - 1 <= buckets:
        return counts
    total = counts[..., :1]
    within = total - counts[..., 1:]
    together = np.stack([within[..., place::buckets].sum(axis=-1) for place in range(buckets)], axis=-1)
    return np.concatenate([total, total - together], axis=-1)
