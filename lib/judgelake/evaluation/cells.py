"""Counting observations into cells, once in the data and once in every bootstrap replicate, in one Spark pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import csr_array

from judgelake.evaluation.weights import poisson_weights

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

SEPARATOR = "\x1f"
"""Between the parts of an outcome: no text of a label, model or number holds it."""
FAILED = "failed"
"""In an outcome, in place of what the judge was asked for and did not give."""
COMPARISONS = SEPARATOR
"""The outcome of an observation that only tells of a comparison: where each answer or vote is one of its own."""
WHOLE = 0
"""The slice that every observation is in."""

# Weights of a block of questions take 4 bytes a question and replicate: 32 MB at 1,000 replicates.
BLOCK_QUESTIONS = 8_192
# Rows a task takes at once, about 40 bytes each.
ROWS_A_TASK = 2_000_000

OBSERVATION_DDL = "question_key BIGINT, group INT, outcome STRING, slices ARRAY<INT>, n INT"
CELL = pa.schema(
    [
        ("group", pa.int32()),
        ("slice", pa.int32()),
        ("outcome", pa.string()),
        ("questions", pa.int64()),
        ("counts", pa.binary()),
    ]
)
CELL_DDL = "group INT, slice INT, outcome STRING, questions BIGINT, counts BINARY"
QUESTIONS_OF_ALL = ""
"""The outcome under which a group and slice has its number of questions, whatever the outcomes."""


@dataclass(frozen=True, slots=True)
class Table:
    """What one group came to in one slice: outcome to counts, shape (1 + replicates,), place 0 is the data itself."""

    counts: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    questions: int = 0
    comparisons: int | None = None
    """Where the observations are parts of comparisons (`COMPARISONS`), how many comparisons; else None."""

    @property
    def n(self) -> int:
        """Observations, by their weight `n`."""
        return int(sum(count[0] for count in self.counts.values()))

    def comparisons_of(self, n: int) -> int:
        """The comparisons that so many of its observations can come from, at most."""
        return n if self.comparisons is None else min(n, self.comparisons)


@dataclass(frozen=True, slots=True)
class Counting:
    """Counts the observations of one partition; picklable, runs inside Spark's Python workers.

    A partition must hold all observations of each of its questions.
    """

    replicates: int
    seed: int

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Rows of `OBSERVATION_DDL` in, one row of `CELL` for each group, slice and outcome out."""
        held = list(batches)
        rows = pa.Table.from_batches(held) if held else None
        if rows is None or not rows.num_rows:
            return
        observed = _Observed.of(rows)
        counts = np.zeros((len(observed.names), 1 + self.replicates), dtype=np.float64)
        for block in observed.blocks():
            weights = poisson_weights(block.keys, self.replicates, self.seed)
            # Integers below 2**24 are exact in float32, and so is every sum of a block.
            counts[block.cells] += block.matrix @ weights
        yield from observed.rows(counts)


@dataclass(frozen=True, slots=True)
class _Block:
    """Some questions: their keys, the cells they touch and how often each question stands in each of them."""

    keys: NDArray[np.int64]
    cells: NDArray[np.int64]
    matrix: csr_array


