"""Replicates in blocks, so that neither memory nor work grows with what a figure is computed from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

# A matrix of distinct pairs by replicates takes 2 MB, and a measure holds about six of them at once. Continuous scores
# have as many distinct pairs as rows: all replicates of 10,000 pairs at once would take 0.5 GB, and twice the time.
BLOCK_CELLS = 250_000
# Work is bounded too: 10,000 distinct pairs get 1,000 replicates, 100,000 the first 100, which are as good a sample.
# That is 5 to 10 s of one core, most of it Kendall's.
MOST_CELLS = 10_000_000
LEAST_REPLICATES = 100


def replicate_blocks(cells: int, columns: int) -> Iterator[slice]:
    """Runs of replicates to look at together, so that `cells` by a block's length stays within `BLOCK_CELLS`.

    Args:
        cells: numbers a replicate takes.
        columns: 1 + replicates. Beyond `MOST_CELLS` in all, the last are left out, but never the data itself nor the
            first `LEAST_REPLICATES`.
    """
    columns = min(columns, 1 + max(LEAST_REPLICATES, MOST_CELLS // cells))
    length = max(1, BLOCK_CELLS // cells)
    for start in range(0, columns, length):
        yield slice(start, min(start + length, columns))


def stacked(rows: Sequence[Sequence[NDArray[np.float64]]], block: slice) -> NDArray[np.float64]:
    """The replicates of a block, one line for the sum of each row's arrays: shape (rows, length of the block)."""
    return np.stack([sum((part[block] for part in parts[1:]), parts[0][block]) for parts in rows])
