"""The counts of one group and slice: of each outcome in the data, and with every bucket of questions left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

SEPARATOR = "\x1f"
"""Between the parts of an outcome: no text of a label, model or number contains it."""
FAILED = "failed"
"""In an outcome, instead of what the judge was asked for and did not give."""
COMPARISONS = SEPARATOR
"""The outcome of an observation that counts a comparison, where each answer or vote is an observation itself."""
QUESTIONS = SEPARATOR * 2
"""The outcome that stores the number of questions of a group and slice, if it does not follow from the buckets."""
WHOLE = 0
"""The slice that contains every observation."""

OBSERVATION_DDL = "bucket INT, question_key BIGINT, group INT, code INT, outcome STRING, slices ARRAY<INT>, n INT"
"""One observation: of a question, known by a hash of its name, in one or more slices; for the outcome see `CELL`."""
CELL = pa.schema(
    [
        ("group", pa.int32()),
        ("slice", pa.int32()),
        ("code", pa.int32()),
        ("outcome", pa.string()),
        ("bucket", pa.int32()),
        ("n", pa.int64()),
    ]
)
"""A cell: n observations of a group, slice and bucket of questions have this outcome. It is named by its code in the
family's vocabulary or, if any text may occur, by the text itself; the other one is NULL."""

# A count takes 8 bytes: 80 MB. Continuous scores have as many outcomes as rows.
MOST_COUNTS = 10_000_000
# A standard error from so few buckets is off by a sixth of itself, which the t quantile accounts for.
LEAST_BUCKETS = 20


@dataclass(frozen=True, slots=True)
class Buckets:
    """How the questions are put into buckets."""

    names: tuple[str, ...] = ()
    """The questions, if each is a bucket, in the order of the buckets; empty if they are hashed to buckets."""
    hashed: int | None = None
    """The number of buckets the questions are assigned to by a hash of their names; None if each is a bucket."""
    is_one_comparison_each: bool = False
    """Whether no question has two comparisons, so that there are as many questions as comparisons."""

    @property
    def tell_questions(self) -> bool:
        """Whether the number of questions follows from the cells alone; else they contain `QUESTIONS`."""
        return self.hashed is None or self.is_one_comparison_each


@dataclass(frozen=True, slots=True)
class Table:
    """The counts of one group in one slice: outcome to counts, shape (1 + buckets,).

    Place 0 is the data itself, each other one the data without one bucket of questions; only buckets with an
    observation have a place.
    """

    counts: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    questions: int = 0
    comparisons: int | None = None
    """The number of comparisons, if the observations are parts of comparisons (`COMPARISONS`); else None."""
    hashed: int | None = None
    """Number of buckets of the questions; None if each bucket is one question. See `effective_clusters`."""
    buckets: NDArray[np.int64] | None = None
    """The number of each bucket that has a place, the same in every table of an evaluation; None if some are merged."""

    @property
    def n(self) -> int:
        """Observations, by their weight `n`."""
        return int(sum(count[0] for count in self.counts.values()))

    def comparisons_of(self, n: int) -> int:
        """The largest number of comparisons that n of its observations can come from."""
        return n if self.comparisons is None else min(n, self.comparisons)


def table_of(cells: pa.Table, vocabulary: Sequence[str], buckets: Buckets, share: float = 1.0) -> Table:
    """The table of one group and slice.

    Args:
        cells: its rows of `CELL`, in any order; equal ones are added up. An `n` may be negative: a sum of numbers.
        vocabulary: what each code stands for.
        buckets: how the questions were put into buckets.
        share: what one observation counts: one half if both orders of a comparison are observed.
    """
    names, place = _outcomes(cells, vocabulary)
    n = cells["n"].to_numpy()
    told = {name: int(n[place == names.index(name)].sum()) for name in (COMPARISONS, QUESTIONS) if name in names}
    is_count = ~np.isin(place, [names.index(name) for name in told])
    kept = [name for name in names if name not in told]
    new_place = np.cumsum([name not in told for name in names]) - 1
    in_use, bucket = np.unique(cells["bucket"].to_numpy()[is_count], return_inverse=True)
    hashed, most = buckets.hashed, max(LEAST_BUCKETS, MOST_COUNTS // max(1, len(kept)))
    numbers: NDArray[np.int64] | None = in_use.astype(np.int64)
    if len(in_use) > most:
        hashed, bucket, numbers = most, bucket % most, None
    n = n[is_count] * share
    counts = left_out_counts(new_place[place[is_count]], bucket, n, len(kept), min(len(in_use), most))
    comparisons = told.get(COMPARISONS)
    if buckets.hashed is None:
        questions = len(in_use)
    elif buckets.is_one_comparison_each:
        questions = int(n.sum()) if comparisons is None else comparisons
    else:
        questions = told[QUESTIONS]
    return Table(dict(zip(kept, counts, strict=True)), questions, comparisons, hashed, numbers)


def left_out_counts(
    outcome: NDArray[np.int64], bucket: NDArray[np.int64], n: NDArray[np.float64], outcomes: int, buckets: int
) -> NDArray[np.float64]:
    """The counts of each outcome in the data and without each bucket, shape (outcomes, 1 + buckets).

    Args:
        outcome: of each cell, as its place; `bucket` and `n`, its count, are per cell too.
        bucket: see above.
        n: see above; whole numbers and halves below 2**52 are exact.
        outcomes: how many there are.
        buckets: how many there are.
    """
    size = outcomes * buckets
    within = np.bincount(outcome * buckets + bucket, weights=n, minlength=size)[:size].reshape(outcomes, buckets)
    total = within.sum(axis=1, keepdims=True)
    return np.concatenate([total, total - within], axis=1)


def _outcomes(cells: pa.Table, vocabulary: Sequence[str]) -> tuple[list[str], NDArray[np.int64]]:
    """The outcomes that occur, as texts, and for each cell the place of its outcome among them."""
    texts = cells["outcome"].combine_chunks().dictionary_encode()
    of_text = texts.indices.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64) + len(vocabulary)
    code = cells["code"].combine_chunks().fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    number, place = np.unique(np.where(code < 0, of_text, code), return_inverse=True)
    spelled = texts.dictionary.to_pylist()
    names = [vocabulary[one] if one < len(vocabulary) else spelled[one - len(vocabulary)] for one in number]
    return names, place