@dataclass(frozen=True, slots=True)
class _Observed:
    """Observations with questions, cells and counts as numbers, sorted by question."""

    keys: NDArray[np.int64]
    question: NDArray[np.int64]
    cell: NDArray[np.int64]
    n: NDArray[np.float32]
    names: list[tuple[int, int, str]]

    @classmethod
    def of(cls, rows: pa.Table) -> _Observed:
        """Spread the slices of each observation and number questions and cells."""
        slices = rows["slices"].combine_chunks()
        lengths = np.diff(slices.offsets.to_numpy())
        spread = np.repeat(np.arange(rows.num_rows), lengths)
        in_slice = slices.values.to_numpy()[slices.offsets[0].as_py() : slices.offsets[-1].as_py()].astype(np.int64)
        outcomes = rows["outcome"].combine_chunks().dictionary_encode()
        codes = outcomes.indices.to_numpy().astype(np.int64)[spread]
        groups = rows["group"].to_numpy().astype(np.int64)[spread]
        size = len(outcomes.dictionary)
        most_slices = int(in_slice.max(initial=0)) + 1
        packed, cell = np.unique((groups * most_slices + in_slice) * size + codes, return_inverse=True)
        keys, question = np.unique(rows["question_key"].to_numpy(), return_inverse=True)
        texts = outcomes.dictionary.to_pylist()
        names = [(int(p // size // most_slices), int(p // size % most_slices), texts[p % size]) for p in packed]
        question = question[spread]
        order = np.argsort(question, kind="stable")
        n = rows["n"].to_numpy().astype(np.float32)[spread]
        return cls(keys, question[order], cell[order], n[order], names)

    def blocks(self) -> Iterator[_Block]:
        """The questions in blocks, each with its part of the cells."""
        for first in range(0, len(self.keys), BLOCK_QUESTIONS):
            last = min(first + BLOCK_QUESTIONS, len(self.keys))
            inside = slice(*np.searchsorted(self.question, (first, last)))
            cells, rows = np.unique(self.cell[inside], return_inverse=True)
            shape = (len(cells), last - first)
            matrix = csr_array((self.n[inside], (rows, self.question[inside] - first)), shape=shape)
            yield _Block(self.keys[first:last], cells, matrix)

    def rows(self, counts: NDArray[np.float64]) -> Iterator[pa.RecordBatch]:
        """The cells with their counts, and the number of questions of each group and slice."""
        places = {name[:2]: index for index, name in enumerate(self.names)}
        group_of_cell = np.array([places[name[:2]] for name in self.names], dtype=np.int64)
        pairs = np.unique(group_of_cell[self.cell] * len(self.keys) + self.question)
        questions = np.bincount(pairs // len(self.keys), minlength=len(self.names))
        found = [
            (group, in_slice, outcome, 0, row.astype("<i8").tobytes())
            for (group, in_slice, outcome), row in zip(self.names, counts, strict=True)
        ]
        found += [(*pair, QUESTIONS_OF_ALL, int(questions[index]), b"") for pair, index in places.items()]
        for start in range(0, len(found), 1_000):
            columns = zip(*found[start : start + 1_000], strict=True)
            yield pa.RecordBatch.from_arrays(
                [pa.array(column, kind.type) for column, kind in zip(columns, CELL, strict=True)], schema=CELL
            )


def added(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Rows of `CELL` of one partition in, equal cells put together; cells of one name must share a partition."""
    counts: dict[tuple[int, int, str], NDArray[np.int64]] = {}
    questions: dict[tuple[int, int, str], int] = {}
    for batch in batches:
        for row in batch.to_pylist():
            name = (row["group"], row["slice"], row["outcome"])
            one = np.frombuffer(row["counts"], dtype="<i8")
            counts[name] = counts[name] + one if name in counts else one
            questions[name] = questions.get(name, 0) + row["questions"]
    found = [(*name, questions[name], row.tobytes()) for name, row in counts.items()]
    for start in range(0, len(found), 1_000):
        columns = zip(*found[start : start + 1_000], strict=True)
        yield pa.RecordBatch.from_arrays(
            [pa.array(column, kind.type) for column, kind in zip(columns, CELL, strict=True)], schema=CELL
        )


def count_cells(observations: DataFrame, replicates: int, seed: int, partitions: int) -> dict[tuple[int, int], Table]:
    """The tables of every group and slice.

    Args:
        observations: rows of `OBSERVATION_DDL`; `slices` holds `WHOLE` and whatever else the observation is in.
        replicates: bootstrap replicates.
        seed: of their weights.
        partitions: tasks; each holds whole questions.

    Returns:
        (group, slice) to its table; a group without observations is not in it.
    """
    by_question = observations.repartition(partitions, "question_key")
    parts = by_question.mapInArrow(Counting(replicates, seed), CELL_DDL)
    whole = parts.repartition(min(partitions, 8), "group", "slice", "outcome").mapInArrow(added, CELL_DDL)
    tables: dict[tuple[int, int], dict[str, NDArray[np.float64]]] = {}
    questions: dict[tuple[int, int], int] = {}
    for row in whole.toArrow().to_pylist():
        place = (row["group"], row["slice"])
        if row["outcome"] == QUESTIONS_OF_ALL:
            questions[place] = row["questions"]
        else:
            tables.setdefault(place, {})[row["outcome"]] = np.frombuffer(row["counts"], dtype="<i8").astype(np.float64)
    return {place: _table(counts, questions[place]) for place, counts in tables.items()}


def _table(counts: dict[str, NDArray[np.float64]], questions: int) -> Table:
    comparisons = counts.pop(COMPARISONS, None)
    return Table(counts, questions, None if comparisons is None else int(comparisons[0]))
